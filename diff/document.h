/* A manifest's body with the place of every value in its file. */
#ifndef HOLDFAST_DIFF_DOCUMENT_H
#define HOLDFAST_DIFF_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/path.h"

struct document {
    json_t *body;    /* as it was read: nothing may be taken out of it or put in */
    uint8_t *places; /* preorder pairs of varints, as node_write_places writes them */
    size_t places_len;
};

struct place {
    uint32_t line, col; /* 1-based; 0 where unknown */
};

/*
 * Place of the value at `path`, or of its nearest ancestor that the body holds (at least the body
 * itself). Line 0 only where there are no places.
 */
struct place document_place(const struct document *doc, const struct path *path);

void document_free(struct document *doc);

#endif
