/* Merge keys: `<<: *defaults` (https://yaml.org/type/merge.html, as Go's yaml v2 takes it). */
#ifndef HOLDFAST_SYNC_YAML_MERGE_H
#define HOLDFAST_SYNC_YAML_MERGE_H

#include <stdint.h>

#include "sync/keys.h"
#include "sync/node.h"

struct yaml_merge {
    struct keys *keys;
    uint32_t line, col; /* of `<<` */
    /* called for an explicit member that stands before `<<` and wins over a merged one */
    void (*overridden)(void *ctx, const struct node *explicit_member);
    void *ctx;
};

/*
 * Moves the members of `value` (a map, or a list of maps whose earlier ones win) that `map` lacks
 * to its end; they keep their places. Returns 0, or -1 when `value` is something else.
 */
int yaml_merge(const struct yaml_merge *merge, struct node *map, struct node *value);

#endif
