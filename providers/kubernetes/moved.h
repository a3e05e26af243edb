/*
 * A declared field that is not live and that nobody owns: a hand took it away (`removed`), or a
 * later commit added it and it was never applied (`git-moved`). managedFields look the same in
 * both; what Git said before tells them apart. Pure.
 */
#ifndef HOLDFAST_KUBERNETES_MOVED_H
#define HOLDFAST_KUBERNETES_MOVED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/path.h"

struct moved_version {
    json_t *declared;    /* normalised */
    int64_t replaced_at; /* seconds: the time of the commit that said otherwise */
};

struct moved_input {
    const json_t *declared; /* what Git says now, normalised */
    const json_t *live;
    const json_t *managed_fields;         /* of the live object */
    const char *manager;                  /* ours */
    const struct moved_version *versions; /* what Git said before, newest first */
    size_t count;
    /*
     * For each version whether a later one was applied: 0 where that was not asked yet. NULL: it is
     * found out at each call, by a walk through all that we own.
     */
    signed char *applied;
};

/*
 * True when a commit added `path` and nothing shows that it was applied since. It shows when
 * something else that came with the commit or after it is live, by us, with the value of now and
 * never had that value before; or when our last apply is later than the commit. False too where we
 * never applied, or where the versions do not reach back to the commit that added the path; those
 * in another apiVersion are not looked at, nor those before them.
 */
bool moved_added(const struct moved_input *in, const struct path *path);

#endif
