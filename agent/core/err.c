#include "core/err.h"
#include "core/alloc.h"
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

/* What is quoted may hold anything, also newlines and no UTF-8: a message is one line of text. */
static char *one_line(char *message)
{
    for (char *s = message; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = ' ';
    }
    utf8_clean(message);
    return message;
}

static void err_put(struct err **err, enum err_kind kind, char *message)
{
    if (!err) {
        free(message);
        return;
    }
    err_free(*err);
    *err = xcalloc(1, sizeof(**err));
    (*err)->kind = kind;
    (*err)->message = one_line(message);
}

int err_set(struct err **err, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = xvasprintf(fmt, ap);
    va_end(ap);
    err_put(err, kind, message);
    return -1;
}

int err_errno(struct err **err, enum err_kind kind, int errno_, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    err_put(err, kind, xasprintf("%s: %s", message, strerror(errno_)));
    return -1;
}

int err_wrap(struct err **err, const char *fmt, ...)
{
    if (!err || !*err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    _free_ char *prefix = xvasprintf(fmt, ap);
    va_end(ap);
    char *old = (*err)->message;
    (*err)->message = xasprintf("%s: %s", one_line(prefix), old);
    free(old);
    return -1;
}

const char *err_message(const struct err *err)
{
    return err && err->message ? err->message : "unknown error";
}

int err_move(struct err **dst, struct err **src)
{
    if (dst) {
        err_free(*dst);
        *dst = *src;
    } else {
        err_free(*src);
    }
    *src = NULL;
    return -1;
}

void err_free(struct err *err)
{
    if (!err)
        return;
    free(err->message);
    free(err);
}

void cleanup_err_(struct err **err)
{
    err_free(*err);
    *err = NULL;
}
