/*
 * What was read of a source, kept over restarts: a file under stateDir, sealed (core/seal.h), from
 * which the next start makes the set that its first read goes on from (struct source_config,
 * `base`). Git is asked all the same: what is kept says only what need not be read again; where Git
 * cannot be asked, it is what was read last. What is damaged, of another program or of another
 * stateDir is dropped.
 */
#ifndef HOLDFAST_SYNC_KEPT_H
#define HOLDFAST_SYNC_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "core/statedir.h"
#include "sync/desired.h"

#define KEPT_SCOPE_BYTES DESIRED_DIGEST_BYTES

/* Whose it is: the one does not throw away what the other keeps. */
enum kept_whose { KEPT_AGENT, KEPT_DIFF };

/*
 * The set of that scope (source_scope), finished; NULL where none is kept, or the disk fails.
 * *read_at: as it was given. *note (owned, or NULL) says what a person should know.
 */
struct desired_set *kept_read(const struct statedir *dir, enum kept_whose whose,
                              const uint8_t scope[KEPT_SCOPE_BYTES], int64_t *read_at, char **note);

/*
 * Keeps the set, which Git was last seen to say at `read_at` (ms since 1970), in place of the one
 * before; one that is kept already gets the time alone. Of one that could not be gone on with, or
 * takes more than LIMIT_KEPT_BYTES, nothing is kept; where the disk fails, the one before stays.
 * Blocks for as long as the disk takes.
 */
void kept_write(const struct statedir *dir, enum kept_whose whose, struct desired_set *set,
                int64_t read_at);

/* Removes what `holdfast diff` keeps, but for the `most` that Git was last seen to say. */
void kept_newest(const struct statedir *dir, size_t most);

/* Removes what the agent keeps of other scopes than these. */
void kept_only(const struct statedir *dir, const uint8_t (*scopes)[KEPT_SCOPE_BYTES], size_t count);

#endif
