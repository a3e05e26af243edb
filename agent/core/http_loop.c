/*
 * libcurl's multi interface on libev (c-practice 4.1). Two rules carry it: libcurl is never called
 * from inside one of its callbacks, and after every socket_action the finished transfers are
 * drained into a list before any `done` runs, so that `done` may send and cancel freely.
 */
#include "core/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/limits.h"

/* So many socket events in a row in which nothing moved: a watcher on a descriptor that libcurl
 * has forgotten (curl#14280) would take the whole CPU for ever. */
#define SPIN_EVENTS 100000

static struct call_list *list_of(struct http *http, enum call_state state)
{
    switch (state) {
    case CALL_FRESH:
        return &http->fresh;
    case CALL_RUNNING:
        return &http->running;
    default:
        return &http->finished;
    }
}

void http_move(struct http_call *call, enum call_state state)
{
    TAILQ_REMOVE(list_of(call->http, call->state), call, link);
    call->state = state;
    TAILQ_INSERT_TAIL(list_of(call->http, state), call, link);
}

void http_kick(struct http *http)
{
    if (!ev_is_active(&http->kick)) {
        ev_timer_set(&http->kick, 0., 0.);
        ev_timer_start(http->loop, &http->kick);
    }
}

static bool had_connection(const struct http_call *call)
{
    double seconds = 0;
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME, &seconds);
    return seconds > 0;
}

static void take_out(struct http_call *call, CURLcode result)
{
    curl_multi_remove_handle(call->http->multi, call->easy);
    call->result = result;
    call->connected = had_connection(call);
    http_move(call, CALL_FINISHED);
}

/*
 * A connection that times out takes along what waits for it: libcurl would let the next one try
 * for as long, and sixteen waiting requests would take sixteen timeouts to fail.
 */
static void fail_waiting(const struct http_call *failed)
{
    struct http_call *call = TAILQ_FIRST(&failed->http->running);
    while (call) {
        struct http_call *next = TAILQ_NEXT(call, link);
        if (!call->own && call->target == failed->target && !strcmp(call->host, failed->host) &&
            !had_connection(call))
            take_out(call, failed->result);
        call = next;
    }
}

static bool was_silent(const struct http_call *call)
{
    /* one that answers others is not silent: then it is this request that hangs */
    int64_t heard = call->heard > call->http->heard ? call->heard : call->http->heard;
    return call->result == CURLE_OPERATION_TIMEDOUT && call->connected && !call->own &&
           !call->http->unshared && clock_monotonic_ms() - heard >= LIMIT_STALL_MS;
}

/*
 * Takes finished transfers out of the multi. True: one has found a connection silent that others
 * share, which libcurl keeps, and goes on putting requests on.
 */
static bool drain(struct http *http)
{
    CURLMsg *msg;
    int left;
    bool silent = false;
    while ((msg = curl_multi_info_read(http->multi, &left))) {
        if (msg->msg != CURLMSG_DONE)
            continue;
        /* the message is gone once the handle is removed */
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;
        struct http_call *call = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
        take_out(call, result);
        http->progress++;
        call->silent = was_silent(call);
        silent |= call->silent;
        if (result == CURLE_OPERATION_TIMEDOUT && !call->connected && !call->own)
            fail_waiting(call);
    }
    return silent;
}

static void start_fresh(struct http *http)
{
    struct http_call *call;
    while ((call = TAILQ_FIRST(&http->fresh))) {
        if (call->err || call->cancelled) {
            http_move(call, CALL_FINISHED);
            continue;
        }
        CURLMcode rc = curl_multi_add_handle(http->multi, call->easy);
        if (rc != CURLM_OK) {
            err_set(&call->err, ERR_FATAL, "%s: %s", call->host, curl_multi_strerror(rc));
            http_move(call, CALL_FINISHED);
            continue;
        }
        http->sent++;
        call->heard = clock_monotonic_ms();
        http_move(call, CALL_RUNNING);
    }
}

/* Ends the running calls that were cancelled from inside a sink. */
static void drop_cancelled(struct http *http)
{
    struct http_call *call = TAILQ_FIRST(&http->running);
    while (call) {
        struct http_call *next = TAILQ_NEXT(call, link);
        if (call->cancelled) {
            curl_multi_remove_handle(http->multi, call->easy);
            http_move(call, CALL_FINISHED);
        }
        call = next;
    }
}

static void deliver(struct http *http)
{
    struct http_call *call;
    while ((call = TAILQ_FIRST(&http->finished))) {
        TAILQ_REMOVE(&http->finished, call, link);
        http_call_deliver(call);
    }
}

/* After an error of socket_action the state of every transfer is undefined: begin anew. */
static void rebuild(struct http *http, const char *why)
{
    struct http_call *call;
    http->rebuilds++;
    while ((call = TAILQ_FIRST(&http->running))) {
        curl_multi_remove_handle(http->multi, call->easy);
        err_set(&call->err, ERR_RETRY, "%s: all connections were reset (%s)", call->host, why);
        http_move(call, CALL_FINISHED);
    }
    http_multi_free(http);
    http_multi_new(http);
}

static void action(struct http *http, curl_socket_t fd, int mask)
{
    int running;
    http->in_curl = true;
    CURLMcode rc = curl_multi_socket_action(http->multi, fd, mask, &running);
    http->in_curl = false;
    bool silent = drain(http);
    if (rc != CURLM_OK || silent)
        rebuild(http, silent ? "one was silent" : curl_multi_strerror(rc));
    drop_cancelled(http);
    start_fresh(http);
    deliver(http);
}

static bool spinning(struct http *http)
{
    if (http->spin_progress != http->progress) {
        http->spin_progress = http->progress;
        http->spin_events = 0;
    }
    return ++http->spin_events > SPIN_EVENTS;
}

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
    struct http_socket *s = io->data;
    struct http *http = s->http;
    curl_socket_t fd = io->fd; /* `s` may be freed during the action */
    if (spinning(http)) {
        http->spin_events = 0;
        rebuild(http, "a socket kept waking us without data");
        deliver(http);
        return;
    }
    int mask = 0;
    if (events & EV_READ)
        mask |= CURL_CSELECT_IN;
    if (events & EV_WRITE)
        mask |= CURL_CSELECT_OUT;
    if (events & EV_ERROR)
        mask |= CURL_CSELECT_ERR;
    action(http, fd, mask);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct http *http = timer->data;
    http->progress++;
    action(http, CURL_SOCKET_TIMEOUT, 0);
}

static void on_kick(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct http *http = timer->data;
    start_fresh(http);
    deliver(http);
}

static void socket_free(struct http *http, struct http_socket *s)
{
    ev_io_stop(http->loop, &s->io);
    LIST_REMOVE(s, link);
    free(s);
}

static int socket_cb(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp)
{
    struct http *http = userp;
    struct http_socket *s = socketp;
    http->progress++;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            curl_multi_assign(http->multi, fd, NULL);
            socket_free(http, s);
        }
        return 0;
    }
    int events = (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);
    if (!s) {
        s = xcalloc(1, sizeof(*s));
        s->http = http;
        ev_init(&s->io, on_io);
        s->io.data = s;
        LIST_INSERT_HEAD(&http->sockets, s, link);
        curl_multi_assign(http->multi, fd, s);
    }
    /* not ev_io_modify: libev must take it for a new descriptor, the number may have been reused */
    ev_io_stop(http->loop, &s->io);
    ev_io_set(&s->io, fd, events);
    ev_io_start(http->loop, &s->io);
    return 0;
}

/* Only (re)starts or stops the timer: libcurl must not be called from here. */
static int timer_cb(CURLM *multi, long timeout_ms, void *userp)
{
    struct http *http = userp;
    ev_timer_stop(http->loop, &http->timer);
    if (timeout_ms < 0)
        return 0;
    /* timers count from the loop's idea of now, which is old after a long callback */
    if (timeout_ms > 0)
        ev_now_update(http->loop);
    ev_timer_set(&http->timer, (double)timeout_ms / 1000.0, 0.);
    ev_timer_start(http->loop, &http->timer);
    return 0;
}

void http_multi_new(struct http *http)
{
    http->multi = curl_multi_init();
    if (!http->multi)
        abort();
    ev_init(&http->timer, on_timer);
    http->timer.data = http;
    if (!ev_is_active(&http->kick)) {
        ev_init(&http->kick, on_kick);
        http->kick.data = http;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
}

void http_multi_free(struct http *http)
{
    /* calls socket_cb, so the watchers and the loop must still be there */
    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    struct http_socket *s;
    while ((s = LIST_FIRST(&http->sockets)))
        socket_free(http, s);
    ev_timer_stop(http->loop, &http->timer);
}
