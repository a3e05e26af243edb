/* What is seen of the live objects becomes facts of the units. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/json_scratch.h"
#include "providers/kubernetes/internal.h"

static int unit_order(const void *a, const void *b)
{
    const struct unit *x = *(struct unit *const *)a, *y = *(struct unit *const *)b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    int c = strcmp(x->namespace ? x->namespace : "", y->namespace ? y->namespace : "");
    return c ? c : strcmp(x->name, y->name);
}

/* Compares the identity of an item with a unit's. */
static int item_order(const struct item *item, const struct unit *unit)
{
    const struct span *parts[2] = {&item->namespace, &item->name};
    const char *names[2] = {unit->namespace ? unit->namespace : "", unit->name};
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(names[i]);
        int c = memcmp(parts[i]->data ? parts[i]->data : "", names[i],
                       parts[i]->len < n ? parts[i]->len : n);
        if (c || parts[i]->len != n)
            return c ? c : parts[i]->len < n ? -1 : 1;
    }
    return 0;
}

struct unit *kube_kind_find(const struct kube_kind *kind, const struct item *item)
{
    size_t low = 0, high = kind->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = item_order(item, kind->units[mid]);
        if (!c)
            return kind->units[mid];
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

struct kube_kind *kube_kind_of(struct kube *k, const struct kube_resource *resource)
{
    for (size_t i = 0; i < k->kind_count; i++) {
        if (k->kinds[i].resource == resource)
            return &k->kinds[i];
    }
    return NULL;
}

static void dirty(struct kube *k, struct unit *unit)
{
    k->config.host->dirty(k->config.host->ctx, unit);
}

/* All that was found out is of another state. */
static void begin_anew(struct unit *unit)
{
    unit->facts = (struct facts){.observed = unit->facts.observed};
}

void kube_state_of(const struct kube *k, const struct unit *unit, const struct item *item,
                   uint8_t out[UNIT_DIGEST_BYTES])
{
    uint8_t sum[HASH_SHA256_BYTES];
    bool held =
        scalers_find(k->scalers, unit->group, unit->kind, unit->namespace, unit->name) != NULL;
    _free_ char *text =
        xasprintf("%.*s %.*s %d", (int)item->uid.len, item->uid.data,
                  (int)item->resource_version.len, item->resource_version.data, held);
    hash_sha256(text, strlen(text), sum);
    memcpy(out, sum, UNIT_DIGEST_BYTES);
}

static bool same_digest(const uint8_t a[UNIT_DIGEST_BYTES], const uint8_t b[UNIT_DIGEST_BYTES])
{
    return !memcmp(a, b, UNIT_DIGEST_BYTES);
}

/* The new state changes nothing of what was said of the object. */
static bool verdict_stands(struct unit *unit)
{
    const struct facts *f = &unit->facts;
    const struct kube_unit *u = unit->own;
    if (f->observed != OBSERVED_PRESENT || f->terminating)
        return false;
    if (f->literal && !f->candidates)
        return !unit->reported;
    return u && unit_digest_set(u->projection) && same_digest(u->projection, unit->projection);
}

void kube_item_came(struct kube *k, struct unit *unit, const struct item *item, bool listed)
{
    struct facts *f = &unit->facts;
    const struct host *host = k->config.host;
    uint8_t state[UNIT_DIGEST_BYTES];
    kube_state_of(k, unit, item, state);
    if (unit->paused || (f->observed == OBSERVED_PRESENT && same_digest(state, unit->state)))
        return; /* as we know it */
    if (f->in_flight) {
        f->stale = true;
        if (!listed && host->moved)
            host->moved(host->ctx, unit);
        return;
    }
    bool had_verdict = f->concluded && f->observed == OBSERVED_PRESENT;
    const size_t ignored = unit->ignored;
    begin_anew(unit);
    f->observed = OBSERVED_NOT_YET;
    memcpy(unit->state, state, sizeof(state));
    kube_observed(k, unit, item);
    if (had_verdict && verdict_stands(unit)) {
        if (!f->literal || f->candidates)
            unit->ignored = ignored;
        kube_unit_forget(k, unit);
        f->concluded = true;
        if (host->stands)
            host->stands(host->ctx, unit);
    } else if (!listed && host->moved) {
        host->moved(host->ctx, unit);
    } else {
        dirty(k, unit);
    }
}

void kube_item_went(struct kube *k, struct unit *unit, bool listed)
{
    struct facts *f = &unit->facts;
    const struct host *host = k->config.host;
    if (f->in_flight) {
        f->stale = true;
        return;
    }
    if (unit->paused || (f->observed == OBSERVED_GONE && listed))
        return; /* as we know it */
    kube_unit_forget(k, unit);
    begin_anew(unit);
    memset(unit->state, 0, sizeof(unit->state));
    f->observed = OBSERVED_ABSENT; /* a read of the object itself confirms it */
    if (!listed && host->moved)
        host->moved(host->ctx, unit);
    else
        dirty(k, unit);
}

void kube_item_unknown(struct kube *k, struct unit *unit, enum observed observed, const char *why)
{
    struct facts *f = &unit->facts;
    if (unit->paused || f->in_flight || (f->concluded && f->observed == observed))
        return;
    kube_unit_forget(k, unit);
    begin_anew(unit);
    memset(unit->state, 0, sizeof(unit->state));
    f->observed = observed;
    kube_unit_of(unit)->unknown = xstrdup(why);
    dirty(k, unit);
}

void kube_again(struct kube *k, struct unit *unit)
{
    struct facts *f = &unit->facts;
    memset(unit->projection, 0, sizeof(unit->projection));
    memset(unit->state, 0, sizeof(unit->state));
    if (f->in_flight) {
        f->stale = true;
        return;
    }
    if (f->observed == OBSERVED_NOT_YET || observed_by_collection(f->observed) || !unit->type ||
        unit->paused)
        return; /* its turn comes */
    kube_unit_forget(k, unit);
    begin_anew(unit);
    f->observed = OBSERVED_ABSENT;
    dirty(k, unit);
}

/* A workload gets, or loses, its scaler. */
static void target_changed(struct kube *k, const struct scaler_target *t)
{
    if (!t->name)
        return;
    for (size_t i = 0; i < k->count; i++) {
        struct unit *unit = k->units[i];
        if (unit->facts.observed == OBSERVED_NOT_YET)
            continue; /* judged later, and with the scalers of then */
        if (unit->namespace && !strcmp(unit->name, t->name) && !strcmp(unit->kind, t->kind) &&
            !strcmp(unit->group, t->group) && !strcmp(unit->namespace, t->namespace))
            kube_again(k, unit);
    }
}

static void scaler_set(struct kube *k, const char *kind, const char *namespace, const char *name,
                       const json_t *object)
{
    struct scaler_target before, after;
    if (!scalers_set(k->scalers, SCALER_LIVE, kind, namespace, name, object, &before, &after))
        return;
    target_changed(k, &before);
    target_changed(k, &after);
    scaler_target_free(&before);
    scaler_target_free(&after);
}

void kube_scaler_item(struct kube *k, const struct kube_resource *r, const struct item *item,
                      bool gone)
{
    json_auto_t *object = json_scratch_parse(item->text.data, item->text.len);
    const char *namespace = json_str_at(object, "metadata", "namespace", NULL);
    const char *name = json_str_at(object, "metadata", "name", NULL);
    if (object)
        scaler_set(k, r->kind, namespace, name, gone ? NULL : object);
}

void kube_scaler_went(struct kube *k, const char *kind, const char *namespace, const char *name)
{
    scaler_set(k, kind, namespace, name, NULL);
}

static struct kube_kind *kind_add(struct kube *k, const struct kube_resource *resource)
{
    k->kinds = xgrow(k->kinds, &k->kind_cap, k->kind_count + 1, sizeof(*k->kinds));
    struct kube_kind *kind = &k->kinds[k->kind_count++];
    *kind = (struct kube_kind){.resource = resource};
    return kind;
}

static bool scalable(const char *group, const char *kind)
{
    return strcmp(group, "") != 0 || !strcmp(kind, "ReplicationController");
}

/* Does any unit say how many replicas there are? Only then it matters who else does. */
static bool any_scalable(const struct kube *k)
{
    for (size_t i = 0; i < k->count; i++) {
        if (scalable(k->units[i]->group, k->units[i]->kind))
            return true;
    }
    return false;
}

struct gone_kind {
    struct kube *k;
    const char *name;
};

static void scaler_went(void *ctx, const char *namespace, const char *name)
{
    const struct gone_kind *kind = ctx;
    kube_scaler_went(kind->k, kind->name, namespace, name);
}

/* Its objects went with a kind that is not served any more; no watch tells. */
static void add_scaler_kind(struct kube *k, const char *group, const char *version,
                            const char *kind_name)
{
    const struct kube_resource *r = discovery_find(k->config.discovery, group, version, kind_name);
    struct gone_kind gone = {k, kind_name};
    if (!r && !discovery_is_stale(k->config.discovery, group, version))
        scalers_live(k->scalers, kind_name, NULL, scaler_went, &gone);
    if (!r || r->stale)
        return;
    struct kube_kind *kind = kube_kind_of(k, r);
    (kind ? kind : kind_add(k, r))->scaler = true;
}

/* Once it was watched, a unit that is new is read by itself; else the LIST brings it. */
void kube_observe(struct provider *p)
{
    struct kube *k = (struct kube *)p;
    size_t n = 0;
    free(k->sorted);
    k->sorted = xcalloc(k->count + 1, sizeof(struct unit *));
    k->kind_count = 0;
    for (size_t i = 0; i < k->count; i++) {
        const struct unit *unit = k->units[i];
        if (unit->type && !unit->paused && (!unit->facts.concluded || k->config.follow))
            k->sorted[n++] = k->units[i];
    }
    qsort(k->sorted, n, sizeof(*k->sorted), unit_order);
    struct kube_kind *kind = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!i || k->sorted[i]->type != k->sorted[i - 1]->type) {
            kind = kind_add(k, kube_resource_of(k->sorted[i]));
            kind->units = &k->sorted[i];
        }
        kind->count++;
    }
    if (any_scalable(k)) {
        add_scaler_kind(k, "autoscaling", "v2", "HorizontalPodAutoscaler");
        add_scaler_kind(k, "keda.sh", "v1alpha1", "ScaledObject");
    }
    kube_scopes_update(k);
}

void kube_kinds_free(struct kube *k)
{
    free(k->kinds);
    free(k->sorted);
}
