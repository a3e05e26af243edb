#include "providers/kubernetes/earlier.h"

#include <string.h>

#include "core/json.h"
#include "diff/compare.h"
#include "diff/notation.h"
#include "diff/path_index.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/markers.h"

struct walk {
    const struct earlier_input *in;
    const struct fields_entry *entry; /* of the applier */
    struct candidates *out;
};

/* The trees that are walked together. */
struct trees {
    const json_t *declared, *live;
    const json_t *then;   /* an earlier version */
    const json_t *memory; /* last-applied-configuration, or NULL: there is none */
};

/* Somebody declares it still. */
static bool applied(const struct walk *w, const struct path *path)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)w->in->object->managed_fields, i, v)
    {
        const struct fields_entry e = fields_entry(v);
        if (!strcmp(e.operation, "Apply") && fields_owns(e.fields, path))
            return true;
    }
    return false;
}

/* Does another entry own a part of the value? Then it is not dropped as a whole. */
static bool shared(const struct walk *w, const struct path *path)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)w->in->object->managed_fields, i, v)
    {
        const struct fields_entry e = fields_entry(v);
        if (e.fields != w->entry->fields && fields_find(e.fields, path))
            return true;
    }
    return false;
}

static bool same_as(const json_t *before, const json_t *live, const json_t *node)
{
    return compare_literal(&fields_shape, before, live, node);
}

static void walk_entry(const struct walk *w, const struct path *up, const json_t *node,
                       const struct trees *t);

static void undeclared(const struct walk *w, const struct path *step, const json_t *node,
                       const struct trees *t)
{
    enum shape_kind kind = fields_shape.kind(node);
    bool apart =
        kind == SHAPE_KEYED || kind == SHAPE_SET || (path_each_key(step) && kind == SHAPE_MAP);
    bool whole = !apart && fields_whole(node) && same_as(t->then, t->live, node) &&
                 (!t->memory || same_as(t->memory, t->live, node)) && !shared(w, step);
    if (!whole)
        walk_entry(w, step, node, t);
    else if (!applied(w, step))
        candidates_add(w->out, step, t->live)->dropped = true;
}

static void walk_entry(const struct walk *w, const struct path *up, const json_t *node,
                       const struct trees *t)
{
    const struct extra_input *object = w->in->object;
    const char *key;
    json_t *child_node;
    struct path_index _path_index_ in_live = PATH_INDEX(t->live);
    struct path_index _path_index_ in_declared = PATH_INDEX(t->declared);
    struct path_index _path_index_ in_then = PATH_INDEX(t->then);
    struct path_index _path_index_ in_memory = PATH_INDEX(t->memory);
    json_object_foreach((json_t *)node, key, child_node)
    {
        struct fields_child c;
        if (!fields_child(key, child_node, &c))
            continue;
        const struct path step = {
            .up = up, .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const struct trees below = {
            .declared = path_index_step(&in_declared, &step),
            .live = path_index_step(&in_live, &step),
            .then = path_index_step(&in_then, &step),
            .memory = path_index_step(&in_memory, &step),
        };
        bool before = below.then && (below.memory || !t->memory);
        if (!before || !below.live || candidates_never(&step) ||
            marker_is(object->manager, &step) || (object->skip && object->skip(object->ctx, &step)))
            ; /* it is not for us to tell */
        else if (below.declared)
            walk_entry(w, &step, child_node, &below);
        else
            undeclared(w, &step, child_node, &below);
        json_decref(c.value);
    }
}

/* How many of the leaves of `declared` there are, and how many of them the entry owns. */
static void count_owned(const json_t *fields, const struct path *path, const json_t *declared,
                        size_t *leaves, size_t *owned)
{
    const char *name;
    json_t *value;
    if (!json_is_object(declared) || !json_object_size(declared)) {
        (*leaves)++;
        *owned += fields_owns(fields, path);
        return;
    }
    json_object_foreach((json_t *)declared, name, value)
    {
        const struct path step = {.up = path, .type = STEP_MEMBER, .name = name};
        if (path_is(&step, "apiVersion", NULL) || path_is(&step, "kind", NULL) ||
            path_is(&step, "metadata", "name", NULL) ||
            path_is(&step, "metadata", "namespace", NULL))
            continue;
        count_owned(fields, &step, value, leaves, owned);
    }
}

/* Does the entry own a value that the version declares otherwise? */
static bool contradicts(const json_t *node, const json_t *then, const json_t *live)
{
    const char *key;
    json_t *child_node;
    bool found = false;
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    struct path_index _path_index_ in_then = PATH_INDEX(then);
    json_object_foreach((json_t *)node, key, child_node)
    {
        struct fields_child c;
        if (found || !fields_child(key, child_node, &c))
            continue;
        const struct path step = {
            .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const json_t *before = path_index_step(&in_then, &step);
        const json_t *there = path_index_step(&in_live, &step);
        if (before && fields_shape.kind(child_node) == SHAPE_LEAF)
            found = !notation_same(before, there) && !json_is_object(before);
        else if (before)
            found = contradicts(child_node, before, there);
        json_decref(c.value);
    }
    return found;
}

/* Is it by this entry that the version became live? A hand's later edit owns little. */
static bool applier(const struct fields_entry *e, const json_t *version, const json_t *live)
{
    if (contradicts(e->fields, version, live))
        return false;
    size_t leaves = 0, owned = 0;
    count_owned(e->fields, NULL, version, &leaves, &owned);
    return 2 * owned > leaves;
}

static json_t *memory_of(const json_t *live)
{
    const char *text = json_str_at(live, "metadata", "annotations",
                                   "kubectl.kubernetes.io/last-applied-configuration", NULL);
    json_t *memory =
        text ? json_parse(text, strlen(text), "last-applied-configuration", NULL) : NULL;
    return memory;
}

static void walk_versions(const struct earlier_input *in, const struct fields_entry *e,
                          const json_t *memory, struct candidates *out)
{
    const struct extra_input *object = in->object;
    const struct walk w = {in, e, out};
    struct trees t = {object->declared, object->live, memory, memory};
    if (memory && fields_is_us(e, object->manager))
        walk_entry(&w, NULL, e->fields, &t);
    for (size_t i = 0; i < in->count; i++) {
        t.then = in->versions[i].declared;
        const char *version = json_str_at(t.then, "apiVersion", NULL);
        if (!version || strcmp(version, in->api_version) != 0)
            return; /* a path means the same in all of them */
        if (memory || applier(e, t.then, object->live))
            walk_entry(&w, NULL, e->fields, &t);
    }
}

void earlier_find(const struct earlier_input *in, struct candidates *out)
{
    const struct extra_input *object = in->object;
    if (fields_ours(object->managed_fields, object->manager))
        return;
    json_auto_t *memory = memory_of(object->live);
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)object->managed_fields, i, v)
    {
        const struct fields_entry e = fields_entry(v);
        if (!strcmp(e.operation, "Update") && !*e.subresource &&
            !strcmp(e.api_version, in->api_version))
            walk_versions(in, &e, memory, out);
    }
    candidates_unite(out);
}
