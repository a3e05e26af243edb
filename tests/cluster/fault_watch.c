/* The events of a WATCH, line by line: each fault comes with its next line, or at once. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "fault_relay.h"

#define LINE_BYTES (64 * MIB)

/* A rule that came since, and meets what goes on. */
static void look_again(struct exchange *x)
{
    struct proxy *p = x->proxy;
    pthread_mutex_lock(&p->lock);
    const struct fault_rule newer = fault_rules_running(&p->rules, &x->request, x->seen);
    p->faulted += newer.fault != FAULT_NONE;
    pthread_mutex_unlock(&p->lock);
    if (!newer.fault)
        return;
    x->rule = newer;
    x->seen = newer.id;
}

static int slowly(struct exchange *x, const char *line, size_t len)
{
    const struct timespec pause = {.tv_sec = x->rule.ms / 1000,
                                   .tv_nsec = (long)(x->rule.ms % 1000) * 1000000};
    for (size_t at = 0; at < len; at += x->rule.bytes) {
        size_t n = len - at < x->rule.bytes ? len - at : x->rule.bytes;
        if (exchange_is_cut(x) || chunk_write(x->client, line + at, n))
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* Does the fault come now? `line` NULL: between two lines. */
static enum relay fault(struct exchange *x, const char *line, size_t len)
{
    size_t part = line ? len * x->rule.at / 100 : 0;
    switch (x->rule.fault) {
    case FAULT_CUT:
    case FAULT_TLS_CUT:
        if (part)
            chunk_write(x->client, line, part);
        return exchange_cut(x);
    case FAULT_TRUNCATE:
        if (part)
            chunk_write(x->client, line, part);
        link_write(x->client, "0\r\n\r\n", 5);
        return RELAY_OVER;
    case FAULT_STALL:
        if (part && chunk_write(x->client, line, part))
            return RELAY_OVER;
        if (!exchange_stalled(x))
            return RELAY_OVER;
        x->rule.fault = FAULT_NONE;
        return line && chunk_write(x->client, line + part, len - part) ? RELAY_OVER : RELAY_ON;
    case FAULT_SLOW:
        return slowly(x, line, len) ? RELAY_OVER : RELAY_ON;
    default:
        return chunk_write(x->client, line, len) ? RELAY_OVER : RELAY_ON;
    }
}

/* What need not wait for a line. */
static bool is_due(const struct fault_rule *r)
{
    bool any = r->fault == FAULT_CUT || r->fault == FAULT_TLS_CUT || r->fault == FAULT_TRUNCATE ||
               r->fault == FAULT_STALL;
    return any && !r->at;
}

static enum relay expire(struct exchange *x)
{
    static const char event[] =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
        "\"status\":\"Failure\",\"message\":\"too old resource version\",\"reason\":\"Expired\","
        "\"code\":410}}\n";
    if (x->rule.fault == FAULT_EXPIRED)
        chunk_write(x->client, event, strlen(event));
    link_write(x->client, "0\r\n\r\n", 5);
    return RELAY_OVER; /* the server's side goes on: this connection is done */
}

/* Whole lines of what came. */
static enum relay pass_on(struct exchange *x, struct buf *body)
{
    const char *end;
    while (body->len && (end = memchr(body->data, '\n', body->len))) {
        size_t len = (size_t)(end - body->data) + 1;
        if (fault(x, body->data, len) == RELAY_OVER)
            return RELAY_OVER;
        buf_drop(body, len);
    }
    return RELAY_ON;
}

/* More bytes of the server; false at the end of the WATCH. */
static bool more(struct exchange *x, struct buf *in, struct buf *body)
{
    char bytes[16384];
    int n = link_take(x->server, bytes, sizeof(bytes));
    if (n == LINK_NOTHING)
        return true;
    if (n <= 0 || buf_add(in, bytes, (size_t)n))
        return false;
    while (in->len) {
        /* chunks of a watch are whole soon: their rest is waited for */
        long len = chunk_read(x->server, in, body);
        if (len <= 0)
            return false;
    }
    return true;
}

static bool take_rest(struct exchange *x, struct buf *in, struct buf *body)
{
    while (in->len) {
        if (chunk_read(x->server, in, body) <= 0)
            return false;
    }
    return true;
}

enum relay watch_events(struct exchange *x, struct buf *rest)
{
    struct buf _buf_ body = BUF_INIT(LINE_BYTES);
    bool going = take_rest(x, rest, &body);
    for (;;) {
        look_again(x);
        if (exchange_is_cut(x))
            return RELAY_OVER;
        if (x->rule.fault == FAULT_EXPIRED || x->rule.fault == FAULT_END)
            return expire(x);
        if (is_due(&x->rule) && fault(x, NULL, 0) == RELAY_OVER)
            return RELAY_OVER;
        if (pass_on(x, &body) == RELAY_OVER)
            return RELAY_OVER;
        if (!going)
            break;
        unsigned ready = link_readable_of(x->server, x->client, 20);
        char byte;
        if (ready & 2U && link_take(x->client, &byte, 1) != LINK_NOTHING)
            return RELAY_OVER;
        if (ready & 1U)
            going = more(x, rest, &body);
    }
    link_write(x->client, "0\r\n\r\n", 5);
    return RELAY_OVER;
}
