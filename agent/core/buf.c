#include "core/buf.h"
#include "core/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int buf_add(struct buf *b, const void *data, size_t len)
{
    if (len > b->max || b->len > b->max - len) {
        b->full = true;
        return -1;
    }
    if (b->len + len + 1 > b->cap)
        b->data = xgrow(b->data, &b->cap, b->len + len + 1, 1);
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_add_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_add_char(struct buf *b, char c)
{
    if (b->len >= b->max || b->len + 2 > b->cap)
        return buf_add(b, &c, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
    return 0;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *s = xvasprintf(fmt, ap);
    va_end(ap);
    return buf_add_str(b, s);
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->full = false;
    if (b->data)
        b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
    char *s = b->data ? b->data : xstrdup("");
    *b = (struct buf){.max = b->max};
    return s;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}
