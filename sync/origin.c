#include "sync/origin.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "sync/git.h"

char *origin_clean_url(const char *url)
{
    const char *scheme = strstr(url, "://");
    if (!scheme) /* a folder, or user@host:path, where no password can stand */
        return xstrdup(url);
    const char *host = scheme + 3;
    size_t authority = strcspn(host, "/?#");
    const char *user = host;
    for (const char *at; (at = memchr(host, '@', authority - (size_t)(host - user)));)
        host = at + 1;
    bool keep_user = !strncmp(url, "ssh", 3) || !strncmp(url, "git", 3);
    size_t user_len = host > user && keep_user ? strcspn(user, ":@") : 0;
    size_t rest = strcspn(host, "?#");
    return xasprintf("%.*s%.*s%s%.*s", (int)(user - url), url, (int)user_len, user,
                     user_len ? "@" : "", (int)rest, host);
}

/* NAME of "remote.NAME.url"; owned, or NULL. */
static char *name_of_key(const char *key)
{
    static const char before[] = "remote.", after[] = ".url";
    size_t n = strlen(key), fixed = strlen(before) + strlen(after);
    if (n <= fixed || strncmp(key, before, strlen(before)) != 0 ||
        strcmp(key + n - strlen(after), after) != 0)
        return NULL;
    return xstrndup(key + strlen(before), n - fixed);
}

/*
 * The remote origin, else the only one; owned, or NULL. By the configuration: git_remote_list of
 * libgit2 1.5 leaks what its patterns need.
 */
static char *usual_remote(git_config *config)
{
    git_config_iterator *all = NULL;
    git_config_entry *entry;
    char *found = NULL;
    bool several = false;
    if (git_config_iterator_new(&all, config))
        return NULL;
    while (!git_config_next(&entry, all)) {
        _free_ char *name = name_of_key(entry->name);
        if (!name || (found && !strcmp(found, name)) || (found && !strcmp(found, "origin")))
            continue;
        several = found && strcmp(name, "origin") != 0;
        free(found);
        found = steal(name);
    }
    git_config_iterator_free(all);
    if (several && strcmp(found, "origin") != 0) {
        free(found);
        return NULL;
    }
    return found;
}

/* The remote that the branch follows, else the usual one. Owned, or NULL. */
static char *remote_name(git_repository *repo, git_config *config, const char *branch_ref)
{
    git_buf name = GIT_BUF_INIT;
    char *found = NULL;
    if (branch_ref && !git_branch_upstream_remote(&name, repo, branch_ref))
        found = xstrndup(name.ptr, name.size);
    git_buf_dispose(&name);
    return found ? found : usual_remote(config);
}

static void read_branch(git_repository *repo, const char *branch_ref, struct origin *out)
{
    static const char heads[] = "refs/heads/";
    git_buf merge = GIT_BUF_INIT;
    const char *ref = branch_ref;
    if (!git_branch_upstream_merge(&merge, repo, branch_ref))
        ref = merge.ptr;
    if (!strncmp(ref, heads, strlen(heads)))
        out->branch = xstrdup(ref + strlen(heads));
    git_buf_dispose(&merge);
}

static void read_remote(git_repository *repo, struct origin *out)
{
    git_reference *head = NULL;
    /* a branch without a commit is one, too */
    if (!git_reference_lookup(&head, repo, "HEAD") &&
        git_reference_type(head) == GIT_REFERENCE_SYMBOLIC)
        read_branch(repo, git_reference_symbolic_target(head), out);
    const char *branch_ref = head ? git_reference_symbolic_target(head) : NULL;
    git_config *config = NULL;
    if (!git_repository_config_snapshot(&config, repo)) {
        const char *url;
        _free_ char *name = remote_name(repo, config, branch_ref);
        _free_ char *key = xasprintf("remote.%s.url", name ? name : "");
        if (name && !git_config_get_string(&url, config, key))
            out->url = origin_clean_url(url);
    }
    git_config_free(config);
    git_reference_free(head);
}

int origin_read(const char *folder, struct origin *out, struct err **err)
{
    *out = (struct origin){0};
    if (git_start(err))
        return -1;
    _free_ char *real = realpath(folder, NULL);
    git_repository *repo = NULL;
    if (!real || git_repository_open_ext(&repo, real, 0, NULL) || !git_repository_workdir(repo)) {
        git_repository_free(repo);
        return err_set(err, ERR_NOT_FOUND, "%s lies in no working tree of Git", folder);
    }
    out->folder = xstrdup(git_repository_workdir(repo));
    size_t n = strlen(out->folder);
    while (n > 1 && out->folder[n - 1] == '/')
        out->folder[--n] = '\0';
    bool below = !strncmp(real, out->folder, n) && real[n] == '/';
    out->path = xstrdup(below ? real + n + 1 : "");
    read_remote(repo, out);
    git_repository_free(repo);
    return 0;
}

void origin_free(struct origin *origin)
{
    free(origin->folder);
    free(origin->url);
    free(origin->branch);
    free(origin->path);
}
