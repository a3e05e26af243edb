/*
 * Reading a source, in the child or in place: decides what the URL is (a repository to fetch, a
 * folder at a ref, a working tree, a folder, a file) and walks it.
 */
#ifndef HOLDFAST_SYNC_READ_H
#define HOLDFAST_SYNC_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/limits.h"
#include "sync/digest.h"
#include "sync/git.h"
#include "sync/manifest.h"
#include "sync/older.h"
#include "sync/walk.h"

struct source_config;

struct read_sink {
    struct manifest_sink now;
    struct older_sink older; /* object NULL: older versions are not looked for */
    /* All below is used with config->known only: what changed is told in place of all. */
    const uint64_t *told;                         /* problems of the source as a whole, so far */
    struct manifest_sink then;                    /* is told what it was that changed */
    void (*changed)(void *ctx, const char *path); /* as in struct walk_before */
    void (*whole)(void *ctx);      /* what was told is void, but for problems of the source: all
                                      follows */
    bool (*older_fit)(void *ctx);  /* what is known would fit behind the older versions so far */
    void (*older_void)(void *ctx); /* those so far are void: all follow */
};

/* What the parent knows of this source, read in the very same way. */
struct read_known {
    char revision[GIT_REVISION_DIGITS + 1];
    uint64_t told;                        /* problems of the source, before the walk */
    uint64_t count;                       /* objects */
    uint8_t digest[DESIRED_DIGEST_BYTES]; /* of all but what `told` counts */
    struct walk_counts walked;
    struct older_cost steps[LIMIT_OLDER_COMMITS]; /* of the window of older versions */
    size_t step_count;
    bool cut;      /* it is not whole, so that it cannot be gone on with */
    bool restored; /* a process before read it, perhaps before the machine lost its power */
};

struct read_result {
    char revision[GIT_REVISION_DIGITS + 1]; /* "" for a working tree or a plain folder */
    int64_t commit_time;                    /* seconds, 0 where unknown */
    bool unchanged;                         /* it is what config->known says; nothing was read */
    bool changes;                           /* only what is not as config->known has it was told */
    bool carry; /* the older versions that config->known has come after those told */
    uint64_t told;
    struct walk_counts counts;
};

/*
 * -1 with *err when the source as a whole cannot be read: it is then unknown, never empty.
 *
 * Paths (problems, globs) are relative to the repository's root; for a folder that is in no
 * repository, to that folder. Older versions come last, after all that is said now.
 */
int read_source(const struct source_config *config, const struct read_sink *sink,
                struct read_result *result, struct err **err);

/* A folder or a file that is named as a path. */
bool source_is_place(const char *url);

/*
 * The request, as the parent writes it and the child reads it: an owned text; an owned config. The
 * text without `known` is also what says whether two reads are the same question.
 */
char *read_request(const struct source_config *config, const struct read_known *known,
                   struct err **err);
struct source_config *read_request_parse(const char *text, size_t len, struct err **err);
void read_request_free(struct source_config *config);

#endif
