#include "tell.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "cleared.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/metrics.h"
#include "core/text.h"
#include "problems.h"

/* One thing that differs. */
struct open {
    char id[24];
    json_t *event;     /* as it was told last, with since and state */
    char *passed_over; /* why its field is not told in the judgement under way, or NULL */
    int64_t told_at, opened_ms;
    struct open *next; /* of the same object */
    UT_hash_handle hh;
};

/* An object of which something is open. */
struct holder {
    char *key;
    struct open *first;
    UT_hash_handle hh;
};

struct tell {
    tell_write *write;
    void *ctx;
    struct open *open;
    struct holder *holders;
    struct problems *problems;
};

struct tell *tell_new(tell_write *write, void *ctx)
{
    struct tell *t = xcalloc(1, sizeof(*t));
    t->write = write;
    t->ctx = ctx;
    t->problems = problems_new(write, ctx);
    return t;
}

void tell_moved(struct tell *t, void *ctx)
{
    t->ctx = ctx;
    problems_moved(t->problems, ctx);
}

static char *key_of(const char *group, const char *kind, const char *namespace, const char *name)
{
    return xasprintf("%s/%s/%s/%s", group, kind, namespace ? namespace : "", name);
}

static struct holder *holder_of(struct tell *t, const struct unit *unit)
{
    struct holder *h;
    _free_ char *key = key_of(unit->group, unit->kind, unit->namespace, unit->name);
    HASH_FIND_STR(t->holders, key, h);
    return h;
}

static struct holder *holder_make(struct tell *t, const struct unit *unit)
{
    struct holder *h = holder_of(t, unit);
    if (h)
        return h;
    h = xcalloc(1, sizeof(*h));
    h->key = key_of(unit->group, unit->kind, unit->namespace, unit->name);
    HASH_ADD_KEYPTR(hh, t->holders, h->key, strlen(h->key), h);
    return h;
}

static void write_drift(struct tell *t, struct open *o, const char *state)
{
    json_put_str(o->event, "state", state);
    o->told_at = clock_monotonic_ms();
    t->write(t->ctx, EVENT_WARNING, "drift", o->event);
    metrics_drift(state);
}

static const char *str(const json_t *event, const char *name)
{
    return json_string_value(json_object_get(event, name));
}

/* Does the new event say what the old one says? Places and times are no news. */
static bool same_drift(const json_t *a, const json_t *b)
{
    static const char *const members[] = {"verdict", "class",      "want",    "want_normalized",
                                          "have",    "by",         "by_all",  "by_reason",
                                          "reason",  "finalizers", "message", "unjudged"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const json_t *x = json_object_get(a, members[i]), *y = json_object_get(b, members[i]);
        if ((x || y) && !(x && y && json_equal((json_t *)x, (json_t *)y)))
            return false;
    }
    return true;
}

/*
 * Where no record tells since when, the moment at which our watch saw it does (SPEC 1); of a change
 * in Git there is none.
 */
static void put_since(json_t *event, const struct unit *unit)
{
    const char *reason = str(event, "by_reason"), *verdict = str(event, "verdict");
    bool of_git = reason && !strcmp(reason, "git-moved");
    bool of_state = verdict && (!strcmp(verdict, "blocked") || !strcmp(verdict, "unknown"));
    if (str(event, "since") || !unit->seen_ms || of_git || of_state)
        return;
    char since[CLOCK_TEXT_BYTES];
    clock_rfc3339(unit->seen_ms, since);
    json_put_str(event, "since", since);
    json_put_str(event, "since_kind", "seen");
}

static void keep_since(json_t *event, const json_t *old)
{
    if (str(event, "since") || !str(old, "since"))
        return;
    json_put_str(event, "since", str(old, "since"));
    json_put_str(event, "since_kind", str(old, "since_kind"));
}

static void take_event(struct tell *t, struct holder *h, const struct unit *unit,
                       const json_t *found)
{
    const char *id = str(found, "id");
    struct open *o;
    json_t *event = json_copy((json_t *)found);
    HASH_FIND_STR(t->open, id, o);
    if (o) {
        bool same = same_drift(o->event, event);
        if (same)
            keep_since(event, o->event);
        else
            put_since(event, unit);
        json_put_str(event, "state", str(o->event, "state"));
        json_decref(o->event);
        o->event = event;
        if (!same)
            write_drift(t, o, "updated");
        return;
    }
    put_since(event, unit);
    o = xcalloc(1, sizeof(*o));
    memcpy(o->id, id, strnlen(id, sizeof(o->id) - 1));
    o->event = event;
    o->opened_ms = clock_now_ms();
    o->next = h->first;
    h->first = o;
    HASH_ADD_STR(t->open, id, o);
    write_drift(t, o, "opened");
}

static void open_free(struct tell *t, struct open *o)
{
    HASH_DEL(t->open, o);
    json_decref(o->event);
    free(o->passed_over);
    free(o);
}

json_t *tell_place(const json_t *event)
{
    static const char *const kept[] = {"id",    "object", "verdict", "class",
                                       "field", "file",   "line",    "action"};
    json_t *place = json_object();
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        json_t *value = json_object_get(event, kept[i]);
        if (value)
            json_put(place, kept[i], json_incref(value));
    }
    return place;
}

static void write_cleared(struct tell *t, struct open *o, const char *reason)
{
    json_auto_t *event = tell_place(o->event);
    char opened[CLOCK_TEXT_BYTES];
    clock_rfc3339(o->opened_ms, opened);
    json_put_str(event, "state", "cleared");
    json_put_str(event, "cleared", reason);
    json_put_str(event, "opened", opened);
    t->write(t->ctx, EVENT_INFO, "drift", event);
    metrics_drift("cleared");
}

static bool is_in(const json_t *found, const char *id)
{
    size_t i;
    json_t *event;
    json_array_foreach((json_t *)found, i, event)
    {
        if (!strcmp(str(event, "id"), id))
            return true;
    }
    return false;
}

/* All of it is cleared: what is left of the holder goes. */
static void holder_left(struct tell *t, struct holder *h)
{
    if (h->first)
        return;
    HASH_DEL(t->holders, h);
    free(h->key);
    free(h);
}

static void clear_all_of(struct tell *t, struct holder *h, const char *reason)
{
    while (h->first) {
        struct open *o = h->first;
        h->first = o->next;
        write_cleared(t, o, reason);
        open_free(t, o);
    }
    holder_left(t, h);
}

/* Clears what is not in `found`, each line for its own reason. */
static void clear_rest(struct tell *t, struct holder *h, const struct unit *unit,
                       const json_t *found)
{
    for (struct open **at = &h->first; *at;) {
        struct open *o = *at;
        if (is_in(found, o->id)) {
            free(steal(o->passed_over));
            at = &o->next;
            continue;
        }
        _free_ char *owned = NULL;
        *at = o->next;
        write_cleared(t, o, cleared_why(o->event, o->passed_over, unit, found, &owned));
        open_free(t, o);
    }
    holder_left(t, h);
}

static void forget_passed_over(struct holder *h)
{
    for (struct open *o = h->first; o; o = o->next)
        free(steal(o->passed_over));
}

static bool is_unknown(const json_t *found)
{
    size_t i;
    json_t *event;
    json_array_foreach((json_t *)found, i, event)
    {
        if (same_text(str(event, "verdict"), verdict_name(VERDICT_UNKNOWN)))
            return true;
    }
    return false;
}

void tell_passed_over(struct tell *t, const struct unit *unit, const char *field, const char *why)
{
    const struct holder *h = t->holders ? holder_of(t, unit) : NULL;
    for (struct open *o = h ? h->first : NULL; o; o = o->next) {
        const char *mine = str(o->event, "field");
        if (!mine || !cleared_related(mine, field))
            continue;
        free(o->passed_over);
        o->passed_over = xstrdup(why);
    }
}

void tell_judged(struct tell *t, const struct unit *unit, const json_t *found)
{
    struct holder *h = json_array_size(found) ? holder_make(t, unit) : holder_of(t, unit);
    size_t i;
    json_t *event;
    if (!h)
        return;
    json_array_foreach((json_t *)found, i, event) take_event(t, h, unit, event);
    if (is_unknown(found)) /* it may still differ as it did */
        forget_passed_over(h);
    else
        clear_rest(t, h, unit, found);
}

void tell_cleared(struct tell *t, const struct unit *unit, const char *reason)
{
    struct holder *h = holder_of(t, unit);
    if (h)
        clear_all_of(t, h, reason);
}

void tell_clear_all(struct tell *t, const char *reason)
{
    struct holder *h, *tmp;
    HASH_ITER(hh, t->holders, h, tmp)
    {
        clear_all_of(t, h, reason);
    }
    problems_over(t->problems, reason);
}

void tell_sweep(struct tell *t, const char *(*why)(void *ctx, const json_t *object), void *ctx)
{
    struct holder *h, *tmp;
    HASH_ITER(hh, t->holders, h, tmp)
    {
        const char *reason = why(ctx, json_object_get(h->first->event, "object"));
        if (reason)
            clear_all_of(t, h, reason);
    }
}

void tell_problem(struct tell *t, enum event_level level, const json_t *members)
{
    problems_tell(t->problems, level, members);
}

void tell_unsaid(struct tell *t, const struct unit *unit)
{
    problems_unsaid(t->problems, unit);
}

void tell_taking(struct tell *t)
{
    problems_taking(t->problems);
}

void tell_taken(struct tell *t)
{
    problems_taken(t->problems);
}

json_t *tell_errors(const struct tell *t, size_t most)
{
    return problems_errors(t->problems, most);
}

void tell_remind(struct tell *t, int64_t now_ms, int64_t after_ms)
{
    struct open *o, *tmp;
    HASH_ITER(hh, t->open, o, tmp)
    {
        if (now_ms - o->told_at < after_ms)
            continue;
        char opened[CLOCK_TEXT_BYTES];
        clock_rfc3339(o->opened_ms, opened);
        json_auto_t *event = json_copy(o->event);
        json_put(event, "reminder", json_true());
        json_put_str(event, "opened", opened);
        o->told_at = now_ms;
        t->write(t->ctx, EVENT_WARNING, "drift", event);
        metrics_drift("reminder");
    }
    problems_remind(t->problems, now_ms, after_ms);
}

static void count_one(const json_t *event, struct tell_counts *out)
{
    const char *verdict = str(event, "verdict"), *class = str(event, "class");
    for (int v = 0; v < VERDICT_COUNT; v++)
        out->verdicts[v] += verdict && !strcmp(verdict, verdict_name(v));
    for (int c = CLASS_NONE + 1; c < CLASS_COUNT; c++)
        out->classes[c] += class && !strcmp(class, drift_class_name(c));
}

void tell_count(const struct tell *t, struct tell_counts *out)
{
    *out = (struct tell_counts){.objects = HASH_COUNT(t->holders)};
    for (const struct open *o = t->open; o; o = o->hh.next)
        count_one(o->event, out);
    problems_count(t->problems, out);
}

json_t *tell_open(const struct tell *t)
{
    json_t *list = json_array();
    for (const struct open *o = t->open; o; o = o->hh.next) {
        char opened[CLOCK_TEXT_BYTES];
        json_t *event = json_copy(o->event);
        clock_rfc3339(o->opened_ms, opened);
        json_put_str(event, "time", opened);
        json_push(list, event);
    }
    return list;
}

void tell_free(struct tell *t)
{
    if (!t)
        return;
    struct holder *h, *htmp;
    struct open *o, *otmp;
    HASH_ITER(hh, t->holders, h, htmp)
    {
        HASH_DEL(t->holders, h);
        free(h->key);
        free(h);
    }
    HASH_ITER(hh, t->open, o, otmp) open_free(t, o);
    problems_free(t->problems);
    free(t);
}
