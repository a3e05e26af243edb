/*
 * pkt-lines, the frames of Git's protocols (gitprotocol-common): four hexadecimal digits that count
 * themselves, then data; 0000 ends a part. Pure; bytes go in as they come.
 */
#ifndef HOLDFAST_SYNC_REMOTE_PKT_H
#define HOLDFAST_SYNC_REMOTE_PKT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

#define PKT_BYTES 65520U /* the longest that the protocol knows, its own four digits included */

enum pkt_kind { PKT_DATA, PKT_FLUSH };

struct pkt {
    enum pkt_kind kind;
    const char *data; /* borrowed, with a NUL behind; no newline at its end was taken off */
    size_t len;
};

/* 0: go on. 1: enough, the rest is left alone. -1 with *err. */
typedef int pkt_each(void *ctx, const struct pkt *pkt, struct err **err);

struct pkt_reader {
    struct buf partial;
};

#define PKT_READER_INIT                                                                            \
    (struct pkt_reader)                                                                            \
    {                                                                                              \
        .partial = BUF_INIT(PKT_BYTES)                                                             \
    }

/* Calls `each` for every whole line and answers what it answered last. ERR_RETRY for what is no
 * pkt-line. */
int pkt_feed(struct pkt_reader *reader, const char *data, size_t len, pkt_each *each, void *ctx,
             struct err **err);
/* Bytes of a line that did not come to its end. */
bool pkt_reader_partial(const struct pkt_reader *reader);
void pkt_reader_free(struct pkt_reader *reader);

/* Appends one line. */
void pkt_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pkt_add_flush(struct buf *b);

#endif
