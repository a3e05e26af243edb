/*
 * Errors: the last parameter `struct err **err`. A function returns 0, or a negative value with
 * *err set (where err is not NULL). Who receives an error owns it: handle it, or wrap and return
 * it. Libraries do not log; the top does, once.
 */
#ifndef HOLDFAST_CORE_ERR_H
#define HOLDFAST_CORE_ERR_H

#include <stdarg.h>

/* What the receiver should do about it. */
enum err_kind {
    ERR_FATAL = 1, /* a fault of ours or of the machine: no retry helps */
    ERR_USAGE,     /* the command line or the configuration is wrong */
    ERR_INVALID,   /* the input is wrong: wait for a new commit */
    ERR_RETRY,     /* passing: network, 5xx, 429 */
    ERR_AUTH,      /* sign in again, or rights are missing */
    ERR_CONFLICT,  /* read again, then decide again */
    ERR_NOT_FOUND,
    ERR_LIMIT, /* a cap of limits.h or of the configuration was met */
};

struct err {
    enum err_kind kind;
    char *message; /* one line, no newline at the end, no secret in it */
};

/* Sets *err (when err is not NULL) and returns -1. */
int err_set(struct err **err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with ": strerror(errno_)" at the end. */
int err_errno(struct err **err, enum err_kind kind, int errno_, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "prefix: " before the message on the way up. Returns -1. NULL-safe. */
int err_wrap(struct err **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The message, or "unknown error" for NULL. */
const char *err_message(const struct err *err);

/* Moves *src to *dst (freeing it when dst is NULL). Returns -1. */
int err_move(struct err **dst, struct err **src);

void err_free(struct err *err);
void cleanup_err_(struct err **err);
#define _err_ __attribute__((cleanup(cleanup_err_)))

#endif
