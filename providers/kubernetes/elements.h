/*
 * Which element of Git's list is which of those that fieldsV1 names. Git may leave keys to their
 * defaults, which no schema tells here: the elements themselves do, as a key has one default for
 * all of them.
 */
#ifndef HOLDFAST_KUBERNETES_ELEMENTS_H
#define HOLDFAST_KUBERNETES_ELEMENTS_H

#include <jansson.h>

#include "diff/shape.h"

/*
 * As shape_ops.elements; `node` is fieldsV1. Elements that carry all keys choose first, then those
 * that lack fewest. `defaults`: an object, of keys whose default is known; what the pairs tell of
 * others is put in. An element takes the one with the defaults where there is one, else the first
 * of those left that is no other.
 */
void elements_pair(const json_t *node, const json_t *declared, json_t *defaults,
                   struct shape_element *out);

#endif
