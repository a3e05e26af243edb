/*
 * managedFields: who owns which field, as metav1.FieldsV1 writes it ("f:name", "k:{keys}",
 * "v:value",
 * ".": the thing itself). kubernetes-measured 4 says what it can and cannot tell.
 */
#ifndef HOLDFAST_KUBERNETES_FIELDS_H
#define HOLDFAST_KUBERNETES_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "diff/path.h"
#include "diff/shape.h"

/* One entry; everything is borrowed from the managedFields array. "" where absent. */
struct fields_entry {
    const char *manager, *operation, *subresource, *api_version;
    const char *time; /* RFC 3339, or NULL: kubectl scale writes none */
    const json_t *fields;
};

struct fields_entry fields_entry(const json_t *entry);

/* Is it the Apply entry of `manager` (no subresource)? */
bool fields_is_ours(const struct fields_entry *e, const char *manager);

/*
 * The same, or what the tool that we report as wrote without server-side apply: its Updates. For
 * `kubectl` those of its client-side apply; its others are hands' edits. holdfast itself only
 * applies.
 */
bool fields_is_us(const struct fields_entry *e, const char *manager);

/* The fieldsV1 of our own Apply entry, or NULL. */
const json_t *fields_ours(const json_t *managed_fields, const char *manager);

/*
 * A person's hand: kubectl*, before-first-apply, and `hands` (globs, NULL-terminated, or NULL); not
 * `manager` itself, which is us.
 */
bool fields_is_hand(const struct fields_entry *e, const char *manager, const char *const *hands);

/* Does the entry own the value at the path, something below it, or an atomic value above it? */
bool fields_owns(const json_t *fields, const struct path *path);

/* The node at the path, or NULL. */
const json_t *fields_find(const json_t *fields, const struct path *path);

/* One child of a fieldsV1 node. `keys` is a new reference for "k:" and "v:" children, else NULL. */
struct fields_child {
    enum step_type type; /* STEP_MEMBER, STEP_KEYS, STEP_VALUE, STEP_INDEX */
    const char *name;
    json_t *value;
    size_t index;
    const json_t *node;
};

/* Reads the member `key` of a node; false for "." and for what nobody knows. */
bool fields_child(const char *key, const json_t *node, struct fields_child *out);

/* Does the node of a keyed list, or NULL, have an element of these keys? */
bool fields_has(const json_t *list, const json_t *keys);

/* The elements of `declared` that are none of those that the node of the list has. New. */
json_t *fields_others(const json_t *list, const json_t *declared);

/*
 * The element of `declared` that has these keys. One that lacks some of them is not it where
 * `list`, our own node of that list, has not those keys, but others that are its. Or NULL.
 */
json_t *fields_element(const json_t *list, const json_t *declared, const json_t *keys);

/* Owned as a whole: a leaf, or with "." inside. */
bool fields_whole(const json_t *node);

/* An object whose members are the keys of the list's elements; NULL where there is none. New. */
json_t *fields_key_names(const json_t *node);

/* Adds an element of these keys to the node of a keyed list, which has none. */
void fields_add_element(json_t *node, const json_t *keys);

/* The lists of an object as fieldsV1 says they are. Nodes are json_t. */
extern const struct shape_ops fields_shape;

#endif
