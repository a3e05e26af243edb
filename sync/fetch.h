/*
 * Fetching a repository of this machine into our own bare one, STATE/git/<digits of SHA-256 of its
 * path>. The origin is only read. libgit2's own local transport is not used: whatever ref is asked
 * for, it packs all refs with all their history (1.5.1), which a large repository never survives
 * within the deadline. Copied is one commit: its trees and the files that may be manifests. Blocks;
 * runs in the reading child.
 */
#ifndef HOLDFAST_SYNC_FETCH_H
#define HOLDFAST_SYNC_FETCH_H

#include "core/err.h"
#include "sync/git.h"

struct source_config;

/*
 * Lists the refs of the repository at `path`, copies the commit that config->ref wants unless it is
 * here already, and opens it; out->history is the origin. ERR_NOT_FOUND when there is no
 * repository, ERR_INVALID for a ref that is not there, ERR_LIMIT over config->fetch_bytes.
 */
int git_fetch(const struct source_config *config, const char *path,
              const struct manifest_sink *sink, struct git_source *out, struct err **err);

#endif
