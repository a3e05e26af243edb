/*
 * Orders of a manifest to us: annotations under holdfast.dev/ (SPEC 2). Read from Git only. Pure.
 */
#ifndef HOLDFAST_SYNC_ORDERS_H
#define HOLDFAST_SYNC_ORDERS_H

#include <stddef.h>

#include "sync/manifest.h"
#include "sync/node.h"

/* `mode` of an object, or of a whole source (SPEC 4). */
enum order_mode {
    ORDER_MODE_NONE,
    ORDER_MODE_REPORT,
    ORDER_MODE_CORRECT,
    ORDER_MODE_PAUSED, /* not compared */
};

/* The order in a body (JSON as the reading child writes it); NONE where it has none, or no such. */
enum order_mode orders_mode(const void *body, size_t len);

/*
 * Tells what is wrong with the orders of one object, at its place: orders that nobody knows, values
 * that are none of theirs, fields of `ignore` that cannot be read. `message` is valid during the
 * call.
 */
typedef void orders_tell(void *ctx, enum problem_level level, uint32_t line, uint32_t col,
                         const char *message);
void orders_check(const struct node *root, orders_tell *tell, void *ctx);

#endif
