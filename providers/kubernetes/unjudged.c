#include "providers/kubernetes/unjudged.h"

#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "providers/kubernetes/elements.h"
#include "providers/kubernetes/fields.h"

struct list {
    json_t *node;        /* of all managers */
    const json_t *names; /* of its keys */
    json_t *defaults;    /* of its keys, as far as they are known */
    const json_t *git;   /* Git's list */
    struct shape_element *elements;
};

/* The keys of an element; where it lacks one without a known default null, or NULL altogether. New.
 */
static json_t *keys_of(const struct list *l, const json_t *element, bool anyway)
{
    json_t *keys = json_object();
    const char *name;
    json_t *unused;
    json_object_foreach((json_t *)l->names, name, unused)
    {
        json_t *value = json_object_get(element, name);
        if (!value)
            value = json_object_get(l->defaults, name);
        if (!value && !anyway) {
            json_decref(keys);
            return NULL;
        }
        json_put(keys, name, value ? json_incref(value) : json_null());
    }
    return keys;
}

static void pair(struct list *l, const json_t *node)
{
    for (size_t i = 0; i < json_array_size(l->git); i++)
        json_decref(l->elements[i].keys);
    memset(l->elements, 0, json_array_size(l->git) * sizeof(*l->elements));
    elements_pair(node, l->git, l->defaults, l->elements);
}

/* Elements that the node lacks: how many were added. */
static size_t add_elements(struct list *l, bool anyway)
{
    size_t i, added = 0;
    json_t *element;
    json_array_foreach((json_t *)l->git, i, element)
    {
        bool missing = json_is_object(element) && !(anyway && l->elements[i].node);
        json_auto_t *keys = missing ? keys_of(l, element, anyway) : NULL;
        if (!keys || fields_has(l->node, keys))
            continue;
        fields_add_element(l->node, keys);
        added++;
    }
    return added;
}

/* What Git does not declare could be taken for what it does. */
static void drop_others(struct list *l)
{
    json_auto_t *kept = json_object();
    for (size_t i = 0; i < json_array_size(l->git); i++) {
        if (!l->elements[i].node)
            return; /* no list of elements: it is told as a whole */
        _free_ char *text = json_text(l->elements[i].keys, JSON_WRITE_SORTED);
        json_put(kept, text, json_true());
    }
    const char *key;
    json_t *child;
    void *next;
    json_object_foreach_safe(l->node, next, key, child)
    {
        struct fields_child c;
        if (key[0] != 'k' || !fields_child(key, child, &c))
            continue;
        _free_ char *text = json_text(c.value, JSON_WRITE_SORTED);
        json_decref(c.value);
        if (!json_object_get(kept, text))
            json_object_del(l->node, key);
    }
}

static void complete(const struct unjudged_input *in, json_t *node, const json_t *ours,
                     const json_t *declared);

static void complete_list(const struct unjudged_input *in, json_t *node, const json_t *ours,
                          const json_t *declared)
{
    const size_t n = json_array_size(declared);
    json_auto_t *names = fields_key_names(node), *defaults = json_object();
    _free_ struct shape_element *elements = xcalloc(n, sizeof(*elements));
    struct list l = {node, names, defaults, declared, elements};
    if (in->builtin && json_object_get(names, "protocol"))
        json_put_str(defaults, "protocol", "TCP");
    if (ours)
        pair(&l, ours);
    /* first by their whole keys, so that none takes what another manager has put there */
    add_elements(&l, false);
    pair(&l, node);
    if (add_elements(&l, true))
        pair(&l, node);
    drop_others(&l);
    for (size_t i = 0; i < n; i++) {
        const struct path step = {.type = STEP_KEYS, .value = elements[i].keys};
        if (elements[i].node)
            complete(in, (json_t *)elements[i].node, ours ? fields_find(ours, &step) : NULL,
                     json_array_get(declared, i));
        json_decref(elements[i].keys);
    }
}

static void complete(const struct unjudged_input *in, json_t *node, const json_t *ours,
                     const json_t *declared)
{
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)declared, key, child)
    {
        complete(in, (json_t *)fields_shape.member(node, key), fields_shape.member(ours, key),
                 child);
    }
    if (json_array_size(declared) && fields_shape.kind(node) == SHAPE_KEYED)
        complete_list(in, node, ours, declared);
}

json_t *unjudged_shape(const struct unjudged_input *in)
{
    json_t *shape = json_object();
    for (size_t i = 0; i < json_array_size(in->managed_fields); i++) {
        const struct fields_entry e = fields_entry(json_array_get(in->managed_fields, i));
        /* a copy: what is put into `shape` is changed there by the next */
        json_auto_t *fields = json_deep_copy(e.fields);
        if (json_is_object(fields))
            json_object_update_recursive(shape, fields);
    }
    complete(in, shape, fields_ours(in->managed_fields, in->manager), in->declared);
    return shape;
}
