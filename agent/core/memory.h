/* How much memory a child may take, where it and we share one limit: that of a container. */
#ifndef HOLDFAST_CORE_MEMORY_H
#define HOLDFAST_CORE_MEMORY_H

#include <stdint.h>

#include "core/err.h"

/* The limit of our cgroup, as it shows inside a container. */
#define MEMORY_LIMIT_FILE "/sys/fs/cgroup/memory.max"

/*
 * Bytes for a child: what `limit_file` says (cgroup v2: a number or "max") less what we hold and
 * some to spare, but at least LIMIT_READ_LEAST. `most` where that is less or no limit is
 * told.
 * `lent` are bytes that other children may take.
 */
uint64_t memory_for_child(const char *limit_file, uint64_t most, uint64_t lent);

/* The limit (RLIMIT_DATA) that we run under ourselves; 0: none. */
uint64_t memory_own_limit(void);

/* ERR_LIMIT: `what` needs more than so many bytes, and what to do. Returns -1. */
int memory_exceeded(struct err **err, const char *what, uint64_t bytes);

#endif
