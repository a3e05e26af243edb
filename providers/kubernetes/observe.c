#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/json_scratch.h"
#include "core/limits.h"
#include "providers/kubernetes/internal.h"

/* A kind that is observed: all units of one resource. */
struct kube_kind {
    const struct kube_resource *resource;
    struct unit **units; /* a slice of kube.sorted */
    size_t count;
    bool scaler;
};

/* One LIST under way, page by page. */
struct kube_list {
    struct kube *k;
    struct kube_kind *kind;
    char *namespace; /* NULL: the cluster */
    struct items_parser *parser;
};

static void list_start(struct kube *k, struct kube_kind *kind, const char *namespace,
                       const char *page);

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

static struct unit *unit_find(const struct kube_kind *kind, const struct item *item)
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

static void on_item(void *ctx, const struct item *item)
{
    struct kube_list *list = ctx;
    struct kube *k = list->k;
    if (list->kind->scaler) {
        json_auto_t *object = json_scratch_parse(item->text.data, item->text.len);
        const char *namespace = json_str_at(object, "metadata", "namespace", NULL);
        if (object)
            scalers_add(k->scalers, list->kind->resource->kind, namespace, object);
    }
    struct unit *unit = unit_find(list->kind, item);
    if (!unit || unit->facts.concluded)
        return;
    kube_observed(k, unit, item);
    k->config.host->dirty(k->config.host->ctx, unit);
}

static bool in_scope(const struct kube_list *list, const struct unit *unit)
{
    return !unit->facts.concluded &&
           (!list->namespace || (unit->namespace && !strcmp(unit->namespace, list->namespace)));
}

/* Writes down what the end of a LIST says of every unit that it did not bring. */
static void list_conclude(struct kube_list *list, enum observed observed, const char *why)
{
    struct kube *k = list->k;
    for (size_t i = 0; i < list->kind->count; i++) {
        struct unit *unit = list->kind->units[i];
        if (!in_scope(list, unit) || unit->facts.observed != OBSERVED_NOT_YET)
            continue;
        unit->facts.observed = observed;
        if (why) {
            struct kube_unit *u = kube_unit_of(unit);
            free(u->unknown);
            u->unknown = xstrdup(why);
        }
        k->config.host->dirty(k->config.host->ctx, unit);
    }
}

static void observe_those(struct kube *k, bool scaled);

static void list_end(struct kube_list *list)
{
    struct kube *k = list->k;
    k->scaler_lists -= list->kind->scaler;
    items_parser_free(list->parser);
    free(list->namespace);
    free(list);
    if (!k->scaler_lists && !k->scalers_known) {
        k->scalers_known = true;
        observe_those(k, true);
    }
}

/*
 * One LIST for each namespace of the kind's units (they are sorted by it); of a scaler for each
 * namespace that any unit is in.
 */
static void list_namespaces(struct kube *k, struct kube_kind *kind)
{
    if (kind->scaler) {
        json_auto_t *seen = json_object();
        for (size_t i = 0; i < k->count; i++) {
            const char *ns = k->units[i].namespace;
            if (!ns || k->units[i].facts.concluded || json_object_get(seen, ns))
                continue;
            json_put(seen, ns, json_true());
            list_start(k, kind, ns, NULL);
        }
        return;
    }
    for (size_t i = 0; i < kind->count; i++) {
        const char *ns = kind->units[i]->namespace;
        if (!i || strcmp(ns, kind->units[i - 1]->namespace) != 0)
            list_start(k, kind, ns, NULL);
    }
}

static void list_failed(struct kube_list *list, const struct kube_answer *a)
{
    struct refusal r = {0};
    struct kube_kind *kind = list->kind;
    refusal_read(&r, a, false);
    bool denied = r.kind == REFUSAL_FORBIDDEN;
    if (denied && !list->namespace && kind->resource->namespaced) {
        list_namespaces(list->k, kind); /* a right in each namespace may still be there */
    } else {
        _free_ char *why = xasprintf("LIST of %s: %s", kind->resource->plural, r.message);
        list_conclude(list, denied ? OBSERVED_DENIED : OBSERVED_FAILED, why);
        if (kind->scaler && !kind->count) {
            _free_ char *note = xasprintf("%s; spec.replicas is compared as if no %s were there",
                                          why, kind->resource->kind);
            list->k->config.host->note(list->k->config.host->ctx, NULL, note);
        }
    }
    refusal_free(&r);
}

static void on_list(void *ctx, const struct kube_answer *a)
{
    struct kube_list *list = ctx;
    struct err _err_ *err = NULL;
    _free_ char *page = NULL;
    _free_ char *version = NULL; /* where a watch would begin */
    if (a->status != 200 || a->err) {
        list_failed(list, a);
    } else if (items_parser_end(list->parser, &page, &version, &err)) {
        list_conclude(list, OBSERVED_FAILED, err_message(err));
    } else if (page && *page) {
        list_start(list->k, list->kind, list->namespace, page);
    } else {
        list_conclude(list, OBSERVED_ABSENT, NULL);
    }
    list_end(list);
}

static int on_bytes(void *ctx, const char *data, size_t len, struct err **err)
{
    struct kube_list *list = ctx;
    return items_parser_feed(list->parser, data, len, err);
}

/* A continue token may hold any character. */
static void add_escaped(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", *s))
            buf_add_char(b, *s);
        else
            buf_addf(b, "%%%02X", (unsigned char)*s);
    }
}

static void list_start(struct kube *k, struct kube_kind *kind, const char *namespace,
                       const char *page)
{
    struct kube_list *list = xcalloc(1, sizeof(*list));
    list->k = k;
    list->kind = kind;
    list->namespace = xstrdup_null(namespace);
    list->parser = items_parser_new(on_item, list);
    _free_ char *path = kube_path(kind->resource, namespace, NULL);
    struct buf _buf_ url = BUF_INIT(LIMIT_HEADER_BYTES);
    buf_add_str(&url, path);
    /* servers from 1.33 on stream a whole LIST; older ones hold it in memory */
    const struct discovery *d = k->config.discovery;
    bool paged = d->major == 1 && d->minor < 33;
    if (paged)
        buf_add_str(&url, "?limit=500");
    if (page) {
        buf_add_str(&url, paged ? "&continue=" : "?continue=");
        add_escaped(&url, page);
    }
    const struct kube_request request = {
        .method = "GET",
        .path = buf_str(&url),
        .list = true,
        .sink = on_bytes,
        .done = on_list,
        .ctx = list,
    };
    k->scaler_lists += kind->scaler;
    kube_send(k->config.client, &request);
}

static size_t namespaces_of(const struct kube_kind *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < kind->count; i++)
        n += !i || strcmp(kind->units[i]->namespace, kind->units[i - 1]->namespace) != 0;
    return n;
}

/* The narrowest way that costs little: names, namespaces, else the cluster (DESIGN 5.1). */
static void observe_kind(struct kube *k, struct kube_kind *kind)
{
    if (!kind->scaler && kind->count <= LIMIT_NAMES_BY_GET) {
        for (size_t i = 0; i < kind->count; i++) {
            if (kind->units[i]->facts.concluded || kind->units[i]->facts.observed)
                continue;
            kind->units[i]->facts.observed = OBSERVED_ABSENT; /* a read tells */
            k->config.host->dirty(k->config.host->ctx, kind->units[i]);
        }
    } else if (!kind->scaler && kind->resource->namespaced &&
               namespaces_of(kind) <= LIMIT_NAMES_BY_GET) {
        list_namespaces(k, kind);
    } else {
        list_start(k, kind, NULL, NULL);
    }
}

static bool scalable(const char *group, const char *kind)
{
    return strcmp(group, "") != 0 || !strcmp(kind, "ReplicationController");
}

/* Kinds that something may scale, or the others: those need not wait for the scalers. */
static void observe_those(struct kube *k, bool scaled)
{
    for (size_t i = 0; i < k->kind_count; i++) {
        const struct kube_resource *r = k->kinds[i].resource;
        if (!k->kinds[i].scaler && scalable(r->group, r->kind) == scaled)
            observe_kind(k, &k->kinds[i]);
    }
}

static struct kube_kind *kind_add(struct kube *k, const struct kube_resource *resource)
{
    k->kinds = xgrow(k->kinds, &k->kind_cap, k->kind_count + 1, sizeof(*k->kinds));
    struct kube_kind *kind = &k->kinds[k->kind_count++];
    *kind = (struct kube_kind){.resource = resource};
    return kind;
}

/* Does any unit say how many replicas there are? Only then it matters who else does. */
static bool any_scalable(const struct kube *k)
{
    for (size_t i = 0; i < k->count; i++) {
        if (scalable(k->units[i].group, k->units[i].kind))
            return true;
    }
    return false;
}

static void add_scaler_kind(struct kube *k, const char *group, const char *version,
                            const char *kind_name)
{
    const struct kube_resource *r = discovery_find(k->config.discovery, group, version, kind_name);
    if (!r || r->stale)
        return;
    for (size_t i = 0; i < k->kind_count; i++) {
        if (k->kinds[i].resource == r) {
            k->kinds[i].scaler = true;
            return;
        }
    }
    kind_add(k, r)->scaler = true;
}

void kube_observe(struct provider *p)
{
    struct kube *k = (struct kube *)p;
    size_t n = 0;
    k->sorted = xcalloc(k->count, sizeof(struct unit *));
    for (size_t i = 0; i < k->count; i++) {
        if (k->units[i].type && !k->units[i].facts.concluded)
            k->sorted[n++] = &k->units[i];
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
    for (size_t i = 0; i < k->kind_count; i++) {
        if (k->kinds[i].scaler)
            observe_kind(k, &k->kinds[i]);
    }
    observe_those(k, false);
    if (!k->scaler_lists) {
        k->scalers_known = true;
        observe_those(k, true);
    }
}

void kube_kinds_free(struct kube *k)
{
    free(k->kinds);
    free(k->sorted);
}
