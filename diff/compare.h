/*
 * The walk over what Git declares: what the service would make of it (the answer of a dry run)
 * beside what is live. Pure. Differences come out as calls, in document order, at the granularity
 * of SPEC 1 ("how many lines").
 */
#ifndef HOLDFAST_DIFF_COMPARE_H
#define HOLDFAST_DIFF_COMPARE_H

#include <jansson.h>
#include <stdbool.h>

#include "diff/path.h"
#include "diff/shape.h"

/* One difference. Values are borrowed, NULL where that side has none. */
struct difference {
    const struct path *path;
    const json_t *declared; /* as Git wrote it */
    const json_t *answer;   /* as the service would write it */
    const json_t *live;
    bool order; /* declared and live are the keys of a keyed list in their order */
};

struct comparison {
    const struct shape_ops *shape_ops;
    void *ctx;
    /* Skips the value at `path` and all below it; NULL: nothing is skipped. */
    bool (*skip)(void *ctx, const struct path *path);
    void (*found)(void *ctx, const struct difference *difference);
};

/*
 * Walks `declared`. Where answer and live are the same nothing is told, whatever Git's notation;
 * nor where live is literally what Git says, whatever the answer. `shape` is the root node for
 * shape_ops.
 */
void compare_declared(const struct comparison *c, const json_t *declared, const json_t *answer,
                      const json_t *live, const void *shape);

/*
 * Is every declared value literally in live, the elements of keyed lists in Git's order? No service
 * is asked. False means "not known", not "different".
 */
bool compare_literal(const struct shape_ops *ops, const json_t *declared, const json_t *live,
                     const void *shape);

#endif
