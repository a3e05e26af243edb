/*
 * Finds the elements of one list by their keys, as path_step() does, without walking the list for
 * each: lists of thousands of elements are real (env, endpoints, custom resources).
 */
#ifndef HOLDFAST_DIFF_PATH_INDEX_H
#define HOLDFAST_DIFF_PATH_INDEX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "diff/path.h"

/* Begin with PATH_INDEX(value); the value must not change meanwhile. */
struct path_index {
    const json_t *value; /* borrowed; any value, or NULL */
    json_t *places;      /* text of an element's keys -> index of the first; NULL: not made yet */
    json_t *more;        /* the same text -> all elements, where there are several; or NULL */
    json_t *names;       /* object whose members are the names of the keys; NULL for a set */
    json_t *loose;       /* elements that lack keys: which they have -> text of those -> index */
};

#define PATH_INDEX(v)                                                                              \
    (struct path_index)                                                                            \
    {                                                                                              \
        .value = (v)                                                                               \
    }

/* As path_step(x->value, step). */
json_t *path_index_step(struct path_index *x, const struct path *step);

/* As path_element(x->value, keys, index). */
json_t *path_index_element(struct path_index *x, const json_t *keys, size_t *index);

/*
 * The elements that have exactly these keys, in their order, where there are several (a JSON patch
 * can do that); else NULL. A new reference.
 */
json_t *path_index_several(struct path_index *x, const json_t *keys);

/* As path_member(x->value, value, index). */
json_t *path_index_member(struct path_index *x, const json_t *value, size_t *index);

void path_index_free(struct path_index *x);
#define _path_index_ __attribute__((cleanup(path_index_free)))

#endif
