/*
 * A small file that others renew (a token, a certificate): read again when it has changed, which
 * its inode, size and time tell. A link is followed, so a mounted Secret that is swapped counts.
 */
#ifndef HOLDFAST_CORE_FILE_AGAIN_H
#define HOLDFAST_CORE_FILE_AGAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "core/err.h"

struct file_again {
    char *path;       /* owned; NULL: no file */
    struct stat seen; /* when it was read last */
    bool fresh;       /* false: is read at the next call whatever it looks like */
};

/*
 * 1 when it was read: *text is owned then (ends with a NUL; *len bytes). 0 when it has not changed
 * or there is none. -1 (ERR_AUTH) where it cannot be read or is larger than `max`.
 */
int file_again_read(struct file_again *file, size_t max, char **text, size_t *len,
                    struct err **err);

/* Frees the path, not `file` itself. */
void file_again_clear(struct file_again *file);

#endif
