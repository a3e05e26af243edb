/*
 * What Git cannot say is taken out of a document before it is compared or applied: nulls in maps
 * (apply cannot own them), what the server alone writes into metadata, and the annotation by which
 * kubectl remembers its own last apply. `status` stays: whether it is the server's depends on the
 * kind, which the provider knows.
 */
#ifndef HOLDFAST_SYNC_LEFT_OUT_H
#define HOLDFAST_SYNC_LEFT_OUT_H

#include <stdint.h>

#include "core/buf.h"
#include "sync/node.h"

#define LEFT_OUT_TOLD 8 /* paths named in the one note; the others are counted */

struct left_out {
    size_t count;
    uint32_t line, col;              /* of the first */
    struct buf paths;                /* "metadata.uid, spec.x (null)"; free with left_out_free */
    const struct node *null_element; /* the first null inside a list, which is an error */
};

/* Takes them out of `object`, a map, and says what was there. */
void left_out_take(struct node *object, struct left_out *out);

void left_out_free(struct left_out *out);

#endif
