#include "sync/walk_internal.h"

#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/source.h"

/* Two walks side by side; their paths are the same. */
struct pair {
    struct walk now, then;
    const struct walk_before *before;
    bool failed;
};

static void changed(struct pair *p)
{
    const char *path = buf_str(&p->now.path);
    _free_ char *told = xstrndup(path, walk_told(path));
    p->before->changed(p->before->ctx, told);
}

/* Whether anything can have been told of it. */
static bool matters(const struct tree_entry *entry)
{
    return entry && entry->name[0] != '.' &&
           (entry->type != TREE_FILE || walk_manifest_name(entry->name));
}

/* One of them may be NULL: nothing of that name and type is there. */
static void replaced(struct pair *p, void *now, const struct tree_entry *is, void *then,
                     const struct tree_entry *was, unsigned depth)
{
    const char *name = was ? was->name : is ? is->name : "";
    size_t len = walk_push(&p->now, name);
    if (matters(is) || matters(was))
        changed(p);
    walk_pop(&p->now, len);
    if (was)
        walk_entry(&p->then, then, was, depth);
    if (is)
        walk_entry(&p->now, now, is, depth);
}

static void folders(struct pair *p, void *now, void *then, unsigned depth);

static void both_folders(struct pair *p, void *now, const struct tree_entry *is, void *then,
                         const struct tree_entry *was, unsigned depth)
{
    void *below = p->now.tree->open(p->now.tree->ctx, now, is, NULL);
    void *below_then = p->then.tree->open(p->then.tree->ctx, then, was, NULL);
    size_t len = walk_push(&p->now, is->name);
    walk_push(&p->then, is->name);
    if (below && below_then)
        folders(p, below, below_then, depth + 1);
    else
        p->failed = true;
    walk_pop(&p->now, len);
    walk_pop(&p->then, len);
    if (below)
        p->now.tree->close(below);
    if (below_then)
        p->then.tree->close(below_then);
}

static bool is_read(struct pair *p, const char *name)
{
    size_t len = walk_push(&p->now, name);
    bool read = walk_name_is_read(&p->now, name);
    walk_pop(&p->now, len);
    return read;
}

/* What both lists have of the next name and type; NULL where one has none of it. */
struct entry_pair {
    const struct tree_entry *is, *was;
};

static struct entry_pair next_entries(const struct tree_list *list, size_t *i,
                                      const struct tree_list *list_then, size_t *j)
{
    struct entry_pair e = {*i < list->count ? &list->items[*i] : NULL,
                           *j < list_then->count ? &list_then->items[*j] : NULL};
    int c = e.is && e.was ? walk_entry_order(e.is, e.was) : 0;
    if (c > 0)
        e.is = NULL;
    if (c < 0)
        e.was = NULL;
    *i += e.is ? 1 : 0;
    *j += e.was ? 1 : 0;
    return e;
}

static bool goes_in(struct pair *p, const struct tree_entry *entry, unsigned depth)
{
    return entry->type == TREE_FOLDER && entry->name[0] != '.' && is_read(p, entry->name) &&
           depth < LIMIT_TREE_DEPTH;
}

static void entries(struct pair *p, void *now, const struct tree_list *list, void *then,
                    const struct tree_list *list_then, unsigned depth)
{
    size_t i = 0, j = 0;
    while ((i < list->count || j < list_then->count) && !p->failed) {
        const struct entry_pair e = next_entries(list, &i, list_then, &j);
        bool same_type = e.is && e.was && e.is->type == e.was->type;
        if (same_type && memcmp(e.is->id, e.was->id, sizeof(e.is->id)) == 0)
            continue;
        if (same_type && goes_in(p, e.is, depth))
            both_folders(p, now, e.is, then, e.was, depth);
        else
            replaced(p, now, e.is, then, e.was, depth);
        p->failed |= p->now.stopped || p->then.stopped;
    }
}

/* A folder becomes input for a renderer, or no longer is: then it changed whole. */
static void folders(struct pair *p, void *now, void *then, unsigned depth)
{
    struct tree_list list = {0}, list_then = {0};
    p->failed |=
        walk_list(&p->now, now, &list, NULL) || walk_list(&p->then, then, &list_then, NULL);
    const struct tree_entry *marker = walk_renderer(&p->now, &list);
    const struct tree_entry *marker_then = walk_renderer(&p->then, &list_then);
    bool same = marker && marker_then && strcmp(marker->name, marker_then->name) == 0;
    if (!marker && !marker_then) {
        entries(p, now, &list, then, &list_then, depth);
    } else if (!same && !p->failed) {
        changed(p);
        walk_listed(&p->then, then, &list_then, depth);
        walk_listed(&p->now, now, &list, depth);
    }
    tree_list_free(&list);
    tree_list_free(&list_then);
}

/* The counts of the whole tree, from those of what was, what went and what came. */
static bool count(const struct pair *p, struct walk_counts *counts)
{
    const struct walk_counts *before = &p->before->counts, *went = &p->then.counts,
                             *came = &p->now.counts;
    uint64_t max = p->now.config->objects ? p->now.config->objects : LIMIT_OBJECTS;
    if (p->failed || went->unsteady || came->unsteady || went->files > before->files ||
        went->objects > before->objects)
        return false;
    *counts = (struct walk_counts){.files = before->files - went->files + came->files,
                                   .objects = before->objects - went->objects + came->objects};
    return counts->files <= LIMIT_TREE_FILES && counts->objects && counts->objects <= max;
}

bool walk_changes(const struct tree *tree, const char *path, const struct source_config *config,
                  const struct manifest_sink *sink, const struct walk_before *before,
                  struct walk_counts *counts)
{
    struct pair p = {.before = before};
    void *now = NULL, *then = NULL;
    if (walk_check(config, NULL))
        return false;
    walk_init(&p.now, tree, config, sink);
    walk_init(&p.then, before->tree, config, before->sink);
    if (walk_locate(&p.now, path, &now, NULL) || walk_locate(&p.then, path, &then, NULL) || !now ||
        !then)
        p.failed = true; /* also where `path` is a file: it is soon read */
    else
        folders(&p, now, then, 0);
    if (now)
        tree->close(now);
    if (then)
        before->tree->close(then);
    bool whole = count(&p, counts);
    walk_free(&p.now);
    walk_free(&p.then);
    return whole;
}
