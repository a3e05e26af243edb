/* Reading a file or folder that a command names, for commands that need no cluster. */
#ifndef HOLDFAST_HERE_H
#define HOLDFAST_HERE_H

#include "core/err.h"
#include "sync/manifest.h"

/*
 * source_read_here with the program's own caps; files are named as seen from the working directory
 * (absolute where they lie outside of it), so that an editor finds them, and safe to print.
 */
int here_read(const char *path, const struct manifest_sink *sink, struct err **err);

#endif
