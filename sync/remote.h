/*
 * Fetching a repository of the network into our own bare one (sync/mirror.h): one list of refs, and
 * only where the ref moved one request for what is not here. Taken is the commit and the few before
 * it in which older versions of manifests are looked for. Blocks; runs in the reading child.
 */
#ifndef HOLDFAST_SYNC_REMOTE_H
#define HOLDFAST_SYNC_REMOTE_H

#include "core/err.h"
#include "sync/git.h"

struct source_config;

/*
 * Opens the commit that config->ref wants. config->url must be one (remote_url_is). A branch that
 * was rewritten since the last fetch is a note to the sink. On -1, by kind: ERR_USAGE for the
 * configuration, ERR_AUTH for a sign-in, certificate or host key, ERR_NOT_FOUND where no repository
 * is, ERR_INVALID for a ref that is not there, ERR_LIMIT for a cap, ERR_RETRY for what may pass. No
 * message holds a secret.
 */
int remote_fetch(const struct source_config *config, const struct manifest_sink *sink,
                 struct git_source *out, struct err **err);

#endif
