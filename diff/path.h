/*
 * Field paths. A path is built on the stack while a tree is walked: each step points to the one
 * above it. The notation is SPEC 1 `field`; it becomes a string only for a report.
 */
#ifndef HOLDFAST_DIFF_PATH_H
#define HOLDFAST_DIFF_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum step_type {
    STEP_MEMBER, /* .name */
    STEP_KEYS,   /* [k=v,...]: an element of a keyed list */
    STEP_VALUE,  /* [="x"]: a member of a set */
    STEP_INDEX,  /* [2] */
};

struct path {
    const struct path *up; /* NULL: directly below the root */
    enum step_type type;
    const char *name;    /* STEP_MEMBER */
    const json_t *value; /* STEP_KEYS: object of keys in the order of fieldsV1; STEP_VALUE */
    /* STEP_INDEX. STEP_KEYS: 1 more than its place in Git's list; 0 where that is not known */
    size_t index;
};

/* The path in SPEC 1 notation, owned. */
char *path_text(const struct path *path);

/* Steps from the root. */
size_t path_depth(const struct path *path);

/* True when the path's members from the root are exactly these names (ends with NULL). */
bool path_is(const struct path *path, ...) __attribute__((sentinel));

/*
 * True where each key is reported alone, never the map: labels and annotations of any metadata, and
 * data, stringData, binaryData of the object (SPEC 1, how many lines).
 */
bool path_each_key(const struct path *path);

/* Does `element` (an object) carry these keys? A key that `element` lacks is a wildcard. */
bool path_keys_match(const json_t *element, const json_t *keys);

/* Does `element` have all these keys, whatever their values? */
bool path_keys_present(const json_t *element, const json_t *keys);

/* The element of `list` with exactly these keys present (no wildcard), else the first of those with
 * the fewest wildcards; or NULL. */
json_t *path_element(const json_t *list, const json_t *keys, size_t *index);

/* The member of a set that equals `value`, or NULL. */
json_t *path_member(const json_t *list, const json_t *value, size_t *index);

/* The value one step below `parent`, or NULL. */
json_t *path_step(const json_t *parent, const struct path *step);

/* The value at the path below `root`, or NULL. */
json_t *path_find(const json_t *root, const struct path *path);

/* The deepest value on the path that exists below `root` (root itself at least). */
json_t *path_nearest(const json_t *root, const struct path *path);

#endif
