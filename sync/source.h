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
#include "sync/desired.h"

struct ev_loop;

struct source_config {
    const char *name;
    const char *url;  /* file://, or a folder; the network in a later version */
    const char *ref;  /* branch, tag, commit id, refs/...; NULL: HEAD, or the working tree for a folder */
    const char *path; /* below the root of the tree; NULL or "": all of it */
    const char *const *include; /* globs, NULL-terminated; NULL: every *.yaml, *.yml, *.json */
    const char *const *exclude; /* globs, NULL-terminated, or NULL */
    uint64_t file_bytes, objects, fetch_bytes; /* caps (core/limits.h has the defaults) */
    const char *state_dir;
    double deadline; /* seconds */
};

struct source_read;

/*
 * Starts the child. `done` is called once from the loop, never from inside this call; then take the
 * set and free. Freeing earlier kills the child.
 */
struct source_read *source_read_start(struct ev_loop *loop, const struct source_config *config,
                                      void (*done)(struct source_read *read, void *ctx), void *ctx);

/* The set (owned by the caller), or NULL with *err: the source is then unknown, never empty. */
struct desired_set *source_read_take(struct source_read *read, struct err **err);
void source_read_free(struct source_read *read);

/*
 * The child's main (`holdfast read`): the request as JSON on standard input, records on standard
 * output. Returns the exit status.
 */
int source_child_main(void);

/*
 * The same reading without the child, for `lint` and `render`: a folder or a file on disk. Calls the
 * sink for each manifest and problem. Returns 0, or -1 with *err when nothing could be read.
 */
int source_read_here(const struct source_config *config, const struct manifest_sink *sink,
                     struct err **err);

#endif
