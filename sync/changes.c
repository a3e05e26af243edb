#include "sync/changes.h"

#include "sync/source.h"
#include "sync/walk.h"

/* The commit in that repository, which stays its owner's. */
static bool open_known(git_repository *repo, const git_oid *id, struct git_source *out)
{
    git_commit *commit = NULL;
    *out = (struct git_source){.repo = repo, .lock = -1};
    if (!repo || git_commit_lookup(&commit, repo, id) < 0)
        return false;
    bool whole =
        git_commit_tree(&out->root, commit) == 0 && git_repository_odb(&out->odb, repo) == 0;
    git_commit_free(commit);
    return whole;
}

static void close_known(struct git_source *source)
{
    git_tree_free(source->root);
    git_odb_free(source->odb);
    *source = (struct git_source){.lock = -1};
}

/* The steps back to the known commit; those behind it the parent has. */
static void older_changes(const struct source_config *config, struct git_source *git,
                          const char *path, const struct read_sink *sink,
                          struct read_result *result)
{
    const struct read_known *known = config->known;
    const char *until = known->cut ? NULL : known->revision;
    bool met = older_of_commit(config, git, path, until, &sink->older);
    result->carry = met && sink->older_fit(sink->older.ctx);
    if (!met || result->carry)
        return;
    sink->older_void(sink->older.ctx);
    older_of_commit(config, git, path, NULL, &sink->older);
}

bool changes_read(const struct source_config *config, struct git_source *git, const char *path,
                  const struct read_sink *sink, struct read_result *result)
{
    struct git_source then;
    git_oid id;
    if (git_oid_fromstr(&id, config->known->revision) < 0)
        return false;
    bool open = open_known(git->repo, &id, &then);
    if (!open) { /* our copy may have been made anew since */
        close_known(&then);
        open = open_known(git->history, &id, &then);
    }
    struct tree tree = git_source_tree(git), tree_then = git_source_tree(&then);
    const struct walk_before before = {
        .tree = &tree_then,
        .counts = config->known->walked,
        .sink = &sink->then,
        .ctx = sink->now.ctx,
        .changed = sink->changed,
    };
    bool told = open && walk_changes(&tree, path, config, &sink->now, &before, &result->counts);
    close_known(&then);
    if (told)
        older_changes(config, git, path, sink, result);
    return told;
}
