#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "providers/kubernetes/internal.h"

/* A member of `object` as a shallow copy that may be changed; NULL when it is no object. */
static json_t *own_member(json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_object(member))
        return NULL;
    json_t *copy = json_copy((json_t *)member);
    json_put(object, name, copy);
    return copy;
}

/* Annotations under holdfast.dev/ are orders to us: never sent, never compared (SPEC 2). */
static void drop_orders(json_t *metadata)
{
    json_t *annotations = own_member(metadata, "annotations");
    const char *key;
    json_t *value;
    void *next;
    bool dropped = false;
    json_object_foreach_safe(annotations, next, key, value)
    {
        if (strncmp(key, "holdfast.dev/", 13) != 0)
            continue;
        json_object_del(annotations, key);
        dropped = true;
    }
    if (dropped && json_object_size(annotations) == 0)
        json_object_del(metadata, "annotations");
}

/* The server does the same on a write, but then owns `f:stringData` and keeps dropped keys. */
static void fold_string_data(json_t *root)
{
    const json_t *plain = json_object_get(root, "stringData");
    if (!json_is_object(plain))
        return;
    json_t *data = own_member(root, "data");
    if (!data) {
        data = json_object();
        json_put(root, "data", data);
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)plain, key, value)
    {
        if (!json_is_string(value)) {
            /* the server must see the wrong type to refuse it */
            json_object_set(data, key, value);
            continue;
        }
        _free_ char *text = hash_base64(json_string_value(value), json_string_length(value));
        json_put(data, key, json_string(text));
    }
    json_object_del(root, "stringData");
}

json_t *kube_normalize(const struct unit *unit, const struct kube_resource *resource,
                       const json_t *body)
{
    json_t *root = json_copy((json_t *)body);
    json_t *metadata = own_member(root, "metadata");
    if (metadata) {
        if (unit->namespace)
            json_put_str(metadata, "namespace", unit->namespace);
        else
            json_object_del(metadata, "namespace");
        drop_orders(metadata);
    }
    if (!resource || resource->has_status || !strcmp(unit->kind, "CustomResourceDefinition"))
        json_object_del(root, "status");
    if (kube_is_secret(unit))
        fold_string_data(root);
    if (!strcmp(unit->kind, "ClusterRole") && json_object_get(root, "aggregationRule"))
        json_object_del(root, "rules"); /* the controller's, also where Git says `rules: []` */
    return root;
}
