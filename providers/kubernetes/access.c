#include "providers/kubernetes/access.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "providers/kubernetes/builtin.h"

/* What is known of a kind. Borrowed. */
struct kind {
    const char *group, *kind, *plural;
    bool namespaced, can_patch, can_create;
    bool from_cluster; /* not from the source's own CRDs */
};

const char *access_verb_name(unsigned index)
{
    static const char *const names[ACCESS_VERBS] = {"get", "list", "watch", "patch", "create"};
    return names[index];
}

bool access_is_label(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t n = strspn(s, letters);
    return n > 0 && n <= 63 && s[n] == '\0' && s[0] != '-' && s[n - 1] != '-';
}

bool access_is_name(const char *s)
{
    if (strlen(s) > 253)
        return false;
    for (const char *dot; (dot = strchr(s, '.')); s = dot + 1) {
        _free_ char *label = xstrndup(s, (size_t)(dot - s));
        if (!access_is_label(label))
            return false;
    }
    return access_is_label(s);
}

struct access *access_new(const struct access_config *config)
{
    struct access *a = xcalloc(1, sizeof(*a));
    a->config = *config;
    a->crds = json_object();
    a->scalable = json_object();
    return a;
}

/* Groups of the API server's own, also those of which no kind can be declared. */
static bool own_group(const char *group)
{
    static const char *const others[] = {"authentication.k8s.io", "authorization.k8s.io",
                                         "internal.apiserver.k8s.io", "storagemigration.k8s.io"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (!strcmp(group, others[i]))
            return true;
    }
    return builtin_group(group);
}

void access_crd(struct access *a, const json_t *crd)
{
    const char *group = json_str_at(crd, "spec", "group", NULL);
    const char *kind = json_str_at(crd, "spec", "names", "kind", NULL);
    const char *plural = json_str_at(crd, "spec", "names", "plural", NULL);
    const char *scope = json_str_at(crd, "spec", "scope", NULL);
    /* a CRD that claims a group of Kubernetes' own would widen what is granted there */
    if (!group || !kind || !plural || own_group(group))
        return;
    _free_ char *key = xasprintf("%s/%s", group, kind);
    json_t *known = json_object();
    json_put_str(known, "plural", plural);
    json_put(known, "namespaced", json_boolean(scope && !strcmp(scope, "Namespaced")));
    json_put(a->crds, key, known);
}

/* In the version that the source names, else in any: RBAC knows no versions. */
static const struct kube_resource *served(const struct discovery *d, const char *group,
                                          const char *version, const char *kind)
{
    const struct kube_resource *r = discovery_find(d, group, version, kind);
    for (size_t i = 0; !r && i < d->count; i++) {
        const struct kube_resource *other = &d->items[i];
        if (other->can_list && !strcmp(other->kind, kind) && !strcmp(other->group, group))
            r = other;
    }
    return r && r->can_list ? r : NULL;
}

static bool find_kind(const struct access *a, const char *group, const char *version,
                      const char *kind, struct kind *out)
{
    *out = (struct kind){.group = group, .kind = kind, .can_patch = true, .can_create = true};
    const struct kube_resource *r =
        a->config.discovery ? served(a->config.discovery, group, version, kind) : NULL;
    if (r) {
        out->plural = r->plural;
        out->namespaced = r->namespaced;
        out->can_patch = r->can_patch;
        out->can_create = r->can_create;
        out->from_cluster = true;
        return true;
    }
    /* a kind of Kubernetes' own is never a CRD's, whatever the source says */
    const struct builtin_kind *b = a->config.discovery ? NULL : builtin_find(group, kind);
    if (b) {
        out->plural = b->plural;
        out->namespaced = b->namespaced;
        return true;
    }
    _free_ char *key = xasprintf("%s/%s", group, kind);
    const json_t *crd = json_object_get(a->crds, key);
    out->plural = json_str_at(crd, "plural", NULL);
    out->namespaced = json_is_true(json_object_get(crd, "namespaced"));
    return out->plural != NULL;
}

static bool group_is_served(const struct discovery *d, const char *group)
{
    size_t len = strlen(group);
    for (size_t i = 0; d && i < d->count; i++) {
        if (!strcmp(d->items[i].group, group))
            return true;
    }
    for (char **s = d ? d->stale_groups : NULL; s && *s; s++) {
        if (!strncmp(*s, group, len) && (*s)[len] == '/')
            return true;
    }
    return false;
}

/* Whether an aggregated API server serves the group: 1, 0, or -1 where it is not known. */
static int aggregated(const struct access *a, const struct kind *kind)
{
    size_t i;
    json_t *service;
    json_array_foreach(a->config.api_services, i, service)
    {
        const char *group = json_str_at(service, "spec", "group", NULL);
        if (group && !strcmp(group, kind->group) &&
            json_is_object(json_at(service, "spec", "service", NULL)))
            return 1;
    }
    if (a->config.api_services || a->config.asking || own_group(kind->group))
        return 0;
    /* rights go by group: that the kind itself is not there yet says nothing of who serves it */
    return kind->from_cluster || group_is_served(a->config.discovery, kind->group) ? -1 : 0;
}

/* Why a kind is only read; NULL when dry runs of it can be granted. */
static const char *why_read_only(const struct access *a, const struct kind *kind)
{
    if (!strcmp(kind->group, "admissionregistration.k8s.io"))
        return "no admission policy holds writes to this group";
    if (!strcmp(kind->group, "rbac.authorization.k8s.io"))
        return "a dry run would need every right that is granted there";
    if (!kind->can_patch)
        return "the server has no patch for it";
    switch (aggregated(a, kind)) {
    case 0:
        return NULL;
    case 1:
        return "an aggregated API server serves it, which admission policies do not reach";
    default:
        return "the APIServices may not be read, so an aggregated API server may serve it, "
               "which admission policies do not reach";
    }
}

/* read_only: why it is only looked at, or compared without dry runs; NULL: neither. */
static struct access_rule *add(struct access *a, const struct kind *kind, const char *namespace,
                               unsigned verbs, const char *read_only)
{
    for (size_t i = 0; i < a->count; i++) {
        struct access_rule *r = &a->items[i];
        bool same_place =
            namespace ? r->namespace && !strcmp(r->namespace, namespace) : !r->namespace;
        if (same_place && !strcmp(r->plural, kind->plural) && !strcmp(r->group, kind->group)) {
            r->read_only = verbs & ~r->verbs ? read_only : r->read_only;
            r->verbs |= verbs;
            return r;
        }
    }
    a->items = xgrow(a->items, &a->cap, a->count + 1, sizeof(*a->items));
    a->items[a->count++] = (struct access_rule){
        .namespace = xstrdup_null(namespace),
        .group = xstrdup(kind->group),
        .plural = xstrdup(kind->plural),
        .kind = xstrdup(kind->kind),
        .verbs = verbs,
        .read_only = read_only,
    };
    return &a->items[a->count - 1];
}

/* Only what is a DNS name comes into a Role: never "*", never "pods/exec". */
static int check_names(const struct kind *kind, const char *namespace, struct err **err)
{
    if (*kind->group && !access_is_name(kind->group))
        return err_set(err, ERR_INVALID,
                       "the group of kind %s is no DNS name: no right is given "
                       "for it",
                       kind->kind);
    if (!access_is_label(kind->plural))
        return err_set(err, ERR_INVALID,
                       "the plural name of kind %s in %s is no DNS label: no "
                       "right is given for it",
                       kind->kind, *kind->group ? kind->group : "the core group");
    if (namespace && !access_is_label(namespace))
        return err_set(err, ERR_INVALID, "its namespace is no DNS label: no right is given in it");
    return 0;
}

static bool scalable(const struct kind *kind)
{
    return *kind->group || !strcmp(kind->kind, "ReplicationController");
}

/* The kind, and the namespace of an object of it, or why no right is given. */
static int resolve(const struct access *a, const char *group, const char *version,
                   const char *kind_name, struct kind *kind, const char **namespace,
                   struct err **err)
{
    if (!find_kind(a, group, version, kind_name, kind))
        return err_set(err, ERR_INVALID,
                       a->config.discovery
                           ? "kind %s of %s%s%s: the cluster does not serve it, and no CRD of the "
                             "source brings it; install its CRD first"
                           : "kind %s of %s%s%s: Kubernetes itself does not bring it, nor does a "
                             "CRD of the source; name a cluster that has it (--kubeconfig)",
                       kind_name, group, *group ? "/" : "", version);
    if (!kind->namespaced)
        *namespace = NULL;
    else if (!*namespace)
        *namespace = a->config.default_namespace;
    return check_names(kind, *namespace, err);
}

int access_object(struct access *a, const char *group, const char *version, const char *kind_name,
                  const char *namespace, struct err **err)
{
    struct kind kind;
    if (resolve(a, group, version, kind_name, &kind, &namespace, err))
        return -1;
    const char *read_only = why_read_only(a, &kind);
    unsigned verbs = ACCESS_READ;
    if (a->config.report && !read_only)
        verbs |= ACCESS_PATCH | (kind.can_create ? ACCESS_CREATE : 0U);
    add(a, &kind, namespace, verbs, read_only)->compared = true;
    if (namespace && scalable(&kind))
        json_put(a->scalable, namespace, json_true());
    return 0;
}

int access_looked_at(struct access *a, const char *group, const char *version,
                     const char *kind_name, const char *namespace, struct err **err)
{
    struct kind kind;
    if (resolve(a, group, version, kind_name, &kind, &namespace, err))
        return -1;
    add(a, &kind, namespace, ACCESS_READ, "an Export names it");
    return 0;
}

static int by_place(const void *x, const void *y)
{
    const struct access_rule *a = x, *b = y;
    int c = strcmp(a->namespace ? a->namespace : "", b->namespace ? b->namespace : "");
    if (!c)
        c = strcmp(a->group, b->group);
    return c ? c : strcmp(a->plural, b->plural);
}

void access_finish(struct access *a)
{
    static const struct {
        const char *group, *version, *kind;
    } scalers[] = {{"autoscaling", "v2", "HorizontalPodAutoscaler"},
                   {"keda.sh", "v1alpha1", "ScaledObject"}};
    const char *namespace;
    json_t *value;
    for (size_t i = 0; i < ARRAY_LEN(scalers); i++) {
        struct kind kind;
        if (!find_kind(a, scalers[i].group, scalers[i].version, scalers[i].kind, &kind) ||
            !kind.namespaced || check_names(&kind, NULL, NULL))
            continue;
        json_object_foreach(a->scalable, namespace, value)
            add(a, &kind, namespace, ACCESS_READ, "it tells who holds spec.replicas");
    }
    if (a->count)
        qsort(a->items, a->count, sizeof(*a->items), by_place);
}

void access_free(struct access *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++) {
        free(a->items[i].namespace);
        free(a->items[i].group);
        free(a->items[i].plural);
        free(a->items[i].kind);
    }
    free(a->items);
    json_decref(a->crds);
    json_decref(a->scalable);
    free(a);
}
