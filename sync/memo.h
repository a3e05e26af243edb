/*
 * What was found in sync, kept over restarts (DESIGN 5.3 a): keys, each the digest of an object's
 * live state, what Git says of it, and whatever else the verdict stands on. A file under stateDir:
 * append-only, each record with a checksum, compacted when most of it is old. Losing it costs time,
 * never truth: what cannot be read is dropped.
 */
#ifndef HOLDFAST_SYNC_MEMO_H
#define HOLDFAST_SYNC_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define MEMO_KEY_BYTES 16

struct memo;

/*
 * Opens or makes the file `memo` in the folder. Never NULL: *note (owned, or NULL) says what a
 * person should know: a file that was damaged, of another version, or that cannot be written.
 */
struct memo *memo_open(int folder, char **note);

/*
 * `slot` is whose key it is (a hash of the object's identity, not 0): a new key takes the old one's
 * place. Slots of two objects that are the same cost a judgement, no truth.
 */
bool memo_has(const struct memo *memo, uint64_t slot, const uint8_t key[MEMO_KEY_BYTES]);
/* The slot's key, borrowed until the memo changes; NULL: it has none. */
const uint8_t *memo_get(const struct memo *memo, uint64_t slot);
void memo_put(struct memo *memo, uint64_t slot, const uint8_t key[MEMO_KEY_BYTES]);
void memo_drop(struct memo *memo, uint64_t slot);

/* Drops all slots but these: of objects that went while nobody looked. */
void memo_keep(struct memo *memo, const uint64_t *slots, size_t count);

/*
 * Writes what is not yet written. Called now and then, and at the end. Where that fails the file is
 * removed, as it may say what is no longer so, and the next call writes all of it.
 */
void memo_flush(struct memo *memo);

/* Flushes. NULL-safe. */
void memo_free(struct memo *memo);

#endif
