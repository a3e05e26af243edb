/*
 * HTTP over libcurl's multi interface on one libev loop. No blocking call, no thread. Completions
 * come from the loop, never from inside http_send(). TLS is verified unless the target says
 * otherwise, redirects are never followed (a token would go where nobody sent it), HTTP/2 is used
 * where the server speaks it, and then all requests to one server share one connection.
 */
#ifndef HOLDFAST_CORE_HTTP_H
#define HOLDFAST_CORE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct ev_loop;
struct http;
struct http_call;
struct http_answer;

/* What holds for every request to one server. Strings are copied by http_target_new. */
struct http_target_config {
    const char *ca_file;            /* PEM, or NULL: the system's */
    const char *ca_pem;             /* PEM text, wins over ca_file */
    const char *cert_pem, *key_pem; /* client certificate, or NULL */
    const char *server_name; /* expected name in the certificate (tls-server-name), or NULL */
    const char *proxy;       /* proxy URL, or NULL: what HTTPS_PROXY, NO_PROXY say (proxy.h) */
    const char *ca_option;   /* what a person sets to name the CA, for errors; or NULL */
    bool insecure;           /* do not verify */
};
struct http_target;

struct http_request {
    const char *method;         /* "GET", ... */
    const char *url;            /* http or https */
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
    const char *body;
    size_t body_len;
    /*
     * Not to be sent twice. Else libcurl repeats a request whose kept connection was closed before
     * one byte of the answer came, which nobody can tell from "done, and the answer was lost".
     */
    bool once;
    /*
     * A connection of its own (HTTP/1.1, closed at its end), that no other request ever shares, and
     * no compression: for a stream that stays open (a watch).
     */
    bool own_connection;
    bool fresh_connection; /* not a kept one: that one failed, or is about to be closed */
    long timeout_ms;       /* whole request; 0: LIMIT_REQUEST_MS; negative: none (a watch) */
    long stall_ms;   /* fails when no byte moved for so long; 0: LIMIT_STALL_MS; negative: never.
                        Whole seconds, and libcurl's average of five seconds comes on top. Applied to
                        answers with a sink only: an answer that is held whole has timeout_ms, and a
                        slow webhook makes it wait without a byte */
    size_t body_max; /* 0: LIMIT_BODY_BYTES; with a sink it counts the streamed bytes (decoded) */
    /*
     * With a sink, the bytes of a 200 answer are streamed to it (decoded); other answers are kept
     * whole. Returns 0, or -1 to abort the transfer with *err set: `done` gets that error.
     * Requests that are sent or cancelled from here take effect right after.
     */
    int (*sink)(void *ctx, const char *data, size_t len, struct err **err);
    /* Called once, from the loop; everything in `answer` is borrowed for the call. */
    void (*done)(void *ctx, const struct http_answer *answer);
    void *ctx;
};

struct http_answer {
    long status;      /* 0 when no answer came: then err */
    const char *body; /* NUL-terminated, "" when streamed or empty */
    size_t body_len;
    const char *content_type; /* "" where absent */
    int http_version;         /* 10, 11, 20; 0 unknown */
    double retry_after;       /* seconds, negative where absent */
    /*
     * No whole answer came (status may be set all the same): "host:port: why". RETRY: network,
     * timeout, cut short; AUTH: certificates, theirs or ours; LIMIT: body_max; FATAL: URL, CA,
     * options; or what the sink said.
     */
    const struct err *err;
    bool silent; /* it ran out of time on a connection, perhaps shared, that was silent */
};

/*
 * Never NULL. SIGPIPE is ignored for the whole process from here on (CURLOPT_NOSIGNAL wants it).
 * The loop must outlive it.
 */
struct http *http_new(struct ev_loop *loop);
struct ev_loop *http_loop(const struct http *http);

/* Counted: the target stays alive for the requests that use it. NULL-safe free. */
struct http_target *http_target_new(struct http *http, const struct http_target_config *config);
void http_target_free(struct http_target *target);

/*
 * Starts a request; strings and body are copied. The call is owned by `http` and gone after `done`.
 * Never NULL: what is wrong with the request is told to `done` too.
 */
struct http_call *http_send(struct http *http, struct http_target *target,
                            const struct http_request *request);

/* Ends a call without calling `done`. Not from inside its own `done`. */
void http_cancel(struct http_call *call);

/* Requests sent so far, answers or not. */
uint64_t http_count(const struct http *http);

/* How often libcurl's state was thrown away after a fault or a spinning socket (for metrics). */
uint64_t http_rebuilds(const struct http *http);

/* Cancels everything under way. NULL-safe. Not from inside a `done` or a sink. */
void http_free(struct http *http);

#endif
