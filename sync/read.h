/*
 * Reading a source, in the child or in place: decides what the URL is (a repository to fetch, a
 * folder at a ref, a working tree, a folder, a file) and walks it.
 */
#ifndef HOLDFAST_SYNC_READ_H
#define HOLDFAST_SYNC_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "sync/git.h"
#include "sync/manifest.h"
#include "sync/older.h"
#include "sync/walk.h"

struct source_config;

struct read_sink {
    struct manifest_sink now;
    struct older_sink older; /* object NULL: older versions are not looked for */
    const uint64_t *told;    /* problems of the source as a whole, so far; with config->known */
};

/* What the parent knows of this source, read in the very same way. */
struct read_known {
    char revision[GIT_REVISION_DIGITS + 1];
    uint64_t told; /* problems of the source as a whole (PROBLEM_SOURCE) */
};

struct read_result {
    char revision[GIT_REVISION_DIGITS + 1]; /* "" for a working tree or a plain folder */
    int64_t commit_time;                    /* seconds, 0 where unknown */
    bool unchanged;                         /* it is what config->known says; nothing was read */
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

/*
 * The request, as the parent writes it and the child reads it: an owned text; an owned config. The
 * text without `known` is also what says whether two reads are the same question.
 */
char *read_request(const struct source_config *config, const struct read_known *known,
                   struct err **err);
struct source_config *read_request_parse(const char *text, size_t len, struct err **err);
void read_request_free(struct source_config *config);

#endif
