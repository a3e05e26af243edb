/*
 * Globs over paths, for include and exclude: `*` any characters but "/", `?` one, `[a-z]` and
 * `[!a-z]` one of a set, a component `**` any number of folders (none too), and `**` as the last
 * component everything below; `\` takes the next character as it is; a trailing "/" means "/" and
 * `**`. A glob must match the whole path. Bytes are compared. Pure.
 */
#ifndef HOLDFAST_SYNC_GLOB_H
#define HOLDFAST_SYNC_GLOB_H

#include <stdbool.h>

#include "core/err.h"

#define GLOB_MAX 512 /* bytes of one glob */

/* Time is bounded by (length of the glob) * (length of the path), whatever both hold. */
bool glob_match(const char *glob, const char *path);

/*
 * The same for what is excluded: a glob that names a folder (its last component has no wildcard)
 * takes everything below it too.
 */
bool glob_excludes(const char *glob, const char *path);

/* ERR_USAGE for a glob that can never match (empty, too long, absolute, "..", an open "["). */
int glob_check(const char *glob, struct err **err);

#endif
