/*
 * A new set from the one before it and from what changed since. The result is what a read of
 * everything gives: objects and problems in the order of the files, older versions in theirs.
 */
#ifndef HOLDFAST_SYNC_MERGE_H
#define HOLDFAST_SYNC_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "sync/desired.h"

struct merge {
    const struct desired_set *base; /* borrowed, never changed */
    char **changed; /* paths of which the base holds no longer, all below included */
    size_t changed_count, changed_cap;
    char **broken; /* files of which older versions are not known further back */
    size_t broken_count, broken_cap;
    size_t bytes; /* of all these */
};

/* -1 with ERR_LIMIT when they take more than LIMIT_NAMES_BYTES. */
int merge_changed(struct merge *merge, const char *path, struct err **err);
int merge_broken(struct merge *merge, const char *file, struct err **err);
void merge_free(struct merge *merge);

/*
 * `set` (of desired_set_beside) holds what is new: its first `told` problems are of the source as a
 * whole and replace the base's. Adds what stays of the base, at its place, and with `carry` the
 * base's older versions behind the set's own. False when the problems are too many to tell.
 */
bool merge_into(const struct merge *merge, struct desired_set *set, size_t told, bool carry);

#endif
