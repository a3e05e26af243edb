#include "sync/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"

static int read_all(int fd, struct buf *b)
{
    char data[4 * KIB];
    ssize_t n;
    while ((n = read(fd, data, sizeof(data))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        int rc = n < 0 ? -1 : buf_add(b, data, (size_t)n);
        explicit_bzero(data, sizeof(data));
        if (rc)
            return -1;
    }
    return 0;
}

bool auth_is_pipe(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISFIFO(st.st_mode);
}

char *auth_read(const char *path, const char *key, size_t max, struct err **err)
{
    struct buf b = BUF_INIT(max);
    _close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int why = fd < 0 ? errno : 0;
    if (auth_is_pipe(path)) {
        err_set(err, ERR_USAGE, "auth.%s: %s is a pipe, and a file belongs there", key, path);
        return NULL;
    }
    errno = why;
    if (fd < 0 || read_all(fd, &b)) {
        if (b.full)
            err_set(err, ERR_USAGE, "auth.%s: %s has more than %zu bytes", key, path, max);
        else
            err_errno(err, ERR_USAGE, errno, "auth.%s: cannot read %s", key, path);
        buf_free(&b);
        return NULL;
    }
    return buf_take(&b);
}

char *auth_read_line(const char *path, const char *key, struct err **err)
{
    char *text = auth_read(path, key, LIMIT_TOKEN_BYTES, err);
    if (!text)
        return NULL;
    size_t n = strlen(text);
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        text[--n] = '\0';
    if (n && !strpbrk(text, "\r\n"))
        return text;
    err_set(err, ERR_USAGE, "auth.%s: %s %s", key, path, n ? "has more than one line" : "is empty");
    auth_forget(text);
    return NULL;
}

void auth_forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
