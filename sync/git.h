/*
 * libgit2: a commit as a tree of files, and repositories on this machine. Blocks; runs in the
 * reading child (and in `lint`). Nothing here writes to a repository that is not ours.
 */
#ifndef HOLDFAST_SYNC_GIT_H
#define HOLDFAST_SYNC_GIT_H

#include <stdbool.h>
#include <stdint.h>
#include <git2.h>

#include "core/err.h"
#include "sync/manifest.h"
#include "sync/refs.h"
#include "sync/walk.h"

#define GIT_REVISION_DIGITS 40

/* A commit that is open for reading. */
struct git_source {
    git_repository *repo;    /* owned */
    git_repository *history; /* owned: where older commits lie; NULL: in repo */
    git_odb *odb;
    git_tree *root;
    char *mirror; /* owned: the folder, where repo is our own copy (mirror.h), or NULL */
    int lock;     /* owned: on the mirror (mirror_lock), or -1 */
    bool damaged; /* something of it could not be read */
    char revision[GIT_REVISION_DIGITS + 1];
    int64_t commit_time; /* seconds */
};

/* Starts libgit2 (once): no configuration files of the machine or the user, small caches. */
int git_start(struct err **err);

/* Whether that was libgit2's last error: then nothing is wrong with what it read. */
bool git_out_of_memory(void);

/* An error with libgit2's last message at its end; ERR_LIMIT where memory ran out. Returns -1. */
int git_err(struct err **err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Opens the commit that `id` (a commit, or a tag of one) names. Takes over `repo` on success only.
 */
int git_source_open(git_repository *repo, const git_oid *id, const char *ref,
                    struct git_source *out, struct err **err);
/* A copy of our own that was found damaged is removed: the next read makes it anew. */
void git_source_close(struct git_source *source);
struct tree git_source_tree(struct git_source *source);

/* Adds all refs, and HEAD where it names a commit. */
int git_list_refs(git_repository *repo, struct refs *refs, struct err **err);

/* A ref, commit id or beginning of one in a repository that is open. ERR_INVALID when it is not
 * there. */
int git_find(git_repository *repo, const struct refs *refs, const struct ref_choice *choice,
             const char *ref, const char *where, git_oid *id, struct err **err);

/* The repository that the folder lies in, read in place at `ref`. */
int git_open_local(const char *folder, const char *ref, const struct manifest_sink *sink,
                   struct git_source *out, struct err **err);

/*
 * The root of the working tree that the folder (or file) lies in, with "/" at its end, owned; NULL
 * where it lies in none. -1 with *err where there is a repository that cannot be opened: it is no
 * plain folder.
 */
int git_workdir(const char *folder, char **root, struct err **err);

/* The folder is itself a bare repository. */
bool git_is_bare(const char *folder);

/* A branch and a tag of one name: a note that says which was taken. */
void git_tell_doubled(const struct manifest_sink *sink, const char *ref);

#endif
