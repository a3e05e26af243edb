#include "core/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"

char *statedir_default(struct err **err)
{
    /* the XDG specification: a path that is not absolute is as good as none */
    const char *state = getenv("XDG_STATE_HOME");
    if (state && state[0] == '/')
        return xasprintf("%s/holdfast", state);
    const char *home = getenv("HOME");
    if (home && home[0] == '/')
        return xasprintf("%s/.local/state/holdfast", home);
    err_set(err, ERR_USAGE,
            "neither HOME nor XDG_STATE_HOME is set: set stateDir in the "
            "configuration, or give --state-dir");
    return NULL;
}

/* As mkdir -p, everything that is made with 0700 whatever the umask is. */
static int make_all(const char *path, struct err **err)
{
    _free_ char *part = xstrdup(path);
    for (char *p = part + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char c = *p;
        *p = '\0';
        if (mkdir(part, 0700) && errno != EEXIST) {
            int e = errno;
            /* a parent that may not be written but is there is fine */
            struct stat st;
            if (stat(part, &st) || !S_ISDIR(st.st_mode))
                return err_errno(err, ERR_USAGE, e, "stateDir %s: cannot make %s", path, part);
        }
        *p = c;
        if (!c)
            return 0;
    }
}

static int check(const char *path, int fd, struct err **err)
{
    struct stat st;
    if (fstat(fd, &st))
        return err_errno(err, ERR_FATAL, errno, "stateDir %s", path);
    if (st.st_uid != geteuid())
        return err_set(err, ERR_USAGE,
                       "stateDir %s belongs to user %u and we are %u: name a folder inside it that "
                       "holdfast may make, or chown it",
                       path, st.st_uid, geteuid());
    if (st.st_mode & 077)
        return err_set(err, ERR_USAGE,
                       "stateDir %s is open to others (mode %04o): chmod 700 it, or name a folder "
                       "inside it that holdfast may make",
                       path, st.st_mode & 07777);
    if ((st.st_mode & 0700) != 0700)
        return err_set(err, ERR_USAGE, "stateDir %s cannot be used with mode %04o: chmod 700 it",
                       path, st.st_mode & 07777);
    return 0;
}

static int lock_dir(struct statedir *dir, struct err **err)
{
    dir->lock = openat(dir->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (dir->lock < 0)
        return err_errno(err, ERR_FATAL, errno, "stateDir %s: cannot open its lock file",
                         dir->path);
    char holder[32];
    if (flock(dir->lock, LOCK_EX | LOCK_NB)) {
        int e = errno;
        ssize_t n = pread(dir->lock, holder, sizeof(holder) - 1, 0);
        holder[n > 0 ? n : 0] = '\0';
        holder[strspn(holder, "0123456789")] = '\0';
        if (e != EWOULDBLOCK)
            return err_errno(err, ERR_FATAL, e, "stateDir %s: cannot lock it", dir->path);
        return err_set(err, ERR_CONFLICT,
                       "stateDir %s is held by another holdfast%s%s: stop that one, or give "
                       "this one a stateDir of its own (--state-dir)",
                       dir->path, holder[0] ? ", process " : "", holder);
    }
    int len = snprintf(holder, sizeof(holder), "%d\n", (int)getpid());
    /* only for the message above: a full disk does not matter here */
    if (ftruncate(dir->lock, 0) || pwrite(dir->lock, holder, (size_t)len, 0) != len)
        return 0;
    return 0;
}

static int key_read(struct statedir *dir, int fd, struct err **err)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(err, ERR_USAGE,
                       "%s/hmac.key is not a file of ours that is closed to others: remove it, a "
                       "new one is made",
                       dir->path);
    uint8_t data[STATEDIR_KEY_BYTES + 1];
    if (read(fd, data, sizeof(data)) != STATEDIR_KEY_BYTES)
        return err_set(err, ERR_USAGE,
                       "%s/hmac.key does not have %d bytes: remove it, a new one is made",
                       dir->path, STATEDIR_KEY_BYTES);
    memcpy(dir->key, data, sizeof(dir->key));
    return 0;
}

/* Under another name first: a kill in between leaves no half key. */
static int key_make(struct statedir *dir, struct err **err)
{
    static const char name[] = "hmac.key.new";
    hash_random(dir->key, sizeof(dir->key));
    unlinkat(dir->fd, name, 0);
    _close_ int fd =
        openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0600) || write(fd, dir->key, sizeof(dir->key)) != sizeof(dir->key) ||
        fsync(fd) || renameat(dir->fd, name, dir->fd, "hmac.key") || fsync(dir->fd))
        return err_errno(err, ERR_FATAL, errno, "cannot write %s/hmac.key", dir->path);
    return 0;
}

static int key_open(struct statedir *dir, struct err **err)
{
    _close_ int fd = openat(dir->fd, "hmac.key", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        return key_read(dir, fd, err);
    if (errno == ENOENT)
        return key_make(dir, err);
    return err_errno(err, ERR_USAGE, errno, "cannot read %s/hmac.key", dir->path);
}

struct statedir *statedir_open(const char *path, struct err **err)
{
    _free_ char *want = path && *path ? xstrdup(path) : statedir_default(err);
    if (!want || make_all(want, err))
        return NULL;
    struct statedir *dir = xcalloc(1, sizeof(*dir));
    dir->lock = -1;
    dir->fd = open(want, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = 0;
    if (dir->fd < 0 || !(dir->path = realpath(want, NULL)))
        rc = err_errno(err, ERR_USAGE, errno, "stateDir %s", want);
    if (rc || check(dir->path, dir->fd, err) || lock_dir(dir, err) || key_open(dir, err)) {
        statedir_free(dir);
        return NULL;
    }
    return dir;
}

void statedir_free(struct statedir *dir)
{
    if (!dir)
        return;
    cleanup_close_(&dir->lock);
    cleanup_close_(&dir->fd);
    explicit_bzero(dir->key, sizeof(dir->key));
    free(dir->path);
    free(dir);
}
