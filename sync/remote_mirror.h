/*
 * What a mirror of a remote repository holds besides objects: which commit a ref had at its last
 * fetch, and which commits' parents were not fetched (`shallow`, as git writes it).
 */
#ifndef HOLDFAST_SYNC_REMOTE_MIRROR_H
#define HOLDFAST_SYNC_REMOTE_MIRROR_H

#include <stdbool.h>
#include <git2.h>

#include "core/err.h"
#include "sync/remote_talk.h"

/* The commit or tag that `ref` (NULL: HEAD) had. False when it was never fetched. */
bool remote_mirror_last(git_repository *repo, const char *ref, git_oid *id);
int remote_mirror_keep(git_repository *repo, const char *ref, const git_oid *id, struct err **err);

/* All commits that were kept and are still there. */
void remote_mirror_haves(git_repository *repo, struct oids *out);

int remote_mirror_shallow(git_repository *repo, struct oids *out, struct err **err);
/* Before the pack is: an entry too many does no harm, one too few would. */
int remote_mirror_set_shallow(git_repository *repo, const struct oids *old,
                              const struct oids *shallow, const struct oids *unshallow,
                              struct err **err);

/* The commit that `id` (a commit, or a tag of one) names is here with all its folders and files. */
bool remote_mirror_whole(git_repository *repo, const git_oid *id);

/*
 * `new_id` does not come after `old_id`: the branch was rewritten. Only where that is certain:
 * false also where commits that would tell are not here.
 */
bool remote_mirror_rewritten(git_repository *repo, const git_oid *old_id, const git_oid *new_id);

#endif
