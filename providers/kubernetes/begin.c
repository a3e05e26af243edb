#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/json_scratch.h"
#include "providers/kubernetes/internal.h"

static bool is_kind(const struct unit *unit, const char *group, const char *kind)
{
    return !strcmp(unit->kind, kind) && !strcmp(unit->group, group);
}

/* The kind that a declared CRD will bring: "group/kind" -> {"namespaced": true, "versions": {...}}
 */
static void note_crd(struct kube *k, const json_t *body)
{
    const char *group = json_str_at(body, "spec", "group", NULL);
    const char *kind = json_str_at(body, "spec", "names", "kind", NULL);
    const char *scope = json_str_at(body, "spec", "scope", NULL);
    const json_t *versions = json_at(body, "spec", "versions", NULL);
    if (!group || !kind)
        return;
    json_t *served = json_object();
    for (size_t i = 0; i < json_array_size(versions); i++) {
        const json_t *v = json_array_get(versions, i);
        const char *name = json_str_at(v, "name", NULL);
        if (name && !json_is_false(json_object_get(v, "served")))
            json_put(served, name, json_true());
    }
    json_t *crd = json_object();
    json_put(crd, "namespaced", json_boolean(scope && !strcmp(scope, "Namespaced")));
    json_put(crd, "versions", served);
    _free_ char *key = xasprintf("%s/%s", group, kind);
    json_put(k->crds, key, crd);
}

static void note_scaler(void *to, const char *kind, const char *namespace, const char *name,
                        const json_t *body)
{
    const struct kube *k = to;
    struct scaler_target before, after;
    scalers_set(k->scalers, SCALER_GIT, kind, namespace ? namespace : k->config.default_namespace,
                name, body, &before, &after);
    scaler_target_free(&before);
    scaler_target_free(&after);
}

/* What the source itself brings, or says about the others: CRDs, namespaces, scalers. */
static void scan_source(struct kube *k)
{
    json_object_clear(k->crds);
    json_object_clear(k->namespaces);
    scalers_clear(k->scalers, SCALER_GIT);
    if (k->config.scalers)
        k->config.scalers(k->config.ctx, note_scaler, k);
    for (size_t i = 0; i < k->count; i++) {
        struct unit *unit = k->units[i];
        if (is_kind(unit, "", "Namespace"))
            json_put(k->namespaces, unit->name, json_true());
        bool crd = is_kind(unit, "apiextensions.k8s.io", "CustomResourceDefinition");
        if (!crd && !scaler_kind(unit->group, unit->kind))
            continue;
        size_t len;
        _free_ char *text = k->config.host->text(k->config.host->ctx, unit, &len);
        json_auto_t *body = text ? json_scratch_parse(text, len) : NULL;
        if (crd) {
            note_crd(k, body);
            continue;
        }
        note_scaler(k, unit->kind, unit->namespace, unit->name, body);
    }
}

static void tell_unknown_kind(struct kube *k, struct unit *unit)
{
    const struct discovery *d = k->config.discovery;
    _free_ char *served = discovery_versions(d, unit->group, unit->kind);
    const char *near = served ? NULL : discovery_nearest(d, unit->kind);
    _free_ char *message = NULL;
    if (served)
        message =
            xasprintf("%s is not served in %s any more; served: %s%s%s. Change apiVersion",
                      unit->kind, unit->api_version, unit->group, *unit->group ? "/" : "", served);
    else if (near && strcmp(near, unit->kind) != 0)
        message = xasprintf("the cluster has no kind %s in %s (did you mean %s?)", unit->kind,
                            unit->api_version, near);
    else
        message = xasprintf("the cluster has no kind %s in %s: is its CRD missing?", unit->kind,
                            unit->api_version);
    k->config.host->error(k->config.host->ctx, unit, 0, message);
    unit->facts.concluded = true;
}

/* The kind's group version is served by somebody who does not answer. */
static void set_unanswered(struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    unit->facts.observed = OBSERVED_UNLISTED;
    free(u->unknown);
    u->unknown = xasprintf("the API service of %s does not answer", unit->api_version);
}

static bool is_namespaced(const struct kube *k, const struct kube_resource *r,
                          const struct unit *unit)
{
    _free_ char *key = xasprintf("%s/%s", unit->group, unit->kind);
    const json_t *crd = json_object_get(k->crds, key);
    if (r || (unit->type && !crd)) /* it was served until now */
        return (r ? r : kube_resource_of(unit))->namespaced;
    if (!crd && discovery_is_stale(k->config.discovery, unit->group, unit->version))
        /* nobody can tell now */
        return unit->resolved ? unit->namespace != NULL : unit->declared_namespace != NULL;
    return json_is_true(json_object_get(crd, "namespaced"));
}

static bool comes_with_source(const struct kube *k, const struct unit *unit)
{
    _free_ char *key = xasprintf("%s/%s", unit->group, unit->kind);
    return json_at(json_object_get(k->crds, key), "versions", unit->version, NULL) != NULL;
}

/* An answer that is still to come is of before. */
static void start_over(struct kube *k, struct unit *unit)
{
    const bool in_flight = unit->facts.in_flight;
    if (!in_flight)
        kube_unit_forget(k, unit);
    unit->facts = (struct facts){.in_flight = in_flight, .stale = in_flight};
}

/* Sets the effective namespace. Is it another object then, of which nothing was seen? */
static bool place(const struct kube *k, const struct kube_resource *r, struct unit *unit)
{
    const bool was = unit->namespace != NULL;
    unit->namespace = !is_namespaced(k, r, unit) ? NULL
                      : unit->declared_namespace ? unit->declared_namespace
                                                 : k->config.default_namespace;
    return was != (unit->namespace != NULL);
}

/* That it cannot be read was told. */
static bool told_unread(const struct unit *unit)
{
    const struct facts *f = &unit->facts;
    return f->concluded && (f->observed == OBSERVED_FAILED || f->observed == OBSERVED_UNLISTED);
}

/* Its kind is served: is what was said of it from when it was not? */
static bool was_unserved(const struct unit *unit)
{
    const enum observed observed = unit->facts.observed;
    return !unit->type || observed == OBSERVED_UNSERVED || observed == OBSERVED_UNLISTED;
}

static void resolve(struct kube *k, struct unit *unit)
{
    const struct discovery *d = k->config.discovery;
    const struct kube_resource *r = discovery_find(d, unit->group, unit->version, unit->kind);
    bool another = place(k, r, unit);
    if (unit->paused) {
        unit->type = NULL; /* nobody asks, and the discovery that it came from goes */
        return;
    }
    if (r && !r->stale) {
        if (another || was_unserved(unit))
            start_over(k, unit);
        unit->type = r;
        return;
    }
    bool unanswered = r || discovery_is_stale(d, unit->group, unit->version);
    if (unanswered && !another && told_unread(unit)) {
        unit->type = r;
        return;
    }
    start_over(k, unit);
    unit->type = NULL;
    if (unanswered) {
        unit->type = r;
        set_unanswered(unit);
    } else if (comes_with_source(k, unit)) {
        unit->facts.observed = OBSERVED_UNSERVED;
    } else {
        tell_unknown_kind(k, unit);
    }
}

static bool is_held(const struct kube *k, const struct unit *unit)
{
    const char *ns =
        unit->declared_namespace ? unit->declared_namespace : k->config.default_namespace;
    return scalers_find(k->scalers, unit->group, unit->kind, ns, unit->name) != NULL;
}

/* Resources are looked up anew: the discovery may be another one, with resources of its own. */
void kube_begin(struct provider *p, struct unit *const *units, size_t count)
{
    struct kube *k = (struct kube *)p;
    k->units = units;
    k->count = count;
    _free_ bool *held = xcalloc(count + 1, sizeof(*held));
    for (size_t i = 0; i < count; i++)
        held[i] = is_held(k, units[i]);
    scan_source(k);
    for (size_t i = 0; i < count; i++) {
        resolve(k, units[i]);
        if (held[i] != is_held(k, units[i])) /* Git gave it a scaler, or took it */
            kube_again(k, units[i]);
    }
}
