#include "providers/kubernetes/scope.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"

static char *key_of(const struct kube_resource *r, const char *namespace, const char *name)
{
    return xasprintf("%d %s/%s/%s %s %s", r->namespaced, r->group, r->version, r->plural,
                     namespace ? namespace : "", name ? name : "");
}

struct kube_scope *kube_scope_find(const struct kube *k, const struct kube_resource *r,
                                   const char *namespace, const char *name)
{
    _free_ char *key = key_of(r, namespace, name);
    struct kube_scope *found;
    HASH_FIND_STR(k->scope_table, key, found);
    return found;
}

struct kube_scope *kube_scope_add(struct kube *k, const struct kube_resource *r,
                                  const char *namespace, const char *name)
{
    struct kube_scope *s = xcalloc(1, sizeof(*s));
    s->k = k;
    s->resource = r;
    s->namespace = xstrdup_null(namespace);
    s->name = xstrdup_null(name);
    s->wanted_ms = clock_now_ms();
    s->key = key_of(r, namespace, name);
    HASH_ADD_KEYPTR(hh, k->scope_table, s->key, strlen(s->key), s);
    k->scopes = xgrow(k->scopes, &k->scope_cap, k->scope_count + 1, sizeof(*k->scopes));
    k->scopes[k->scope_count++] = s;
    return s;
}

const char *kube_scalers_unread(const struct kube *k, const char *namespace)
{
    const char *const namespaces[] = {namespace, NULL};
    for (size_t i = 0; i < 2 * k->kind_count; i++) {
        const struct kube_kind *kind = &k->kinds[i / 2];
        const struct kube_scope *s =
            kind->scaler ? kube_scope_find(k, kind->resource, namespaces[i % 2], NULL) : NULL;
        if (s && s->unsure)
            return s->why;
    }
    return NULL;
}

void kube_scope_free(struct kube_scope *s)
{
    HASH_DEL(s->k->scope_table, s);
    kube_watch_free(s->watch);
    json_decref(s->seen);
    free(s->why);
    free(s->namespace);
    free(s->name);
    free(s->key);
    free(s);
}

json_t *kube_provider_scopes(const struct provider *p)
{
    const struct kube *k = (const struct kube *)p;
    json_t *list = json_array();
    for (size_t i = 0; i < k->scope_count; i++) {
        const struct kube_scope *s = k->scopes[i];
        char since[CLOCK_TEXT_BYTES];
        json_t *o = json_object();
        _free_ char *scope = !s->name ? xasprintf("%s%s", s->namespace ? "namespace " : "",
                                                  s->namespace ? s->namespace : "")
                                      : xasprintf("object %s%s%s", s->namespace ? s->namespace : "",
                                                  s->namespace ? "/" : "", s->name);
        clock_rfc3339(s->watch ? kube_watch_since(s->watch) : s->wanted_ms, since);
        json_put_str(o, "group", s->resource->group);
        json_put_str(o, "kind", s->resource->kind);
        json_put_str(o, "scope", scope);
        json_put_str(o, "state", s->watch ? kube_watch_state_name(s->watch) : "waiting");
        json_put_str(o, "since", since);
        json_put_str(o, "message", s->watch ? kube_watch_message(s->watch) : NULL);
        json_push(list, o);
    }
    return list;
}

bool kube_provider_listed(const struct provider *p, char **why)
{
    const struct kube *k = (const struct kube *)p;
    for (size_t i = 0; i < k->scope_count; i++) {
        const struct kube_scope *s = k->scopes[i];
        if (s->known)
            continue;
        *why = xasprintf("%s %s is not listed yet", s->resource->plural,
                         s->namespace ? s->namespace : "");
        return false;
    }
    return true;
}
