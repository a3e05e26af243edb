/* A manifest's body with the place of every value in its file. */
#ifndef HOLDFAST_DIFF_DOCUMENT_H
#define HOLDFAST_DIFF_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct document {
    json_t *body;    /* as it was read: nothing may be taken out of it or put in */
    uint8_t *places; /* preorder pairs of varints, as node_write_places writes them */
    size_t places_len;
};

struct place {
    uint32_t line, col; /* 1-based; 0 where unknown */
};

/* Place of `value`, which must be a value inside doc->body (by identity); line 0 when it is not. */
struct place document_place(const struct document *doc, const json_t *value);

void document_free(struct document *doc);

#endif
