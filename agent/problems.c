#include "problems.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/text.h"
#include "sync/pass.h"

#define PROBLEMS_KEPT (4 * LIMIT_ERRORS)

struct problem_told {
    char *text;   /* its members, as JSON; without line and column where it is not of the set */
    char *said;   /* of an error: what, of what, wherever in the file it stands */
    char *object; /* what was said of it while it was judged, or NULL */
    enum event_level level;
    bool of_set;
    unsigned taking;
    int64_t told_at, opened_ms;
    UT_hash_handle hh;
};

struct problems {
    tell_write *write;
    void *ctx;
    struct problem_told *all;
    unsigned taking;
    bool taking_now;
};

struct problems *problems_new(tell_write *write, void *ctx)
{
    struct problems *ps = xcalloc(1, sizeof(*ps));
    ps->write = write;
    ps->ctx = ctx;
    return ps;
}

void problems_moved(struct problems *ps, void *ctx)
{
    ps->ctx = ctx;
}

static const char *str(const json_t *members, const char *name)
{
    return json_string_value(json_object_get(members, name));
}

static void problem_free(struct problems *ps, struct problem_told *p)
{
    HASH_DEL(ps->all, p);
    free(p->text);
    free(p->said);
    free(p->object);
    free(p);
}

/* Those of no set are never taken back: the first ones make room. */
static bool has_room(struct problems *ps)
{
    struct problem_told *p, *tmp;
    HASH_ITER(hh, ps->all, p, tmp)
    {
        if (HASH_COUNT(ps->all) < PROBLEMS_KEPT)
            break;
        if (!p->of_set)
            problem_free(ps, p);
    }
    return HASH_COUNT(ps->all) < PROBLEMS_KEPT;
}

/* What is told while objects are judged is one, though a commit moves its line. */
static char *problem_text(const struct problems *ps, const json_t *members)
{
    if (ps->taking_now)
        return json_text(members, JSON_WRITE_SORTED);
    json_auto_t *copy = json_copy((json_t *)members);
    json_object_del(copy, "line");
    json_object_del(copy, "col");
    return json_text(copy, JSON_WRITE_SORTED);
}

static char *said_of(const json_t *members)
{
    const char *file = str(members, "file"), *object = str(members, "object"),
               *message = str(members, "message");
    return xasprintf("%s\n%s\n%s", file ? file : "", object ? object : "", message ? message : "");
}

void problems_tell(struct problems *ps, enum event_level level, const json_t *members)
{
    _free_ char *text = problem_text(ps, members);
    struct problem_told *p;
    HASH_FIND_STR(ps->all, text, p);
    if (p) {
        p->taking = ps->taking;
        return;
    }
    if (has_room(ps)) {
        p = xcalloc(1, sizeof(*p));
        p->text = steal(text);
        p->said = level == EVENT_ERROR ? said_of(members) : NULL;
        p->level = level;
        p->of_set = ps->taking_now;
        p->object = p->of_set ? NULL : xstrdup_null(str(members, "object"));
        p->taking = ps->taking;
        p->told_at = clock_monotonic_ms();
        p->opened_ms = clock_now_ms();
        HASH_ADD_KEYPTR(hh, ps->all, p->text, strlen(p->text), p);
    }
    ps->write(ps->ctx, level, level == EVENT_ERROR ? "error" : "note", members);
}

void problems_unsaid(struct problems *ps, const struct unit *unit)
{
    if (!ps->all)
        return;
    struct problem_told *p, *tmp;
    _free_ char *object = pass_object_text(unit);
    HASH_ITER(hh, ps->all, p, tmp)
    {
        if (same_text(p->object, object))
            problem_free(ps, p);
    }
}

/* Its members, as they were told; a new reference. */
static json_t *members_of(const struct problem_told *p)
{
    json_t *members = json_parse(p->text, strlen(p->text), "error", NULL);
    return members ? members : json_object();
}

static void put_opened(json_t *members, const char *name, const struct problem_told *p)
{
    char opened[CLOCK_TEXT_BYTES];
    clock_rfc3339(p->opened_ms, opened);
    json_put_str(members, name, opened);
}

static void tell_over(struct problems *ps, const struct problem_told *p, const char *over)
{
    json_auto_t *members = members_of(p);
    _free_ char *message = xasprintf("%s: %s", over, str(members, "message"));
    json_put_str(members, "message", message);
    put_opened(members, "opened", p);
    ps->write(ps->ctx, EVENT_INFO, "note", members);
}

/* Is it said still, of another line? */
static bool is_said(const struct problems *ps, const struct problem_told *p)
{
    for (const struct problem_told *o = ps->all; o; o = o->hh.next) {
        if (o != p && o->of_set && o->taking == ps->taking && same_text(o->said, p->said))
            return true;
    }
    return false;
}

void problems_taking(struct problems *ps)
{
    ps->taking++;
    ps->taking_now = true;
}

void problems_taken(struct problems *ps)
{
    struct problem_told *p, *tmp;
    ps->taking_now = false;
    HASH_ITER(hh, ps->all, p, tmp)
    {
        if (!p->of_set || p->taking == ps->taking)
            continue;
        if (p->level == EVENT_ERROR && !is_said(ps, p))
            tell_over(ps, p, "over");
        problem_free(ps, p);
    }
}

void problems_over(struct problems *ps, const char *reason)
{
    struct problem_told *p, *tmp;
    _free_ char *over = xasprintf("over (%s)", reason);
    HASH_ITER(hh, ps->all, p, tmp)
    {
        if (p->level != EVENT_ERROR)
            continue;
        tell_over(ps, p, over);
        problem_free(ps, p);
    }
}

void problems_remind(struct problems *ps, int64_t now_ms, int64_t after_ms)
{
    for (struct problem_told *p = ps->all; p; p = p->hh.next) {
        if (p->level != EVENT_ERROR || now_ms - p->told_at < after_ms)
            continue;
        json_auto_t *members = members_of(p);
        json_put(members, "reminder", json_true());
        put_opened(members, "opened", p);
        p->told_at = now_ms;
        ps->write(ps->ctx, EVENT_ERROR, "error", members);
    }
}

void problems_count(const struct problems *ps, struct tell_counts *out)
{
    for (const struct problem_told *p = ps->all; p; p = p->hh.next) {
        out->errors += p->level == EVENT_ERROR;
        out->notes += p->level != EVENT_ERROR;
    }
}

json_t *problems_errors(const struct problems *ps, size_t most)
{
    json_t *list = json_array();
    for (const struct problem_told *p = ps->all; p && json_array_size(list) < most;
         p = p->hh.next) {
        if (p->level != EVENT_ERROR)
            continue;
        json_t *members = members_of(p);
        put_opened(members, "time", p);
        json_push(list, members);
    }
    return list;
}

void problems_free(struct problems *ps)
{
    struct problem_told *p, *tmp;
    if (!ps)
        return;
    HASH_ITER(hh, ps->all, p, tmp) problem_free(ps, p);
    free(ps);
}
