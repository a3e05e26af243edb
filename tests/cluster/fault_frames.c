/*
 * HTTP/2 (RFC 9113) goes through frame by frame; what stands in a HEADERS frame is not looked into,
 * so that verb and kind are not known: all requests count as "h2". Cut, TLS cut, stall and slow
 * happen in the middle of the next DATA frame of an answer; `end` says GOAWAY there, and `status`
 * resets the stream.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "fault_relay.h"

#define FRAME_HEAD 9
enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_RST_STREAM = 3, FRAME_GOAWAY = 7 };
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct frames {
    struct exchange x;
    struct buf up, down; /* of the client, of the server */
};

static size_t frame_len(const struct buf *b)
{
    const unsigned char *p = (const unsigned char *)b->data;
    return b->len < FRAME_HEAD
               ? SIZE_MAX
               : FRAME_HEAD + ((size_t)p[0] << 16 | (size_t)p[1] << 8 | (size_t)p[2]);
}

/* Each HEADERS frame of a client begins a request. */
static void count_requests(struct frames *f, size_t len)
{
    if (f->up.data[3] != FRAME_HEADERS || len < FRAME_HEAD)
        return;
    exchange_begin(&f->x, "h2", "");
    exchange_end(&f->x); /* it has the rule, which stays */
}

static int frame_write(struct frames *f, int type, const unsigned char *stream, uint32_t code)
{
    unsigned char out[FRAME_HEAD + 8] = {0};
    size_t n = type == FRAME_GOAWAY ? 8 : 4;
    out[2] = (unsigned char)n;
    out[3] = (unsigned char)type;
    memcpy(type == FRAME_GOAWAY ? out + FRAME_HEAD : out + 5, stream, 4);
    for (int i = 0; i < 4; i++)
        out[FRAME_HEAD + n - 4 + (size_t)i] = (unsigned char)(code >> (24 - 8 * i));
    return link_write(f->x.client, out, FRAME_HEAD + n);
}

static int slowly(struct frames *f, size_t len)
{
    const struct fault_rule *r = &f->x.rule;
    const struct timespec pause = {.tv_sec = r->ms / 1000,
                                   .tv_nsec = (long)(r->ms % 1000) * 1000000};
    for (size_t at = 0; at < len; at += r->bytes) {
        size_t n = len - at < r->bytes ? len - at : r->bytes;
        if (exchange_is_cut(&f->x) || link_write(f->x.client, f->down.data + at, n))
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* The frame at the head of `down`, with the fault of the request that was begun last. */
static enum relay frame_down(struct frames *f, size_t len)
{
    const unsigned char *p = (const unsigned char *)f->down.data;
    enum fault fault = p[3] == FRAME_DATA && len > FRAME_HEAD ? f->x.rule.fault : FAULT_NONE;
    size_t part = len * f->x.rule.at / 100;
    bool bad = false;
    switch (fault) {
    case FAULT_CUT:
    case FAULT_TLS_CUT:
        link_write(f->x.client, p, part);
        return exchange_cut(&f->x);
    case FAULT_STALL:
        bad = link_write(f->x.client, p, part) || !exchange_stalled(&f->x) ||
              link_write(f->x.client, p + part, len - part);
        break;
    case FAULT_SLOW:
        bad = slowly(f, len);
        break;
    case FAULT_STATUS: /* INTERNAL_ERROR */
        bad = frame_write(f, FRAME_RST_STREAM, p + 5, 2);
        break;
    case FAULT_END: /* nothing was taken beyond this stream */
        bad = frame_write(f, FRAME_GOAWAY, p + 5, 0) || link_write(f->x.client, p, len);
        break;
    default:
        bad = link_write(f->x.client, p, len);
    }
    if (fault != FAULT_SLOW && fault != FAULT_NONE)
        f->x.rule.fault = FAULT_NONE;
    return bad ? RELAY_OVER : RELAY_ON;
}

static enum relay pass_up(struct frames *f)
{
    size_t len;
    while ((len = frame_len(&f->up)) <= f->up.len) {
        count_requests(f, len);
        if (link_write(f->x.server, f->up.data, len))
            return RELAY_OVER;
        buf_drop(&f->up, len);
    }
    return RELAY_ON;
}

static enum relay pass_down(struct frames *f)
{
    size_t len;
    while ((len = frame_len(&f->down)) <= f->down.len) {
        if (frame_down(f, len) == RELAY_OVER)
            return RELAY_OVER;
        buf_drop(&f->down, len);
    }
    return RELAY_ON;
}

static bool take(struct link *l, struct buf *b)
{
    char bytes[16384];
    int n = link_take(l, bytes, sizeof(bytes));
    return n == LINK_NOTHING || (n > 0 && !buf_add(b, bytes, (size_t)n));
}

static enum relay begin(struct frames *f)
{
    size_t len = strlen(preface);
    struct proxy *p = f->x.proxy;
    if (link_connect(f->x.server, p->back, p->port, true) || !f->x.server->h2 ||
        link_read_to(f->x.client, &f->up, len) || link_write(f->x.server, preface, len))
        return RELAY_OVER;
    buf_drop(&f->up, len);
    return pass_up(f);
}

void frames_relay(struct proxy *p, struct link *client, unsigned cuts)
{
    struct link server = {.fd = -1};
    struct frames f = {
        .x = {.proxy = p, .client = client, .server = &server, .cuts = cuts},
        .up = BUF_INIT(64 * MIB),
        .down = BUF_INIT(64 * MIB),
    };
    enum relay next = begin(&f);
    while (next == RELAY_ON && !exchange_is_cut(&f.x)) {
        unsigned ready = link_readable_of(client, &server, 20);
        bool going =
            (!(ready & 1U) || take(client, &f.up)) && (!(ready & 2U) || take(&server, &f.down));
        next = pass_up(&f) == RELAY_OVER || pass_down(&f) == RELAY_OVER || !going ? RELAY_OVER
                                                                                  : RELAY_ON;
    }
    buf_free(&f.up);
    buf_free(&f.down);
    link_close(&server);
}
