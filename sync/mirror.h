/*
 * Our own bare repository of an origin, STATE/git/<digits of SHA-256 of what names the origin>:
 * only a cache, which may be removed at any time. Blocks; runs in the reading child, whose umask
 * keeps others out.
 */
#ifndef HOLDFAST_SYNC_MIRROR_H
#define HOLDFAST_SYNC_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include <git2.h>

#include "core/err.h"

/* Where its refs are kept, below it: one for each that is followed. */
#define MIRROR_REFS "refs/holdfast"

/* Its path, owned. */
char *mirror_folder(const char *state_dir, const char *origin);

/*
 * Waits until nobody else fetches into it or reads it: two sources may name the same origin, and
 * one of them may make it anew. Closing the descriptor that it answers gives it free. -1 with *err.
 */
int mirror_lock(const char *folder, struct err **err);

/* Opens it, or makes it. */
int mirror_open(const char *folder, git_repository **repo, struct err **err);

/* libgit2 never repacks: with fifty packs, or much beside the largest, it is better made anew. */
bool mirror_is_worn(const char *folder);

/* What its packs take. */
uint64_t mirror_bytes(const char *folder);

/* Removes what a fetch left that was killed. With the lock. */
void mirror_sweep(const char *folder);

/* Removes all that is in it. What stays is found by whoever opens it next. */
void mirror_remove(const char *folder);

/* Removes those of other origins than these folders are of. Nobody else may use the state folder.
 */
void mirror_keep_only(const char *state_dir, char *const *folders, size_t count);

/* Takes rights away that others may have to it (libgit2 makes packs for all to read). */
int mirror_close(const char *folder, struct err **err);

#endif
