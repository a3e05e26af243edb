#include "sync/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/limits.h"

/* Everything is opened from its parent's descriptor: a link put in the way is met, not followed. */
struct folder {
    int fd;
};

static void *folder_open(void *ctx, void *parent, const struct tree_entry *entry, struct err **err)
{
    const struct folder *p = parent;
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const char *root = ctx;
    int fd = p ? openat(p->fd, entry->name, flags | O_NOFOLLOW) : open(root, flags);
    if (fd < 0) {
        if (p)
            err_errno(err, ERR_RETRY, errno, "cannot read the folder");
        else
            err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_RETRY, errno, "cannot read %s",
                      root);
        return NULL;
    }
    struct folder *folder = xcalloc(1, sizeof(*folder));
    folder->fd = fd;
    return folder;
}

static void folder_close(void *folder)
{
    struct folder *f = folder;
    close(f->fd);
    free(f);
}

static enum tree_type stat_type(int fd, const char *name)
{
    struct stat st;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
        return TREE_OTHER;
    return S_ISREG(st.st_mode)   ? TREE_FILE
           : S_ISDIR(st.st_mode) ? TREE_FOLDER
           : S_ISLNK(st.st_mode) ? TREE_LINK
                                 : TREE_OTHER;
}

static enum tree_type entry_type(int fd, const struct dirent *d)
{
    enum tree_type type;
    switch (d->d_type) {
    case DT_REG:
        return TREE_FILE;
    case DT_LNK:
        return TREE_LINK;
    case DT_DIR:
        type = TREE_FOLDER;
        break;
    default:
        type = stat_type(fd, d->d_name);
    }
    if (type != TREE_FOLDER || d->d_name[0] == '.')
        return type;
    /* another repository's working tree: what a commit shows as a submodule */
    _free_ char *git = xasprintf("%s/.git", d->d_name);
    struct stat st;
    return fstatat(fd, git, &st, AT_SYMLINK_NOFOLLOW) == 0 ? TREE_MODULE : TREE_FOLDER;
}

static int folder_list(void *ctx, void *folder, struct tree_list *list, struct err **err)
{
    const struct folder *f = folder;
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        err_errno(err, ERR_RETRY, errno, "cannot list the folder");
        cleanup_close_(&fd);
        return -1;
    }
    int rc = 0;
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (!d) {
            if (errno)
                rc = err_errno(err, ERR_RETRY, errno, "cannot list the folder");
            break;
        }
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (list->count > LIMIT_TREE_FILES) {
            break; /* the walk counts too, and tells */
        }
        tree_list_add(list, d->d_name, entry_type(f->fd, d));
    }
    closedir(dir);
    return rc;
}

static int read_all(int fd, uint64_t max, struct buf *out, struct err **err)
{
    char data[16 * KIB];
    for (;;) {
        ssize_t n = read(fd, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, ERR_RETRY, errno, "cannot read the file");
        if (n == 0)
            return 0;
        if (buf_add(out, data, (size_t)n)) /* it grew while it was read */
            return tree_too_large(out->len + (size_t)n, max, err);
    }
}

static int folder_load(void *ctx, void *folder, const struct tree_entry *entry, uint64_t max,
                       struct buf *out, struct err **err)
{
    const struct folder *f = folder;
    _close_ int fd = openat(f->fd, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return err_errno(err, ERR_RETRY, errno, "cannot read the file");
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "is no regular file: remove it or exclude it");
    if ((uint64_t)st.st_size > max)
        return tree_too_large((uint64_t)st.st_size, max, err);
    return read_all(fd, max, out, err);
}

struct tree folder_tree(const char *root)
{
    return (struct tree){
        .ctx = (void *)root,
        .open = folder_open,
        .close = folder_close,
        .list = folder_list,
        .load = folder_load,
    };
}
