#include "providers/kubernetes/discovery.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"

/* Kinds are at most 63 characters (a DNS label): longer names have no neighbour. */
#define NEAREST_MAX 64

static const char *str(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s ? s : "";
}

static bool list_has(const json_t *list, const char *s)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)list, i, v)
    {
        if (json_is_string(v) && !strcmp(json_string_value(v), s))
            return true;
    }
    return false;
}

static struct kube_resource *add(struct discovery *d, const char *group, const char *version,
                                 const char *kind, const char *plural)
{
    d->items = xgrow(d->items, &d->cap, d->count + 1, sizeof(*d->items));
    struct kube_resource *r = &d->items[d->count];
    *r = (struct kube_resource){
        .group = xstrdup(group),
        .version = xstrdup(version),
        .kind = xstrdup(kind),
        .plural = xstrdup(plural),
        .order = (unsigned)d->count,
    };
    d->count++;
    return r;
}

static void set_verbs(struct kube_resource *r, const json_t *verbs)
{
    r->can_list = list_has(verbs, "list");
    r->can_get = list_has(verbs, "get");
    r->can_patch = list_has(verbs, "patch");
    r->can_create = list_has(verbs, "create");
}

void discovery_add_stale(struct discovery *d, const char *group, const char *version)
{
    size_t n = 0;
    d->incomplete = true;
    while (d->stale_groups && d->stale_groups[n])
        n++;
    d->stale_groups = xrealloc(d->stale_groups, (n + 2) * sizeof(char *));
    d->stale_groups[n] = xasprintf("%s%s%s", group, *group ? "/" : "", version);
    d->stale_groups[n + 1] = NULL;
}

bool discovery_is_stale(const struct discovery *d, const char *group, const char *version)
{
    _free_ char *name = xasprintf("%s%s%s", group, *group ? "/" : "", version);
    for (char **s = d->stale_groups; s && *s; s++) {
        if (!strcmp(*s, name))
            return true;
    }
    return false;
}

/* One version of one group in the aggregated form. */
static void add_version(struct discovery *d, const char *group, const json_t *entry)
{
    const char *version = str(entry, "version");
    bool stale = !strcmp(str(entry, "freshness"), "Stale");
    size_t i, k;
    json_t *resource, *sub;
    if (stale)
        discovery_add_stale(d, group, version);
    json_array_foreach(json_object_get(entry, "resources"), i, resource)
    {
        /* without a kind only subresources are served */
        const char *kind = json_str_at(resource, "responseKind", "kind", NULL);
        if (!kind || !*kind)
            continue;
        struct kube_resource *r = add(d, group, version, kind, str(resource, "resource"));
        r->namespaced = !strcmp(str(resource, "scope"), "Namespaced");
        r->stale = stale;
        set_verbs(r, json_object_get(resource, "verbs"));
        json_array_foreach(json_object_get(resource, "subresources"), k, sub) r->has_status |=
            !strcmp(str(sub, "subresource"), "status");
    }
}

int discovery_add_aggregated(struct discovery *d, const json_t *list)
{
    if (strcmp(str(list, "kind"), "APIGroupDiscoveryList") != 0)
        return -1;
    size_t i, k;
    json_t *group, *version;
    json_array_foreach(json_object_get(list, "items"), i, group)
    {
        const char *name = json_str_at(group, "metadata", "name", NULL);
        json_array_foreach(json_object_get(group, "versions"), k, version)
            add_version(d, name ? name : "", version);
    }
    return 0;
}

/* "deployments/status" of an APIResourceList: a mark on "deployments", wherever that stands. */
static bool is_status_of(const json_t *list, const char *plural)
{
    _free_ char *name = xasprintf("%s/status", plural);
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(list, "resources"), i, r)
    {
        if (!strcmp(str(r, "name"), name))
            return true;
    }
    return false;
}

int discovery_add_legacy(struct discovery *d, const char *group, const char *version,
                         const json_t *list)
{
    if (strcmp(str(list, "kind"), "APIResourceList") != 0)
        return -1;
    size_t i;
    json_t *resource;
    json_array_foreach(json_object_get(list, "resources"), i, resource)
    {
        const char *plural = str(resource, "name");
        if (strchr(plural, '/') || !*str(resource, "kind"))
            continue;
        struct kube_resource *r = add(d, group, version, str(resource, "kind"), plural);
        r->namespaced = json_is_true(json_object_get(resource, "namespaced"));
        r->has_status = is_status_of(list, plural);
        set_verbs(r, json_object_get(resource, "verbs"));
    }
    return 0;
}

static int by_kind(const void *a, const void *b)
{
    const struct kube_resource *x = a, *y = b;
    int rc = strcmp(x->kind, y->kind);
    if (!rc)
        rc = strcmp(x->group, y->group);
    if (!rc)
        rc = (x->order > y->order) - (x->order < y->order);
    return rc;
}

void discovery_sort(struct discovery *d)
{
    if (d->count)
        qsort(d->items, d->count, sizeof(*d->items), by_kind);
}

/* The first resource of this kind and group; the others follow it. */
static const struct kube_resource *first_of(const struct discovery *d, const char *group,
                                            const char *kind)
{
    size_t low = 0, high = d->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int rc = strcmp(d->items[mid].kind, kind);
        if (!rc)
            rc = strcmp(d->items[mid].group, group);
        if (rc < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return &d->items[low];
}

static bool is_of(const struct discovery *d, const struct kube_resource *r, const char *group,
                  const char *kind)
{
    return r < d->items + d->count && !strcmp(r->kind, kind) && !strcmp(r->group, group);
}

const struct kube_resource *discovery_find(const struct discovery *d, const char *group,
                                           const char *version, const char *kind)
{
    if (!d->count)
        return NULL;
    const struct kube_resource *found = NULL;
    for (const struct kube_resource *r = first_of(d, group, kind); is_of(d, r, group, kind); r++) {
        if (strcmp(r->version, version) != 0)
            continue;
        /* two resources can answer with one kind: the one that can be listed is the objects' own */
        if (!found || (r->can_list && !found->can_list))
            found = r;
    }
    return found;
}

char *discovery_versions(const struct discovery *d, const char *group, const char *kind)
{
    if (!d->count)
        return NULL;
    struct buf b = BUF_INIT(1000);
    const char *last = "";
    for (const struct kube_resource *r = first_of(d, group, kind); is_of(d, r, group, kind); r++) {
        if (strcmp(r->version, last) != 0)
            buf_addf(&b, "%s%s", b.len ? ", " : "", r->version);
        last = r->version;
    }
    return b.len ? buf_take(&b) : NULL;
}

/* Levenshtein's distance, case ignored. Both are shorter than NEAREST_MAX. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NEAREST_MAX + 1];
    size_t la = strlen(a), lb = strlen(b);
    for (size_t k = 0; k <= lb; k++)
        row[k] = (unsigned)k;
    for (size_t i = 1; i <= la; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= lb; k++) {
            unsigned same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[k - 1]);
            unsigned best = corner + !same;
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            corner = row[k];
            row[k] = best;
        }
    }
    return row[lb];
}

const char *discovery_nearest(const struct discovery *d, const char *kind)
{
    size_t len = strlen(kind);
    /* so many slips that it is still a slip, not another word */
    unsigned best = len < 5 ? 2 : len < 12 ? 3 : 4;
    const char *found = NULL;
    if (len >= NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < d->count; i++) {
        const struct kube_resource *r = &d->items[i];
        if (!r->can_list || strlen(r->kind) >= NEAREST_MAX)
            continue;
        unsigned n = distance(kind, r->kind);
        if (n < best) {
            best = n;
            found = r->kind;
        }
    }
    return found;
}

void kube_add_escaped(struct buf *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (isalnum(c) || strchr("-._~", c))
            buf_add_char(b, *s);
        else
            buf_addf(b, "%%%02X", c);
    }
}

char *kube_path(const struct kube_resource *r, const char *ns, const char *name)
{
    struct buf b = BUF_INIT(16 * 1024);
    if (*r->group) {
        buf_add_str(&b, "/apis/");
        kube_add_escaped(&b, r->group);
    } else {
        buf_add_str(&b, "/api");
    }
    buf_add_char(&b, '/');
    kube_add_escaped(&b, r->version);
    if (ns) {
        buf_add_str(&b, "/namespaces/");
        kube_add_escaped(&b, ns);
    }
    buf_add_char(&b, '/');
    kube_add_escaped(&b, r->plural);
    if (name) {
        buf_add_char(&b, '/');
        kube_add_escaped(&b, name);
    }
    return buf_take(&b);
}

void discovery_free(struct discovery *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        free(d->items[i].group);
        free(d->items[i].version);
        free(d->items[i].kind);
        free(d->items[i].plural);
    }
    free(d->items);
    free(d->git_version);
    for (char **s = d->stale_groups; s && *s; s++)
        free(*s);
    free(d->stale_groups);
    free(d);
}
