#include "sync/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/mirror.h"
#include "sync/source.h"
#include "sync/strings.h"

/* Folders inside folders that are copied, of which LIMIT_TREE_DEPTH are read. */
#define COPY_DEPTH_MAX 1000

#define PIECES_BYTES   (1 * MIB)

struct fetch {
    const struct source_config *config;
    const char *path;  /* of the origin */
    const char *where; /* as a person wrote it */
    char *folder;      /* our bare repository */
    git_repository *origin;
    git_oid commit;
    bool doubled; /* a branch and a tag have the name */
};

/* Copying one commit: its trees, and the files that may be manifests. */
struct copy {
    const struct fetch *fetch;
    git_odb *from, *to;
    git_packbuilder *pack;
    struct strings *seen; /* ids: a tree can hold itself a million times over */
    uint64_t bytes;
    bool too_large;
};

/* The commit that the configuration's ref means in the origin. */
static int find_commit(struct fetch *f, struct err **err)
{
    struct refs refs = {0};
    struct ref_choice choice = {0};
    const char *ref = f->config->ref;
    git_object *object = NULL, *commit = NULL;
    git_oid id;
    int rc = git_list_refs(f->origin, &refs, err);
    if (rc == 0)
        rc = refs_choose(&refs, ref, f->where, &choice, err);
    f->doubled = choice.doubled;
    if (rc == 0)
        rc = git_find(f->origin, &refs, &choice, ref, f->where, &id, err);
    refs_free(&refs);
    if (rc)
        return -1;
    if (git_object_lookup(&object, f->origin, &id, GIT_OBJECT_ANY) < 0 ||
        git_object_peel(&commit, object, GIT_OBJECT_COMMIT) < 0)
        rc = git_err(err, ERR_INVALID, "%s: ref \"%s\" is no commit that can be read", f->where,
                     ref ? ref : "HEAD");
    else
        git_oid_cpy(&f->commit, git_object_id(commit));
    git_object_free(object);
    git_object_free(commit);
    return rc;
}

/* For the first time in this copy? */
static bool first_time(struct copy *c, const git_oid *id)
{
    size_t before = strings_count(c->seen);
    strings_add_len(c->seen, (const char *)id->id, sizeof(id->id));
    return strings_count(c->seen) > before;
}

/*
 * Into the pack, unless we have it. A file is never unpacked for its size; one that is too large to
 * be read is not copied either, and the origin is read in place: a gigabyte is soon written, in
 * Git.
 */
static int copy_object(struct copy *c, const git_oid *id)
{
    size_t size;
    git_object_t type;
    uint64_t max = c->fetch->config->fetch_bytes, file_max = c->fetch->config->file_bytes;
    if (git_odb_exists_ext(c->to, id, GIT_ODB_LOOKUP_NO_REFRESH))
        return 0;
    if (git_odb_read_header(&size, &type, c->from, id) < 0)
        return -1;
    if (type == GIT_OBJECT_BLOB && size > (file_max ? file_max : LIMIT_FILE_BYTES))
        return -1;
    c->bytes += size;
    c->too_large = c->bytes > (max ? max : LIMIT_FETCH_BYTES);
    return c->too_large ? -1 : git_packbuilder_insert(c->pack, id, NULL);
}

/*
 * A tree that we have is whole, as packs come whole. So one that is too deep for that is an error:
 * the origin is then read in place, and the walk tells.
 */
static int copy_tree(struct copy *c, const git_oid *id, unsigned depth)
{
    git_tree *tree = NULL;
    if (!first_time(c, id) || git_odb_exists_ext(c->to, id, GIT_ODB_LOOKUP_NO_REFRESH))
        return 0;
    if (depth > COPY_DEPTH_MAX)
        return -1;
    int rc = git_tree_lookup(&tree, c->fetch->origin, id);
    size_t count = rc == 0 ? git_tree_entrycount(tree) : 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
            rc = copy_tree(c, git_tree_entry_id(entry), depth + 1);
        else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
                 walk_manifest_name(git_tree_entry_name(entry)) &&
                 first_time(c, git_tree_entry_id(entry)))
            rc = copy_object(c, git_tree_entry_id(entry));
    }
    git_tree_free(tree);
    return rc == 0 ? copy_object(c, id) : rc;
}

/* An indexer maps the file anew for each piece that it is given, and packs come in small ones. */
struct packing {
    git_indexer *indexer;
    git_indexer_progress progress;
    struct buf pieces;
};

static int hand_over(struct packing *p)
{
    int rc = git_indexer_append(p->indexer, p->pieces.data, p->pieces.len, &p->progress);
    buf_clear(&p->pieces);
    return rc;
}

static int take_piece(void *data, size_t len, void *ctx)
{
    struct packing *p = ctx;
    if (p->pieces.len && p->pieces.len + len > p->pieces.max && hand_over(p))
        return -1;
    if (len > p->pieces.max)
        return git_indexer_append(p->indexer, data, len, &p->progress);
    return buf_add(&p->pieces, data, len);
}

static int write_pack(git_packbuilder *pack, const char *folder)
{
    struct packing p = {.pieces = BUF_INIT(PIECES_BYTES)};
    int rc = git_indexer_new(&p.indexer, folder, 0, NULL, NULL);
    if (rc == 0)
        rc = git_packbuilder_foreach(pack, take_piece, &p);
    if (rc == 0 && p.pieces.len)
        rc = hand_over(&p);
    if (rc == 0)
        rc = git_indexer_commit(p.indexer, &p.progress);
    git_indexer_free(p.indexer);
    buf_free(&p.pieces);
    return rc;
}

static int copy_all(struct copy *c, git_repository *repo)
{
    git_commit *commit = NULL;
    _free_ char *folder = xasprintf("%s/objects/pack", c->fetch->folder);
    if (git_repository_odb(&c->from, c->fetch->origin) < 0 ||
        git_repository_odb(&c->to, repo) < 0 ||
        git_packbuilder_new(&c->pack, c->fetch->origin) < 0 ||
        git_commit_lookup(&commit, c->fetch->origin, &c->fetch->commit) < 0)
        return -1;
    int rc = copy_tree(c, git_commit_tree_id(commit), 0);
    if (rc == 0)
        rc = copy_object(c, &c->fetch->commit);
    if (rc == 0)
        rc = write_pack(c->pack, folder);
    git_commit_free(commit);
    return rc;
}

static bool have(const struct fetch *f, git_repository *repo)
{
    git_commit *commit = NULL;
    int rc = git_commit_lookup(&commit, repo, &f->commit);
    git_commit_free(commit);
    return rc == 0;
}

/* *whole is false when the origin could not be copied. */
static int copy_commit(const struct fetch *f, git_repository *repo, bool *whole, struct err **err)
{
    struct copy c = {.fetch = f, .seen = strings_new()};
    uint64_t max = f->config->fetch_bytes;
    *whole = have(f, repo) || copy_all(&c, repo) == 0;
    git_packbuilder_free(c.pack);
    strings_free(c.seen);
    git_odb_free(c.from);
    git_odb_free(c.to);
    if (c.too_large)
        return err_set(err, ERR_LIMIT,
                       "%s: the folders and manifests of %s take more than limits.fetchBytes "
                       "(%llu bytes): raise it",
                       f->where, git_oid_tostr_s(&f->commit),
                       (unsigned long long)(max ? max : LIMIT_FETCH_BYTES));
    return 0;
}

/*
 * Our copy at the commit. A damaged origin cannot be copied: it is read in place, so that each file
 * that cannot be read is told and the others are read. Takes f->origin over.
 */
static int fetch_once(struct fetch *f, struct git_source *out, struct err **err)
{
    git_repository *repo = NULL;
    bool whole;
    if (mirror_open(f->folder, &repo, err))
        return -1;
    int rc = copy_commit(f, repo, &whole, err);
    if (rc == 0 && !whole) {
        rc = git_source_open(f->origin, &f->commit, f->config->ref, out, err);
        if (rc == 0)
            f->origin = NULL; /* out->repo has it */
        git_repository_free(repo);
        return rc;
    }
    if (rc == 0)
        rc = git_source_open(repo, &f->commit, f->config->ref, out, err);
    if (rc) {
        git_repository_free(repo);
        return rc;
    }
    out->history = steal(f->origin); /* only the one commit is here */
    out->mirror = xstrdup(f->folder);
    return 0;
}

/* Our copy is only a cache: when it may be what is broken, it is made anew, once. */
static int fetch_locked(struct fetch *f, struct git_source *out, struct err **err)
{
    _err_ struct err *first = NULL;
    bool old = access(f->folder, F_OK) == 0;
    if (old && mirror_is_worn(f->folder)) {
        mirror_remove(f->folder);
        old = false;
    }
    mirror_sweep(f->folder);
    int rc = fetch_once(f, out, &first);
    if (rc && old && first->kind != ERR_LIMIT) {
        mirror_remove(f->folder);
        err_free(steal(first));
        rc = fetch_once(f, out, &first);
    }
    _err_ struct err *open = NULL;
    if (mirror_close(f->folder, &open) && rc == 0) {
        git_source_close(out);
        return err_move(err, &open);
    }
    return rc ? err_move(err, &first) : 0;
}

static int fetch(struct fetch *f, struct git_source *out, struct err **err)
{
    if (git_repository_open_ext(&f->origin, f->path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) < 0)
        return git_err(err, ERR_NOT_FOUND, "%s: no Git repository can be read there", f->where);
    if (find_commit(f, err))
        return -1;
    _close_ int lock = mirror_lock(f->folder, err);
    if (lock < 0 || fetch_locked(f, out, err))
        return -1;
    out->lock = lock;
    lock = -1;
    return 0;
}

int git_fetch(const struct source_config *config, const char *path,
              const struct manifest_sink *sink, struct git_source *out, struct err **err)
{
    if (!config->state_dir)
        return err_set(err, ERR_USAGE, "%s is fetched, which needs a stateDir", config->url);
    struct fetch f = {.config = config, .path = path, .where = config->url};
    f.folder = mirror_folder(config->state_dir, path);
    mode_t mask = umask(077);
    int rc = fetch(&f, out, err);
    umask(mask);
    if (rc == 0 && f.doubled)
        git_tell_doubled(sink, config->ref);
    git_repository_free(f.origin);
    free(f.folder);
    return rc;
}
