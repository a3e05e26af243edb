/*
 * "Did you mean": the known name nearest to a mistyped one, by optimal string alignment (insert,
 * delete, replace, swap two neighbours; letters' case is worth nothing). Pure.
 */
#ifndef HOLDFAST_CORE_NEAREST_H
#define HOLDFAST_CORE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* what was written; borrowed */
    const char *best; /* the nearest so far, borrowed; NULL when none is near enough */
    size_t distance;  /* of `best` */
};

#define NEAREST_INIT(written)                                                                      \
    (struct nearest)                                                                               \
    {                                                                                              \
        .word = (written)                                                                          \
    }

/* Looks at one candidate (borrowed; NULL is skipped). Of equals the first stays. */
void nearest_try(struct nearest *n, const char *candidate);

/* The nearest of a NULL-terminated list, or NULL when none is near enough to be meant. */
const char *nearest_of(const char *word, const char *const *candidates);

#endif
