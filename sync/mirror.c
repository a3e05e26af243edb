#include "sync/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "sync/git.h"

/* Fifty packs with their indexes. */
#define PACK_FILES_MAX 100

char *mirror_folder(const char *state_dir, const char *origin)
{
    uint8_t sum[HASH_SHA256_BYTES];
    char hex[2 * 8 + 1];
    hash_sha256(origin, strlen(origin), sum);
    hash_hex(sum, 8, hex);
    return xasprintf("%s/git/%s", state_dir, hex);
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

void mirror_remove(const char *folder)
{
    each_below(folder, remove_one);
}

/* libgit2 writes a pack under such a name first, and a ref beside its lock. */
static void sweep_one(const FTSENT *entry, int *rc)
{
    const char *end = strrchr(entry->fts_name, '.');
    if (entry->fts_info == FTS_F &&
        (strstr(entry->fts_name, "_git2_") || (end && strcmp(end, ".lock") == 0)))
        remove_one(entry, rc);
}

void mirror_sweep(const char *folder)
{
    each_below(folder, sweep_one);
}

int mirror_close(const char *folder, struct err **err)
{
    if (each_below(folder, close_one))
        return err_set(err, ERR_FATAL, "cannot take %s away from other users (chmod)", folder);
    return 0;
}

/* Files beside packs count too: a kill in the middle of writing one leaves some. */
bool mirror_is_worn(const char *folder)
{
    size_t count = 0;
    _free_ char *path = xasprintf("%s/objects/pack", folder);
    char *const roots[] = {path, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    while (fts && fts_read(fts))
        count++;
    if (fts)
        fts_close(fts);
    return count > PACK_FILES_MAX;
}

int mirror_lock(const char *folder, struct err **err)
{
    _free_ char *parent = xstrdup(folder);
    *strrchr(parent, '/') = '\0';
    if (mkdir(parent, 0700) && errno != EEXIST)
        return err_errno(err, ERR_FATAL, errno, "cannot make %s", parent);
    _free_ char *path = xasprintf("%s.lock", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(err, ERR_FATAL, errno, "cannot open %s", path);
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR) {
            err_errno(err, ERR_FATAL, errno, "cannot lock %s", path);
            cleanup_close_(&fd);
            return -1;
        }
    }
    return fd;
}

int mirror_open(const char *folder, git_repository **repo, struct err **err)
{
    git_repository_init_options options;
    git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    if (git_repository_open_bare(repo, folder) == 0)
        return 0;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
    if (git_repository_init_ext(repo, folder, &options) < 0)
        return git_err(err, ERR_FATAL, "cannot make %s", folder);
    return 0;
}
