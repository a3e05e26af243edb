/* Which ref, tag or commit a `ref:` of the configuration means. Pure: names in, a choice out. */
#ifndef HOLDFAST_SYNC_REFS_H
#define HOLDFAST_SYNC_REFS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* The refs of a repository: full names ("refs/heads/main", "HEAD"). */
struct refs {
    char **names;
    size_t count, cap;
};

void refs_add(struct refs *refs, const char *name);
void refs_free(struct refs *refs);

enum ref_kind {
    REF_NAMED,  /* names[index] */
    REF_COMMIT, /* a whole commit id */
    REF_PREFIX, /* the beginning of one, 7 digits at least */
};

struct ref_choice {
    enum ref_kind kind;
    size_t index;
    bool doubled; /* a branch and a tag have the name: the branch is meant */
};

/*
 * `ref`: NULL means HEAD. A whole commit id is one; else a full name ("refs/..."), a branch, a tag,
 * the beginning of a commit id, in this order. ERR_INVALID names what was tried and the nearest
 * names. `where` names the repository.
 */
int refs_choose(const struct refs *refs, const char *ref, const char *where,
                struct ref_choice *choice, struct err **err);

/* The error for a ref that was not found; `kind` says what it was last taken for. */
int refs_missing(const struct refs *refs, const char *ref, const char *where, struct err **err);

#endif
