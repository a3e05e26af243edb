/*
 * Older versions of manifests: what the files that changed lately said before, by the first parents
 * of a commit. Whether Git added a field or a hand removed one is in no managedFields; it is here.
 * Blocks; runs in the reading child. Nothing here can fail a source: what is not there (a shallow
 * clone), cannot be read, or is over a cap ends the window, and nobody is told.
 */
#ifndef HOLDFAST_SYNC_OLDER_H
#define HOLDFAST_SYNC_OLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/git.h"
#include "sync/manifest.h"
#include "sync/older_cost.h"

struct source_config;

/* `replaced_at` of what HEAD says where the working tree says otherwise: later than any commit. */
#define OLDER_NOT_COMMITTED INT64_MAX

/* One step back, from a commit to its parent. */
struct older_step {
    struct older_cost cost; /* that it took */
    bool cut;               /* a cap was met, or something is not there: it is the last one */
    /* Files which could not be read in this step: what older steps say of them is not known to be
     * the version before. */
    char *const *broken;
    size_t broken_count;
};

struct older_sink {
    void *ctx;
    /*
     * The manifest as a file had it until the commit of the time `replaced_at` (seconds) changed,
     * moved or removed the file; the manifest itself may be the same before and after. Newest
     * first. Valid during the call only.
     */
    void (*object)(void *ctx, const char *file, const struct manifest *manifest,
                   int64_t replaced_at);
    /* Ends a step, after its objects. NULL: nobody wants to know. */
    void (*step)(void *ctx, const struct older_step *step);
};

/*
 * The window before the commit that is open; taken are the files below `path` that walk_tree takes.
 * Where it comes by the commit `known` (or NULL) it ends there and answers true.
 */
bool older_of_commit(const struct source_config *config, struct git_source *git, const char *path,
                     const char *known, const struct older_sink *sink);

/*
 * The window before a working tree: first what HEAD has otherwise than the disk, then HEAD's
 * history. `root` is the working tree's root (git_workdir), `path` lies below it.
 */
void older_of_workdir(const struct source_config *config, const char *root, const char *path,
                      const struct older_sink *sink);

#endif
