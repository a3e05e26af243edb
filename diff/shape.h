/*
 * How the lists of an object are put together, as the service knows it: a provider answers from
 * what its service says (Kubernetes: fieldsV1). diff/ holds no schema.
 */
#ifndef HOLDFAST_DIFF_SHAPE_H
#define HOLDFAST_DIFF_SHAPE_H

#include <jansson.h>

enum shape_kind {
    SHAPE_UNKNOWN, /* the service says nothing about this value */
    SHAPE_LEAF,    /* one value: a scalar, an atomic list or map, an empty map */
    SHAPE_MAP,
    SHAPE_KEYED, /* a list whose elements are found by keys */
    SHAPE_SET,   /* a list of scalars without order */
};

struct shape_element {
    const void *node;
    json_t *keys; /* new reference, or NULL */
};

/* `node` is the provider's own; NULL is a valid node of kind SHAPE_UNKNOWN. */
struct shape_ops {
    enum shape_kind (*kind)(const void *node);
    const void *(*member)(const void *node, const char *name);
    /*
     * SHAPE_KEYED: for each element of `declared` the node that it is and its keys. An absent key
     * is a wildcard, but no node is given twice: elements that carry all keys choose first. out has
     * room for json_array_size(declared); node is NULL where the service knows no such element. The
     * caller drops the references in out[i].keys.
     */
    void (*elements)(const void *node, const json_t *declared, struct shape_element *out);
};

#endif
