/* The parts of the walk that both its forms use: walk.c reads all, walk_changes.c what changed. */
#ifndef HOLDFAST_SYNC_WALK_INTERNAL_H
#define HOLDFAST_SYNC_WALK_INTERNAL_H

#include "sync/walk.h"

struct walk {
    const struct tree *tree;
    const struct source_config *config;
    const struct manifest_sink *sink;
    struct manifest_sink counted; /* what manifest_read gets: counts, then passes on */
    struct buf path;              /* of where the walk is, relative to the tree's root */
    size_t below;                 /* where in it that begins which is below config's path */
    struct buf text;
    struct walk_counts counts;
    bool stopped;    /* a cap was met and told */
    bool told_error; /* why there may be less than there is */
};

/* include and exclude are globs. -1 with *err. */
int walk_check(const struct source_config *config, struct err **err);

void walk_init(struct walk *w, const struct tree *tree, const struct source_config *config,
               const struct manifest_sink *sink);
void walk_free(struct walk *w);

/* Opens the folder `path`; *folder is NULL when it is a file, which was read then. */
int walk_locate(struct walk *w, const char *path, void **folder, struct err **err);

/* How much of a path is told of: of a longer one its beginning. */
size_t walk_told(const char *path);

/* Appends "/name" to the path; returns the length to cut it back to. */
size_t walk_push(struct walk *w, const char *name);
void walk_pop(struct walk *w, size_t len);

/* All entries of the folder, in byte order of the full paths below them. */
int walk_list(const struct walk *w, void *folder, struct tree_list *list, struct err **err);
int walk_entry_order(const void *a, const void *b);

/* The file that says that the folder is input for a renderer which is configured nowhere, or NULL.
 */
const struct tree_entry *walk_renderer(struct walk *w, const struct tree_list *list);

/* Reads a folder that was listed; one entry of it and all below. */
void walk_listed(struct walk *w, void *folder, const struct tree_list *list, unsigned depth);
void walk_entry(struct walk *w, void *folder, const struct tree_entry *entry, unsigned depth);

/* Once `name` is pushed: whether what has it can be read. */
bool walk_name_is_read(const struct walk *w, const char *name);
bool walk_odd_name(const char *name);
void tree_list_free(struct tree_list *list);

#endif
