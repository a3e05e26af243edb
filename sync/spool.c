#include "sync/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/limits.h"

#define SPOOL_WRITE_BYTES (256 * KIB)
#define WORN_BYTES        (1 * MIB) /* a small one need not begin anew with each commit */

/* A file without a name: nobody else can open it and nothing is left when we die. */
static int open_file(const char *state_dir, struct err **err)
{
    int fd = open(state_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return err_errno(err, ERR_FATAL, errno, "cannot make a spool file in %s", state_dir);
    _free_ char *name = xasprintf("%s/spool.XXXXXX", state_dir);
    fd = mkostemp(name, O_CLOEXEC); /* 0600 by itself */
    if (fd < 0)
        return err_errno(err, ERR_FATAL, errno, "cannot make a spool file in %s", state_dir);
    unlink(name);
    return fd;
}

struct spool *spool_new(const char *state_dir, struct err **err)
{
    int fd = open_file(state_dir, err);
    if (fd < 0)
        return NULL;
    struct spool *spool = xcalloc(1, sizeof(*spool));
    spool->owners = 1;
    spool->fd = fd;
    spool->strings = strings_new();
    spool->unwritten = BUF_INIT(SPOOL_WRITE_BYTES + 2 * LIMIT_FRAME_BYTES);
    return spool;
}

struct spool *spool_share(struct spool *spool)
{
    spool->owners++;
    return spool;
}

void spool_free(struct spool *spool)
{
    if (!spool || --spool->owners)
        return;
    cleanup_close_(&spool->fd);
    buf_free(&spool->unwritten);
    strings_free(spool->strings);
    free(spool);
}

static int write_out(struct spool *spool, struct err **err)
{
    uint64_t at = spool->len - spool->unwritten.len;
    for (size_t done = 0; done < spool->unwritten.len;) {
        ssize_t n = pwrite(spool->fd, spool->unwritten.data + done, spool->unwritten.len - done,
                           (off_t)(at + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return err_errno(err, ERR_FATAL, n ? errno : ENOSPC,
                             "cannot write the spool file under stateDir");
    }
    buf_clear(&spool->unwritten);
    return 0;
}

int spool_add(struct spool *spool, const void *data, size_t len, struct err **err)
{
    if (spool->unwritten.len >= SPOOL_WRITE_BYTES && write_out(spool, err))
        return -1;
    if (buf_add(&spool->unwritten, data, len))
        return err_set(err, ERR_LIMIT, "a manifest of more than %lu bytes", LIMIT_FRAME_BYTES);
    spool->len += len;
    if (spool->len > LIMIT_SPOOL_BYTES)
        return err_set(err, ERR_LIMIT,
                       "the objects take more than %lu bytes, copies by aliases counted: split the "
                       "source",
                       LIMIT_SPOOL_BYTES);
    return 0;
}

int spool_flush(struct spool *spool, struct err **err)
{
    if (write_out(spool, err))
        return -1;
    buf_free(&spool->unwritten);
    return 0;
}

void spool_whole(struct spool *spool)
{
    spool->whole_len = spool->len;
    spool->whole_strings = strings_bytes(spool->strings);
}

bool spool_is_worn(const struct spool *spool)
{
    return spool->len > 2 * spool->whole_len + WORN_BYTES ||
           strings_bytes(spool->strings) > 2 * spool->whole_strings + WORN_BYTES;
}

int spool_read(const struct spool *spool, char *data, size_t len, uint64_t offset, struct err **err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(spool->fd, data + done, len - done, (off_t)(offset + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return err_errno(err, ERR_FATAL, n ? errno : EIO,
                             "cannot read the spool file under stateDir");
    }
    return 0;
}
