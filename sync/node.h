/*
 * A parsed YAML or JSON document: values with their places. All nodes and strings of one document
 * live in one arena and are freed together.
 */
#ifndef HOLDFAST_SYNC_NODE_H
#define HOLDFAST_SYNC_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

enum node_type { NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_STRING, NODE_LIST, NODE_MAP };

/* line and col are 1-based. For a member of a map they are the value's; key_* are the key's. */
struct node {
    enum node_type type;
    uint32_t line, col;
    uint32_t key_line, key_col;
    const char *key; /* member name inside a map, NUL-terminated; NULL elsewhere */
    size_t key_len;
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct {
            const char *data; /* NUL-terminated; may hold NULs */
            size_t len;
        } string;
    };
    struct node *first, *last, *next; /* children of a list or map, in document order */
    struct node *parent;
    size_t count; /* children */
};

/* The member `name` of a map, or NULL (also when `map` is NULL or no map). */
struct node *node_get(const struct node *map, const char *name);

/* The string value, or NULL when it is absent or no string. */
const char *node_str(const struct node *node);

/* Takes the child out of its parent (the arena keeps the memory). */
void node_remove(struct node *child);

/* Appends the value as JSON by the rules of core/json.h (json_write), members in document order. */
int node_write(struct buf *b, const struct node *node);

/*
 * Appends the places of the value and all below it, in preorder (a map's members in document order),
 * as pairs of varints (LEB128): line, column. A member's place is its key's, as that is where a
 * person looks; a list's element and the root have the value's.
 */
int node_write_places(struct buf *b, const struct node *node);

#endif
