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

/*
 * line and col are 1-based, col in characters. For a member of a map they are the value's; key_*
 * are the key's (0 for a list's element). A value that came through an alias: the alias's own place
 * for its top, the anchor's definition for what lies below; a merged member (`<<`): its definition.
 */
struct node {
    enum node_type type;
    uint32_t line, col;
    uint32_t key_line, key_col;
    const char *key; /* member name inside a map, NUL-terminated; NULL elsewhere */
    size_t key_len;  /* a name may hold NULs */
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

/*
 * The memory of a document: chunks that are kept by arena_reset for the next one. What it gives is
 * not zeroed, aligned for any node, and valid until arena_reset or arena_free. Callers bound what
 * they ask for (core/limits.h); exhausted memory aborts.
 */
struct arena;
struct arena *arena_new(void);
void *arena_alloc(struct arena *arena, size_t size);
char *arena_text(struct arena *arena, const char *s, size_t len); /* a copy with a NUL added */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

/* An empty value without parent. */
struct node *node_new(struct arena *arena, enum node_type type, uint32_t line, uint32_t col);

/* Puts `child`, which has no parent, at the end of a list or map. A member's key is set before. */
void node_append(struct node *parent, struct node *child);

/* The member `name` of a map, or NULL (also when `map` is NULL or no map). */
struct node *node_get(const struct node *map, const char *name);

/* The string value, or NULL when it is absent or no string. */
const char *node_str(const struct node *node);

/* Takes the child out of its parent (the arena keeps the memory). Costs its older siblings. */
void node_remove(struct node *child);

/* Appends the value as JSON by the rules of core/json.h (json_write), members in document order. */
int node_write(struct buf *b, const struct node *node);

/*
 * Appends the places of the value and all below it, in preorder (a map's members in document
 * order), as pairs of varints (LEB128): line, column. A member's place is its key's, as that is
 * where a person looks; a list's element and the root have the value's.
 */
int node_write_places(struct buf *b, const struct node *node);

/*
 * Appends the way from the root to the node in the notation of SPEC 1: spec.containers[0].name,
 * metadata.annotations["a.b/c"]. Names are cut and freed of control characters: for messages.
 */
int node_write_path(struct buf *b, const struct node *node);

/* Appends a name for a message: at most 60 bytes, whole characters, control characters as '?'. */
int node_write_name(struct buf *b, const char *name, size_t len);

#endif
