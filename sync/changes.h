/*
 * What a commit has otherwise than the one that the parent knows: the two trees are compared, and
 * only files that are not the same are read. Blocks; runs in the reading child.
 */
#ifndef HOLDFAST_SYNC_CHANGES_H
#define HOLDFAST_SYNC_CHANGES_H

#include <stdbool.h>

#include "sync/read.h"

/*
 * Tells `sink` what changed from config->known to the commit that is open, older versions last.
 * False when only a whole read can tell (the known commit is gone, a cap, the path is a file): then
 * what was told is void.
 */
bool changes_read(const struct source_config *config, struct git_source *git, const char *path,
                  const struct read_sink *sink, struct read_result *result);

#endif
