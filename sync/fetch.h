/*
 * Fetching a repository into our own bare one, STATE/git/<digits of SHA-256 of the URL>. The origin
 * is only read. Blocks; runs in the reading child.
 */
#ifndef HOLDFAST_SYNC_FETCH_H
#define HOLDFAST_SYNC_FETCH_H

#include "core/err.h"
#include "sync/git.h"

struct source_config;

/*
 * Lists the refs of the repository at `path` (a folder of this machine), fetches what
 * config->ref wants unless it is here already, and opens the commit. ERR_NOT_FOUND when there is no
 * repository, ERR_INVALID for a ref that is not there, ERR_LIMIT over config->fetch_bytes.
 */
int git_fetch(const struct source_config *config, const char *path,
              const struct manifest_sink *sink, struct git_source *out, struct err **err);

#endif
