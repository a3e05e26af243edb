#include "endpoints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "endpoints_internal.h"
#include "listen.h"

#define SWEEP_S 5.0

/* ---- the loop ---- */

static void turn(struct endpoints *e)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    MHD_run(e->daemon);
    ev_timer_stop(e->config.loop, &e->timer);
    if (MHD_get_timeout(e->daemon, &ms) == MHD_YES) {
        ev_now_update(e->config.loop);
        ev_timer_set(&e->timer, (double)ms / 1000.0, 0.);
        ev_timer_start(e->config.loop, &e->timer);
    }
}

static void on_io(struct ev_loop *loop _unused_, ev_io *w, int events _unused_)
{
    turn(w->data);
}

static void on_timer(struct ev_loop *loop _unused_, ev_timer *w, int events _unused_)
{
    turn(w->data);
}

/* A byte now and then would keep a connection for ever: the whole turn has an end, too. */
static void on_sweep(struct ev_loop *loop _unused_, ev_timer *w, int events _unused_)
{
    struct endpoints *e = w->data;
    struct peer *p;
    int64_t now = clock_monotonic_ms();
    for (p = LIST_FIRST(&e->peers); p; p = LIST_NEXT(p, link)) {
        if (now - p->since > (int64_t)LIMIT_CLIENT_TURN_S * 1000)
            shutdown(p->fd, SHUT_RDWR); /* MHD sees the end and closes it */
    }
}

/* ---- what MHD calls ---- */

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct endpoints *e = cls;
    struct peer *p = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        p = xcalloc(1, sizeof(*p));
        p->fd = info->connect_fd;
        p->since = clock_monotonic_ms();
        if (LIST_EMPTY(&e->peers))
            ev_timer_again(e->config.loop, &e->sweep);
        LIST_INSERT_HEAD(&e->peers, p, link);
        *socket_context = p;
    } else if (p) {
        LIST_REMOVE(p, link);
        free(p);
        *socket_context = NULL;
        if (LIST_EMPTY(&e->peers))
            ev_timer_stop(e->config.loop, &e->sweep);
    }
}

static void call_free(struct call *c)
{
    c->e->held -= c->body.cap;
    buf_free(&c->body);
    hash_hmac_free(c->mac);
    free(c->refusal.text);
    free(c->token);
    free(c->url);
    free(c);
}

static void on_completed(void *cls _unused_, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code _unused_)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct peer *p = info ? info->socket_context : NULL;
    if (p)
        p->since = clock_monotonic_ms();
    if (*con_cls)
        call_free(*con_cls);
    *con_cls = NULL;
}

/* First without a body, then for each piece of it, then once more without. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version _unused_,
                                  const char *data, size_t *size, void **con_cls)
{
    struct call *c = *con_cls;
    if (!c) {
        *con_cls = c = xcalloc(1, sizeof(*c));
        c->e = cls;
        c->connection = connection;
        c->body = BUF_INIT(LIMIT_WEBHOOK_BYTES);
        call_begin(c, url, method);
        return MHD_YES;
    }
    if (!*size)
        return call_answer(c);
    if (c->received + *size > LIMIT_WEBHOOK_STREAM)
        return MHD_NO; /* the connection is closed: whoever sends so much reads no answer */
    call_body(c, data, *size);
    *size = 0;
    return MHD_YES;
}

/* What clients do wrong is theirs. */
static void on_log(void *cls _unused_, const char *format _unused_, va_list ap _unused_)
{
}

/* ---- beginning and end ---- */

static int start(struct endpoints *e, int fd, struct err **err)
{
    unsigned idle = e->config.idle_s ? e->config.idle_s : LIMIT_CLIENT_IDLE_S;
    e->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, e, MHD_OPTION_EXTERNAL_LOGGER,
        on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)LIMIT_CLIENTS, MHD_OPTION_CONNECTION_TIMEOUT, idle,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_CLIENT_MEMORY,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, e, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        e, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (!e->daemon) {
        close(fd);
        return err_set(err, ERR_FATAL, "http.listen: %s: libmicrohttpd %s does not start",
                       e->listen, MHD_get_version());
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(e->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    ev_io_init(&e->io, on_io, info->epoll_fd, EV_READ);
    e->io.data = e;
    ev_io_start(e->config.loop, &e->io);
    return 0;
}

struct endpoints *endpoints_new(const struct endpoints_config *config, struct err **err)
{
    int fd = listen_open(config->listen, config->beside ? config->beside->fd : -1, err);
    if (fd < 0)
        return NULL;
    struct endpoints *e = xcalloc(1, sizeof(*e));
    e->config = *config;
    e->listen = xstrdup(config->listen);
    e->token_file = xstrdup_null(config->token_file);
    e->config.listen = e->config.token_file = NULL;
    e->config.beside = NULL;
    e->fd = fd;
    e->address = listen_name(fd);
    LIST_INIT(&e->peers);
    ev_init(&e->timer, on_timer);
    e->timer.data = e;
    ev_init(&e->sweep, on_sweep);
    e->sweep.repeat = SWEEP_S;
    e->sweep.data = e;
    if (start(e, fd, err)) {
        endpoints_free(e);
        return NULL;
    }
    return e;
}

const char *endpoints_address(const struct endpoints *e)
{
    return e->address;
}

bool endpoints_made_for(const struct endpoints *e, const char *listen)
{
    return !strcmp(e->listen, listen);
}

void endpoints_token_file(struct endpoints *e, const char *file)
{
    free(e->token_file);
    e->token_file = xstrdup_null(file);
}

void endpoints_free(struct endpoints *e)
{
    if (!e)
        return;
    if (e->daemon) {
        ev_io_stop(e->config.loop, &e->io);
        MHD_stop_daemon(e->daemon);
    }
    ev_timer_stop(e->config.loop, &e->timer);
    ev_timer_stop(e->config.loop, &e->sweep);
    free(e->listen);
    free(e->token_file);
    free(e->address);
    free(e);
}
