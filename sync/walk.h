/*
 * The files of a source: one walk for a commit's tree and for a folder on disk. It takes *.yaml,
 * *.yml and *.json below a path in byte order of their full paths, and hands each to manifest_read.
 */
#ifndef HOLDFAST_SYNC_WALK_H
#define HOLDFAST_SYNC_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "sync/manifest.h"

struct source_config;

enum tree_type { TREE_FILE, TREE_FOLDER, TREE_LINK, TREE_MODULE, TREE_OTHER };

#define TREE_ID_BYTES 20

struct tree_entry {
    char *name;
    enum tree_type type;
    uint8_t id[TREE_ID_BYTES]; /* for the tree's own use */
};

struct tree_list {
    struct tree_entry *items;
    size_t count, cap;
};

/* Where files come from. A folder is whatever `open` answers. */
struct tree {
    void *ctx;
    /* The folder `entry` of `parent`; the root when both are NULL. NULL with *err set. */
    void *(*open)(void *ctx, void *parent, const struct tree_entry *entry, struct err **err);
    void (*close)(void *folder);
    /* Adds all entries, in any order. */
    int (*list)(void *ctx, void *folder, struct tree_list *list, struct err **err);
    /* A file's content; ERR_LIMIT when it has more than `max` bytes. */
    int (*load)(void *ctx, void *folder, const struct tree_entry *entry, uint64_t max,
                struct buf *out, struct err **err);
};

struct tree_entry *tree_list_add(struct tree_list *list, const char *name, enum tree_type type);

/* *.yaml, *.yml, *.json */
bool walk_manifest_name(const char *name);

/* A file of this name says that its folder is input for a renderer: kustomization.yaml and its kin.
 */
bool walk_render_marker(const char *name);

/* The message for a file over its cap. Returns -1. */
int tree_too_large(uint64_t size, uint64_t max, struct err **err);

struct walk_counts {
    uint64_t files;   /* entries that were looked at, taken or not */
    uint64_t objects; /* given to the sink */
    bool unsteady;    /* a cap was met, or something could not be read that may be readable later:
                         the same tree need not give the same again */
};

/*
 * Walks what `config` (include, exclude, file_bytes, objects) takes below `path` (NULL or "": all
 * of it). What cannot be read is a problem to the sink, and the rest is still read: a folder that
 * wants rendering, a symbolic link, a submodule, a file too large, too many. -1 with *err when
 * `path` is not there or is no path: the source is then unknown. `counts` may be NULL.
 */
int walk_tree(const struct tree *tree, const char *path, const struct source_config *config,
              const struct manifest_sink *sink, struct walk_counts *counts, struct err **err);

/* What changed between two trees: who is told what. */
struct walk_before {
    const struct tree *tree;          /* as it was */
    struct walk_counts counts;        /* of a walk over all of it */
    const struct manifest_sink *sink; /* is told what it said that holds no longer */
    void *ctx;
    /* All that was told of this path and of what is below it holds no longer; "": all. */
    void (*changed)(void *ctx, const char *path);
};

/*
 * Walks what is not the same in `before->tree`: entries of one type and id are. Tells
 * before->changed of each path first, then both sinks what was and what is; counts are those of a
 * walk over all of `tree`. False when only such a walk can tell: then what was told is void.
 */
bool walk_changes(const struct tree *tree, const char *path, const struct source_config *config,
                  const struct manifest_sink *sink, const struct walk_before *before,
                  struct walk_counts *counts);

#endif
