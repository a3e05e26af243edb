/* Tier b (DESIGN 5.3): what most objects are most of the time, so it must cost little. */
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/json_scratch.h"
#include "diff/compare.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/internal.h"

/* The content of a raw JSON string into `to`; false where it is long or has escapes. */
static bool plain(const struct span *s, char to[128])
{
    if (s->len >= 128 || memchr(s->data, '\\', s->len))
        return false;
    memcpy(to, s->data, s->len);
    to[s->len] = '\0';
    return true;
}

/* May the entry be ours or a hand's? */
static bool matters(const struct kube *k, const struct item_entry *e)
{
    char manager[128], operation[128], subresource[128];
    if (!plain(&e->manager, manager) || !plain(&e->operation, operation) ||
        !plain(&e->subresource, subresource))
        return true;
    const struct fields_entry f = {
        .manager = manager, .operation = operation, .subresource = subresource};
    const char *own = k->config.field_manager;
    return fields_is_us(&f, own) || fields_is_hand(&f, own, k->config.hands);
}

/* managedFields without the entries of others: most of its bytes. NULL where it is no JSON. */
static json_t *managed_of(const struct kube *k, const struct item *item)
{
    json_t *managed = json_array();
    struct span rest = item->managed_fields;
    struct item_entry e;
    int rc = 0;
    while (rest.len && (rc = item_entry_next(&rest, &e)) > 0) {
        if (!matters(k, &e))
            continue;
        json_t *entry = json_scratch_parse(e.text.data, e.text.len);
        if (!entry) {
            rc = -1;
            break;
        }
        json_push(managed, entry);
    }
    if (rc == 0)
        return managed;
    json_scratch_drop(managed);
    return NULL;
}

static json_t *live_of(const struct unit *unit, const struct item *item)
{
    size_t len;
    _free_ char *text = item_without_managed(item, &len);
    json_t *live = json_scratch_parse(text, len);
    if (!json_is_object(live)) {
        json_scratch_drop(live);
        return NULL;
    }
    /* items of a LIST do not say what they are */
    json_put_str(live, "apiVersion", unit->api_version);
    json_put_str(live, "kind", unit->kind);
    return live;
}

/* The body as it is compared; NULL also where a scaler holds a part of it. */
static json_t *declared_of(const struct kube *k, const struct unit *unit)
{
    size_t len;
    const struct host *host = k->config.host;
    _free_ char *text = host->text(host->ctx, unit, &len);
    json_t *body = text ? json_scratch_parse(text, len) : NULL;
    json_t *declared = body ? kube_normalize(unit, kube_resource_of(unit), body) : NULL;
    json_scratch_drop(body);
    if (declared && json_at(declared, "spec", "replicas", NULL) &&
        scalers_find(k->scalers, unit->group, unit->kind, unit->namespace, unit->name)) {
        json_scratch_drop(declared);
        return NULL;
    }
    return declared;
}

static bool same(const struct kube *k, const json_t *declared, const json_t *live,
                 const json_t *managed, size_t *ignored)
{
    const json_t *ours = fields_ours(managed, k->config.field_manager);
    const struct extra_input in = {
        .declared = declared,
        .live = live,
        .managed_fields = managed,
        .manager = k->config.field_manager,
        .hands = k->config.hands,
    };
    if (owned_undeclared(ours, declared, k->config.field_manager) ||
        !compare_literal(&fields_shape, declared, live, ours))
        return false;
    struct candidates candidates;
    candidates_find(&in, &candidates);
    bool none = candidates.count == 0;
    *ignored = candidates.ignored;
    candidates_free(&candidates);
    return none;
}

/* Is there an Apply entry of ours? Else an Update of the tool that we report as, or nothing. */
enum ours { OURS_NONE, OURS_UPDATED, OURS_APPLIED };

static enum ours ours_of(const struct kube *k, const json_t *managed)
{
    size_t i;
    json_t *v;
    enum ours found = OURS_NONE;
    json_array_foreach((json_t *)managed, i, v)
    {
        const struct fields_entry e = fields_entry(v);
        if (fields_is_ours(&e, k->config.field_manager))
            return OURS_APPLIED;
        if (fields_is_us(&e, k->config.field_manager))
            found = OURS_UPDATED;
    }
    return found;
}

/* Did Git say otherwise once? Where no entry of ours tells, that may be live still (earlier.h). */
static bool had_other(const struct kube *k, const struct unit *unit)
{
    const struct host *host = k->config.host;
    json_t *body = NULL;
    int64_t replaced_at;
    bool had = host->older && host->older(host->ctx, unit, 0, &body, &replaced_at);
    if (had)
        json_decref(body);
    return had;
}

bool kube_literal(struct kube *k, const struct unit *unit, const struct item *item, size_t *ignored)
{
    if (item->terminating)
        return false;
    json_scratch_begin();
    json_t *declared = declared_of(k, unit);
    json_t *live = declared ? live_of(unit, item) : NULL;
    json_t *managed = live ? managed_of(k, item) : NULL;
    enum ours ours = ours_of(k, managed);
    bool literal = managed && ours != OURS_UPDATED && same(k, declared, live, managed, ignored);
    json_scratch_drop(declared);
    json_scratch_drop(live);
    json_scratch_drop(managed);
    json_scratch_end();
    return literal && (ours == OURS_APPLIED || !had_other(k, unit));
}
