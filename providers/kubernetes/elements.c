#include "providers/kubernetes/elements.h"

#include "core/alloc.h"
#include "core/json.h"
#include "diff/path_index.h"
#include "providers/kubernetes/fields.h"

struct pairing {
    json_t *keys; /* array: of the elements that the service knows, in an order of its own */
    const json_t **nodes; /* theirs; NULL once it is taken */
    const json_t *declared;
    json_t *defaults; /* key -> value */
    struct shape_element *out;
};

/* Gives element i of Git's list the k-th known one. */
static void take(struct pairing *p, size_t k, size_t i)
{
    p->out[i] = (struct shape_element){p->nodes[k], json_incref(json_array_get(p->keys, k))};
    p->nodes[k] = NULL;
}

/* The first of `left` that nobody took; they are taken from its end. */
static void take_one(struct pairing *p, json_t *left, size_t i)
{
    for (size_t n = json_array_size(left); n-- > 0 && !p->out[i].node;) {
        size_t k = (size_t)json_integer_value(json_array_get(left, n));
        json_array_remove(left, n);
        if (p->nodes[k])
            take(p, k, i);
    }
}

/* The members of `element` whose names are in `names`. New. */
static json_t *part_of(const json_t *names, const json_t *element)
{
    json_t *part = json_object();
    const char *name;
    json_t *unused;
    json_object_foreach((json_t *)names, name, unused)
    {
        json_put(part, name, json_incref(json_object_get(element, name)));
    }
    return part;
}

/* Those left, by the text of these keys of theirs: the first is last. New. */
static json_t *left_by(const struct pairing *p, const json_t *names)
{
    json_t *by = json_object();
    for (size_t k = json_array_size(p->keys); k-- > 0;) {
        if (!p->nodes[k])
            continue;
        json_auto_t *part = part_of(names, json_array_get(p->keys, k));
        _free_ char *text = json_text(part, JSON_WRITE_SORTED);
        json_t *all = json_object_get(by, text);
        if (!all)
            json_put(by, text, all = json_array());
        json_push(all, json_integer((json_int_t)k));
    }
    return by;
}

/* The text of the names alone. */
static char *names_text(const json_t *part)
{
    json_auto_t *names = json_array();
    const char *name;
    json_t *unused;
    json_object_foreach((json_t *)part, name, unused) json_push(names, json_string(name));
    return json_text(names, 0);
}

/* The keys that element i has, where it chooses now: one of those that have `has` of them. New. */
static json_t *chooses(const struct pairing *p, size_t i, size_t has)
{
    const json_t *element = json_array_get(p->declared, i);
    if (p->out[i].node || !json_is_object(element))
        return NULL;
    json_t *part = part_of(json_array_get(p->keys, 0), element);
    if (json_object_size(part) == has)
        return part;
    json_decref(part);
    return NULL;
}

/* Those left that are no other than an element with these keys. `groups`: names -> left_by(). */
static json_t *choices(const struct pairing *p, json_t *groups, const json_t *part)
{
    _free_ char *has = names_text(part), *text = json_text(part, JSON_WRITE_SORTED);
    json_t *group = json_object_get(groups, has);
    if (!group)
        json_put(groups, has, group = left_by(p, part));
    return json_object_get(group, text);
}

/* What all of `left` have as the key, or NULL. */
static json_t *agreed(const struct pairing *p, const json_t *left, const char *name)
{
    size_t i;
    json_t *k, *first = NULL;
    json_array_foreach((json_t *)left, i, k)
    {
        const json_t *keys = json_array_get(p->keys, (size_t)json_integer_value(k));
        json_t *value = json_object_get(keys, name);
        if (!value || (first && !json_same(first, value)))
            return NULL;
        first = value;
    }
    return first;
}

/* Whichever of `left` the element is, it has these values: counted in `votes`, by key and value. */
static void vote(const struct pairing *p, const json_t *part, const json_t *left, json_t *votes)
{
    const char *name;
    json_t *unused;
    json_object_foreach(json_array_get(p->keys, 0), name, unused)
    {
        bool known = json_object_get(part, name) || json_object_get(p->defaults, name);
        json_t *value = known ? NULL : agreed(p, left, name);
        if (!value)
            continue;
        json_t *counts = json_object_get(votes, name);
        if (!counts)
            json_put(votes, name, counts = json_object());
        _free_ char *text = json_text(value, 0);
        json_t *count = json_object_get(counts, text);
        if (!count) {
            json_put(counts, text, count = json_array());
            json_push(count, json_incref(value));
        }
        json_push(count, json_true());
    }
}

/* The value with most votes. */
static json_t *elected(const json_t *counts)
{
    const char *text;
    json_t *count, *most = NULL;
    json_object_foreach((json_t *)counts, text, count)
    {
        if (json_array_size(count) > json_array_size(most))
            most = count;
    }
    return json_array_get(most, 0);
}

/* Finds defaults: is there one more? */
static bool learn(struct pairing *p, size_t has)
{
    json_auto_t *groups = json_object(), *votes = json_object();
    for (size_t i = 0; i < json_array_size(p->declared); i++) {
        json_auto_t *part = chooses(p, i, has);
        if (part)
            vote(p, part, choices(p, groups, part), votes);
    }
    const char *name;
    json_t *counts;
    json_object_foreach(votes, name, counts)
        json_put(p->defaults, name, json_incref(elected(counts)));
    return json_object_size(votes) > 0;
}

/* Those whose keys are all known now. */
static void take_completed(struct pairing *p, size_t has)
{
    const json_t *names = json_array_get(p->keys, 0);
    json_auto_t *left = left_by(p, names);
    for (size_t i = 0; i < json_array_size(p->declared); i++) {
        json_auto_t *part = chooses(p, i, has);
        if (!part)
            continue;
        json_auto_t *whole = part_of(names, p->defaults);
        json_object_update(whole, part);
        _free_ char *text = json_text(whole, JSON_WRITE_SORTED);
        take_one(p, json_object_get(left, text), i);
    }
}

static void take_first(struct pairing *p, size_t has)
{
    json_auto_t *groups = json_object();
    for (size_t i = 0; i < json_array_size(p->declared); i++) {
        json_auto_t *part = chooses(p, i, has);
        if (part)
            take_one(p, choices(p, groups, part), i);
    }
}

/* Elements that carry all keys. How many are left. */
static size_t take_exact(struct pairing *p)
{
    struct path_index _path_index_ in_declared = PATH_INDEX(p->declared);
    size_t left = json_array_size(p->declared), i;
    for (size_t k = 0; k < json_array_size(p->keys); k++) {
        const json_t *keys = json_array_get(p->keys, k);
        const json_t *element = path_index_element(&in_declared, keys, &i);
        if (!element || p->out[i].node || !path_keys_present(element, keys))
            continue;
        take(p, k, i);
        left--;
    }
    return left;
}

void elements_pair(const json_t *node, const json_t *declared, json_t *defaults,
                   struct shape_element *out)
{
    _free_ const json_t **nodes = xcalloc(json_object_size(node), sizeof(*nodes));
    json_auto_t *keys = json_array();
    struct pairing p = {keys, nodes, declared, defaults, out};
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)node, key, child)
    {
        struct fields_child c;
        if (key[0] != 'k' || !fields_child(key, child, &c))
            continue;
        nodes[json_array_size(keys)] = child;
        json_push(keys, c.value);
    }
    if (!take_exact(&p))
        return;
    for (size_t has = json_object_size(json_array_get(keys, 0)); has-- > 0;) {
        do
            take_completed(&p, has);
        while (learn(&p, has));
        take_first(&p, has);
    }
}
