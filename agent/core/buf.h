/*
 * A growing byte buffer with a maximum that is given when it is made (as curl's dynbuf). An append
 * past the maximum fails, leaves the content alone and marks the buffer `full`.
 */
#ifndef HOLDFAST_CORE_BUF_H
#define HOLDFAST_CORE_BUF_H

#include <stddef.h>
#include <stdbool.h>
#include <stdarg.h>

struct buf {
    char *data; /* NUL-terminated once anything was appended; NULL before */
    size_t len;
    size_t cap;
    size_t max; /* bytes of content, the NUL not counted */
    bool full;  /* an append failed */
};

#define BUF_INIT(maximum)                                                                          \
    (struct buf)                                                                                   \
    {                                                                                              \
        .max = (maximum)                                                                           \
    }

/* 0, or -1 when the maximum would be passed. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_str(struct buf *b, const char *s);
int buf_add_char(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The content as a string, "" when empty. Valid until the next append. */
const char *buf_str(const struct buf *b);

/* Empties it and keeps the memory. */
void buf_clear(struct buf *b);

/* The content as an owned string (never NULL); the buffer is empty afterwards. */
char *buf_take(struct buf *b);

void buf_free(struct buf *b);
#define _buf_ __attribute__((cleanup(buf_free)))

#endif
