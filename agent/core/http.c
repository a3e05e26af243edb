#include "core/http.h"
#include "core/http_internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/proxy.h"

#define READ_BUFFER (64 * 1024L) /* LISTs are megabytes: fewer turns of the loop for each */
#define OWN_BUFFER  (8 * 1024L)  /* of those that stay open, which are many */
#define WRITE_BUFFER                                                                               \
    (16 * 1024L) /* the least that libcurl takes; by default each TLS request has 64 KiB */

struct http *http_new(struct ev_loop *loop)
{
    struct http *http = xcalloc(1, sizeof(*http));
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        abort();
    /* with NOSIGNAL libcurl leaves SIGPIPE alone, and OpenSSL's writes raise it */
    signal(SIGPIPE, SIG_IGN);
    http->loop = loop;
    LIST_INIT(&http->sockets);
    TAILQ_INIT(&http->fresh);
    TAILQ_INIT(&http->running);
    TAILQ_INIT(&http->finished);
    http_multi_new(http);
    return http;
}

struct ev_loop *http_loop(const struct http *http)
{
    return http->loop;
}

uint64_t http_count(const struct http *http)
{
    return http->sent + (http->own ? http->own->sent : 0);
}

uint64_t http_rebuilds(const struct http *http)
{
    return http->rebuilds + (http->own ? http->own->rebuilds : 0);
}

struct http_target *http_target_new(struct http *http, const struct http_target_config *config)
{
    struct http_target *t = xcalloc(1, sizeof(*t));
    t->refs = 1;
    t->ca_file = xstrdup_null(config->ca_file);
    t->ca_pem = xstrdup_null(config->ca_pem);
    t->cert_pem = xstrdup_null(config->cert_pem);
    t->key_pem = xstrdup_null(config->key_pem);
    t->server_name = xstrdup_null(config->server_name);
    t->proxy = xstrdup_null(config->proxy);
    t->ca_option = xstrdup_null(config->ca_option);
    t->insecure = config->insecure;
    return t;
}

void http_target_free(struct http_target *target)
{
    if (!target || --target->refs)
        return;
    if (target->key_pem)
        explicit_bzero(target->key_pem, strlen(target->key_pem));
    free(target->ca_file);
    free(target->ca_pem);
    free(target->cert_pem);
    free(target->key_pem);
    free(target->server_name);
    free(target->proxy);
    free(target->ca_option);
    free(target);
}

static void heard(struct http_call *call)
{
    call->http->progress++;
    call->heard = clock_monotonic_ms();
    if (!call->own)
        call->http->heard = call->heard;
}

/* Bytes of the answer, decoded. Anything but `len` aborts the transfer. */
static size_t write_cb(char *data, size_t one, size_t len, void *userp)
{
    struct http_call *call = userp;
    heard(call);
    if (call->cancelled)
        return CURL_WRITEFUNC_ERROR;
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    bool streamed = call->sink && status == 200;
    size_t max = call->sink && !streamed ? LIMIT_BODY_BYTES : call->body_max;
    if (len > max - call->received) {
        err_set(&call->err, ERR_LIMIT, "%s: the answer is larger than %zu bytes", call->host, max);
        return CURL_WRITEFUNC_ERROR;
    }
    call->received += len;
    if (!streamed)
        return buf_add(&call->answer, data, len) ? CURL_WRITEFUNC_ERROR : len;
    if (call->sink(call->ctx, data, len, &call->err)) {
        if (!call->err)
            err_set(&call->err, ERR_FATAL, "%s: the answer was not taken", call->host);
        return CURL_WRITEFUNC_ERROR;
    }
    return call->cancelled ? CURL_WRITEFUNC_ERROR : len;
}

static size_t header_cb(char *data, size_t one, size_t len, void *userp)
{
    struct http_call *call = userp;
    heard(call);
    call->header_bytes += len;
    if (call->header_bytes > LIMIT_HEADER_BYTES) {
        err_set(&call->err, ERR_LIMIT, "%s: the answer's headers are larger than %lu bytes",
                call->host, LIMIT_HEADER_BYTES);
        return 0;
    }
    return len;
}

/*
 * What was sent and not acknowledged for so long, or a keepalive without an answer, ends the
 * connection: else requests would go on being put on one that a load balancer has forgotten.
 */
static int sockopt_cb(void *userp, curl_socket_t fd, curlsocktype purpose)
{
    unsigned ms = LIMIT_STALL_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
    return CURL_SOCKOPT_OK;
}

static void set_blob(CURL *easy, CURLoption option, const char *pem)
{
    /* not copied: the target outlives the call */
    struct curl_blob blob = {(void *)pem, strlen(pem), CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, option, &blob);
}

static void set_tls(CURL *easy, const struct http_target *t)
{
    if (t->ca_pem) {
        set_blob(easy, CURLOPT_CAINFO_BLOB, t->ca_pem);
        set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, t->ca_pem); /* as Go has it */
    } else if (t->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, t->ca_file);
    /* a folder of system CAs is trusted beside the given one unless it is taken away */
    if (t->ca_pem || t->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (t->ca_pem)
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    if (t->cert_pem && t->key_pem) {
        curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
        curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
        set_blob(easy, CURLOPT_SSLCERT_BLOB, t->cert_pem);
        set_blob(easy, CURLOPT_SSLKEY_BLOB, t->key_pem);
    }
    if (t->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
    }
}

/* The configured proxy, which NO_PROXY does not touch, else the environment's. */
static void set_proxy(struct http_call *call, const char *url)
{
    const struct http_target *t = call->target;
    _free_ char *proxy = t->proxy ? xstrdup(t->proxy) : proxy_from_env(url);
    _free_ char *told = proxy ? proxy_for_curl(proxy) : xstrdup(""); /* not libcurl's own rules */
    curl_easy_setopt(call->easy, CURLOPT_NOPROXY, "");
    if (proxy && !proxy_valid(proxy)) /* libcurl's message would quote it, password and all */
        err_set(&call->err, ERR_FATAL, "%s: %s must be a URL with http, https or socks5 and a host",
                call->host, t->proxy ? "the proxy" : "HTTPS_PROXY (or HTTP_PROXY)");
    else
        curl_easy_setopt(call->easy, CURLOPT_PROXY, told);
    if (proxy) {
        call->proxy = proxy_shown(proxy);
        curl_easy_setopt(call->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        explicit_bzero(proxy, strlen(proxy));
        explicit_bzero(told, strlen(told));
    }
}

static void add_header(struct http_call *call, const char *header)
{
    struct curl_slist *list = curl_slist_append(call->headers, header);
    if (!list)
        abort();
    call->headers = list;
}

/*
 * Takes host and port out of the URL for errors. With a server name the URL names that server, and
 * the connection goes to the host that it named before: libcurl has no option for SNI alone.
 */
static int set_url(struct http_call *call, const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL, *own_port = NULL, *full = NULL;
    const char *name = call->target->server_name;
    int rc = -1;
    if (!u || curl_url_set(u, CURLUPART_URL, url, 0) || curl_url_get(u, CURLUPART_HOST, &host, 0) ||
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)) {
        call->host = xstrdup("URL");
        err_set(&call->err, ERR_FATAL, "not an http or https URL");
        goto out;
    }
    call->host = xasprintf("%s:%s", host, port);
    set_proxy(call, url);
    if (name) {
        _free_ char *to = xasprintf("::%s:%s", host, port);
        call->connect_to = curl_slist_append(NULL, to);
        bool explicit_port = curl_url_get(u, CURLUPART_PORT, &own_port, 0) == CURLUE_OK;
        _free_ char *header = xasprintf("Host: %s", explicit_port ? call->host : host);
        add_header(call, header);
        if (curl_url_set(u, CURLUPART_HOST, name, 0)) {
            err_set(&call->err, ERR_FATAL, "%s: tls-server-name is no host name", call->host);
            goto out;
        }
        curl_easy_setopt(call->easy, CURLOPT_CONNECT_TO, call->connect_to);
    }
    if (curl_url_get(u, CURLUPART_URL, &full, 0)) {
        err_set(&call->err, ERR_FATAL, "%s: not an http or https URL", call->host);
        goto out;
    }
    curl_easy_setopt(call->easy, CURLOPT_URL, full);
    rc = 0;
out:
    curl_free(host);
    curl_free(port);
    curl_free(own_port);
    curl_free(full);
    curl_url_cleanup(u);
    return rc;
}

static size_t read_cb(char *to, size_t one, size_t len, void *userp)
{
    struct http_call *call = userp;
    size_t left = call->body_len - call->body_sent;
    if (len > left)
        len = left;
    memcpy(to, call->body + call->body_sent, len);
    call->body_sent += len;
    return len;
}

/* libcurl asks for the body again when it wants to repeat the request: no. */
static int seek_cb(void *userp, curl_off_t offset, int origin)
{
    return CURL_SEEKFUNC_FAIL;
}

static void set_method(struct http_call *call, const struct http_request *request)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->once && !request->body_len)
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L); /* nothing to refuse: no kept one then */
    if (!request->body_len && strcmp(request->method, "POST") != 0) {
        if (!strcmp(request->method, "HEAD"))
            curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    call->body = xmalloc(request->body_len);
    call->body_len = request->body_len;
    if (request->body_len)
        memcpy(call->body, request->body, request->body_len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    if (request->once && request->body_len) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_cb);
        curl_easy_setopt(easy, CURLOPT_READDATA, call);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_cb);
    } else {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
    }
}

static void set_headers(struct http_call *call, const struct http_request *request)
{
    bool typed = false;
    for (const char *const *h = request->headers; h && *h; h++) {
        if (strpbrk(*h, "\r\n")) {
            err_set(&call->err, ERR_FATAL, "%s: a line break inside a request header", call->host);
            return;
        }
        typed |= !strncasecmp(*h, "content-type:", 13);
        add_header(call, *h);
    }
    add_header(call, "Expect:"); /* no waiting for "100 Continue" */
    if (!typed)
        add_header(call, "Content-Type:"); /* not the form type that libcurl would say */
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

/* Which connection it goes on. */
static void set_connection(struct http_call *call)
{
    CURL *easy = call->easy;
    if (call->own) {
        /* not one that is kept, where others may be put beside it; nor is it kept for others */
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, OWN_BUFFER);
        return;
    }
    if (call->fresh)
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BUFFER);
}

/* What is the same for every request. */
static void set_common(struct http_call *call)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->text);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_cb);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_cb);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set_connection(call);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, WRITE_BUFFER);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, sockopt_cb);
    if (call->timeout_ms > 0)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, call->timeout_ms);
    if (call->stall_s > 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, call->stall_s);
    }
}

static void set_limits(struct http_call *call, const struct http_request *request)
{
    long stall_ms = request->stall_ms ? request->stall_ms : LIMIT_STALL_MS;
    call->timeout_ms = request->timeout_ms ? request->timeout_ms : LIMIT_REQUEST_MS;
    call->stall_s = request->sink && stall_ms > 0 ? (stall_ms + 999) / 1000 : 0;
    call->body_max = request->body_max ? request->body_max : LIMIT_BODY_BYTES;
    call->answer = BUF_INIT(call->sink ? LIMIT_BODY_BYTES : call->body_max);
}

struct http_call *http_send(struct http *http, struct http_target *target,
                            const struct http_request *request)
{
    struct http_call *call = xcalloc(1, sizeof(*call));
    if (request->own_connection) {
        if (!http->own)
            http->own = http_new(http->loop);
        http = http->own;
    }
    call->http = http;
    call->target = target;
    target->refs++;
    call->sink = request->sink;
    call->done = request->done;
    call->ctx = request->ctx;
    call->own = request->own_connection;
    call->fresh = request->fresh_connection;
    call->easy = http->pooled ? http->pool[--http->pooled] : curl_easy_init();
    if (!call->easy)
        abort();
    set_limits(call, request);
    set_common(call);
    set_tls(call->easy, target);
    if (set_url(call, request->url) == 0) {
        set_method(call, request);
        set_headers(call, request);
    }
    call->state = CALL_FRESH;
    TAILQ_INSERT_TAIL(&http->fresh, call, link);
    http_kick(http);
    return call;
}

void http_call_free(struct http_call *call, bool reuse)
{
    struct http *http = call->http;
    if (reuse && http->pooled < HTTP_POOL) {
        curl_easy_reset(call->easy);
        http->pool[http->pooled++] = call->easy;
    } else {
        curl_easy_cleanup(call->easy);
    }
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->connect_to);
    http_target_free(call->target);
    buf_free(&call->answer);
    err_free(call->err);
    free(call->host);
    free(call->proxy);
    free(call->body);
    free(call);
}

static double retry_after(CURL *easy)
{
    struct curl_header *header;
    curl_off_t seconds = 0;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return -1;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    return (double)seconds;
}

static int version_number(CURL *easy)
{
    long version = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return 10;
    case CURL_HTTP_VERSION_1_1:
        return 11;
    case CURL_HTTP_VERSION_2_0:
        return 20;
    default:
        return 0;
    }
}

void http_call_deliver(struct http_call *call)
{
    if (call->cancelled) {
        http_call_free(call, true);
        return;
    }
    http_call_judge(call);
    struct http_answer answer = {
        .body = buf_str(&call->answer),
        .body_len = call->answer.len,
        .retry_after = retry_after(call->easy),
        .http_version = version_number(call->easy),
        .err = call->err,
        .silent = call->silent,
    };
    if (answer.http_version)
        call->http->unshared = answer.http_version < 20;
    char *type = NULL;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
    answer.content_type = type ? type : "";
    if (call->done)
        call->done(call->ctx, &answer);
    http_call_free(call, true);
}

void http_cancel(struct http_call *call)
{
    struct http *http = call->http;
    if (http->in_curl) {
        /* inside a sink: the loop frees it when libcurl has returned */
        call->cancelled = true;
        return;
    }
    switch (call->state) {
    case CALL_FRESH:
        TAILQ_REMOVE(&http->fresh, call, link);
        break;
    case CALL_RUNNING:
        curl_multi_remove_handle(http->multi, call->easy);
        TAILQ_REMOVE(&http->running, call, link);
        break;
    case CALL_FINISHED:
        TAILQ_REMOVE(&http->finished, call, link);
        break;
    }
    http_call_free(call, true);
}

void http_free(struct http *http)
{
    if (!http)
        return;
    struct http_call *call;
    http_free(http->own);
    while ((call = TAILQ_FIRST(&http->running)) || (call = TAILQ_FIRST(&http->fresh)) ||
           (call = TAILQ_FIRST(&http->finished)))
        http_cancel(call);
    http_multi_free(http);
    ev_timer_stop(http->loop, &http->kick);
    while (http->pooled)
        curl_easy_cleanup(http->pool[--http->pooled]);
    curl_global_cleanup();
    free(http);
}
