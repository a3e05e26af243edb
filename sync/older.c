#include "sync/older.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/folder.h"
#include "sync/source.h"
#include "sync/walk.h"

#define BROKEN_MAX 64 /* of one step */

/* A working tree as the newer side. */
struct disk {
    struct tree tree; /* `open` is set */
    const char *root; /* with "/" at its end */
    git_index *index; /* NULL: each file is read */
    struct timespec index_time;
};

struct window {
    const struct older_sink *sink;
    git_repository *repo;
    git_odb *odb;
    struct disk disk;
    git_tree *older, *newer; /* roots; newer is NULL beside a working tree */
    int64_t replaced_at;
    size_t entries;                      /* looked at in this step */
    uint64_t files, bytes;               /* unpacked in all steps */
    uint64_t files_before, bytes_before; /* in those before this one */
    bool ended;
    char **broken; /* files that could not be read in some step; the last ones in this one */
    size_t broken_count, broken_cap, broken_before;
};

/* A folder of the older commit, and what stands in its place in the newer one. */
struct pair {
    git_tree *older;
    git_tree *newer; /* NULL: no folder is there */
    void *disk;      /* the same for a working tree, at: */
    char *path;      /* "apps/a/", "" */
};

static int end(struct window *w, struct err **err)
{
    w->ended = true;
    return err_set(err, ERR_LIMIT, "the window of older versions ends here");
}

static void pair_close(void *folder)
{
    struct pair *p = folder;
    git_tree_free(p->older);
    git_tree_free(p->newer);
    if (p->disk)
        folder_tree("").close(p->disk);
    free(p->path);
    free(p);
}

static void open_root(struct window *w, struct pair *p)
{
    if (git_tree_dup(&p->older, w->older) < 0)
        p->older = NULL;
    if (w->newer && git_tree_dup(&p->newer, w->newer) < 0)
        p->newer = NULL;
    if (w->disk.tree.open)
        p->disk = w->disk.tree.open(w->disk.tree.ctx, NULL, NULL, NULL);
    p->path = xstrdup("");
}

static void open_below(struct window *w, const struct pair *parent, const struct tree_entry *entry,
                       struct pair *p)
{
    git_oid id;
    memcpy(id.id, entry->id, sizeof(id.id));
    if (git_tree_lookup(&p->older, w->repo, &id) < 0)
        p->older = NULL;
    const git_tree_entry *beside =
        parent->newer ? git_tree_entry_byname(parent->newer, entry->name) : NULL;
    if (beside && git_tree_entry_type(beside) == GIT_OBJECT_TREE &&
        git_tree_lookup(&p->newer, w->repo, git_tree_entry_id(beside)) < 0)
        w->ended = true;
    if (parent->disk)
        p->disk = w->disk.tree.open(w->disk.tree.ctx, parent->disk, entry, NULL);
    if (parent->disk)
        p->path = xasprintf("%s%s/", parent->path, entry->name);
}

static void *pair_open(void *ctx, void *parent, const struct tree_entry *entry, struct err **err)
{
    struct window *w = ctx;
    struct pair *p = xcalloc(1, sizeof(*p));
    if (parent)
        open_below(w, parent, entry, p);
    else
        open_root(w, p);
    if (p->older && !w->ended)
        return p;
    pair_close(p);
    end(w, err);
    return NULL;
}

/* The newer entry of that name; both trees have one order, *at is where to look first. */
static const git_tree_entry *entry_beside(const git_tree *newer, const char *name, size_t *at)
{
    const git_tree_entry *e = newer ? git_tree_entry_byindex(newer, *at) : NULL;
    if (!e || strcmp(git_tree_entry_name(e), name) != 0)
        e = newer ? git_tree_entry_byname(newer, name) : NULL;
    else
        ++*at;
    return e;
}

static enum tree_type type_of(const git_tree_entry *e)
{
    switch (git_tree_entry_filemode(e)) {
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        return TREE_FILE;
    case GIT_FILEMODE_TREE:
        return TREE_FOLDER;
    default:
        return TREE_OTHER; /* no manifest ever came out of it */
    }
}

/*
 * What differs; beside a working tree all, `load` compares there. Whether a folder is input for a
 * renderer the walk knows by a file in it, which is listed therefore, changed or not.
 */
static int pair_list(void *ctx, void *folder, struct tree_list *list, struct err **err)
{
    struct window *w = ctx;
    const struct pair *p = folder;
    size_t count = git_tree_entrycount(p->older), at = 0;
    w->entries += count;
    if (w->entries > LIMIT_TREE_FILES)
        return end(w, err);
    for (size_t i = 0; i < count; i++) {
        const git_tree_entry *e = git_tree_entry_byindex(p->older, i);
        const char *name = git_tree_entry_name(e);
        const git_tree_entry *beside = entry_beside(p->newer, name, &at);
        enum tree_type type = type_of(e);
        bool same = beside && git_oid_equal(git_tree_entry_id(beside), git_tree_entry_id(e));
        if (same && !walk_render_marker(name))
            continue;
        if (type == TREE_OTHER)
            continue;
        struct tree_entry *entry = tree_list_add(list, name, type);
        memcpy(entry->id, git_tree_entry_id(e)->id, sizeof(entry->id));
    }
    return 0;
}

/*
 * Does Git's index know the file on disk to be what the older commit has? As Git itself does it: a
 * file that looks as it did is as it was, unless it changed when the index was written or later.
 */
static bool same_by_index(const struct disk *d, const struct pair *p,
                          const struct tree_entry *entry)
{
    _free_ char *path = xasprintf("%s%s", p->path, entry->name);
    const git_index_entry *e = d->index ? git_index_get_bypath(d->index, path, 0) : NULL;
    struct stat st;
    if (!e || memcmp(e->id.id, entry->id, sizeof(e->id.id)) != 0)
        return false;
    _free_ char *full = xasprintf("%s%s", d->root, path);
    if (lstat(full, &st) || !S_ISREG(st.st_mode))
        return false;
    bool before =
        st.st_mtim.tv_sec < d->index_time.tv_sec ||
        (st.st_mtim.tv_sec == d->index_time.tv_sec && st.st_mtim.tv_nsec < d->index_time.tv_nsec);
    return before && e->mtime.seconds == (int32_t)st.st_mtim.tv_sec &&
           e->mtime.nanoseconds == (uint32_t)st.st_mtim.tv_nsec && e->ino == (uint32_t)st.st_ino &&
           e->file_size == (uint32_t)st.st_size;
}

/* Does the disk hold the very content? */
static bool same_on_disk(const struct disk *d, const struct pair *p, const struct tree_entry *entry,
                         uint64_t max)
{
    _buf_ struct buf text = BUF_INIT(max);
    git_oid id;
    if (!p->disk)
        return false;
    return same_by_index(d, p, entry) ||
           (d->tree.load(d->tree.ctx, p->disk, entry, max, &text, NULL) == 0 &&
            git_odb_hash(&id, buf_str(&text), text.len, GIT_OBJECT_BLOB) == 0 &&
            memcmp(id.id, entry->id, sizeof(id.id)) == 0);
}

static int pair_load(void *ctx, void *folder, const struct tree_entry *entry, uint64_t max,
                     struct buf *out, struct err **err)
{
    struct window *w = ctx;
    git_oid id;
    size_t size;
    git_object_t type;
    git_odb_object *object = NULL;
    memcpy(id.id, entry->id, sizeof(id.id));
    if (w->disk.tree.open && same_on_disk(&w->disk, folder, entry, max))
        return 0; /* an empty file: no manifest */
    if (w->ended || ++w->files > LIMIT_OLDER_FILES ||
        git_odb_read_header(&size, &type, w->odb, &id) < 0)
        return end(w, err);
    if (size > max)
        return tree_too_large(size, max, err);
    w->bytes += size;
    if (w->bytes > LIMIT_OLDER_BYTES || git_odb_read(&object, w->odb, &id) < 0)
        return end(w, err);
    int rc = buf_add(out, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    return rc ? end(w, err) : 0;
}

static bool is_broken(const struct window *w, const char *file)
{
    for (size_t i = 0; i < w->broken_count; i++) {
        if (!strcmp(w->broken[i], file))
            return true;
    }
    return false;
}

static void on_object(void *ctx, const char *file, const struct manifest *manifest)
{
    const struct window *w = ctx;
    if (!w->ended && !is_broken(w, file))
        w->sink->object(w->sink->ctx, file, manifest, w->replaced_at);
}

static void on_problem(void *ctx, const struct problem *problem)
{
    struct window *w = ctx;
    if (problem->level != PROBLEM_ERROR || !problem->file || is_broken(w, problem->file))
        return;
    if (w->broken_count - w->broken_before == BROKEN_MAX) {
        w->ended = true;
        return;
    }
    w->broken = xgrow(w->broken, &w->broken_cap, w->broken_count + 1, sizeof(*w->broken));
    w->broken[w->broken_count++] = xstrdup(problem->file);
}

static void step_done(struct window *w)
{
    const struct older_step step = {
        .cost = {.files = w->files - w->files_before, .bytes = w->bytes - w->bytes_before},
        .cut = w->ended,
        .broken = w->broken ? w->broken + w->broken_before : NULL,
        .broken_count = w->broken_count - w->broken_before,
    };
    if (w->sink->step)
        w->sink->step(w->sink->ctx, &step);
    w->entries = 0;
    w->files_before = w->files;
    w->bytes_before = w->bytes;
    w->broken_before = w->broken_count;
}

/* One step back: what `older` has otherwise than the newer side. */
static void compare(struct window *w, const struct source_config *config, const char *path)
{
    const struct tree tree = {
        .ctx = w,
        .open = pair_open,
        .close = pair_close,
        .list = pair_list,
        .load = pair_load,
    };
    const struct manifest_sink sink = {.ctx = w, .object = on_object, .problem = on_problem};
    /* it fails where `path` has not changed, or was not there: no older versions */
    walk_tree(&tree, path, config, &sink, NULL, NULL);
}

/* From `commit` backwards; takes it over. True when it came to `known`. */
static bool walk_back(struct window *w, git_commit *commit, const struct source_config *config,
                      const char *path, const git_oid *known)
{
    bool met = false;
    for (int i = 0; i < LIMIT_OLDER_COMMITS && !w->ended; i++) {
        git_commit *parent = NULL;
        met = known && git_oid_equal(git_commit_id(commit), known);
        if (met)
            break;
        bool there = git_commit_parent(&parent, commit, 0) == 0 &&
                     git_commit_tree(&w->older, parent) == 0 &&
                     git_commit_tree(&w->newer, commit) == 0;
        w->replaced_at = git_commit_time(commit);
        if (there && !git_oid_equal(git_tree_id(w->older), git_tree_id(w->newer)))
            compare(w, config, path);
        git_tree_free(w->older);
        git_tree_free(w->newer);
        w->older = w->newer = NULL;
        git_commit_free(commit);
        commit = parent;
        if (there)
            step_done(w);
        w->ended |= !there;
    }
    git_commit_free(commit);
    return met;
}

static void window_free(struct window *w)
{
    for (size_t i = 0; i < w->broken_count; i++)
        free(w->broken[i]);
    free(w->broken);
    git_odb_free(w->odb);
}

bool older_of_commit(const struct source_config *config, struct git_source *git, const char *path,
                     const char *known, const struct older_sink *sink)
{
    struct window w = {.sink = sink, .repo = git->history ? git->history : git->repo};
    git_commit *commit = NULL;
    git_oid id, known_id;
    bool met = false;
    if (known && git_oid_fromstr(&known_id, known) < 0)
        known = NULL;
    if (git_oid_fromstr(&id, git->revision) == 0 && git_commit_lookup(&commit, w.repo, &id) == 0 &&
        git_repository_odb(&w.odb, w.repo) == 0)
        met = walk_back(&w, steal(commit), config, path, known ? &known_id : NULL);
    git_commit_free(commit);
    window_free(&w);
    return met;
}

static void disk_open(struct disk *d, git_repository *repo, const char *root)
{
    struct stat st;
    *d = (struct disk){.tree = folder_tree(root), .root = root};
    if (git_repository_index(&d->index, repo) < 0)
        d->index = NULL;
    if (d->index && git_index_path(d->index) && stat(git_index_path(d->index), &st) == 0)
        d->index_time = st.st_mtim;
}

static void disk_close(struct disk *d)
{
    git_index_free(d->index);
    *d = (struct disk){0};
}

void older_of_workdir(const struct source_config *config, const char *root, const char *path,
                      const struct older_sink *sink)
{
    struct window w = {.sink = sink, .replaced_at = OLDER_NOT_COMMITTED};
    git_commit *commit = NULL;
    git_oid id;
    if (git_repository_open_ext(&w.repo, root, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
        git_repository_odb(&w.odb, w.repo) == 0 &&
        git_reference_name_to_id(&id, w.repo, "HEAD") == 0 &&
        git_commit_lookup(&commit, w.repo, &id) == 0 && git_commit_tree(&w.older, commit) == 0) {
        disk_open(&w.disk, w.repo, root);
        compare(&w, config, path);
        git_tree_free(w.older);
        disk_close(&w.disk);
        w.older = NULL;
        step_done(&w);
        walk_back(&w, steal(commit), config, path, NULL);
    }
    git_commit_free(commit);
    window_free(&w);
    git_repository_free(w.repo);
}
