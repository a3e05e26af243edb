#include "diff/compare.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/path_index.h"

static void compare_value(const struct comparison *c, const struct path *path,
                          const json_t *declared, const json_t *answer, const json_t *live,
                          const void *shape);

static void tell(const struct comparison *c, const struct path *path, const json_t *declared,
                 const json_t *answer, const json_t *live)
{
    const struct difference d = {path, declared, answer, live, false};
    c->found(c->ctx, &d);
}

static void compare_map(const struct comparison *c, const struct path *path, const json_t *declared,
                        const json_t *answer, const json_t *live, const void *shape)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)declared, name, value)
    {
        const struct path step = {.up = path, .type = STEP_MEMBER, .name = name};
        compare_value(c, &step, value, json_object_get(answer, name), json_object_get(live, name),
                      c->shape_ops->member(shape, name));
    }
}

struct seen {
    size_t at; /* in the live list */
    size_t i;  /* among those that both have */
};

static int seen_order(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->i > y->i) - (x->i < y->i);
}

/* Declared elements that both lists hold, in the order of each; told when the orders differ. */
static void compare_order(const struct comparison *c, const struct path *path, json_t *keys,
                          struct path_index *answer, struct path_index *live)
{
    size_t n = json_array_size(keys);
    _free_ struct seen *seen = xcalloc(n, sizeof(*seen));
    bool moved = false;
    size_t last_answer = 0, last_live = 0, in_answer, count = 0;
    json_auto_t *want = json_array(), *have = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *k = json_array_get(keys, i);
        if (!path_index_element(answer, k, &in_answer) ||
            !path_index_element(live, k, &seen[count].at))
            continue;
        json_array_append(want, k);
        /* an answer in another order than Git's is the service's own order: nothing to tell */
        if (count && in_answer < last_answer)
            return;
        moved |= count && seen[count].at < last_live;
        last_answer = in_answer;
        last_live = seen[count].at;
        seen[count].i = count;
        count++;
    }
    if (!moved)
        return;
    qsort(seen, count, sizeof(*seen), seen_order);
    for (size_t i = 0; i < count; i++)
        json_array_append(have, json_array_get(want, seen[i].i));
    const struct difference d = {path, want, want, have, true};
    c->found(c->ctx, &d);
}

static void elements_free(struct shape_element *elements, size_t n)
{
    for (size_t i = 0; i < n; i++)
        json_decref(elements[i].keys);
    free(elements);
}

/* Two live elements of the same keys: no path tells them apart, so the element is told with both.
 */
static bool told_twice(const struct comparison *c, const struct path *step, const json_t *declared,
                       struct path_index *answer, struct path_index *live)
{
    json_auto_t *have = path_index_several(live, step->value);
    json_auto_t *then = have ? path_index_several(answer, step->value) : NULL;
    if (!have || (then && json_same(then, have)))
        return false;
    tell(c, step, declared, path_index_element(answer, step->value, NULL), have);
    return true;
}

static void compare_keyed(const struct comparison *c, const struct path *path,
                          const json_t *declared, const json_t *answer, const json_t *live,
                          const void *shape)
{
    size_t n = json_array_size(declared), known = 0;
    struct shape_element *elements = xcalloc(n, sizeof(*elements));
    c->shape_ops->elements(shape, declared, elements);
    for (size_t i = 0; i < n; i++)
        known += elements[i].node != NULL;
    if (known < n) { /* the service does not know some element: the list as a whole */
        tell(c, path, declared, answer, live);
        elements_free(elements, n);
        return;
    }
    json_auto_t *all = json_array();
    struct path_index _path_index_ in_answer = PATH_INDEX(answer);
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    for (size_t i = 0; i < n; i++) {
        const struct path step = {
            .up = path, .type = STEP_KEYS, .value = elements[i].keys, .index = i + 1};
        if (told_twice(c, &step, json_array_get(declared, i), &in_answer, &in_live))
            continue;
        json_array_append(all, elements[i].keys); /* of one that is there twice no order is told */
        compare_value(c, &step, json_array_get(declared, i),
                      path_index_element(&in_answer, elements[i].keys, NULL),
                      path_index_element(&in_live, elements[i].keys, NULL), elements[i].node);
    }
    compare_order(c, path, all, &in_answer, &in_live);
    elements_free(elements, n);
}

static void compare_set(const struct comparison *c, const struct path *path, const json_t *declared,
                        const json_t *answer, const json_t *live)
{
    size_t i;
    json_t *member;
    struct path_index _path_index_ in_answer = PATH_INDEX(answer);
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    json_array_foreach((json_t *)declared, i, member)
    {
        const struct path step = {.up = path, .type = STEP_VALUE, .value = member};
        const json_t *then = path_index_member(&in_answer, member, NULL);
        if (then && !path_index_member(&in_live, member, NULL))
            tell(c, &step, member, then, NULL);
    }
}

static void compare_list(const struct comparison *c, const struct path *path,
                         const json_t *declared, const json_t *answer, const json_t *live,
                         const void *shape)
{
    switch (c->shape_ops->kind(shape)) {
    case SHAPE_KEYED:
        compare_keyed(c, path, declared, answer, live, shape);
        break;
    case SHAPE_SET:
        compare_set(c, path, declared, answer, live);
        break;
    default:
        tell(c, path, declared, answer, live);
    }
}

static bool nothing_differs(const json_t *declared, const json_t *answer, const json_t *live)
{
    if (!live)
        return !answer;
    /* live as Git says: that a webhook would now change it is no drift */
    return (answer && json_same(answer, live)) || json_same(declared, live);
}

static void compare_value(const struct comparison *c, const struct path *path,
                          const json_t *declared, const json_t *answer, const json_t *live,
                          const void *shape)
{
    if (nothing_differs(declared, answer, live) || (c->skip && c->skip(c->ctx, path)))
        return;
    enum shape_kind kind = c->shape_ops->kind(shape);
    if (json_is_object(declared)) {
        bool inside = kind != SHAPE_LEAF && json_is_object(live);
        if (inside || !path || path_each_key(path))
            compare_map(c, path, declared, answer, live, shape);
        else
            tell(c, path, declared, answer, live);
    } else if (json_is_array(declared)) {
        compare_list(c, path, declared, answer, live, shape);
    } else {
        tell(c, path, declared, answer, live);
    }
}

void compare_declared(const struct comparison *c, const json_t *declared, const json_t *answer,
                      const json_t *live, const void *shape)
{
    compare_value(c, NULL, declared, answer, live, shape);
}

static bool literal_value(const struct shape_ops *ops, const struct path *path,
                          const json_t *declared, const json_t *live, const void *shape);

static bool literal_keyed(const struct shape_ops *ops, const struct path *path,
                          const json_t *declared, const json_t *live, const void *shape)
{
    size_t n = json_array_size(declared), last = 0;
    struct shape_element *elements = xcalloc(n, sizeof(*elements));
    ops->elements(shape, declared, elements);
    bool same = true;
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    const bool more = json_array_size(live) > n;
    for (size_t i = 0; i < n && same; i++) {
        size_t at = 0;
        json_auto_t *several = more ? path_index_several(&in_live, elements[i].keys) : NULL;
        const struct path step = {.up = path, .type = STEP_KEYS, .value = elements[i].keys};
        const json_t *there =
            elements[i].node ? path_index_element(&in_live, elements[i].keys, &at) : NULL;
        same = there && !several && (!i || at > last) &&
               literal_value(ops, &step, json_array_get(declared, i), there, elements[i].node);
        last = at;
    }
    elements_free(elements, n);
    return same;
}

static bool literal_set(const json_t *declared, const json_t *live)
{
    size_t i;
    json_t *member;
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    json_array_foreach((json_t *)declared, i, member)
    {
        if (!path_index_member(&in_live, member, NULL))
            return false;
    }
    return true;
}

/*
 * A map of which our entry knows nothing may be atomic and another's by now (a nodeSelector to
 * which a hand added a key, the spec of a custom resource): then what it has more is a difference.
 * These never are.
 */
static bool open_map(const struct path *path)
{
    return !path || path_each_key(path) || (!path->up && !strcmp(path->name, "metadata"));
}

static bool literal_map(const struct shape_ops *ops, const struct path *path,
                        const json_t *declared, const json_t *live, const void *shape)
{
    if (ops->kind(shape) == SHAPE_UNKNOWN && json_object_size(live) > json_object_size(declared) &&
        !open_map(path))
        return false;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)declared, name, value)
    {
        const struct path step = {.up = path, .type = STEP_MEMBER, .name = name};
        if (!literal_value(ops, &step, value, json_object_get(live, name),
                           ops->member(shape, name)))
            return false;
    }
    return true;
}

static bool literal_value(const struct shape_ops *ops, const struct path *path,
                          const json_t *declared, const json_t *live, const void *shape)
{
    if (!live)
        return false;
    enum shape_kind kind = ops->kind(shape);
    if (json_is_object(declared) && json_is_object(live) &&
        (kind == SHAPE_MAP || kind == SHAPE_UNKNOWN) && json_object_size(declared))
        return literal_map(ops, path, declared, live, shape);
    if (json_is_array(declared) && json_is_array(live) && json_array_size(declared)) {
        if (kind == SHAPE_KEYED)
            return literal_keyed(ops, path, declared, live, shape);
        if (kind == SHAPE_SET)
            return literal_set(declared, live);
        if (kind == SHAPE_UNKNOWN)
            return false;
    }
    return json_same(declared, live);
}

bool compare_literal(const struct shape_ops *ops, const json_t *declared, const json_t *live,
                     const void *shape)
{
    return literal_value(ops, NULL, declared, live, shape);
}
