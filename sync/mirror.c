#include "sync/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "sync/git.h"

/* Fifty packs with their indexes. */
#define PACK_FILES_MAX 100
/* Beside twice the largest pack, which is about what a new copy takes. */
#define PACK_BYTES_SPARE (256 * MIB)

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

/* "0123456789abcdef" or "0123456789abcdef.lock". */
static bool of_mirror(const char *name)
{
    size_t digits = strspn(name, "0123456789abcdef");
    return digits == 16 && (!name[digits] || strcmp(name + digits, ".lock") == 0);
}

void mirror_keep_only(const char *state_dir, char *const *folders, size_t count)
{
    _free_ char *all = xasprintf("%s/git", state_dir);
    DIR *dir = opendir(all);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        _free_ char *path = xasprintf("%s/%s", all, entry->d_name);
        bool kept = !of_mirror(entry->d_name);
        for (size_t i = 0; i < count && !kept; i++)
            kept = strncmp(path, folders[i], strlen(folders[i])) == 0;
        if (!kept)
            mirror_remove(path);
    }
    if (dir)
        closedir(dir);
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

struct packs {
    size_t files;
    uint64_t bytes, largest;
};

/* Files beside packs count too: a kill in the middle of writing one leaves some. */
static struct packs packs_of(const char *folder)
{
    struct packs packs = {0};
    _free_ char *path = xasprintf("%s/objects/pack", folder);
    char *const roots[] = {path, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;
    while (fts && (entry = fts_read(fts))) {
        uint64_t bytes = entry->fts_info == FTS_F ? (uint64_t)entry->fts_statp->st_size : 0;
        packs.files++;
        packs.bytes += bytes;
        if (bytes > packs.largest)
            packs.largest = bytes;
    }
    if (fts)
        fts_close(fts);
    return packs;
}

uint64_t mirror_bytes(const char *folder)
{
    return packs_of(folder).bytes;
}

/* Refs that are followed: what each of them brought first may have little in common. */
static size_t refs_of(const char *folder)
{
    _free_ char *path = xasprintf("%s/" MIRROR_REFS, folder);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t n = 0;
    while (dir && (entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

bool mirror_is_worn(const char *folder)
{
    const struct packs packs = packs_of(folder);
    size_t refs = refs_of(folder);
    return packs.files > PACK_FILES_MAX ||
           packs.bytes > (refs > 1 ? refs + 1 : 2) * packs.largest + PACK_BYTES_SPARE;
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
