/*
 * What the sets of one source share: a file under stateDir that holds the bodies (0600, unlinked
 * from the beginning) and the interned strings. Both only grow; who shares adds at the end, so that
 * what an older set knows of stays where it is.
 */
#ifndef HOLDFAST_SYNC_SPOOL_H
#define HOLDFAST_SYNC_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "sync/strings.h"

struct spool {
    unsigned owners;
    struct strings *strings;
    int fd;
    uint64_t len;         /* with what is not written yet */
    struct buf unwritten; /* the end */
    uint64_t whole_len;   /* after the last read of everything */
    size_t whole_strings;
};

/* ERR_FATAL where the disk fails. */
struct spool *spool_new(const char *state_dir, struct err **err);

/* One owner more. */
struct spool *spool_share(struct spool *spool);

/* NULL-safe; the last owner closes it. */
void spool_free(struct spool *spool);

/* Adds at the end; it is read after a flush. ERR_LIMIT for what is larger than a record. */
int spool_add(struct spool *spool, const void *data, size_t len, struct err **err);

/* Writes what is not written yet, and frees its memory. */
int spool_flush(struct spool *spool, struct err **err);

/* All of it is of use now: more will make it worn. */
void spool_whole(struct spool *spool);

/* Most of it may be what nobody wants any more: better begin anew. */
bool spool_is_worn(const struct spool *spool);

int spool_read(const struct spool *spool, char *data, size_t len, uint64_t offset,
               struct err **err);

#endif
