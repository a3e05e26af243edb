#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/metrics.h"
#include "endpoints_internal.h"

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"

struct route {
    const char *path;
    bool below;       /* "PATH/NAME" too */
    bool get;         /* GET and HEAD; else POST */
    const char *type; /* of a good answer */
    /* Writes the answer's body and gives its status. */
    unsigned (*serve)(struct call *c, struct buf *out);
    /* POST: may it come in at all? Refuses where not. */
    void (*admit)(struct call *c);
};

/* ---- refusals ---- */

static void refuse(struct call *c, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct call *c, unsigned status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    free(c->refusal.text);
    c->refusal.text = xvasprintf(fmt, ap);
    va_end(ap);
    c->refusal.status = status;
}

static void tell(const struct endpoints *e, int64_t *last, const char *message)
{
    int64_t now = clock_monotonic_ms();
    if (!e->config.told || (*last && now - *last < 60000))
        return;
    *last = now ? now : 1;
    e->config.told(e->config.ctx, message);
}

/* ---- tokens ---- */

/* The first line of the token file, owned; NULL: refused. */
static char *read_token(struct call *c)
{
    struct endpoints *e = c->e;
    if (!e->token_file) {
        refuse(c, 403, "no http.tokenFile in the configuration: nobody can be let in");
        return NULL;
    }
    _close_ int fd = open(e->token_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    _free_ char *text = xcalloc(1, LIMIT_TOKEN_BYTES + 1);
    ssize_t n = fd < 0 ? -1 : read(fd, text, LIMIT_TOKEN_BYTES);
    if (n < 0) {
        _free_ char *message = xasprintf("http.tokenFile: %s: %s", e->token_file, strerror(errno));
        tell(e, &e->told_unreadable, message);
        refuse(c, 503, "http.tokenFile cannot be read: see the agent's log");
        return NULL;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (!*text) {
        _free_ char *message = xasprintf("http.tokenFile: %s is empty", e->token_file);
        tell(e, &e->told_empty, message);
        refuse(c, 403, "http.tokenFile is empty: nobody can be let in");
        return NULL;
    }
    return steal(text);
}

/* Whether too many wrong ones came lately; then nobody is let in, or guessing would go on. */
static bool closed(struct call *c)
{
    const struct endpoints *e = c->e;
    int64_t oldest = e->bad[e->bad_at], left = oldest + LIMIT_BAD_TOKENS_MS - clock_monotonic_ms();
    if (!oldest || left <= 0)
        return false;
    refuse(c, 429, "too many wrong tokens or signatures in the last minute");
    c->refusal.retry_after = (unsigned)(left / 1000) + 1;
    return true;
}

static void wrong(struct call *c, const char *what)
{
    struct endpoints *e = c->e;
    int64_t now = clock_monotonic_ms();
    e->bad[e->bad_at] = now ? now : 1;
    e->bad_at = (e->bad_at + 1) % LIMIT_BAD_TOKENS;
    refuse(c, 401, "the %s is not ours: compare it with http.tokenFile", what);
    _free_ char *message =
        xasprintf("%s: a request with a wrong %s was refused", c->route->path, what);
    tell(e, &e->told_bad, message);
}

static const char *header(void *ctx, const char *name)
{
    const struct call *c = ctx;
    return MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, name);
}

static void admit_sync(struct call *c)
{
    static const char bearer[] = "Bearer ";
    const char *given = header(c, "Authorization");
    _free_ char *token = read_token(c);
    if (!token || closed(c))
        return;
    c->refusal.bearer = true;
    if (!given || strncasecmp(given, bearer, sizeof(bearer) - 1)) {
        refuse(c, 401, "a header `Authorization: Bearer TOKEN` belongs here");
        return;
    }
    given += sizeof(bearer) - 1;
    given += strspn(given, " ");
    if (!hash_equal(given, strlen(given), token, strlen(token)))
        wrong(c, "token");
}

static void admit_webhook(struct call *c)
{
    c->token = read_token(c);
    if (!c->token || closed(c))
        return;
    webhook_proof(header, c, &c->proof);
    if (c->proof.sign == WEBHOOK_UNSIGNED)
        refuse(c, 401,
               "no signature that holdfast knows: give the token of http.tokenFile as the "
               "webhook's secret");
    else if (c->proof.sign == WEBHOOK_HMAC)
        c->mac = hash_hmac_new(c->token, strlen(c->token));
    else if (!webhook_proved(&c->proof, c->token, NULL))
        wrong(c, "token");
}

/* ---- answers ---- */

static unsigned serve_health(struct call *c, struct buf *out)
{
    bool good = c->e->config.healthy(c->e->config.ctx);
    buf_add_str(out, good ? "ok\n" : "not healthy\n");
    return good ? 200 : 503;
}

static unsigned serve_ready(struct call *c, struct buf *out)
{
    if (c->e->config.ready(c->e->config.ctx, out)) {
        buf_clear(out);
        buf_add_str(out, "ok\n");
        return 200;
    }
    if (!out->len)
        buf_add_str(out, "not ready");
    if (out->len && out->data[out->len - 1] != '\n')
        buf_add_char(out, '\n');
    return 503;
}

static unsigned serve_metrics(struct call *c, struct buf *out)
{
    metrics_write(out);
    if (c->e->config.metrics)
        c->e->config.metrics(c->e->config.ctx, out);
    return 200;
}

static unsigned serve_status(struct call *c, struct buf *out)
{
    json_auto_t *status = c->e->config.status(c->e->config.ctx);
    json_write(out, status, 0);
    buf_add_char(out, '\n');
    return 200;
}

static unsigned brought(struct buf *out, size_t n)
{
    buf_addf(out, "{\"sources\":%zu}\n", n);
    return n ? 202 : 200;
}

static unsigned serve_sync(struct call *c, struct buf *out)
{
    const struct endpoints_config *k = &c->e->config;
    const char *source =
        MHD_lookup_connection_value(c->connection, MHD_GET_ARGUMENT_KIND, "source");
    if (source && !*source)
        source = NULL;
    size_t n = k->sync(k->ctx, source, NULL, NULL);
    if (source && !n) {
        refuse(c, 404, "no source is called %s", source);
        return 404;
    }
    return brought(out, n);
}

static unsigned serve_webhook(struct call *c, struct buf *out)
{
    const struct endpoints_config *k = &c->e->config;
    struct webhook_push push = {0};
    _err_ struct err *err = NULL;
    uint8_t mac[HASH_SHA256_BYTES];
    if (c->mac) {
        hash_hmac_end(steal(c->mac), mac);
        if (!webhook_proved(&c->proof, c->token, mac)) {
            wrong(c, "signature");
            return 401;
        }
    }
    enum webhook_event event = webhook_event(header, c);
    if (event != WEBHOOK_PUSH) {
        buf_addf(out, "{\"sources\":0,\"event\":\"%s\"}\n",
                 event == WEBHOOK_PING ? "ping" : "not a push");
        return 200;
    }
    /* too large to be held: whose it is cannot be known, and looking at each source does no harm */
    if (c->source || c->received > c->body.len)
        return brought(out, k->sync(k->ctx, c->source, NULL, NULL));
    if (webhook_read(buf_str(&c->body), c->body.len, &push, &err)) {
        refuse(c, 400, "%s", err_message(err));
        return 400;
    }
    size_t n = k->sync(k->ctx, NULL, (const char *const *)push.urls, push.ref);
    webhook_push_free(&push);
    return brought(out, n);
}

static const struct route routes[] = {
    {"/healthz", false, true, TEXT, serve_health, NULL},
    {"/readyz", false, true, TEXT, serve_ready, NULL},
    {"/metrics", false, true, "text/plain; version=0.0.4; charset=utf-8", serve_metrics, NULL},
    {"/status", false, true, JSON, serve_status, NULL},
    {"/sync", false, false, JSON, serve_sync, admit_sync},
    {"/webhook", true, false, JSON, serve_webhook, admit_webhook},
};

/* ---- one request ---- */

static const struct route *find_route(struct call *c)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        size_t len = strlen(routes[i].path);
        if (strncmp(c->url, routes[i].path, len) != 0)
            continue;
        const char *rest = c->url + len;
        if (routes[i].below && rest[0] == '/' && rest[1])
            c->source = rest + 1;
        if (!*rest || c->source)
            return &routes[i];
    }
    return NULL;
}

void call_begin(struct call *c, const char *url, const char *method)
{
    c->url = xstrdup(url);
    const struct route *route = find_route(c);
    if (!route) {
        refuse(c, 404,
               "no such path: there are /healthz, /readyz, /metrics, /status, /sync and /webhook");
        return;
    }
    bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD");
    if (route->get != get || (!get && strcmp(method, "POST") != 0)) {
        c->refusal.allow = route->get ? "GET, HEAD" : "POST";
        refuse(c, 405, "%s takes %s", route->path, c->refusal.allow);
        return;
    }
    c->route = route;
    if (route->admit)
        route->admit(c);
}

void call_body(struct call *c, const char *data, size_t len)
{
    c->received += len;
    if (c->refusal.status || c->proof.sign == WEBHOOK_UNSIGNED)
        return; /* read and thrown away, so that the answer arrives */
    if (c->mac)
        hash_hmac_add(c->mac, data, len);
    bool room = c->e->held + len <= LIMIT_ANSWERS_BYTES;
    if (c->received - len != c->body.len || !room)
        return; /* a piece is missing already, or from now on */
    c->e->held -= c->body.cap;
    buf_add(&c->body, data, len);
    c->e->held += c->body.cap;
}

/* Text that MHD sends while it lives. */
struct sent {
    struct endpoints *e;
    char *text;
    size_t held;
};

static void sent_free(void *ctx)
{
    struct sent *s = ctx;
    s->e->held -= s->held;
    free(s->text);
    free(s);
}

static void add_headers(const struct call *c, struct MHD_Response *r, const char *type)
{
    char seconds[16];
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    if (c->refusal.allow)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, c->refusal.allow);
    if (c->refusal.bearer && c->refusal.status == 401)
        MHD_add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (c->refusal.retry_after) {
        snprintf(seconds, sizeof(seconds), "%u", c->refusal.retry_after);
        MHD_add_response_header(r, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
}

enum MHD_Result call_answer(struct call *c)
{
    struct endpoints *e = c->e;
    /* probes are answered whatever else is held: who never ends a request must not end us */
    size_t room = e->held < LIMIT_ANSWERS_BYTES ? LIMIT_ANSWERS_BYTES - e->held : 0;
    _buf_ struct buf out = BUF_INIT(room > LIMIT_HEADER_BYTES ? room : LIMIT_HEADER_BYTES);
    unsigned status = 0;
    if (!c->refusal.status)
        status = c->route->serve(c, &out);
    if (out.full)
        refuse(c, 503, "too much is being answered already: ask again later");
    if (c->refusal.status) {
        status = c->refusal.status;
        buf_free(&out);
        out.max = LIMIT_HEADER_BYTES;
        buf_addf(&out, "%s\n", c->refusal.text);
    }
    struct sent *s = xcalloc(1, sizeof(*s));
    size_t len = out.len;
    *s = (struct sent){.e = e, .held = out.cap};
    s->text = buf_take(&out);
    e->held += s->held;
    struct MHD_Response *r =
        MHD_create_response_from_buffer_with_free_callback_cls(len, s->text, sent_free, s);
    if (!r) {
        sent_free(s);
        return MHD_NO;
    }
    add_headers(c, r, c->refusal.status ? TEXT : c->route->type);
    enum MHD_Result rc = MHD_queue_response(c->connection, status, r);
    MHD_destroy_response(r);
    return rc;
}
