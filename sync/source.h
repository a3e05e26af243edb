/*
 * Reading a source: the parent's side of `holdfast read`. The child (the program itself, executed
 * again) does all that blocks or meets hostile input: libgit2, libyaml.
 */
#ifndef HOLDFAST_SYNC_SOURCE_H
#define HOLDFAST_SYNC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "sync/auth.h"
#include "sync/desired.h"

struct ev_loop;

struct source_config {
    const char *name;
    /*
     * file:///path/to/repository: read at a ref. A folder or a file: at a ref of the repository it
     * lies in, without one as it lies on disk. https://, ssh://, user@host:path: fetched.
     */
    const char *url;
    const char *ref;  /* branch, tag, commit id, refs/...; NULL: HEAD, or what lies on disk */
    const char *path; /* below url's root, or below the folder; NULL or "": all of it */
    /* Globs (sync/glob.h) on paths below `path`, or from the repository's root; NULL-terminated. */
    const char *const *include;                /* NULL or none: all *.yaml, *.yml, *.json */
    const char *const *exclude;                /* or NULL */
    uint64_t file_bytes, objects, fetch_bytes; /* caps; 0: those of core/limits.h */
    struct source_auth auth;                   /* for the network */
    uint64_t memory;                           /* of the child; 0: as much as there is for it */
    const char *state_dir;                     /* of struct statedir: absolute, ours alone */
    double deadline;                           /* seconds; 0: LIMIT_READ_SECONDS */
    /*
     * The last set that was taken of this source, or NULL; borrowed until source_read_free, and it
     * may be in use all the while. What it says is not read again (source_read_unchanged). It need
     * not fit: where it was read otherwise (url, ref, path, globs, caps), all is read.
     */
    const struct desired_set *base;
    const struct read_known *known; /* the child's: what the parent told it of `base` */
};

struct source_read;

/*
 * Starts the child. `done` is called once from the loop, never from inside this call; then take the
 * set and free. Freeing earlier kills the child.
 */
struct source_read *source_read_start(struct ev_loop *loop, const struct source_config *config,
                                      void (*done)(struct source_read *read, void *ctx), void *ctx);

/*
 * After `done`: Git says what `base` says, at the same commit (a folder without a ref: on disk).
 * There is nothing to take: go on with `base`. Never true without a base.
 */
bool source_read_unchanged(const struct source_read *read);

/*
 * The new set (owned by the caller; its strings and spool may be shared with `base`, either may be
 * freed first, and `base` stays as it is), or NULL with *err: the source is then unknown, never
 * empty. ERR_RETRY for what may pass (deadline, killed), ERR_INVALID where Git must change (no such
 * ref or path), ERR_USAGE for the configuration, ERR_NOT_FOUND where no repository is, ERR_LIMIT
 * for a cap.
 */
struct desired_set *source_read_take(struct source_read *read, struct err **err);

/* Why all was read although `base` fits; NULL where nothing went wrong. Valid until it is freed. */
const char *source_read_note(const struct source_read *read);

void source_read_free(struct source_read *read);

/*
 * What a set that is read so has as its scope: two questions with one scope have one answer, in
 * other processes too. -1 with *err (ERR_USAGE) where it cannot be asked, and for a folder that is
 * named as a path: what that is depends on where we are, and on links.
 */
int source_scope(const struct source_config *config, uint8_t scope[DESIRED_DIGEST_BYTES],
                 struct err **err);

/*
 * Whether both are read by the same copy of ours. One child at a time reads it: the others would
 * spend their deadline waiting. As the URLs are written; the disk is not asked.
 */
bool source_same_copy(const char *url, const char *other);

/* Removes our copies of repositories other than these. Before the first read. */
void source_keep_only(const char *state_dir, const char *const *urls, size_t count);

/*
 * The child's main (`holdfast read`): the request as JSON on standard input, records on standard
 * output. Returns the exit status.
 */
int source_child_main(void);

/*
 * The same reading without the child, for `lint` and `render`: a folder or a file on disk. Calls
 * the sink for each manifest and problem. file:// URLs need state_dir. Returns 0, or -1 with *err
 * when nothing could be read.
 */
int source_read_here(const struct source_config *config, const struct manifest_sink *sink,
                     struct err **err);

#endif
