/*
 * One TLS connection of the fault proxy, used by one thread: what blocks ends after a deadline, or
 * when the other side is gone. Ways to end it badly.
 */
#ifndef HOLDFAST_TEST_FAULT_LINK_H
#define HOLDFAST_TEST_FAULT_LINK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

struct link {
    int fd;
    SSL *ssl;
    bool h2; /* so it was agreed upon (ALPN) */
};

/* Take the descriptor over, also where they fail: -1. */
int link_accept(struct link *l, SSL_CTX *context, int fd);
int link_connect(struct link *l, SSL_CTX *context, int port, bool h2);

/* Bytes: >0 read, 0 end, -1 error; link_take also LINK_NOTHING: what came was TLS's own. */
#define LINK_NOTHING (-2)
int link_read(struct link *l, void *data, size_t len);
int link_take(struct link *l, void *data, size_t len);
int link_write(struct link *l, const void *data, size_t len); /* all of it: 0, or -1 */

/* Does a read find something (or the end) within so many ms? */
bool link_readable(const struct link *l, int ms);
/* Of two; ms until either: bit 0 the first, bit 1 the second. */
unsigned link_readable_of(const struct link *a, const struct link *b, int ms);

/* Waits so many ms for the peer's end: has it come? Reads nothing. */
bool link_hung_up(const struct link *l, int ms);

/* Reads until `end` (NUL-terminated) is in the buffer: the place behind it, 0 at the end. */
size_t link_read_until(struct link *l, struct buf *b, const char *end);
/* Reads until the buffer holds so many bytes: 0, or -1. */
int link_read_to(struct link *l, struct buf *b, size_t len);

/* A good end; a FIN without close_notify; a reset. The link is closed. */
void link_close(struct link *l);
void link_close_rudely(struct link *l);
void link_reset(struct link *l);

#endif
