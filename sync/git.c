#include "sync/git.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/memory.h"
#include "sync/mirror.h"

#define CACHE_BYTES  (16 * MIB) /* libgit2's own default is 256 MiB */
#define WINDOW_BYTES (8 * MIB)
#define MAPPED_BYTES (256 * MIB)

bool git_out_of_memory(void)
{
    const git_error *last = git_error_last();
    return last && last->klass == GIT_ERROR_NOMEMORY;
}

int git_err(struct err **err, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    if (git_out_of_memory())
        return memory_exceeded(err, message, memory_own_limit());
    const git_error *last = git_error_last();
    const char *why = last && last->message ? last->message : "no reason given";
    return err_set(err, kind, "%s: %s", message, why);
}

/*
 * libgit2 reads the machine's certificates when it starts, which takes longer than all the rest of
 * a read where little changed (54 of 68 million instructions). Its own transports are not used, so
 * it may not open a file meanwhile.
 */
static int init_without_certificates(void)
{
    struct rlimit files, none;
    bool limited = getrlimit(RLIMIT_NOFILE, &files) == 0;
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = files.rlim_max};
    limited = limited && setrlimit(RLIMIT_NOFILE, &none) == 0;
    int rc = git_libgit2_init();
    if (limited)
        setrlimit(RLIMIT_NOFILE, &files);
    return rc;
}

int git_start(struct err **err)
{
    static bool started;
    if (started)
        return 0;
    if (init_without_certificates() < 0)
        return git_err(err, ERR_FATAL, "libgit2 does not start");
    started = true;
    /* what a user's configuration says (insteadOf, proxies, helpers) is not what ours says */
    for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    /* what these change does not concern a reader; an object that a partial clone lacks is told */
    static const char *harmless[] = {"partialclone", "worktreeconfig", "preciousobjects"};
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, harmless, ARRAY_LEN(harmless));
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_BYTES);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW_BYTES);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAPPED_BYTES);
    /* zlib's checksum stays; hashing each object again at each read is more than git itself does */
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    /* a repository's owner does not matter where nothing of it is executed (c-practice 4.2) */
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    return 0;
}

static int unreadable(struct git_source *source, const char *what, struct err **err)
{
    if (git_out_of_memory()) {
        git_err(err, ERR_LIMIT, "the %s cannot be read", what);
        if (err)
            (*err)->kind = ERR_RETRY; /* another time there is more */
        return -1;
    }
    source->damaged = true;
    if (source->mirror)
        return git_err(err, ERR_INVALID,
                       "the %s cannot be read from our copy of the repository, which is damaged: "
                       "the next read makes it anew",
                       what);
    return git_err(err, ERR_INVALID,
                   "the %s cannot be read from the repository, which is damaged or not whole: "
                   "repair it (git fsck)",
                   what);
}

static void *tree_open(void *ctx, void *parent, const struct tree_entry *entry, struct err **err)
{
    struct git_source *source = ctx;
    git_tree *tree = NULL;
    if (!parent) {
        if (git_tree_dup(&tree, source->root) < 0)
            git_err(err, ERR_FATAL, "the root of the tree");
        return tree;
    }
    git_oid id;
    memcpy(id.id, entry->id, sizeof(id.id));
    if (git_tree_lookup(&tree, source->repo, &id) < 0) {
        unreadable(source, "folder", err);
        return NULL;
    }
    return tree;
}

static void tree_close(void *folder)
{
    git_tree_free(folder);
}

static enum tree_type entry_type(git_filemode_t mode)
{
    switch (mode) {
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
        return TREE_FILE;
    case GIT_FILEMODE_TREE:
        return TREE_FOLDER;
    case GIT_FILEMODE_LINK:
        return TREE_LINK;
    case GIT_FILEMODE_COMMIT:
        return TREE_MODULE;
    default:
        return TREE_OTHER;
    }
}

static int tree_list(void *ctx, void *folder, struct tree_list *list, struct err **err)
{
    const git_tree *tree = folder;
    size_t count = git_tree_entrycount(tree);
    if (count > LIMIT_TREE_FILES + 1)
        count = LIMIT_TREE_FILES + 1; /* the walk counts too, and tells */
    for (size_t i = 0; i < count; i++) {
        const git_tree_entry *e = git_tree_entry_byindex(tree, i);
        struct tree_entry *entry =
            tree_list_add(list, git_tree_entry_name(e), entry_type(git_tree_entry_filemode(e)));
        memcpy(entry->id, git_tree_entry_id(e)->id, sizeof(entry->id));
    }
    return 0;
}

static int tree_load(void *ctx, void *folder, const struct tree_entry *entry, uint64_t max,
                     struct buf *out, struct err **err)
{
    struct git_source *source = ctx;
    git_oid id;
    memcpy(id.id, entry->id, sizeof(id.id));
    size_t size = 0;
    git_object_t type;
    git_odb_object *object = NULL;
    /* the size first: a blob over the cap is never unpacked */
    int rc = git_odb_read_header(&size, &type, source->odb, &id);
    if (rc == 0 && size > max)
        return tree_too_large(size, max, err);
    if (rc == 0)
        rc = git_odb_read(&object, source->odb, &id);
    if (rc < 0)
        return unreadable(source, "file", err);
    if (buf_add(out, git_odb_object_data(object), git_odb_object_size(object)))
        rc = tree_too_large(git_odb_object_size(object), max, err);
    git_odb_object_free(object);
    return rc;
}

struct tree git_source_tree(struct git_source *source)
{
    return (struct tree){
        .ctx = source,
        .open = tree_open,
        .close = tree_close,
        .list = tree_list,
        .load = tree_load,
    };
}

int git_source_open(git_repository *repo, const git_oid *id, const char *ref,
                    struct git_source *out, struct err **err)
{
    git_object *object = NULL, *peeled = NULL;
    *out = (struct git_source){.lock = -1};
    int rc = git_object_lookup(&object, repo, id, GIT_OBJECT_ANY);
    if (rc == 0)
        rc = git_object_peel(&peeled, object, GIT_OBJECT_COMMIT);
    git_object_free(object);
    if (rc < 0)
        return git_err(err, ERR_INVALID, "ref \"%s\" is no commit that can be read",
                       ref ? ref : "HEAD");
    git_commit *commit = (git_commit *)peeled;
    git_oid_tostr(out->revision, sizeof(out->revision), git_commit_id(commit));
    out->commit_time = git_commit_time(commit);
    rc = git_commit_tree(&out->root, commit);
    if (rc == 0)
        rc = git_repository_odb(&out->odb, repo);
    git_commit_free(commit);
    if (rc < 0) {
        git_err(err, ERR_INVALID, "the tree of commit %s cannot be read", out->revision);
        git_source_close(out);
        return -1;
    }
    out->repo = repo;
    return 0;
}

void git_source_close(struct git_source *source)
{
    git_tree_free(source->root);
    git_odb_free(source->odb);
    git_repository_free(source->repo);
    git_repository_free(source->history);
    if (source->damaged && source->mirror)
        mirror_remove(source->mirror);
    cleanup_close_(&source->lock);
    free(source->mirror);
    *source = (struct git_source){.lock = -1};
}

static int find_prefix(git_repository *repo, const struct refs *refs, const char *ref,
                       const char *where, git_oid *id, struct err **err)
{
    git_object *object = NULL;
    int rc = git_oid_fromstrn(id, ref, strlen(ref));
    if (rc == 0)
        rc = git_object_lookup_prefix(&object, repo, id, strlen(ref), GIT_OBJECT_COMMIT);
    if (rc == 0)
        git_oid_cpy(id, git_object_id(object));
    git_object_free(object);
    if (rc == GIT_EAMBIGUOUS)
        return err_set(err, ERR_INVALID,
                       "%s: several commit ids begin with \"%s\": give all 40 digits", where, ref);
    return rc < 0 ? refs_missing(refs, ref, where, err) : 0;
}

int git_find(git_repository *repo, const struct refs *refs, const struct ref_choice *choice,
             const char *ref, const char *where, git_oid *id, struct err **err)
{
    if (choice->kind != REF_NAMED)
        return find_prefix(repo, refs, ref, where, id, err);
    const char *name = refs->names[choice->index];
    if (git_reference_name_to_id(id, repo, name) < 0)
        return git_err(err, ERR_INVALID, "%s: %s cannot be resolved", where, name);
    return 0;
}

void git_tell_doubled(const struct manifest_sink *sink, const char *ref)
{
    _free_ char *message = xasprintf("ref \"%s\" names a branch and a tag: the branch is read; say "
                                     "refs/heads/%s or refs/tags/%s",
                                     ref, ref, ref);
    sink->problem(
        sink->ctx,
        &(struct problem){.level = PROBLEM_NOTE, .file = PROBLEM_SOURCE, .message = message});
}

int git_list_refs(git_repository *repo, struct refs *refs, struct err **err)
{
    git_strarray names = {0};
    git_oid id;
    if (git_reference_list(&names, repo) < 0)
        return git_err(err, ERR_RETRY, "cannot list the refs");
    for (size_t i = 0; i < names.count; i++)
        refs_add(refs, names.strings[i]);
    git_strarray_dispose(&names);
    if (git_reference_name_to_id(&id, repo, "HEAD") == 0)
        refs_add(refs, "HEAD");
    return 0;
}

int git_open_local(const char *folder, const char *ref, const struct manifest_sink *sink,
                   struct git_source *out, struct err **err)
{
    git_repository *repo = NULL;
    struct refs refs = {0};
    struct ref_choice choice;
    git_oid id;
    if (git_repository_open_ext(&repo, folder, 0, NULL) < 0)
        return git_err(err, ERR_NOT_FOUND,
                       "%s lies in no Git repository, so there is no ref \"%s\" of it", folder,
                       ref);
    int rc = git_list_refs(repo, &refs, err);
    if (rc == 0)
        rc = refs_choose(&refs, ref, folder, &choice, err);
    if (rc == 0 && choice.doubled)
        git_tell_doubled(sink, ref);
    if (rc == 0)
        rc = git_find(repo, &refs, &choice, ref, folder, &id, err);
    if (rc == 0)
        rc = git_source_open(repo, &id, ref, out, err);
    if (rc)
        git_repository_free(repo);
    refs_free(&refs);
    return rc;
}

int git_workdir(const char *folder, char **root, struct err **err)
{
    git_repository *repo = NULL;
    _free_ char *own = xasprintf("%s/.git", folder);
    int rc = git_repository_open_ext(&repo, folder, 0, NULL);
    *root = NULL;
    /* libgit2 passes over what is no repository, as Git does */
    if (rc == GIT_ENOTFOUND && access(own, F_OK))
        return 0;
    if (rc < 0)
        return git_err(err, ERR_INVALID, "%s lies in a Git repository that cannot be opened",
                       folder);
    *root = xstrdup_null(git_repository_workdir(repo));
    git_repository_free(repo);
    return 0;
}

bool git_is_bare(const char *folder)
{
    git_repository *repo = NULL;
    if (git_repository_open_ext(
            &repo, folder, GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_NO_DOTGIT, NULL) < 0)
        return false;
    bool bare = git_repository_is_bare(repo);
    git_repository_free(repo);
    return bare;
}
