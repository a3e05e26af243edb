#include "sync/remote_mirror.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "sync/git.h"
#include "sync/mirror.h"
#include "sync/strings.h"

#define KEPT           MIRROR_REFS "/"
#define HAVES_MAX      64U
#define LOOK_BACK      2000U /* commits, when asking whether a branch was rewritten */
#define SHALLOW_FORMAT "%s\n"

/* A ref's name may be anything, so it is hashed. */
static char *kept_name(const char *ref)
{
    uint8_t sum[HASH_SHA256_BYTES];
    char hex[2 * 8 + 1];
    const char *name = ref && *ref ? ref : "HEAD";
    hash_sha256(name, strlen(name), sum);
    hash_hex(sum, 8, hex);
    return xasprintf(KEPT "%s", hex);
}

bool remote_mirror_last(git_repository *repo, const char *ref, git_oid *id)
{
    _free_ char *name = kept_name(ref);
    return git_reference_name_to_id(id, repo, name) == 0;
}

int remote_mirror_keep(git_repository *repo, const char *ref, const git_oid *id, struct err **err)
{
    git_reference *made = NULL;
    _free_ char *name = kept_name(ref);
    int rc = git_reference_create(&made, repo, name, id, 1, NULL);
    git_reference_free(made);
    return rc < 0 ? git_err(err, ERR_FATAL, "cannot write what was fetched") : 0;
}

static bool peel(git_repository *repo, const git_oid *id, git_commit **commit)
{
    git_object *object = NULL, *peeled = NULL;
    int rc = git_object_lookup(&object, repo, id, GIT_OBJECT_ANY);
    if (rc == 0)
        rc = git_object_peel(&peeled, object, GIT_OBJECT_COMMIT);
    git_object_free(object);
    *commit = (git_commit *)peeled;
    return rc == 0;
}

void remote_mirror_haves(git_repository *repo, struct oids *out)
{
    git_strarray names = {0};
    if (git_reference_list(&names, repo) < 0)
        return;
    for (size_t i = 0; i < names.count && out->count < HAVES_MAX; i++) {
        git_oid id;
        git_commit *commit = NULL;
        if (strncmp(names.strings[i], KEPT, strlen(KEPT)) == 0 &&
            git_reference_name_to_id(&id, repo, names.strings[i]) == 0 &&
            peel(repo, &id, &commit) && !oids_have(out, git_commit_id(commit)))
            oids_add(out, git_commit_id(commit));
        git_commit_free(commit);
    }
    git_strarray_dispose(&names);
}

/* ---- shallow ---- */

int remote_mirror_shallow(git_repository *repo, struct oids *out, struct err **err)
{
    _free_ char *path = xasprintf("%sshallow", git_repository_path(repo));
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? 0 : err_errno(err, ERR_FATAL, errno, "cannot read %s", path);
    char line[GIT_OID_HEXSZ + 2];
    git_oid id;
    int rc = 0;
    while (rc == 0 && fgets(line, sizeof(line), f)) {
        if (git_oid_fromstrn(&id, line, GIT_OID_HEXSZ) < 0)
            rc = err_set(err, ERR_FATAL, "%s cannot be read", path);
        else
            oids_add(out, &id);
    }
    fclose(f);
    return rc;
}

static void write_ids(FILE *f, const struct oids *ids, const struct oids *but,
                      const struct oids *but_too)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (!oids_have(but, &ids->items[i]) && !(but_too && oids_have(but_too, &ids->items[i])))
            fprintf(f, SHALLOW_FORMAT, git_oid_tostr_s(&ids->items[i]));
    }
}

int remote_mirror_set_shallow(git_repository *repo, const struct oids *old,
                              const struct oids *shallow, const struct oids *unshallow,
                              struct err **err)
{
    if (!shallow->count && !unshallow->count)
        return 0;
    _free_ char *path = xasprintf("%sshallow", git_repository_path(repo));
    _free_ char *temporary = xasprintf("%s.new", path);
    FILE *f = fopen(temporary, "we");
    if (!f)
        return err_errno(err, ERR_FATAL, errno, "cannot write %s", temporary);
    write_ids(f, old, unshallow, shallow);
    write_ids(f, shallow, unshallow, NULL);
    bool bad = ferror(f) != 0;
    bad |= fclose(f) != 0;
    if (bad || rename(temporary, path))
        return err_errno(err, ERR_FATAL, errno, "cannot write %s", path);
    return 0;
}

/* ---- is all of it here? ---- */

/* `seen`: the ids of trees that were looked into, as a tree can hold itself a million times over.
 */
static bool whole_tree(git_repository *repo, git_odb *odb, struct strings *seen, const git_oid *id,
                       unsigned depth)
{
    git_tree *tree = NULL;
    if (depth > LIMIT_TREE_DEPTH)
        return true; /* nobody goes there */
    size_t before = strings_count(seen);
    strings_add_len(seen, (const char *)id->id, sizeof(id->id));
    if (strings_count(seen) == before)
        return true;
    if (git_tree_lookup(&tree, repo, id) < 0)
        return false;
    bool whole = true;
    size_t count = git_tree_entrycount(tree);
    for (size_t i = 0; whole && i < count; i++) {
        const git_tree_entry *e = git_tree_entry_byindex(tree, i);
        if (git_tree_entry_type(e) == GIT_OBJECT_TREE)
            whole = whole_tree(repo, odb, seen, git_tree_entry_id(e), depth + 1);
        else if (git_tree_entry_type(e) == GIT_OBJECT_BLOB)
            whole = git_odb_exists(odb, git_tree_entry_id(e));
    }
    git_tree_free(tree);
    return whole;
}

bool remote_mirror_whole(git_repository *repo, const git_oid *id)
{
    git_commit *commit = NULL;
    git_odb *odb = NULL;
    struct strings *seen = strings_new();
    bool whole = peel(repo, id, &commit) && git_repository_odb(&odb, repo) == 0 &&
                 whole_tree(repo, odb, seen, git_commit_tree_id(commit), 0);
    strings_free(seen);
    git_commit_free(commit);
    git_odb_free(odb);
    return whole;
}

/* ---- was it rewritten? ---- */

/*
 * Adds the ancestors of commits->items[from...] to them, as far as they are here. A commit of
 * `stop` is not gone beyond. *cut: an ancestor is not here.
 */
static void ancestors(git_repository *repo, struct oids *commits, size_t from,
                      const struct oids *stop, bool *cut)
{
    for (size_t i = from; i < commits->count; i++) {
        git_commit *commit = NULL;
        if (stop && oids_have(stop, &commits->items[i]))
            continue;
        if (i >= LOOK_BACK || git_commit_lookup(&commit, repo, &commits->items[i]) < 0) {
            *cut = true;
            continue;
        }
        unsigned count = git_commit_parentcount(commit);
        for (unsigned n = 0; n < count; n++) {
            const git_oid *parent = git_commit_parent_id(commit, n);
            if (!oids_have(commits, parent))
                oids_add(commits, parent);
        }
        git_commit_free(commit);
    }
}

bool remote_mirror_rewritten(git_repository *repo, const git_oid *old_id, const git_oid *new_id)
{
    git_commit *old = NULL, *new = NULL;
    struct oids before = {0}, after = {0};
    bool cut = false, unknown = false, rewritten = false;
    if (peel(repo, old_id, &old) && peel(repo, new_id, &new)) {
        oids_add(&before, git_commit_id(old));
        ancestors(repo, &before, 0, NULL, &unknown);
        /* nothing that comes before the old commit can come after it */
        oids_add(&after, git_commit_id(new));
        ancestors(repo, &after, 0, &before, &cut);
        rewritten = !cut && !oids_have(&after, git_commit_id(old));
    }
    oids_free(&before);
    oids_free(&after);
    git_commit_free(old);
    git_commit_free(new);
    return rewritten;
}
