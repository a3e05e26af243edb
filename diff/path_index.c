#include "diff/path_index.h"

#include "core/alloc.h"
#include "core/json.h"

#define SHORT_LIST 16 /* not worth an index */

/*
 * The values of these keys in `element` as one text; NULL when it lacks one of them. Of those that
 * `has` marks with 1 alone, where it is not NULL.
 */
static char *text_of(const json_t *names, const json_t *element, const char *has)
{
    if (!names)
        return json_text(element, JSON_WRITE_SORTED);
    json_auto_t *values = json_array();
    const char *key;
    json_t *unused;
    json_object_foreach((json_t *)names, key, unused)
    {
        if (has && *has++ == '0')
            continue;
        json_t *value = json_object_get(element, key);
        if (!value)
            return NULL;
        json_array_append(values, value);
    }
    return json_text(values, JSON_WRITE_SORTED);
}

/* An element that lacks keys: they are wildcards. */
static void add_loose(struct path_index *x, const json_t *element, size_t i)
{
    _free_ char *has = xmalloc(json_object_size(x->names) + 1);
    size_t n = 0;
    const char *key;
    json_t *unused;
    json_object_foreach(x->names, key, unused) has[n++] = json_object_get(element, key) ? '1' : '0';
    has[n] = '\0';
    json_t *places = json_object_get(x->loose, has);
    if (!places)
        json_put(x->loose, has, places = json_object());
    _free_ char *text = text_of(x->names, element, has);
    if (!json_object_get(places, text))
        json_put(places, text, json_integer((json_int_t)i));
}

static void add_more(struct path_index *x, const char *text, size_t first, json_t *element)
{
    if (!x->more)
        x->more = json_object();
    json_t *all = json_object_get(x->more, text);
    if (!all) {
        all = json_array();
        json_put(x->more, text, all);
        json_array_append(all, json_array_get(x->value, first));
    }
    json_array_append(all, element);
}

static void build(struct path_index *x, const json_t *names)
{
    size_t i;
    json_t *element;
    x->places = json_object();
    x->loose = json_object();
    x->names = json_incref((json_t *)names);
    json_array_foreach((json_t *)x->value, i, element)
    {
        if (names && !json_is_object(element))
            continue;
        _free_ char *text = text_of(names, element, NULL);
        const json_t *first = text ? json_object_get(x->places, text) : NULL;
        if (!text)
            add_loose(x, element, i);
        else if (!first)
            json_put(x->places, text, json_integer((json_int_t)i));
        else
            add_more(x, text, (size_t)json_integer_value(first), element);
    }
}

static size_t ones(const char *has)
{
    size_t n = 0;
    for (; *has; has++)
        n += *has == '1';
    return n;
}

/*
 * The first of the elements that lack fewest of the keys and have no other values than these, or
 * NULL.
 */
static const json_t *place_among_loose(const struct path_index *x, const json_t *wanted)
{
    const char *has;
    json_t *places;
    const json_t *first = NULL;
    size_t most = 0;
    json_object_foreach(x->loose, has, places)
    {
        _free_ char *text = text_of(x->names, wanted, has);
        const json_t *place = json_object_get(places, text);
        size_t n = ones(has);
        if (!place || (first && n < most))
            continue;
        if (!first || n > most || json_integer_value(place) < json_integer_value(first))
            first = place;
        most = n;
    }
    return first;
}

/* The element with this text, or NULL; *known is false where only a walk can tell. */
static json_t *look_up(const struct path_index *x, const json_t *names, const json_t *wanted,
                       size_t *index, bool *known)
{
    *known = false;
    if (!names != !x->names || json_object_size(names) != json_object_size(x->names))
        return NULL;
    _free_ char *text = text_of(x->names, wanted, NULL);
    if (!text)
        return NULL;
    const json_t *place = json_object_get(x->places, text);
    *known = true;
    if (!place)
        place = place_among_loose(x, wanted);
    if (!place)
        return NULL;
    size_t at = (size_t)json_integer_value(place);
    if (index)
        *index = at;
    return json_array_get(x->value, at);
}

json_t *path_index_element(struct path_index *x, const json_t *keys, size_t *index)
{
    if (json_array_size(x->value) <= SHORT_LIST || !json_is_object(keys))
        return path_element(x->value, keys, index);
    if (!x->places)
        build(x, keys);
    bool known;
    json_t *found = look_up(x, keys, keys, index, &known);
    return known ? found : path_element(x->value, keys, index);
}

json_t *path_index_several(struct path_index *x, const json_t *keys)
{
    if (json_array_size(x->value) < 2 || !json_is_object(keys))
        return NULL;
    if (x->places && json_object_size(keys) != json_object_size(x->names)) {
        const json_t *value = x->value;
        path_index_free(x);
        *x = PATH_INDEX(value);
    }
    if (!x->places)
        build(x, keys);
    _free_ char *text = x->more && x->names ? text_of(x->names, keys, NULL) : NULL;
    return text ? json_incref(json_object_get(x->more, text)) : NULL;
}

json_t *path_index_member(struct path_index *x, const json_t *value, size_t *index)
{
    if (json_array_size(x->value) <= SHORT_LIST)
        return path_member(x->value, value, index);
    if (!x->places)
        build(x, NULL);
    bool known;
    json_t *found = look_up(x, NULL, value, index, &known);
    return known ? found : path_member(x->value, value, index);
}

json_t *path_index_step(struct path_index *x, const struct path *step)
{
    if (step->type == STEP_KEYS)
        return path_index_element(x, step->value, NULL);
    if (step->type == STEP_VALUE)
        return path_index_member(x, step->value, NULL);
    return x->value ? path_step(x->value, step) : NULL;
}

void path_index_free(struct path_index *x)
{
    json_decref(x->places);
    json_decref(x->more);
    json_decref(x->loose);
    json_decref(x->names);
    *x = (struct path_index){0};
}
