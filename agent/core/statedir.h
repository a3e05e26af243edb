/*
 * The folder where holdfast keeps what it may lose at the price of time: fetched repositories, what
 * was read of them last, spool files, memos, and the key that hides secret values. It is ours alone
 * (0700) and held by one process.
 */
#ifndef HOLDFAST_CORE_STATEDIR_H
#define HOLDFAST_CORE_STATEDIR_H

#include <stdint.h>

#include "core/err.h"

#define STATEDIR_KEY_BYTES 32

struct statedir {
    char *path;                      /* absolute, no link in it */
    int fd;                          /* of the folder */
    int lock;                        /* held until statedir_free */
    uint8_t key[STATEDIR_KEY_BYTES]; /* for the HMAC of values that are not shown */
};

/* $XDG_STATE_HOME/holdfast or ~/.local/state/holdfast, owned; NULL with *err when neither is set.
 */
char *statedir_default(struct err **err);

/*
 * Makes the folder (0700, missing parents too) or checks that it is ours and closed to others,
 * locks it, and reads or makes `hmac.key`. `path` NULL: the default. ERR_USAGE when the folder is
 * not fit (the message says what to do), ERR_CONFLICT when another process holds it.
 */
struct statedir *statedir_open(const char *path, struct err **err);

/* Lets the lock go. NULL-safe. */
void statedir_free(struct statedir *dir);

#endif
