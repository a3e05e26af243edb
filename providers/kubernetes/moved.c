#include "providers/kubernetes/moved.h"

#include <string.h>

#include "core/clock.h"
#include "core/json.h"
#include "diff/notation.h"
#include "providers/kubernetes/fields.h"

/* How many versions can be compared with what Git says now: a path means the same in all of them.
 */
static size_t comparable(const struct moved_input *in)
{
    const char *now = json_str_at(in->declared, "apiVersion", NULL);
    size_t n = 0;
    for (; n < in->count; n++) {
        const char *then = json_str_at(in->versions[n].declared, "apiVersion", NULL);
        if (!now || !then || strcmp(now, then) != 0)
            break;
    }
    return n;
}

/* Does Git name the element now, and beside it one that lacks a key? That was the earlier one. */
static bool told_apart(const json_t *list, const json_t *keys)
{
    size_t i;
    json_t *element;
    bool loose = false;
    json_array_foreach((json_t *)list, i, element)
    {
        loose |= path_keys_match(element, keys) && !path_keys_present(element, keys);
    }
    return loose && path_keys_present(path_element(list, keys, NULL), keys);
}

/* What a version says at the path: an element of another's keys is not it. */
static const json_t *said(const struct moved_input *in, const json_t *version,
                          const struct path *path)
{
    if (!path)
        return version;
    const json_t *up = said(in, version, path->up);
    if (!up || path->type != STEP_KEYS)
        return up ? path_step(up, path) : NULL;
    const json_t *ours = fields_find(fields_ours(in->managed_fields, in->manager), path->up);
    const json_t *value = fields_element(ours, up, path->value);
    if (!value || path_keys_present(value, path->value))
        return value;
    return told_apart(path_find(in->declared, path->up), path->value) ? NULL : value;
}

/* Is this leaf, which we own, live as Git has it only since the version `since` was replaced? */
static bool came_later(const struct moved_input *in, size_t since, const struct path *leaf)
{
    const json_t *now = path_find(in->declared, leaf);
    const json_t *live = path_find(in->live, leaf);
    if (!now || !live || !json_same(now, live))
        return false;
    for (size_t i = since; i < in->count; i++) {
        if (notation_same(now, said(in, in->versions[i].declared, leaf)))
            return false;
    }
    return true;
}

/* Walks our own entry: does anything below `node` show that a later version was applied? */
static bool applied_later(const struct moved_input *in, size_t since, const struct path *up,
                          const json_t *node)
{
    const char *key;
    json_t *child_node;
    bool parts = false;
    json_object_foreach((json_t *)node, key, child_node)
    {
        struct fields_child c;
        if (!fields_child(key, child_node, &c))
            continue;
        parts = true;
        struct path step = {
            .up = up, .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        /* we own it as we sent it; Git's side is normalised, and the server keeps `data` only */
        if (!up && c.type == STEP_MEMBER && !strcmp(c.name, "stringData") &&
            !json_object_get(in->declared, c.name))
            step.name = "data";
        bool found = applied_later(in, since, &step, child_node);
        json_decref(c.value);
        if (found)
            return true;
    }
    return !parts && up && came_later(in, since, up);
}

/* The same for the whole object, once for each version. */
static bool applied_since(const struct moved_input *in, size_t since)
{
    signed char *known = in->applied ? &in->applied[since] : NULL;
    if (known && *known)
        return *known > 0;
    bool is = applied_later(in, since, NULL, fields_ours(in->managed_fields, in->manager));
    if (known)
        *known = is ? 1 : -1;
    return is;
}

static const char *our_time(const struct moved_input *in)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)in->managed_fields, i, v)
    {
        const struct fields_entry e = fields_entry(v);
        if (fields_is_ours(&e, in->manager))
            return e.time;
    }
    return NULL;
}

bool moved_added(const struct moved_input *in, const struct path *path)
{
    const json_t *ours = fields_ours(in->managed_fields, in->manager);
    const char *time = our_time(in);
    size_t count = comparable(in), since = 0;
    int64_t applied;
    while (since < count && said(in, in->versions[since].declared, path))
        since++;
    if (!ours || since == count || applied_since(in, since))
        return false;
    return !time || clock_parse(time, &applied) || applied <= in->versions[since].replaced_at;
}
