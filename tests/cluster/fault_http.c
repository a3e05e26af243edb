/* Answers of HTTP/1.1: the server's, damaged as the rule has it, or the proxy's own. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "fault_relay.h"

#define HEAD_BYTES (256 * KIB)
#define BODY_BYTES (256 * MIB)

static const char *reason_of(int status)
{
    switch (status) {
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 409:
        return "Conflict";
    case 410:
        return "Expired";
    case 429:
        return "TooManyRequests";
    case 503:
        return "ServiceUnavailable";
    default:
        return "InternalError";
    }
}

static void status_object(struct buf *b, const struct exchange *x)
{
    const struct fault_request *q = &x->request;
    int status = x->rule.fault == FAULT_EXPIRED ? 410 : x->rule.status;
    buf_addf(b,
             "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",");
    if (status == 403) /* as RBAC has it */
        buf_addf(b,
                 "\"message\":\"%s is forbidden: User \\\"x\\\" cannot %s resource \\\"%s\\\"\",",
                 q->kind, q->verb, q->kind);
    else
        buf_addf(b, "\"message\":\"a fault of the test (%d)\",", status);
    buf_addf(b, "\"reason\":\"%s\",\"code\":%d}", reason_of(status), status);
}

static enum relay refuse_page(struct exchange *x)
{
    bool json = x->rule.fault == FAULT_JSON;
    const char *page = json ? "{\"error\":\"sign in to this network\"}"
                            : "<html><body>Welcome to this network</body></html>";
    _free_ char *text = xasprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                                  "Content-Length: %zu\r\n\r\n%s",
                                  json ? "application/json" : "text/html", strlen(page), page);
    return link_write(x->client, text, strlen(text)) ? RELAY_OVER : RELAY_ON;
}

static enum relay refuse_expired(struct exchange *x)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    struct buf _buf_ event = BUF_INIT(HEAD_BYTES);
    buf_add_str(&event, "{\"type\":\"ERROR\",\"object\":");
    status_object(&event, x);
    buf_add_str(&event, "}\n");
    return link_write(x->client, head, strlen(head)) ||
                   chunk_write(x->client, event.data, event.len) ||
                   link_write(x->client, "0\r\n\r\n", 5)
               ? RELAY_OVER
               : RELAY_ON;
}

enum relay http_refuse(struct exchange *x)
{
    struct buf _buf_ body = BUF_INIT(HEAD_BYTES), text = BUF_INIT(HEAD_BYTES);
    if (x->rule.fault == FAULT_HTML || x->rule.fault == FAULT_JSON)
        return refuse_page(x);
    if (x->rule.fault == FAULT_EXPIRED)
        return refuse_expired(x);
    status_object(&body, x);
    buf_addf(&text, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n", x->rule.status,
             reason_of(x->rule.status));
    if (x->rule.retry_after >= 0)
        buf_addf(&text, "Retry-After: %.0f\r\n", x->rule.retry_after);
    buf_addf(&text, "Content-Length: %zu\r\n\r\n", body.len);
    buf_add(&text, body.data, body.len);
    return link_write(x->client, text.data, text.len) ? RELAY_OVER : RELAY_ON;
}

/* The head without what frames the body, and its type exchanged where the fault is that. */
static void head_begin(const struct exchange *x, const char *head, struct buf *out)
{
    static const char *const dropped[] = {"Content-Length:", "Transfer-Encoding:"};
    for (const char *line = head; *line && *line != '\r';) {
        size_t len = strcspn(line, "\r") + 2;
        bool keep = true;
        for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
            keep &= strncasecmp(line, dropped[i], strlen(dropped[i])) != 0;
        if (keep && x->rule.fault == FAULT_TYPE && !strncasecmp(line, "Content-Type:", 13))
            buf_add_str(out, "Content-Type: text/html\r\n");
        else if (keep)
            buf_add(out, line, len);
        line += len;
    }
}

static int write_slowly(struct exchange *x, const char *data, size_t len)
{
    const struct timespec pause = {.tv_sec = x->rule.ms / 1000,
                                   .tv_nsec = (long)(x->rule.ms % 1000) * 1000000};
    for (size_t at = 0; at < len;) {
        size_t n = len - at < x->rule.bytes ? len - at : x->rule.bytes;
        if (exchange_is_cut(x) || link_write(x->client, data + at, n))
            return -1;
        at += n;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* Body bytes; a chunked body in pieces. */
static int write_body(struct exchange *x, bool chunked, const char *data, size_t len)
{
    if (!chunked)
        return x->rule.fault == FAULT_SLOW ? write_slowly(x, data, len)
                                           : link_write(x->client, data, len);
    for (size_t at = 0; at < len;) {
        size_t n = len - at < 16384 ? len - at : 16384;
        if (chunk_write(x->client, data + at, n))
            return -1;
        at += n;
    }
    return 0;
}

static int write_head(struct exchange *x, const char *head, bool chunked, bool none, size_t said)
{
    struct buf _buf_ out = BUF_INIT(HEAD_BYTES);
    head_begin(x, head, &out);
    if (chunked)
        buf_add_str(&out, "Transfer-Encoding: chunked\r\n");
    else if (!none)
        buf_addf(&out, "Content-Length: %zu\r\n", said);
    buf_add_str(&out, "\r\n");
    return link_write(x->client, out.data, out.len);
}

/* The whole answer is here: it is told as the rule has it. */
static enum relay tell(struct exchange *x, const char *head, struct framing f,
                       const struct buf *body)
{
    enum fault fault = x->rule.fault;
    bool chunked = f.chunked && fault != FAULT_SLOW;
    size_t part = body->len * x->rule.at / 100;
    bool partly = fault == FAULT_CUT || fault == FAULT_TLS_CUT || fault == FAULT_STALL;
    size_t said = fault == FAULT_TRUNCATE ? part : body->len;
    if (write_head(x, head, chunked, f.none, said) ||
        write_body(x, chunked, body->data, partly ? part : said))
        return RELAY_OVER;
    if (partly && fault != FAULT_STALL)
        return exchange_cut(x);
    if (partly &&
        (!exchange_stalled(x) || write_body(x, chunked, buf_str(body) + part, body->len - part)))
        return RELAY_OVER;
    return chunked && link_write(x->client, "0\r\n\r\n", 5) ? RELAY_OVER : RELAY_ON;
}

static void delay(const struct exchange *x)
{
    const struct timespec pause = {.tv_sec = x->rule.ms / 1000,
                                   .tv_nsec = (long)(x->rule.ms % 1000) * 1000000};
    if (x->rule.fault == FAULT_DELAY)
        nanosleep(&pause, NULL);
}

enum relay http_answer(struct exchange *x)
{
    struct buf _buf_ in = BUF_INIT(HEAD_BYTES + BODY_BYTES), body = BUF_INIT(BODY_BYTES);
    size_t head = link_read_until(x->server, &in, "\r\n\r\n");
    int status = 0;
    if (!head || sscanf(in.data, "HTTP/1.1 %d", &status) != 1)
        return RELAY_OVER;
    _free_ char *text = xstrndup(in.data, head);
    const struct framing f = framing_of(text, status);
    buf_drop(&in, head);
    if (!strcmp(x->request.verb, "watch") && status == 200 && f.chunked) {
        struct buf _buf_ out = BUF_INIT(HEAD_BYTES);
        head_begin(x, text, &out);
        buf_add_str(&out, "Transfer-Encoding: chunked\r\n\r\n");
        return link_write(x->client, out.data, out.len) ? RELAY_OVER : watch_events(x, &in);
    }
    if (body_read(x->server, f, &in, &body))
        return RELAY_OVER;
    delay(x);
    return tell(x, text, f, &body);
}
