/* A folder on disk as a tree: a working tree, or a folder that is not in Git. */
#ifndef HOLDFAST_SYNC_FOLDER_H
#define HOLDFAST_SYNC_FOLDER_H

#include "core/err.h"
#include "sync/walk.h"

/*
 * The tree below `root`. No symbolic link is followed below it. `root` must outlive the tree; there
 * is nothing to free.
 */
struct tree folder_tree(const char *root);

#endif
