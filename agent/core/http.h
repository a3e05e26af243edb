/*
 * HTTP over libcurl's multi interface on one libev loop. No blocking call, no thread. Completions
 * come from the loop, never from inside http_send(). TLS is verified unless the target says otherwise.
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
    const char *ca_file;       /* PEM, or NULL: the system's */
    const char *ca_pem;        /* PEM text, wins over ca_file */
    const char *cert_pem, *key_pem; /* client certificate, or NULL */
    const char *server_name;   /* expected name in the certificate (tls-server-name), or NULL */
    const char *proxy;         /* proxy URL, or NULL */
    bool insecure;             /* do not verify */
};
struct http_target;

struct http_request {
    const char *method; /* "GET", ... */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
    const char *body;
    size_t body_len;
    long timeout_ms; /* whole request; 0: LIMIT_REQUEST_MS */
    size_t body_max; /* 0: LIMIT_BODY_BYTES; with a sink it counts the streamed bytes */
    /*
     * With a sink, the bytes of a 200 answer are streamed to it (decoded); other answers are kept whole.
     * Returns 0, or -1 to abort the transfer with *err set.
     */
    int (*sink)(void *ctx, const char *data, size_t len, struct err **err);
    void (*done)(void *ctx, const struct http_answer *answer);
    void *ctx;
};

struct http_answer {
    long status;       /* 0 when no answer came: then err */
    const char *body;  /* NUL-terminated, "" when streamed or empty */
    size_t body_len;
    const char *content_type;
    double retry_after; /* seconds, negative where absent */
    const struct err *err; /* no whole answer; kind says RETRY, AUTH, LIMIT, FATAL */
};

struct http *http_new(struct ev_loop *loop);
struct http_target *http_target_new(struct http *http, const struct http_target_config *config);
void http_target_free(struct http_target *target);

/* Starts a request; strings are copied. The call is owned by `http` and gone after `done`. */
struct http_call *http_send(struct http *http, struct http_target *target,
                            const struct http_request *request);

/* Ends a call without calling `done`. */
void http_cancel(struct http_call *call);

/* Requests sent so far, answers or not. */
uint64_t http_count(const struct http *http);

/* Cancels everything under way. NULL-safe. */
void http_free(struct http *http);

#endif
