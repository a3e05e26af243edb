#include "diff/document.h"

#include <stdbool.h>
#include <stdlib.h>

struct reader {
    const uint8_t *at, *end;
    const json_t *target;
    struct place found;
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

/* Reads the places of `value` and all below it; true once the target was met. */
static bool seek(struct reader *r, const json_t *value)
{
    struct place p = {0};
    p.line = varint(r);
    p.col = varint(r);
    if (value == r->target) {
        r->found = p;
        return true;
    }
    if (json_is_object(value)) {
        const char *key;
        json_t *child;
        json_object_foreach((json_t *)value, key, child)
        {
            if (seek(r, child))
                return true;
        }
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (seek(r, json_array_get(value, i)))
                return true;
        }
    }
    return false;
}

struct place document_place(const struct document *doc, const json_t *value)
{
    struct reader r = {doc->places, doc->places + doc->places_len, value, {0, 0}};
    /* jansson's true, false and null are shared: their identity says nothing */
    if (!doc->body || !value || json_is_true(value) || json_is_false(value) || json_is_null(value))
        return r.found;
    seek(&r, doc->body);
    return r.found;
}

void document_free(struct document *doc)
{
    json_decref(doc->body);
    free(doc->places);
    *doc = (struct document){0};
}
