#include "core/file_again.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads up to `max` + 1 bytes. -1 with errno. */
static ssize_t read_all(int fd, char *to, size_t max)
{
    size_t len = 0;
    while (len <= max) {
        ssize_t n = read(fd, to + len, max + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

int file_again_read(struct file_again *file, size_t max, char **text, size_t *len, struct err **err)
{
    struct stat st;
    if (!file->path)
        return 0;
    /* not stuck on a pipe that somebody put there */
    _close_ int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st))
        return err_errno(err, ERR_AUTH, errno, "%s", file->path);
    if (file->fresh && same_file(&st, &file->seen))
        return 0;
    /* its size, or what a file without one may hold */
    size_t room = st.st_size > 4096 ? (size_t)st.st_size : 4096;
    if (room > max)
        room = max;
    char *data = xmalloc(room + 2);
    ssize_t n = read_all(fd, data, room);
    if (n < 0 || (size_t)n > room) {
        int why = errno;
        explicit_bzero(data, room + 2);
        free(data);
        return n < 0 ? err_errno(err, ERR_AUTH, why, "%s", file->path)
                     : err_set(err, ERR_AUTH, "%s: larger than %zu bytes", file->path, room);
    }
    data[n] = '\0';
    file->seen = st;
    file->fresh = true;
    *text = data;
    *len = (size_t)n;
    return 1;
}

void file_again_clear(struct file_again *file)
{
    free(file->path);
    *file = (struct file_again){0};
}
