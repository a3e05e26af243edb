#include "fault_relay.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"

#define HEAD_BYTES (256 * KIB)
#define BODY_BYTES (64 * MIB)

static void count(struct exchange *x)
{
    struct proxy *p = x->proxy;
    const struct fault_request *q = &x->request;
    _free_ char *key = xasprintf("%s%s%s", q->verb, *q->kind ? " " : "", q->kind);
    json_put(p->counts, key, json_integer(json_integer_value(json_object_get(p->counts, key)) + 1));
}

static void write_log(const struct exchange *x, const char *target)
{
    const struct fault_rule *r = &x->rule;
    char now[CLOCK_TEXT_BYTES];
    clock_rfc3339(clock_now_ms(), now);
    fprintf(x->proxy->log, "%s %u %s %s %s%s%.0d at=%u\n", now, x->request.number, x->request.verb,
            target, fault_name(r->fault), r->status ? " " : "", r->status, r->at);
    fflush(x->proxy->log);
}

void exchange_begin(struct exchange *x, const char *method, const char *target)
{
    struct proxy *p = x->proxy;
    x->request = (struct fault_request){0};
    fault_request_read(&x->request, method, target);
    pthread_mutex_lock(&p->lock);
    x->request.number = ++p->requests;
    p->open++;
    x->seen = p->rules.last_id;
    x->rule = fault_rules_decide(&p->rules, &x->request);
    p->faulted += x->rule.fault != FAULT_NONE;
    count(x);
    if (p->log)
        write_log(x, target);
    pthread_mutex_unlock(&p->lock);
}

void exchange_end(struct exchange *x)
{
    pthread_mutex_lock(&x->proxy->lock);
    x->proxy->open--;
    pthread_mutex_unlock(&x->proxy->lock);
    fault_request_free(&x->request);
}

bool exchange_is_cut(const struct exchange *x)
{
    pthread_mutex_lock(&x->proxy->lock);
    bool cut = x->proxy->cuts != x->cuts;
    pthread_mutex_unlock(&x->proxy->lock);
    return cut;
}

bool exchange_stalled(struct exchange *x)
{
    for (;;) {
        pthread_mutex_lock(&x->proxy->lock);
        bool there = fault_rules_has(&x->proxy->rules, x->rule.id);
        bool cut = x->proxy->cuts != x->cuts;
        pthread_mutex_unlock(&x->proxy->lock);
        if (!there || cut)
            return !cut;
        if (link_hung_up(x->client, 20))
            return false;
    }
}

enum relay exchange_cut(struct exchange *x)
{
    if (x->rule.fault == FAULT_TLS_CUT)
        link_close_rudely(x->client);
    else
        link_reset(x->client);
    return RELAY_OVER;
}

/* ---- bodies ---- */

void buf_drop(struct buf *b, size_t len)
{
    if (!len)
        return;
    memmove(b->data, b->data + len, b->len - len + 1); /* with the NUL */
    b->len -= len;
}

static const char *header(const char *head, const char *name)
{
    _free_ char *key = xasprintf("\r\n%s:", name);
    const char *at = strcasestr(head, key);
    return at ? at + strlen(key) + strspn(at + strlen(key), " ") : NULL;
}

struct framing framing_of(const char *head, int status)
{
    const char *length = header(head, "Content-Length");
    const char *coding = header(head, "Transfer-Encoding");
    struct framing f = {.chunked = coding && !strncasecmp(coding, "chunked", 7)};
    f.length = length ? strtoul(length, NULL, 10) : 0;
    f.none = status == 204 || status == 304 || (!f.chunked && !length);
    return f;
}

long chunk_read(struct link *l, struct buf *in, struct buf *body)
{
    size_t head = link_read_until(l, in, "\r\n");
    if (!head)
        return -1;
    size_t len = strtoul(in->data, NULL, 16);
    if (link_read_to(l, in, head + len + 2))
        return -1;
    buf_add(body, in->data + head, len);
    buf_drop(in, head + len + 2);
    return (long)len;
}

int chunk_write(struct link *l, const void *data, size_t len)
{
    struct buf _buf_ b = BUF_INIT(BODY_BYTES);
    buf_addf(&b, "%zx\r\n", len);
    buf_add(&b, data, len);
    buf_add_str(&b, "\r\n");
    return link_write(l, b.data, b.len);
}

int body_read(struct link *l, struct framing f, struct buf *in, struct buf *body)
{
    long n = 0;
    if (f.none)
        return 0;
    while (f.chunked && (n = chunk_read(l, in, body)) > 0)
        ;
    if (f.chunked)
        return n ? -1 : 0;
    if (link_read_to(l, in, f.length))
        return -1;
    buf_add(body, in->data, f.length);
    buf_drop(in, f.length);
    return 0;
}

/* ---- one connection ---- */

/* Sends the request on as it came; the connection to the server is made when it is wanted. */
static int send_on(struct exchange *x, const struct buf *in, size_t len)
{
    struct proxy *p = x->proxy;
    if (!x->server->ssl && link_connect(x->server, p->back, p->port, false))
        return -1;
    return link_write(x->server, in->data, len);
}

static enum relay serve(struct exchange *x, struct buf *in, size_t len)
{
    enum relay next;
    bool alone = x->rule.fault == FAULT_STATUS || x->rule.fault == FAULT_HTML ||
                 x->rule.fault == FAULT_JSON || x->rule.fault == FAULT_EXPIRED;
    if (alone)
        next = http_refuse(x);
    else if (x->rule.fault == FAULT_STALL && !x->rule.at && !exchange_stalled(x))
        next = RELAY_OVER; /* it never came to the server */
    else if (send_on(x, in, len))
        next = RELAY_OVER;
    else
        next = http_answer(x);
    return next;
}

/* A request and its answer. */
static enum relay turn(struct exchange *x, struct buf *in)
{
    char method[16], target[4096];
    size_t head = link_read_until(x->client, in, "\r\n\r\n");
    if (!head || sscanf(in->data, "%15s %4095s", method, target) != 2)
        return RELAY_OVER;
    _free_ char *text = xstrndup(in->data, head);
    const struct framing f = framing_of(text, 200);
    if (f.chunked || link_read_to(x->client, in, head + f.length))
        return RELAY_OVER;
    exchange_begin(x, method, target);
    enum relay next = serve(x, in, head + f.length);
    exchange_end(x);
    buf_drop(in, head + f.length);
    return next;
}

/* Waits for the next request; false when there will be none. */
static bool waits(struct exchange *x)
{
    while (!link_readable(x->client, 20)) {
        if (exchange_is_cut(x))
            return false;
    }
    return !exchange_is_cut(x);
}

void relay_connection(struct proxy *p, struct link *client)
{
    struct link server = {.fd = -1};
    struct exchange x = {.proxy = p, .client = client, .server = &server};
    struct buf _buf_ in = BUF_INIT(HEAD_BYTES + BODY_BYTES);
    pthread_mutex_lock(&p->lock);
    p->connections++;
    x.cuts = p->cuts;
    pthread_mutex_unlock(&p->lock);
    if (client->h2) {
        frames_relay(p, client, x.cuts);
    } else {
        while (waits(&x) && turn(&x, &in) == RELAY_ON)
            ;
    }
    if (exchange_is_cut(&x))
        link_reset(client);
    link_close(client);
    link_close(&server);
}
