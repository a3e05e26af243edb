#include "providers/kubernetes/fields.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/json_scratch.h"
#include "core/limits.h"
#include "providers/kubernetes/elements.h"

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

bool fields_is_us(const struct fields_entry *e, const char *manager)
{
    const char *updates = strcmp(manager, "kubectl") != 0 ? manager : "kubectl-client-side-apply";
    return fields_is_ours(e, manager) ||
           (strcmp(manager, "holdfast") != 0 && !strcmp(e->operation, "Update") &&
            !*e->subresource && !strcmp(e->manager, updates));
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
    if (fields_is_us(e, manager) || !strcmp(e->subresource, "status"))
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
    out->value = json_scratch_parse(key + 2, strlen(key + 2));
    return out->value != NULL;
}

static bool same_keys(const json_t *a, const json_t *b)
{
    return path_keys_match(a, b) && path_keys_match(b, a);
}

/* Is `node` the child that this step names? */
static bool child_is(const char *key, const json_t *node, const struct path *step)
{
    struct fields_child c;
    if (key[0] == 'f' || !fields_child(key, node, &c))
        return false;
    bool same = c.type == step->type && (c.type == STEP_INDEX  ? c.index == step->index
                                         : c.type == STEP_KEYS ? same_keys(step->value, c.value)
                                                               : json_same(c.value, step->value));
    json_decref(c.value);
    return same;
}

/*
 * The member's name as the API server writes it, where there is but one way: Go sorts keys as we
 * do, and escapes and writes reals in its own way.
 */
static bool child_key(struct buf *b, const struct path *step)
{
    buf_add_str(b, step->type == STEP_KEYS ? "k:" : "v:");
    json_write(b, step->value, JSON_WRITE_SORTED);
    if (b->full || strpbrk(b->data, "\\<>&"))
        return false;
    for (const char *s = b->data; *s; s++) {
        if (!isascii((unsigned char)*s))
            return false;
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)step->value, key, value)
    {
        if (json_is_real(value))
            return false;
    }
    return !json_is_real(step->value);
}

/* Are the elements named by as many keys as the step? One tells for all: it is a matter of the
 * type. */
static bool as_many_keys(const json_t *fields, const struct path *step)
{
    json_auto_t *names = fields_key_names(fields);
    return !names || json_object_size(names) == json_object_size(step->value);
}

/* The child of `fields` that is this step, or NULL. */
static const json_t *child_at(const json_t *fields, const struct path *step)
{
    if (step->type == STEP_MEMBER)
        return fields_shape.member(fields, step->name);
    if (step->type != STEP_INDEX) {
        struct buf _buf_ text = BUF_INIT(LIMIT_JSON_BYTES);
        bool only = child_key(&text, step);
        const json_t *found = json_object_get(fields, buf_str(&text));
        if (found || (only && (step->type == STEP_VALUE || as_many_keys(fields, step))))
            return found;
    }
    const char *key;
    json_t *node;
    json_object_foreach((json_t *)fields, key, node)
    {
        if (child_is(key, node, step))
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

bool fields_has(const json_t *list, const json_t *keys)
{
    const struct path step = {.type = STEP_KEYS, .value = keys};
    return list && child_at(list, &step);
}

json_t *fields_others(const json_t *list, const json_t *declared)
{
    _free_ struct shape_element *known = xcalloc(json_array_size(declared), sizeof(*known));
    json_t *others = json_array(), *element;
    size_t i;
    fields_shape.elements(list, declared, known);
    json_array_foreach((json_t *)declared, i, element)
    {
        if (!known[i].node)
            json_array_append(others, element);
        json_decref(known[i].keys);
    }
    return others;
}

json_t *fields_element(const json_t *list, const json_t *declared, const json_t *keys)
{
    json_t *found = path_element(declared, keys, NULL);
    if (!found || !list || path_keys_present(found, keys) || fields_has(list, keys))
        return found;
    json_auto_t *others = fields_others(list, declared);
    return path_element(others, keys, NULL);
}

bool fields_whole(const json_t *node)
{
    return json_object_size(node) == 0 || json_object_get(node, ".");
}

json_t *fields_key_names(const json_t *node)
{
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)node, key, child)
    {
        struct fields_child c;
        if (key[0] == 'k' && fields_child(key, child, &c))
            return c.value;
    }
    return NULL;
}

void fields_add_element(json_t *node, const json_t *keys)
{
    _free_ char *text = json_text(keys, JSON_WRITE_SORTED);
    _free_ char *key = xasprintf("k:%s", text);
    json_put(node, key, json_object());
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

static void shape_elements(const void *node, const json_t *declared, struct shape_element *out)
{
    json_auto_t *defaults = json_object();
    elements_pair(node, declared, defaults, out);
}

const struct shape_ops fields_shape = {
    .kind = shape_kind,
    .member = shape_member,
    .elements = shape_elements,
};
