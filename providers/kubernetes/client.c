#include "providers/kubernetes/client.h"

#include <ev.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "core/alloc.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/version.h"
#include "providers/kubernetes/auth.h"

#define BACKOFF_FIRST_S 0.25
#define BACKOFF_MAX_S   10.0

enum call_place {
    PLACE_QUEUE,   /* waits for its turn */
    PLACE_AIR,     /* sent */
    PLACE_PAUSE,   /* waits for its next try */
    PLACE_WATCHES, /* as PLACE_QUEUE and PLACE_AIR, of watches, which are not counted */
    PLACE_WATCHING,
    PLACES
};

struct kube_call {
    TAILQ_ENTRY(kube_call) link;
    enum call_place place;
    struct kube_client *client;
    struct http_call *http;
    ev_timer pause;
    struct kube_request request; /* its strings are owned */
    int64_t began;               /* of the first try, monotonic ms; 0 before */
    unsigned tries;
    bool streamed;        /* bytes went to the sink */
    bool asked_again;     /* with a fresh sign-in */
    bool fresh;           /* on a new connection */
    bool counted;         /* told to on_answer, for this try */
    unsigned auth_number; /* of the credential it was sent with */
    int64_t sent;         /* this try, monotonic ms */
    struct err *refusal;  /* why it cannot be sent */
    bool idempotent;
};

TAILQ_HEAD(call_list, kube_call);

struct kube_client {
    struct http *http;
    struct ev_loop *loop;
    struct http_target *target; /* NULL before the first request */
    unsigned tls_number;        /* of the certificates in it */
    char *tls_server_name, *proxy;
    bool insecure;
    struct kube_auth *auth;
    char *server, *context, *user;
    char *user_agent; /* the header */
    struct call_list lists[PLACES];
    unsigned in_flight;
    void (*on_answer)(void *ctx, const char *verb, long code, double seconds);
    void *on_answer_ctx;
};

static void pump(struct kube_client *client);
static void queue_first(struct kube_call *call);

/* Whether the URL's host is this machine, where a token in clear text harms nobody. */
static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://");
    if (!host)
        return false;
    host += 3;
    size_t len = strcspn(host, "/");
    if (memchr(host, '@', len))
        return false; /* "http://127.0.0.1@elsewhere/" */
    if (len >= 5 && !strncmp(host, "[::1]", 5))
        return len == 5 || host[5] == ':';
    len = strcspn(host, ":/");
    if (len == 9 && !strncasecmp(host, "localhost", 9))
        return true;
    if (strncmp(host, "127.", 4))
        return false;
    return strspn(host, "0123456789.") == len;
}

/* The plugin has ended: what waits for it goes on. */
static void on_auth(void *ctx)
{
    pump(ctx);
}

struct kube_client *kube_client_new(struct http *http, const struct kubeconfig *config,
                                    struct err **err)
{
    struct kube_client *c = xcalloc(1, sizeof(*c));
    c->http = http;
    c->loop = http_loop(http);
    c->server = xstrdup(config->server);
    c->context = xstrdup(config->context ? config->context : "");
    c->user = xstrdup_null(config->user);
    c->user_agent = xasprintf("User-Agent: holdfast/%s", holdfast_version());
    c->tls_server_name = xstrdup_null(config->tls_server_name);
    c->proxy = xstrdup_null(config->proxy);
    c->insecure = config->insecure;
    for (size_t i = 0; i < ARRAY_LEN(c->lists); i++)
        TAILQ_INIT(&c->lists[i]);
    c->auth = kube_auth_new(c->loop, config, on_auth, c, err);
    bool good = c->auth != NULL;
    if (!good)
        err_wrap(err, "kubeconfig context %s", c->context);
    bool here = is_loopback(c->server);
    if (good && kube_auth_secret(c->auth) && strncmp(c->server, "https://", 8) &&
        (!here || c->proxy)) {
        good = false;
        err_set(err, ERR_USAGE,
                "kubeconfig context %s: no token or password is sent to %s: it is not https%s",
                c->context, c->server, here ? ", and goes through the proxy-url" : "");
    }
    if (good)
        return c;
    kube_client_free(c);
    return NULL;
}

void kube_client_on_answer(struct kube_client *client,
                           void (*on_answer)(void *ctx, const char *verb, long code,
                                             double seconds),
                           void *ctx)
{
    client->on_answer = on_answer;
    client->on_answer_ctx = ctx;
}

/* New certificates are a new target: new connections use them, old ones end with their requests. */
static void renew_target(struct kube_client *c)
{
    struct kube_tls tls = kube_auth_tls(c->auth);
    if (c->target && c->tls_number == tls.number)
        return;
    http_target_free(c->target);
    c->tls_number = tls.number;
    c->target = http_target_new(c->http, &(struct http_target_config){
                                             .ca_pem = tls.ca_pem,
                                             .cert_pem = tls.cert_pem,
                                             .key_pem = tls.key_pem,
                                             .server_name = c->tls_server_name,
                                             .proxy = c->proxy,
                                             .ca_option = "certificate-authority of the cluster in "
                                                          "the kubeconfig",
                                             .insecure = c->insecure,
                                         });
}

/* Moves the call to another list, keeping the count of what is in the air. */
static void place(struct kube_call *call, enum call_place to, bool first)
{
    struct kube_client *c = call->client;
    TAILQ_REMOVE(&c->lists[call->place], call, link);
    if (call->place == PLACE_AIR)
        c->in_flight--;
    call->place = to;
    if (to == PLACE_AIR)
        c->in_flight++;
    if (first)
        TAILQ_INSERT_HEAD(&c->lists[to], call, link);
    else
        TAILQ_INSERT_TAIL(&c->lists[to], call, link);
}

static enum call_place queue_of(const struct kube_call *call)
{
    return call->request.watch ? PLACE_WATCHES : PLACE_QUEUE;
}

static void call_free(struct kube_call *call)
{
    struct kube_client *c = call->client;
    TAILQ_REMOVE(&c->lists[call->place], call, link);
    if (call->place == PLACE_AIR)
        c->in_flight--;
    ev_timer_stop(c->loop, &call->pause);
    free((char *)call->request.method);
    free((char *)call->request.path);
    free((char *)call->request.content_type);
    free((char *)call->request.accept);
    free((char *)call->request.body);
    err_free(call->refusal);
    free(call);
}

static void on_pause(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct kube_call *call = timer->data;
    queue_first(call); /* it has waited longest */
}

static void pause_call(struct kube_call *call, double seconds)
{
    place(call, PLACE_PAUSE, false);
    ev_now_update(call->client->loop);
    ev_timer_set(&call->pause, seconds, 0.);
    ev_timer_start(call->client->loop, &call->pause);
}

/* No answer came: is another try worth it? */
static bool ask_again(const struct kube_call *call, const struct http_answer *answer)
{
    int64_t spent = clock_monotonic_ms() - call->began;
    /* on a connection that was silent all the time it was not heard: once on another one */
    bool unheard = answer->silent && call->tries == 1;
    return call->idempotent && answer->err->kind == ERR_RETRY &&
           (spent < LIMIT_REQUEST_MS || unheard);
}

/* How long until the next try; negative: there is none. */
static double next_try(const struct kube_call *call, const struct http_answer *answer)
{
    if (call->streamed || call->request.watch || call->tries >= LIMIT_RETRIES)
        return -1;
    bool again = false;
    if (answer->err) {
        again = ask_again(call, answer);
    } else if (answer->status == 429) {
        again = true;
    } else if (call->idempotent) {
        again = answer->status == 503 || answer->status == 504 ||
                (answer->status >= 500 && answer->retry_after >= 0);
    }
    if (!again)
        return -1;
    if (!answer->err && answer->retry_after >= 0)
        return fmin(answer->retry_after, LIMIT_RETRY_AFTER_S) + 0.25 * random_unit();
    return backoff_s(call->tries - 1, BACKOFF_FIRST_S, BACKOFF_MAX_S);
}

/* A transport's error told with the server's URL and the context it came from. */
static struct err *told(const struct kube_client *c, const struct err *err)
{
    struct err *out = NULL;
    const char *message = err_message(err), *host = strstr(c->server, "://");
    /* the message begins with host and port, which the URL has said (a default port is not in it)
     */
    size_t len = host ? strcspn(host + 3, "/") : 0;
    if (len && !strncmp(message, host + 3, len) && !strncmp(message + len, ": ", 2))
        message += len + 2;
    err_set(&out, err->kind, "%s (kubeconfig context %s): %s", c->server, c->context, message);
    return out;
}

/* Parses the body into answer->object (owned by the caller), reason and message, or *err. */
static json_t *read_object(const struct kube_call *call, const struct http_answer *http,
                           struct kube_answer *answer, struct err **err)
{
    bool good = http->status >= 200 && http->status < 300;
    if (good && call->streamed)
        return NULL;
    /* the server's JSON is trusted to have no member twice: that check costs a third */
    json_error_t e;
    json_t *object = json_load_served(http->body, http->body_len, 0, &e);
    if (good) {
        if (!object && !(call->request.sink && http->status == 200))
            err_set(err, ERR_RETRY,
                    "%s (kubeconfig context %s): %s %s: the answer is not JSON (%s)",
                    call->client->server, call->client->context, call->request.method,
                    call->request.path, http->content_type);
        return object;
    }
    const char *kind = json_str_at(object, "kind", NULL);
    if (!kind || strcmp(kind, "Status") != 0) {
        json_decref(object);
        return NULL;
    }
    const char *reason = json_str_at(object, "reason", NULL);
    const char *message = json_str_at(object, "message", NULL);
    answer->reason = reason ? reason : "";
    answer->message = message ? message : "";
    return object;
}

static void finish(struct kube_call *call, const struct http_answer *http)
{
    struct kube_client *c = call->client;
    _free_ char *advice = http->status == 401 ? kube_auth_advice(c->auth) : NULL;
    struct kube_answer answer = {
        .status = http->status,
        .body = http->body,
        .body_len = http->body_len,
        .reason = "",
        .message = "",
        .retry_after = http->retry_after,
        .http_version = http->http_version,
        .server = c->server,
        .context = c->context,
        .user = c->user,
        .advice = advice,
    };
    _err_ struct err *err = http->err ? told(c, http->err) : NULL;
    json_auto_t *object = err ? NULL : read_object(call, http, &answer, &err);
    answer.object = object;
    answer.err = err;
    if (call->request.done)
        call->request.done(call->request.ctx, &answer);
}

/* Into the queue for another try, at once where nothing else is before it. */
static void queue_first(struct kube_call *call)
{
    place(call, queue_of(call), true);
    pump(call->client);
}

static const char *verb_of(const struct kube_request *r)
{
    return r->watch ? "WATCH" : r->list ? "LIST" : r->method;
}

/* A watch is counted when its first bytes come: its end may be hours away. */
static void count(struct kube_call *call, long code)
{
    struct kube_client *c = call->client;
    if (c->on_answer && !call->counted) {
        c->on_answer(c->on_answer_ctx, verb_of(&call->request), code,
                     (double)(clock_monotonic_ms() - call->sent) / 1000.0);
    }
    call->counted = true;
}

/* Whether a fresh sign-in may be what it lacked. */
static bool sign_in_again(struct kube_call *call, const struct http_answer *answer)
{
    bool refused =
        answer->err ? answer->err->kind == ERR_AUTH && !answer->status : answer->status == 401;
    if (!refused || call->asked_again || call->streamed)
        return false;
    struct kube_auth *auth = call->client->auth;
    return answer->err ? kube_auth_renew_files(auth, call->auth_number)
                       : kube_auth_renew(auth, call->auth_number);
}

static void on_done(void *ctx, const struct http_answer *answer)
{
    struct kube_call *call = ctx;
    struct kube_client *client = call->client;
    call->http = NULL;
    count(call, answer->err ? 0 : answer->status);
    if (call->asked_again && !answer->err)
        kube_auth_tried(client->auth, call->auth_number, answer->status == 401);
    if (sign_in_again(call, answer)) {
        call->asked_again = true;
        call->fresh = true; /* the server ends the connection after a 401 */
        queue_first(call);
        return;
    }
    double wait = next_try(call, answer);
    if (wait >= 0) {
        call->fresh = answer->err != NULL;
        pause_call(call, wait);
    } else {
        finish(call, answer);
        call_free(call);
    }
    pump(client);
}

static int on_bytes(void *ctx, const char *data, size_t len, struct err **err)
{
    struct kube_call *call = ctx;
    call->streamed = true;
    if (call->request.watch)
        count(call, 200);
    return call->request.sink(call->request.ctx, data, len, err);
}

/* Runs `done` for a request that could not be sent, from the loop like every other. */
static void on_refused(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct kube_call *call = timer->data;
    struct kube_client *client = call->client;
    finish(call, &(struct http_answer){
                     .body = "", .content_type = "", .retry_after = -1, .err = call->refusal});
    call_free(call);
    pump(client);
}

/* There is no sign-in: nothing that waits can be sent. */
static void refuse_all(struct kube_client *client, const struct err *err)
{
    static const enum call_place queues[] = {PLACE_WATCHES, PLACE_QUEUE};
    for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
        struct kube_call *call;
        while ((call = TAILQ_FIRST(&client->lists[queues[i]]))) {
            err_set(&call->refusal, err->kind, "%s", err->message);
            ev_set_cb(&call->pause, on_refused);
            pause_call(call, 0);
        }
    }
}

static long timeout_ms(const struct kube_request *r)
{
    return r->watch ? -1 : r->list ? LIMIT_LIST_MS : LIMIT_REQUEST_MS;
}

static size_t body_max(const struct kube_request *r)
{
    return r->watch ? SIZE_MAX : r->list ? LIMIT_LIST_BYTES : LIMIT_BODY_BYTES;
}

static void launch(struct kube_call *call)
{
    struct kube_client *c = call->client;
    const struct kube_request *r = &call->request;
    size_t n = 0, lines = 0;
    const char *const *auth = kube_auth_headers(c->auth);
    while (auth[lines])
        lines++;
    _free_ const char **headers = xcalloc(lines + 4, sizeof(*headers));
    _free_ char *accept = xasprintf("Accept: %s", r->accept ? r->accept : "application/json");
    _free_ char *type = r->content_type ? xasprintf("Content-Type: %s", r->content_type) : NULL;
    _free_ char *url = xasprintf("%s%s", c->server, r->path);
    headers[n++] = c->user_agent;
    headers[n++] = accept;
    if (type)
        headers[n++] = type;
    while (*auth)
        headers[n++] = *auth++;
    place(call, r->watch ? PLACE_WATCHING : PLACE_AIR, false);
    call->sent = clock_monotonic_ms();
    call->counted = false;
    call->auth_number = kube_auth_number(c->auth);
    if (!call->tries++)
        call->began = call->sent;
    call->http = http_send(c->http, c->target,
                           &(struct http_request){
                               .method = r->method,
                               .url = url,
                               .headers = headers,
                               .body = r->body,
                               .body_len = r->body_len,
                               .once = !call->idempotent,
                               .own_connection = r->watch,
                               .fresh_connection = call->fresh,
                               .timeout_ms = timeout_ms(r),
                               .stall_ms = r->watch ? -1 : 0,
                               .body_max = body_max(r),
                               .sink = r->sink ? on_bytes : NULL,
                               .done = on_done,
                               .ctx = call,
                           });
}

/* Sends what waits, as far as there is room; a watch needs none. */
static void pump(struct kube_client *client)
{
    struct kube_call *call;
    _err_ struct err *err = NULL;
    bool room = client->in_flight < LIMIT_REQUESTS_IN_FLIGHT;
    if (TAILQ_EMPTY(&client->lists[PLACE_WATCHES]) &&
        (!room || TAILQ_EMPTY(&client->lists[PLACE_QUEUE])))
        return;
    switch (kube_auth_ready(client->auth, &err)) {
    case AUTH_READY:
        break;
    case AUTH_WAIT:
        return;
    case AUTH_FAILED:
        refuse_all(client, err);
        return;
    }
    renew_target(client);
    while ((call = TAILQ_FIRST(&client->lists[PLACE_WATCHES])))
        launch(call);
    while (client->in_flight < LIMIT_REQUESTS_IN_FLIGHT &&
           (call = TAILQ_FIRST(&client->lists[PLACE_QUEUE])))
        launch(call);
}

void kube_send(struct kube_client *client, const struct kube_request *request)
{
    kube_send_call(client, request);
}

void kube_cancel(struct kube_call *call)
{
    if (!call)
        return;
    struct kube_client *client = call->client;
    if (call->http)
        http_cancel(call->http);
    call_free(call);
    pump(client);
}

struct kube_call *kube_send_call(struct kube_client *client, const struct kube_request *request)
{
    struct kube_call *call = xcalloc(1, sizeof(*call));
    call->client = client;
    call->request = *request;
    call->request.method = xstrdup(request->method);
    call->request.path = xstrdup(request->path);
    call->request.content_type = xstrdup_null(request->content_type);
    call->request.accept = xstrdup_null(request->accept);
    call->request.body = request->body ? xmalloc(request->body_len) : NULL;
    if (request->body)
        memcpy((char *)call->request.body, request->body, request->body_len);
    call->idempotent = !strcmp(request->method, "GET") || strstr(request->path, "dryRun=All");
    ev_init(&call->pause, on_pause);
    call->pause.data = call;
    call->place = queue_of(call);
    TAILQ_INSERT_TAIL(&client->lists[call->place], call, link);
    pump(client);
    return call;
}

void kube_client_free(struct kube_client *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < ARRAY_LEN(client->lists); i++) {
        struct kube_call *call;
        while ((call = TAILQ_FIRST(&client->lists[i]))) {
            if (call->http)
                http_cancel(call->http);
            call_free(call);
        }
    }
    kube_auth_free(client->auth);
    http_target_free(client->target);
    free(client->server);
    free(client->context);
    free(client->user);
    free(client->tls_server_name);
    if (client->proxy)
        explicit_bzero(client->proxy, strlen(client->proxy));
    free(client->proxy);
    free(client->user_agent);
    free(client);
}
