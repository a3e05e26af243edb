/* Which collections are listed and watched, and what their LISTs and WATCHes say. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/scope.h"

/* So long others like it are waited for before scopes are looked through. */
#define UPDATE_S     0.05

#define SCALER_TRIES 4 /* LISTs of a scaler's kind, where nothing is followed */

static struct kube_kind *kind_of(const struct kube_scope *s)
{
    return kube_kind_of(s->k, s->resource);
}

static bool in_scope(const struct kube_scope *s, const struct unit *unit)
{
    return (!s->namespace || (unit->namespace && !strcmp(unit->namespace, s->namespace))) &&
           (!s->name || !strcmp(unit->name, s->name));
}

/* A part of a kind's units. */
struct slice {
    struct unit **units;
    size_t count;
};

static int namespace_order(const struct unit *unit, const char *namespace)
{
    return strcmp(unit->namespace ? unit->namespace : "", namespace);
}

/* The kind's units in the namespace (NULL: all of them); they are sorted by it. */
static struct slice units_in(const struct kube_kind *kind, const char *namespace)
{
    size_t low = 0, high = kind->count, end;
    if (!namespace || !kind->count)
        return (struct slice){kind->units, kind->count};
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (namespace_order(kind->units[mid], namespace) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (end = low; end < kind->count && !namespace_order(kind->units[end], namespace);)
        end++;
    return (struct slice){kind->units + low, end - low};
}

/* The units that a scope may be about. */
static struct slice slice_of(const struct kube_scope *s)
{
    const struct kube_kind *kind = kind_of(s);
    return kind ? units_in(kind, s->namespace) : (struct slice){0};
}

static bool scalable(const char *group, const char *kind)
{
    return *group || !strcmp(kind, "ReplicationController");
}

static bool is_pending(const struct kube_scope *s)
{
    return s->scaler && s->wanted && !s->known;
}

/* May there be scalers in the namespace (NULL: in any) that are not known yet? */
static bool scalers_pending(const struct kube *k, const char *namespace)
{
    bool pending = k->scalers_pending && !namespace;
    for (size_t i = 0; k->scalers_pending && !pending && i < k->kind_count; i++) {
        const struct kube_kind *kind = &k->kinds[i];
        if (!kind->scaler)
            continue;
        const struct kube_scope *there = kube_scope_find(k, kind->resource, namespace, NULL);
        const struct kube_scope *all = kube_scope_find(k, kind->resource, NULL, NULL);
        pending = (there && is_pending(there)) || (all && is_pending(all));
    }
    return pending;
}

/* What may be scaled is judged when the scalers of its namespace are known. */
static bool waits(const struct kube *k, const struct kube_kind *kind, const struct unit *unit)
{
    return k->scalers_pending && !kind->scaler && unit->namespace &&
           scalable(unit->group, unit->kind) && scalers_pending(k, unit->namespace);
}

static bool scope_waits(const struct kube_scope *s)
{
    const struct kube_resource *r = s->resource;
    return !s->scaler && r->namespaced && scalable(r->group, r->kind) &&
           scalers_pending(s->k, s->namespace);
}

static void on_listing(void *ctx)
{
    struct kube_scope *s = ctx;
    s->gen = ++s->k->lists;
    json_decref(s->seen);
    s->seen = json_object();
}

static void on_item(void *ctx, const struct item *item, bool listed)
{
    struct kube_scope *s = ctx;
    struct kube_kind *kind = kind_of(s);
    if (kind && kind->scaler) {
        kube_scaler_item(s->k, s->resource, item, false);
        _free_ char *key = xasprintf("%.*s %.*s", (int)item->namespace.len, item->namespace.data,
                                     (int)item->name.len, item->name.data);
        if (listed)
            json_put(s->seen, key, json_true());
    }
    struct unit *unit = kind ? kube_kind_find(kind, item) : NULL;
    if (!unit || (unit->facts.concluded && !s->k->config.follow))
        return;
    if (listed)
        unit->listed = s->gen;
    if (unit->facts.observed == OBSERVED_NOT_YET && waits(s->k, kind, unit))
        return; /* read_late reads it */
    kube_item_came(s->k, unit, item, listed);
}

static void on_deleted(void *ctx, const struct item *item)
{
    struct kube_scope *s = ctx;
    struct kube_kind *kind = kind_of(s);
    if (kind && kind->scaler)
        kube_scaler_item(s->k, s->resource, item, true);
    struct unit *unit = kind ? kube_kind_find(kind, item) : NULL;
    if (unit)
        kube_item_went(s->k, unit, false);
}

static void scaler_gone(void *ctx, const char *namespace, const char *name)
{
    struct kube_scope *s = ctx;
    _free_ char *key = xasprintf("%s %s", namespace, name);
    if (!json_object_get(s->seen, key) && (!s->name || !strcmp(s->name, name)))
        kube_scaler_went(s->k, s->resource->kind, namespace, name);
}

static void scalers_known(struct kube *k);
static void unit_late(struct kube *k, const struct kube_kind *kind, struct unit *unit);

/* What differed while nobody knew the scalers is judged anew. */
static void scalers_sure(struct kube_scope *s)
{
    const struct kube *k = s->k;
    for (size_t i = 0; s->scaler && i < k->count; i++) {
        struct unit *unit = k->units[i];
        bool there = unit->namespace && (!s->namespace || !strcmp(s->namespace, unit->namespace));
        if (there && unit->reported && unit->facts.concluded && scalable(unit->group, unit->kind))
            kube_again(s->k, unit);
    }
}

/* No unit waits for it any more; where it is about scalers, what they may scale can begin. */
static void scope_known(struct kube_scope *s)
{
    bool first = !s->known;
    s->known = true;
    if (first && s->scaler)
        scalers_known(s->k);
}

static void on_listed(void *ctx)
{
    struct kube_scope *s = ctx;
    struct kube *k = s->k;
    struct kube_kind *kind = kind_of(s);
    const struct slice in = slice_of(s);
    bool unsure = s->unsure;
    s->listed = true;
    s->unsure = false;
    s->failing_since = 0;
    free(steal(s->why));
    for (size_t i = 0; i < in.count; i++) {
        struct unit *unit = in.units[i];
        if (in_scope(s, unit) && unit->listed != s->gen &&
            (k->config.follow || !unit->facts.concluded) && (!unit->facts.concluded || unit->type))
            kube_item_went(k, unit, true);
    }
    if (kind && kind->scaler)
        scalers_live(k->scalers, s->resource->kind, s->namespace, scaler_gone, s);
    json_object_clear(s->seen);
    if (unsure)
        scalers_sure(s);
    scope_known(s);
    for (size_t i = 0; k->config.follow && i < in.count; i++)
        unit_late(k, kind, in.units[i]); /* those that waited for scalers when they came */
}

/* Once for each kind of failure: its text may be another one each time. */
static void set_why(struct kube_scope *s, enum observed unread, const char *why)
{
    if (s->why && s->unread == unread)
        return;
    free(s->why);
    s->why = xasprintf("LIST of %s: %s", s->resource->plural, why);
    s->unread = unread;
}

/*
 * No unit of the scope can be read. `stands`: what was seen of them, as by another scope, is good
 * for a while.
 */
static void scope_unknown(struct kube_scope *s, enum observed observed, bool stands,
                          const char *why)
{
    struct kube *k = s->k;
    const struct kube_kind *kind = kind_of(s);
    const struct slice in = slice_of(s);
    set_why(s, observed, why);
    for (size_t i = 0; i < in.count; i++) {
        struct unit *unit = in.units[i];
        const struct facts *f = &unit->facts;
        bool seen = f->observed == OBSERVED_PRESENT || f->observed == OBSERVED_GONE;
        bool open =
            k->config.follow ? !stands || !seen : f->observed == OBSERVED_NOT_YET && !f->concluded;
        if (in_scope(s, unit) && open)
            kube_item_unknown(k, unit, observed, s->why);
    }
    if (kind && kind->scaler && !kind->count && !s->listed && !s->unsure) {
        _free_ char *note = xasprintf("%s; spec.replicas is compared as if no %s were there",
                                      s->why, s->resource->kind);
        k->config.host->note(k->config.host->ctx, NULL, note);
    }
}

static char *narrow_key(const struct kube_resource *r, const char *namespace)
{
    return xasprintf("%s.%s %s", r->plural, r->group, namespace ? namespace : "");
}

/* Was the collection denied, so that less of it is observed? */
static bool is_narrow(const struct kube *k, const struct kube_resource *r, const char *namespace)
{
    _free_ char *key = narrow_key(r, namespace);
    return json_object_get(k->narrow, key) != NULL;
}

/* Unless it runs already. */
static void arm(struct kube *k, struct ev_timer *timer, double seconds,
                void (*due)(struct ev_loop *, struct ev_timer *, int))
{
    if (ev_is_active(timer))
        return;
    ev_timer_init(timer, due, seconds, 0.);
    timer->data = k;
    ev_timer_start(k->config.loop, timer);
}

static void on_update(struct ev_loop *loop, struct ev_timer *w, int events)
{
    kube_scopes_update(w->data);
}

/* What was denied may have been so for a moment, as by a server that has just begun. */
static void on_widen(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct kube *k = w->data;
    json_object_clear(k->narrow);
    k->narrow_names = 0;
    kube_scopes_update(k);
}

/*
 * A right to less may still be there: to the namespaces, or to a few objects by their names, each
 * of which is a LIST and a WATCH of its own. False: it cannot be less.
 */
static bool narrower(struct kube_scope *s)
{
    struct kube_kind *kind = kind_of(s);
    if (s->name || !kind)
        return false;
    bool to_namespaces = !s->namespace && s->resource->namespaced;
    size_t count = units_in(kind, s->namespace).count, all = s->k->narrow_names + count;
    bool few = count <= LIMIT_NARROW_NAMES && all <= LIMIT_NARROW_ALL;
    if (!to_namespaces && (kind->scaler || !s->k->config.follow || !few))
        return false;
    if (!to_namespaces)
        s->k->narrow_names = all;
    _free_ char *key = narrow_key(s->resource, s->namespace);
    json_put(s->k->narrow, key, json_true());
    if (s->k->config.follow)
        arm(s->k, &s->k->widen, LIMIT_WIDEN_S, on_widen);
    return true;
}

/* Another LIST of scalers may tell: what may be scaled goes on waiting for it. */
static bool waited_for(const struct kube_scope *s, bool lasts)
{
    return s->scaler && s->unsure && !lasts && s->k->config.follow;
}

static void on_failed(void *ctx, enum watch_failure how, const char *why)
{
    struct kube_scope *s = ctx;
    struct kube *k = s->k;
    int64_t now = clock_monotonic_ms();
    s->failing_since = s->failing_since ? s->failing_since : now;
    int64_t failing = now - s->failing_since;
    bool denied = how == WATCH_DENIED, lasts = failing >= LIMIT_KIND_UNKNOWN_S * 1000;
    if (denied && (!s->listed || failing > LIMIT_NARROW_S * 1000) && narrower(s)) {
        /* where one is denied, many are; this scope is gone then */
        arm(k, &k->update, UPDATE_S, on_update);
        return;
    }
    if (how == WATCH_ABSENT && k->config.rediscover)
        k->config.rediscover(k->config.ctx);
    if (!denied && s->listed && !lasts)
        return; /* what was judged stands for a while */
    s->unsure = how == WATCH_FAILED;
    scope_unknown(s, denied ? OBSERVED_DENIED : OBSERVED_UNLISTED, !denied && !lasts, why);
    if (!waited_for(s, lasts))
        scope_known(s);
}

static void on_note(void *ctx, const char *text)
{
    struct kube_scope *s = ctx;
    s->k->config.host->note(s->k->config.host->ctx, NULL, text);
}

/* The scope that brings the unit, or NULL. */
static struct kube_scope *scope_of(const struct kube *k, const struct unit *unit)
{
    const char *const namespaces[] = {unit->namespace, NULL}, *const names[] = {NULL, unit->name};
    for (size_t i = 0; i < 4; i++) {
        struct kube_scope *s =
            kube_scope_find(k, kube_resource_of(unit), namespaces[i / 2], names[i % 2]);
        if (s && s->wanted)
            return s;
    }
    return NULL;
}

static void want(struct kube *k, const struct kube_kind *kind, const char *namespace,
                 const char *name)
{
    struct kube_scope *s = kube_scope_find(k, kind->resource, namespace, name);
    if (!s)
        s = kube_scope_add(k, kind->resource, namespace, name);
    s->resource = kind->resource;
    s->wanted = true;
    s->scaler = kind->scaler;
}

static void scope_start(struct kube_scope *s)
{
    struct kube *k = s->k;
    const struct discovery *d = k->config.discovery;
    _free_ char *path = kube_path(s->resource, s->namespace, NULL);
    s->watch = kube_watch_new(&(struct kube_watch_config){
        .client = k->config.client,
        .loop = k->config.loop,
        .path = path,
        .name = s->name,
        .paged = d->major == 1 && d->minor < 33, /* those from 1.33 on stream a whole LIST */
        .follow = k->config.follow,
        .tries = s->scaler ? SCALER_TRIES : 1,
        .ctx = s,
        .listing = on_listing,
        .item = on_item,
        .deleted = on_deleted,
        .listed = on_listed,
        .failed = on_failed,
        .note = on_note,
    });
}

/* Whether the kind is looked for where the unit is: scalers only where something may be scaled. */
static bool concerns(const struct kube_kind *kind, const struct unit *unit)
{
    return unit->namespace && (!kind->scaler || scalable(unit->group, unit->kind));
}

/* The objects of a namespace or, where the kind has none, all: by name where that is all we may. */
static void want_within(struct kube *k, const struct kube_kind *kind, const char *namespace)
{
    const struct slice in = units_in(kind, namespace);
    if (kind->scaler || in.count > LIMIT_NARROW_NAMES || !is_narrow(k, kind->resource, namespace)) {
        want(k, kind, namespace, NULL);
        return;
    }
    for (size_t i = 0; i < in.count; i++)
        want(k, kind, namespace, in.units[i]->name);
}

/* Namespaces of these units that are sorted by them, or of all units: each once. */
static void want_namespaces(struct kube *k, const struct kube_kind *kind)
{
    struct unit *const *units = kind->scaler ? k->units : kind->units;
    size_t count = kind->scaler ? k->count : kind->count;
    json_auto_t *seen = json_object();
    for (size_t i = 0; i < count; i++) {
        const char *ns = units[i]->namespace;
        if (!concerns(kind, units[i]) || json_object_get(seen, ns))
            continue;
        json_put(seen, ns, json_true());
        want_within(k, kind, ns);
    }
}

static size_t namespaces_of(const struct kube *k, const struct kube_kind *kind)
{
    struct unit *const *units = kind->scaler ? k->units : kind->units;
    size_t count = kind->scaler ? k->count : kind->count;
    json_auto_t *seen = json_object();
    for (size_t i = 0; i < count; i++) {
        if (concerns(kind, units[i]) && json_object_size(seen) <= LIMIT_NAMES_BY_GET)
            json_put(seen, units[i]->namespace, json_true());
    }
    return json_object_size(seen);
}

/* A few objects that are looked at once are read one by one. */
static void read_names(struct kube *k, struct kube_kind *kind)
{
    for (size_t i = 0; i < kind->count; i++) {
        struct unit *unit = kind->units[i];
        if (unit->facts.concluded || unit->facts.observed || waits(k, kind, unit))
            continue;
        unit->facts.observed = OBSERVED_ABSENT; /* a read tells */
        k->config.host->dirty(k->config.host->ctx, unit);
    }
}

/* The narrowest way that costs little: names, namespaces, else the cluster (DESIGN 5.1). */
static void observe_kind(struct kube *k, struct kube_kind *kind)
{
    const struct kube_resource *r = kind->resource;
    const bool follow = k->config.follow;
    bool few_spaces = (!kind->scaler || follow) && namespaces_of(k, kind) <= LIMIT_NAMES_BY_GET;
    if (!kind->scaler && !follow && kind->count <= LIMIT_NAMES_BY_GET)
        read_names(k, kind);
    else if (!kind->scaler && follow && kind->count == 1)
        want(k, kind, kind->units[0]->namespace, kind->units[0]->name);
    else if (!r->namespaced)
        want_within(k, kind, NULL);
    else if (few_spaces || is_narrow(k, r, NULL))
        want_namespaces(k, kind);
    else
        want(k, kind, NULL, NULL);
}

static void start_new(struct kube *k)
{
    for (size_t i = 0; i < k->scope_count; i++) {
        if (!k->scopes[i]->watch && !scope_waits(k->scopes[i]))
            scope_start(k->scopes[i]);
    }
}

static void drop_unwanted(struct kube *k)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->scope_count; i++) {
        if (k->scopes[i]->wanted)
            k->scopes[kept++] = k->scopes[i];
        else
            kube_scope_free(k->scopes[i]);
    }
    k->scope_count = kept;
}

/*
 * A unit that is new, in a scope that was listed already, is read by itself. Where the scope cannot
 * be listed, the unit is as unknown as the others.
 */
static void unit_late(struct kube *k, const struct kube_kind *kind, struct unit *unit)
{
    const struct facts *f = &unit->facts;
    if (f->concluded || f->observed > OBSERVED_ABSENT)
        return;
    const struct kube_scope *s = scope_of(k, unit);
    if (!s || !s->known || waits(k, kind, unit))
        return;
    if (s->why) {
        kube_item_unknown(k, unit, s->unread, s->why);
    } else if (f->observed == OBSERVED_NOT_YET) {
        unit->facts.observed = OBSERVED_ABSENT;
        k->config.host->dirty(k->config.host->ctx, unit);
    }
}

static void read_late(struct kube *k)
{
    for (size_t i = 0; k->config.follow && i < k->kind_count; i++) {
        const struct kube_kind *kind = &k->kinds[i];
        for (size_t n = 0; n < kind->count; n++)
            unit_late(k, kind, kind->units[n]);
    }
}

static void observe_kinds(struct kube *k, bool scalers)
{
    for (size_t i = 0; i < k->kind_count; i++) {
        if (k->kinds[i].scaler == scalers)
            observe_kind(k, &k->kinds[i]);
    }
}

static void count_pending(struct kube *k)
{
    k->scalers_pending = 0;
    for (size_t i = 0; i < k->scope_count; i++)
        k->scalers_pending += is_pending(k->scopes[i]);
}

static void begin_waiting(struct kube *k)
{
    if (!k->config.follow) /* what is read by name has no scope */
        observe_kinds(k, false);
    start_new(k);
    read_late(k);
}

static void on_begin(struct ev_loop *loop, struct ev_timer *w, int events)
{
    begin_waiting(w->data);
}

/* Those of one more scope: what it may scale begins; soon, where more such scopes are to come. */
static void scalers_known(struct kube *k)
{
    count_pending(k);
    if (!k->scalers_pending) {
        ev_timer_stop(k->config.loop, &k->begin);
        begin_waiting(k);
    } else {
        arm(k, &k->begin, UPDATE_S, on_begin);
    }
}

void kube_scopes_update(struct kube *k)
{
    ev_timer_stop(k->config.loop, &k->update);
    for (size_t i = 0; i < k->scope_count; i++)
        k->scopes[i]->wanted = false;
    observe_kinds(k, true);
    count_pending(k);
    observe_kinds(k, false);
    drop_unwanted(k);
    start_new(k);
    read_late(k);
}

void kube_scopes_stop(struct kube *k)
{
    if (k->config.loop) {
        ev_timer_stop(k->config.loop, &k->widen);
        ev_timer_stop(k->config.loop, &k->update);
        ev_timer_stop(k->config.loop, &k->begin);
    }
    for (size_t i = 0; i < k->scope_count; i++)
        kube_scope_free(k->scopes[i]);
    free(k->scopes);
    k->scopes = NULL;
    k->scope_count = k->scope_cap = 0;
}
