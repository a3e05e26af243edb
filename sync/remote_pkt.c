#include "sync/remote_pkt.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* 4..PKT_BYTES, 0 for a flush; -1 for anything else. */
static int length(const char *digits)
{
    int n = 0;
    for (int i = 0; i < 4; i++) {
        const char all[] = "0123456789abcdef";
        char c = digits[i] >= 'A' && digits[i] <= 'F' ? (char)(digits[i] | 0x20) : digits[i];
        const char *at = c ? strchr(all, c) : NULL;
        if (!at)
            return -1;
        n = n << 4 | (int)(at - all);
    }
    return n == 0 || (n >= 4 && n <= (int)PKT_BYTES) ? n : -1;
}

static int refuse(const char *digits, struct err **err)
{
    char shown[5] = {0};
    for (int i = 0; i < 4; i++)
        shown[i] = digits[i] > ' ' && digits[i] < 0x7f ? digits[i] : '.';
    return err_set(err, ERR_RETRY,
                   "the server's answer is no Git protocol (\"%s\" where a length belongs)", shown);
}

int pkt_feed(struct pkt_reader *reader, const char *data, size_t len, pkt_each *each, void *ctx,
             struct err **err)
{
    struct buf *b = &reader->partial;
    while (len) {
        size_t want = b->len < 4 ? 4 : (size_t)length(b->data);
        size_t take = want - b->len < len ? want - b->len : len;
        buf_add(b, data, take);
        data += take;
        len -= take;
        if (b->len < 4)
            return 0;
        int n = length(b->data);
        if (n < 0)
            return refuse(b->data, err);
        if (n && b->len < (size_t)n)
            continue;
        struct pkt pkt = {.kind = n ? PKT_DATA : PKT_FLUSH, .data = b->data + 4};
        pkt.len = n ? (size_t)n - 4 : 0;
        int rc = each(ctx, &pkt, err);
        buf_clear(b);
        if (rc)
            return rc;
    }
    return 0;
}

bool pkt_reader_partial(const struct pkt_reader *reader)
{
    return reader->partial.len > 0;
}

void pkt_reader_free(struct pkt_reader *reader)
{
    buf_free(&reader->partial);
}

void pkt_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *text = xvasprintf(fmt, ap);
    va_end(ap);
    buf_addf(b, "%04zx%s", strlen(text) + 4, text);
}

void pkt_add_flush(struct buf *b)
{
    buf_add_str(b, "0000");
}
