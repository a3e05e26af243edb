#include "diff/document.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    const uint8_t *at, *end;
};

static uint32_t varint(struct reader *r)
{
    uint32_t value = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 32; shift += 7) {
        uint8_t byte = *r->at++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return value;
}

static struct place next_place(struct reader *r)
{
    struct place p;
    p.line = varint(r);
    p.col = varint(r);
    return p;
}

/* Reads past the places of `value` and all below it. */
static void skip(struct reader *r, const json_t *value)
{
    next_place(r);
    if (json_is_object(value)) {
        const char *key;
        json_t *child;
        json_object_foreach((json_t *)value, key, child) skip(r, child);
    } else {
        for (size_t i = 0; i < json_array_size(value); i++)
            skip(r, json_array_get(value, i));
    }
}

/* Where the element that `step` names is in the list. */
static bool find_element(const json_t *list, const struct path *step, size_t *index)
{
    if (step->index && path_keys_match(json_array_get(list, step->index - 1), step->value)) {
        *index = step->index - 1;
        return true;
    }
    return path_element(list, step->value, index) != NULL;
}

/* Reads up to the child that `step` names; NULL when there is none (then r is spent). */
static const json_t *enter(struct reader *r, const json_t *parent, const struct path *step)
{
    if (json_is_object(parent) && step->type == STEP_MEMBER) {
        const char *key;
        json_t *child;
        json_object_foreach((json_t *)parent, key, child)
        {
            if (!strcmp(key, step->name))
                return child;
            skip(r, child);
        }
        return NULL;
    }
    size_t index = step->index;
    if (!json_is_array(parent) || step->type == STEP_MEMBER ||
        (step->type == STEP_KEYS && !find_element(parent, step, &index)) ||
        (step->type == STEP_VALUE && !path_member(parent, step->value, &index)) ||
        index >= json_array_size(parent))
        return NULL;
    for (size_t i = 0; i < index; i++)
        skip(r, json_array_get(parent, i));
    return json_array_get(parent, index);
}

/* The value at the path, *place being its or its nearest ancestor's; NULL past the last that
 * exists. */
static const json_t *descend(struct reader *r, const json_t *root, const struct path *path,
                             struct place *place)
{
    const json_t *here = root;
    if (path) {
        const json_t *parent = descend(r, root, path->up, place);
        here = parent ? enter(r, parent, path) : NULL;
    }
    if (here)
        *place = next_place(r);
    return here;
}

struct place document_place(const struct document *doc, const struct path *path)
{
    struct reader r = {doc->places, doc->places + doc->places_len};
    struct place place = {0, 0};
    if (doc->body)
        descend(&r, doc->body, path, &place);
    return place;
}

void document_free(struct document *doc)
{
    json_decref(doc->body);
    free(doc->places);
    *doc = (struct document){0};
}
