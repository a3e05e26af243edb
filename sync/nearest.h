/* "Did you mean": the names that are nearest to one that is not there. Pure. */
#ifndef HOLDFAST_SYNC_NEAREST_H
#define HOLDFAST_SYNC_NEAREST_H

#include <stddef.h>

#include "core/buf.h"

/*
 * Appends up to `max` of `names`, nearest first, with ", " between them; "none" when there are
 * none. A name that is much longer or quite different comes last, it is not left out: what exists
 * helps.
 */
void nearest_list(struct buf *out, const char *name, const char *const *names, size_t count,
                  size_t max);

#endif
