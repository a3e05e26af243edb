#include "providers/kubernetes/fields.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

static const char *text_of(const json_t *entry, const char *name)
{
    const char *s = json_string_value(json_object_get(entry, name));
    return s ? s : "";
}

struct fields_entry fields_entry(const json_t *entry)
{
    return (struct fields_entry){
        .manager = text_of(entry, "manager"),
        .operation = text_of(entry, "operation"),
        .subresource = text_of(entry, "subresource"),
        .api_version = text_of(entry, "apiVersion"),
        .time = json_string_value(json_object_get(entry, "time")),
        .fields = json_object_get(entry, "fieldsV1"),
    };
}

bool fields_is_ours(const struct fields_entry *e, const char *manager)
{
    return !strcmp(e->operation, "Apply") && !*e->subresource && !strcmp(e->manager, manager);
}

const json_t *fields_ours(const json_t *managed_fields, const char *manager)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)managed_fields, i, v)
    {
        struct fields_entry e = fields_entry(v);
        if (fields_is_ours(&e, manager))
            return e.fields;
    }
    return NULL;
}

bool fields_is_hand(const struct fields_entry *e, const char *manager, const char *const *hands)
{
    if (fields_is_ours(e, manager) || !strcmp(e->subresource, "status"))
        return false;
    if (!strncmp(e->manager, "kubectl", 7) || !strcmp(e->manager, "before-first-apply"))
        return true;
    for (; hands && *hands; hands++) {
        if (fnmatch(*hands, e->manager, 0) == 0)
            return true;
    }
    return false;
}

bool fields_child(const char *key, const json_t *node, struct fields_child *out)
{
    *out = (struct fields_child){.node = node};
    if (!strncmp(key, "f:", 2)) {
        out->type = STEP_MEMBER;
        out->name = key + 2;
        return true;
    }
    if (!strncmp(key, "i:", 2)) {
        out->type = STEP_INDEX;
        out->index = strtoul(key + 2, NULL, 10);
        return true;
    }
    if (strncmp(key, "k:", 2) != 0 && strncmp(key, "v:", 2) != 0)
        return false;
    out->type = key[0] == 'k' ? STEP_KEYS : STEP_VALUE;
    out->value = json_parse(key + 2, strlen(key + 2), "fieldsV1", NULL);
    return out->value != NULL;
}

/* The child of `fields` that is this step, or NULL. */
static const json_t *child_at(const json_t *fields, const struct path *step)
{
    if (step->type == STEP_MEMBER)
        return fields_shape.member(fields, step->name);
    const char *key;
    json_t *node;
    json_object_foreach((json_t *)fields, key, node)
    {
        struct fields_child c;
        if (key[0] == 'f' || !fields_child(key, node, &c))
            continue;
        bool same = c.type == step->type &&
                    (c.type == STEP_INDEX  ? c.index == step->index
                     : c.type == STEP_KEYS ? path_keys_match(step->value, c.value) &&
                                                 path_keys_match(c.value, step->value)
                                           : json_same(c.value, step->value));
        json_decref(c.value);
        if (same)
            return node;
    }
    return NULL;
}

const json_t *fields_find(const json_t *fields, const struct path *path)
{
    if (!path || !fields)
        return fields;
    const json_t *up = fields_find(fields, path->up);
    return up ? child_at(up, path) : NULL;
}

bool fields_owns(const json_t *fields, const struct path *path)
{
    if (!path || !fields)
        return fields != NULL;
    if (fields_find(fields, path))
        return true;
    for (path = path->up; path; path = path->up) {
        const json_t *node = fields_find(fields, path);
        if (node)
            return json_object_size(node) == 0; /* an atomic value above it */
    }
    return false;
}

bool fields_whole(const json_t *node)
{
    return json_object_size(node) == 0 || json_object_get(node, ".");
}

static enum shape_kind shape_kind(const void *node)
{
    if (!node)
        return SHAPE_UNKNOWN;
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)node, key, child)
    {
        switch (key[0]) {
        case '.':
            continue;
        case 'k':
            return SHAPE_KEYED;
        case 'v':
            return SHAPE_SET;
        default:
            return SHAPE_MAP;
        }
    }
    return SHAPE_LEAF;
}

static const void *shape_member(const void *node, const char *name)
{
    if (!node)
        return NULL;
    char key[256];
    size_t len = strlen(name);
    if (len < sizeof(key) - 2) {
        memcpy(key, "f:", 2);
        memcpy(key + 2, name, len + 1);
        return json_object_get(node, key);
    }
    const char *k;
    json_t *child;
    json_object_foreach((json_t *)node, k, child)
    {
        if (!strncmp(k, "f:", 2) && !strcmp(k + 2, name))
            return child;
    }
    return NULL;
}

/* Does the declared element carry every key? */
static bool carries_keys(const json_t *declared, const json_t *keys)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)keys, key, value)
    {
        if (!json_object_get(declared, key))
            return false;
    }
    return true;
}

struct known_element {
    json_t *keys;
    const json_t *node;
};

static void choose(struct known_element *known, size_t known_count, const json_t *declared,
                   bool exact, struct shape_element *out)
{
    for (size_t i = 0; i < json_array_size(declared); i++) {
        const json_t *element = json_array_get(declared, i);
        for (size_t k = 0; k < known_count && !out[i].node; k++) {
            if (!known[k].node || !path_keys_match(element, known[k].keys) ||
                (exact && !carries_keys(element, known[k].keys)))
                continue;
            out[i] = (struct shape_element){known[k].node, json_incref(known[k].keys)};
            known[k].node = NULL;
        }
    }
}

static void shape_elements(const void *node, const json_t *declared, struct shape_element *out)
{
    size_t count = 0;
    struct known_element *known = xcalloc(json_object_size(node), sizeof(*known));
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)node, key, child)
    {
        struct fields_child c;
        if (key[0] == 'k' && fields_child(key, child, &c))
            known[count++] = (struct known_element){c.value, child};
    }
    choose(known, count, declared, true, out);
    choose(known, count, declared, false, out);
    for (size_t k = 0; k < count; k++)
        json_decref(known[k].keys);
    free(known);
}

const struct shape_ops fields_shape = {
    .kind = shape_kind,
    .member = shape_member,
    .elements = shape_elements,
};
