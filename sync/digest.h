/*
 * The digest of a set of things, kept as they come and go: the sum of the digests of each. Both
 * ends of the reading child's pipe keep one, so that the parent knows that its set is what was
 * read. No order in it. Against accidents, not against whoever writes the repository: who does says
 * what he wants anyway.
 */
#ifndef HOLDFAST_SYNC_DIGEST_H
#define HOLDFAST_SYNC_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/manifest.h"

#define DESIRED_DIGEST_BYTES 16

/* An object as it stands in Git. */
struct digest_object {
    const char *api_version, *kind, *namespace, *name, *file;
    uint32_t line, col;
    const uint8_t *body; /* DESIRED_DIGEST_BYTES */
};

void digest_of_object(const struct digest_object *object, uint8_t out[DESIRED_DIGEST_BYTES]);
void digest_of_problem(const struct problem *problem, uint8_t out[DESIRED_DIGEST_BYTES]);

/* Adds one to the sum, or takes it out again. An empty sum is zeros. */
void digest_add(uint8_t sum[DESIRED_DIGEST_BYTES], const uint8_t one[DESIRED_DIGEST_BYTES]);
void digest_remove(uint8_t sum[DESIRED_DIGEST_BYTES], const uint8_t one[DESIRED_DIGEST_BYTES]);

#endif
