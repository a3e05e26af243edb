#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/path_index.h"
#include "providers/kubernetes/extra.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/markers.h"

static void walk_owned(const struct dropped_walk *w, const struct path *up, const json_t *node,
                       const json_t *declared, const json_t *answer, const json_t *live);

/* A value that we own, that is live and that Git does not declare. */
static void undeclared(const struct dropped_walk *w, const struct path *step, const json_t *node,
                       const json_t *answer, const json_t *live)
{
    if (answer && json_same(answer, live))
        return; /* a default that comes back, or another's: silent */
    enum shape_kind kind = fields_shape.kind(node);
    bool apart =
        kind == SHAPE_KEYED || kind == SHAPE_SET || (path_each_key(step) && kind == SHAPE_MAP);
    if (apart || (json_is_object(answer) && json_is_object(live) && kind == SHAPE_MAP))
        walk_owned(w, step, node, NULL, answer, live);
    else
        w->found(w->ctx, step, answer, live);
}

static void walk_owned(const struct dropped_walk *w, const struct path *up, const json_t *node,
                       const json_t *declared, const json_t *answer, const json_t *live)
{
    const char *key;
    json_t *child_node;
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    struct path_index _path_index_ in_answer = PATH_INDEX(answer);
    struct path_index _path_index_ in_declared = PATH_INDEX(declared);
    json_object_foreach((json_t *)node, key, child_node)
    {
        struct fields_child c;
        if (!fields_child(key, child_node, &c))
            continue;
        struct path step = {
            .up = up, .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const json_t *there = path_index_step(&in_live, &step);
        const json_t *then = path_index_step(&in_answer, &step);
        const json_t *wanted = path_index_step(&in_declared, &step);
        /* an element that lacks a key is the one that the answer has */
        if (c.type == STEP_KEYS && !then && !path_keys_present(wanted, c.value))
            wanted = NULL;
        if (there && !annotation_never_read(&step) && !marker_is(w->manager, &step) &&
            !(w->skip && w->skip(w->ctx, &step))) {
            if (!wanted)
                undeclared(w, &step, child_node, then, there);
            else if (json_object_size(child_node) && !told_as_a_whole(wanted, there))
                walk_owned(w, &step, child_node, wanted, then, there);
        }
        json_decref(c.value);
    }
}

/* Did somebody else set the path since? Then it is no longer what we sent. */
static bool set_by_another(const struct dropped_walk *w, const struct path *path)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)w->managed_fields, i, v)
    {
        const struct fields_entry e = fields_entry(v);
        if (!fields_is_us(&e, w->manager) && fields_find(e.fields, path))
            return true;
    }
    return false;
}

/* Keys that we once sent as stringData stay in `data` when Git drops them: no answer shows it. */
static void string_data(const struct dropped_walk *w)
{
    const struct path data = {.type = STEP_MEMBER, .name = "data"};
    const json_t *sent = json_object_get(w->ours, "f:stringData");
    const char *key;
    json_t *child_node;
    json_object_foreach((json_t *)sent, key, child_node)
    {
        if (strncmp(key, "f:", 2) != 0)
            continue;
        const struct path step = {.up = &data, .type = STEP_MEMBER, .name = key + 2};
        const json_t *there = path_find(w->live, &step);
        if (there && !path_find(w->declared, &step) && !set_by_another(w, &step))
            w->found(w->ctx, &step, NULL, there);
    }
}

void dropped_find(const struct dropped_walk *w)
{
    walk_owned(w, NULL, w->ours, w->declared, w->answer, w->live);
    if (w->secret)
        string_data(w);
}

static bool owns_more(const struct path *up, const json_t *ours, const json_t *declared,
                      const char *manager)
{
    const char *key;
    json_t *child_node;
    struct path_index _path_index_ in_declared = PATH_INDEX(declared);
    json_object_foreach((json_t *)ours, key, child_node)
    {
        struct fields_child c;
        if (!fields_child(key, child_node, &c))
            continue;
        const struct path step = {
            .up = up, .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const json_t *wanted = path_index_step(&in_declared, &step);
        /* labels that are all marks: looked into though Git has none */
        bool marks = !wanted && path_each_key(&step) && up && path_is(up, "metadata", NULL);
        bool found =
            (!wanted && !marks && !annotation_never_read(&step) && !marker_is(manager, &step)) ||
            ((wanted || marks) && json_object_size(child_node) &&
             owns_more(&step, child_node, wanted, manager));
        json_decref(c.value);
        if (found)
            return true;
    }
    return false;
}

bool owned_undeclared(const json_t *ours, const json_t *declared, const char *manager)
{
    return owns_more(NULL, ours, declared, manager);
}
