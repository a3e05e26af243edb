#include "sync/fetch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "sync/source.h"

#define PACKS_MAX 50 /* libgit2 never repacks: beyond it our copy is made anew */

struct fetch {
    const struct source_config *config;
    const char *where; /* as a person wrote it */
    char *url;         /* as libgit2 wants it */
    char *folder;      /* our bare repository */
    struct refs refs;
    git_oid *ids; /* of refs */
    struct ref_choice choice;
    bool too_large;
    bool settled; /* the failure is the origin's or the request's, not our copy's */
};

/* libgit2 takes "host:path" for ssh, so a path goes to it as a URL. */
static char *file_url(const char *path)
{
    struct buf b = BUF_INIT(3 * strlen(path) + 16);
    buf_add_str(&b, "file://");
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (isalnum(*p) || strchr("/-_.~", *p))
            buf_add_char(&b, (char)*p);
        else
            buf_addf(&b, "%%%02X", *p);
    }
    return buf_take(&b);
}

static int make_folder(const char *path, struct err **err)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return err_errno(err, ERR_FATAL, errno, "cannot make %s", path);
    return 0;
}

static int each_below(const char *folder, void (*each)(const FTSENT *entry, int *rc))
{
    char *const roots[] = {(char *)folder, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!fts)
        return -1;
    int rc = 0;
    const FTSENT *entry;
    while ((entry = fts_read(fts)))
        each(entry, &rc);
    fts_close(fts);
    return rc;
}

static void remove_one(const FTSENT *entry, int *rc)
{
    if (entry->fts_info != FTS_D && remove(entry->fts_accpath) && errno != ENOENT)
        *rc = -1;
}

/* The umask does it in the child; a copy that was made under another one is put right here. */
static void close_one(const FTSENT *entry, int *rc)
{
    bool own = entry->fts_info == FTS_F || entry->fts_info == FTS_D;
    mode_t mode = own ? entry->fts_statp->st_mode & 07777 : 0;
    if ((mode & 077) && chmod(entry->fts_accpath, mode & 0700))
        *rc = -1;
}

static int count_packs(const char *folder)
{
    int packs = 0;
    _free_ char *path = xasprintf("%s/objects/pack", folder);
    char *const roots[] = {path, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    const FTSENT *entry;
    while (fts && (entry = fts_read(fts))) {
        size_t n = strlen(entry->fts_name);
        packs += n > 5 && strcmp(entry->fts_name + n - 5, ".pack") == 0;
    }
    if (fts)
        fts_close(fts);
    return packs;
}

/* One fetch at a time into one copy: two sources may name the same repository. */
static int lock_copy(const struct fetch *f, struct err **err)
{
    _free_ char *path = xasprintf("%s.lock", f->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, ERR_FATAL, errno, "cannot open %s", path);
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR) {
            err_errno(err, ERR_FATAL, errno, "cannot lock %s", path);
            close(fd);
            return -1;
        }
    }
    return fd;
}

static int list_refs(struct fetch *f, git_remote *remote, struct err **err)
{
    const git_remote_head **heads = NULL;
    size_t count = 0;
    if (git_remote_ls(&heads, &count, remote) < 0)
        return git_err(err, ERR_RETRY, "%s: cannot list the refs", f->where);
    f->ids = xcalloc(count, sizeof(*f->ids));
    for (size_t i = 0; i < count; i++) {
        const char *name = heads[i]->name;
        size_t n = strlen(name);
        if (n > 3 && strcmp(name + n - 3, "^{}") == 0)
            continue; /* what a tag peels to: we peel ourselves */
        git_oid_cpy(&f->ids[f->refs.count], &heads[i]->oid);
        refs_add(&f->refs, name);
    }
    return 0;
}

static int on_progress(const git_indexer_progress *stats, void *payload)
{
    struct fetch *f = payload;
    uint64_t max = f->config->fetch_bytes ? f->config->fetch_bytes : LIMIT_FETCH_BYTES;
    f->too_large = stats->received_bytes > max;
    return f->too_large ? -1 : 0;
}

static int download(struct fetch *f, git_remote *remote, struct err **err)
{
    _free_ char *one = NULL;
    char *all[] = {"+refs/heads/*:refs/holdfast/heads/*", "+refs/tags/*:refs/holdfast/tags/*"};
    git_strarray specs = {all, ARRAY_LEN(all)};
    if (f->choice.kind == REF_NAMED) {
        /* under a digest: names of now and of earlier (a, then a/b) may not meet */
        const char *name = f->refs.names[f->choice.index];
        uint8_t sum[HASH_SHA256_BYTES];
        char hex[2 * 8 + 1];
        hash_sha256(name, strlen(name), sum);
        hash_hex(sum, 8, hex);
        one = xasprintf("+%s:refs/holdfast/one/%s", name, hex);
        specs = (git_strarray){&one, 1};
    }
    git_fetch_options options;
    git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.callbacks.transfer_progress = on_progress;
    options.callbacks.payload = f;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.update_fetchhead = 0;
    if (git_remote_download(remote, &specs, &options) == 0 &&
        git_remote_update_tips(remote, &options.callbacks, 0, options.download_tags, NULL) == 0)
        return 0;
    if (f->too_large)
        return err_set(err, ERR_LIMIT,
                       "%s: fetching it takes more than limits.fetchBytes (%llu bytes): raise it",
                       f->where,
                       (unsigned long long)(f->config->fetch_bytes ? f->config->fetch_bytes
                                                                   : LIMIT_FETCH_BYTES));
    return git_err(err, ERR_RETRY, "%s: cannot fetch", f->where);
}

/* The commit is in our copy already. A fetch writes its pack whole or not, so then all of it is. */
static bool have(struct fetch *f, git_repository *repo, git_oid *id)
{
    git_object *object = NULL;
    const char *ref = f->config->ref;
    if (f->choice.kind == REF_NAMED) {
        git_oid_cpy(id, &f->ids[f->choice.index]);
        if (git_object_lookup(&object, repo, id, GIT_OBJECT_ANY) < 0)
            return false;
    } else if (git_oid_fromstrn(id, ref, strlen(ref)) < 0 ||
               git_object_lookup_prefix(&object, repo, id, strlen(ref), GIT_OBJECT_COMMIT) < 0) {
        return false;
    }
    git_oid_cpy(id, git_object_id(object));
    git_object_free(object);
    return true;
}

static int fetch_into(struct fetch *f, git_repository *repo, git_remote *remote, git_oid *id,
                      struct err **err)
{
    f->settled = true;
    if (git_remote_connect(remote, GIT_DIRECTION_FETCH, NULL, NULL, NULL) < 0)
        return git_err(err, ERR_NOT_FOUND, "%s: no Git repository can be read there", f->where);
    if (list_refs(f, remote, err) ||
        refs_choose(&f->refs, f->config->ref, f->where, &f->choice, err))
        return -1;
    f->settled = false;
    if (have(f, repo, id))
        return 0;
    if (download(f, remote, err))
        return -1;
    if (have(f, repo, id))
        return 0;
    f->settled = f->choice.kind != REF_NAMED;
    return git_find(repo, &f->refs, &f->choice, f->config->ref, f->where, id, err);
}

static int open_copy(const struct fetch *f, git_repository **repo, struct err **err)
{
    git_repository_init_options options;
    git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    if (git_repository_open_bare(repo, f->folder) == 0)
        return 0;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
    if (git_repository_init_ext(repo, f->folder, &options) < 0)
        return git_err(err, ERR_FATAL, "cannot make %s", f->folder);
    return 0;
}

static int fetch_once(struct fetch *f, struct git_source *out, struct err **err)
{
    git_repository *repo = NULL;
    git_remote *remote = NULL;
    git_oid id;
    if (open_copy(f, &repo, err))
        return -1;
    int rc = 0;
    if (git_remote_create_anonymous(&remote, repo, f->url) < 0)
        rc = git_err(err, ERR_USAGE, "%s", f->where);
    if (rc == 0)
        rc = fetch_into(f, repo, remote, &id, err);
    if (rc == 0)
        rc = git_source_open(repo, &id, f->config->ref, out, err);
    git_remote_free(remote);
    if (rc)
        git_repository_free(repo);
    refs_free(&f->refs);
    free(f->ids);
    f->ids = NULL;
    return rc;
}

/* Our copy is only a cache: when it may be what is broken, it is made anew, once. */
static int fetch_locked(struct fetch *f, struct git_source *out, struct err **err)
{
    _err_ struct err *first = NULL;
    bool old = access(f->folder, F_OK) == 0;
    if (old && count_packs(f->folder) > PACKS_MAX) {
        each_below(f->folder, remove_one);
        old = false;
    }
    int rc = fetch_once(f, out, &first);
    if (rc && old && !f->settled && !f->too_large) {
        each_below(f->folder, remove_one);
        err_free(steal(first));
        rc = fetch_once(f, out, &first);
    }
    if (each_below(f->folder, close_one) && rc == 0) {
        git_source_close(out);
        rc = err_set(&first, ERR_FATAL, "cannot take %s away from other users (chmod)", f->folder);
    }
    return rc ? err_move(err, &first) : 0;
}

int git_fetch(const struct source_config *config, const char *path,
              const struct manifest_sink *sink, struct git_source *out, struct err **err)
{
    if (!config->state_dir)
        return err_set(err, ERR_USAGE, "%s is fetched, which needs a stateDir", config->url);
    uint8_t sum[HASH_SHA256_BYTES];
    char hex[2 * 8 + 1];
    hash_sha256(path, strlen(path), sum);
    hash_hex(sum, 8, hex);
    _free_ char *parent = xasprintf("%s/git", config->state_dir);
    struct fetch f = {.config = config, .where = config->url};
    f.folder = xasprintf("%s/%s", parent, hex);
    f.url = file_url(path);
    mode_t mask = umask(077);
    _close_ int lock = -1;
    int rc = make_folder(parent, err);
    if (rc == 0) {
        lock = lock_copy(&f, err);
        rc = lock < 0 ? -1 : fetch_locked(&f, out, err);
    }
    umask(mask);
    if (rc == 0 && f.choice.doubled)
        git_tell_doubled(sink, config->ref);
    free(f.folder);
    free(f.url);
    return rc;
}
