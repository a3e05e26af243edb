/* What http.c (requests) and http_loop.c (libcurl on libev) share. Nobody else includes it. */
#ifndef HOLDFAST_CORE_HTTP_INTERNAL_H
#define HOLDFAST_CORE_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <ev.h>
#include <sys/queue.h>

#include "core/http.h"

#define HTTP_POOL 16

enum call_state {
    CALL_FRESH,    /* not yet given to libcurl */
    CALL_RUNNING,  /* in the multi */
    CALL_FINISHED, /* out of the multi, `done` not yet called */
};

struct http_call {
    TAILQ_ENTRY(http_call) link; /* in the list of its state */
    enum call_state state;
    struct http *http;
    struct http_target *target;
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    char *host;  /* "host:port", for errors */
    char *proxy; /* the same of the proxy, or NULL */
    char *body;
    size_t body_len, body_sent; /* body_sent: of a request that is sent once only */
    long timeout_ms, stall_s;
    size_t body_max, received, header_bytes;
    int (*sink)(void *ctx, const char *data, size_t len, struct err **err);
    void (*done)(void *ctx, const struct http_answer *answer);
    void *ctx;
    struct buf answer;
    struct err *err; /* ours or the sink's; wins over `result` */
    CURLcode result;
    int64_t heard;  /* monotonic ms: its begin, its last byte */
    bool silent;    /* http_answer */
    bool connected; /* it had a connection when it ended */
    bool own;       /* a connection of its own */
    bool fresh;     /* a new connection */
    bool cancelled; /* inside a libcurl callback: to be freed when it has returned */
    char text[CURL_ERROR_SIZE];
};

TAILQ_HEAD(call_list, http_call);

/* Owned copies of the configuration. */
struct http_target {
    unsigned refs;
    char *ca_file, *ca_pem, *cert_pem, *key_pem, *server_name, *proxy, *ca_option;
    bool insecure;
};

/* One socket that libcurl wants watched. */
struct http_socket {
    LIST_ENTRY(http_socket) link;
    struct http *http;
    ev_io io;
};

struct http {
    struct ev_loop *loop;
    CURLM *multi;
    ev_timer timer; /* libcurl's one timer */
    ev_timer kick;  /* runs start and delivery when no socket event would */
    LIST_HEAD(, http_socket) sockets;
    struct call_list fresh, running, finished;
    CURL *pool[HTTP_POOL];
    size_t pooled;
    uint64_t sent, rebuilds;
    unsigned long progress; /* counts callbacks that moved something */
    unsigned long spin_progress, spin_events;
    bool in_curl;
    int64_t heard; /* monotonic ms: the last byte on a connection that may be shared */
    bool unshared; /* the last answer came over HTTP/1: no two requests share a connection */
    /*
     * Where requests with a connection of their own are sent, or NULL: libcurl keeps one list of
     * connections for a host, and where the others speak HTTP/2 it takes any of it for one that may
     * be shared: a request was put on a watch's HTTP/1.1 connection once the HTTP/2 one had ended.
     */
    struct http *own;
};

/* http_loop.c */
void http_multi_new(struct http *http);
void http_multi_free(struct http *http);
void http_kick(struct http *http);
void http_move(struct http_call *call, enum call_state state);

/* http.c: calls `done` and frees the call, which is in no list any more. */
void http_call_deliver(struct http_call *call);
/* Frees a call that is in no list and not in the multi; `reuse`: its handle goes to the pool. */
void http_call_free(struct http_call *call, bool reuse);

/* http_error.c: what libcurl's result means, into call->err (nothing where all went well). */
void http_call_judge(struct http_call *call);

#endif
