/*
 * Requests to one API server: URLs, sign-in, user agent ("holdfast/VERSION"), Status answers,
 * retries.
 */
#ifndef HOLDFAST_KUBERNETES_CLIENT_H
#define HOLDFAST_KUBERNETES_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/http.h"
#include "providers/kubernetes/kubeconfig.h"

struct kube_client;
struct kube_call;

/*
 * An answer. For status 200-299 `object` is the parsed JSON (NULL where it was streamed). Otherwise
 * `object` is the Status (metav1.Status) where the body is one, else NULL. All of it is borrowed
 * for the call.
 */
struct kube_answer {
    long status; /* 0: no answer, see err */
    const json_t *object;
    const char *body; /* the text that `object` was parsed from */
    size_t body_len;
    const char *reason;  /* Status.reason, or "" */
    const char *message; /* Status.message, or ""; may quote secret values: never print as is */
    double retry_after;  /* seconds, negative where absent */
    int http_version;    /* 11, 20; 0 unknown */
    const char *server, *context, *user; /* whom was asked, as who; user: NULL where unnamed */
    const char *advice;                  /* of a 401: why, and what to do; else NULL */
    const struct err *err; /* why no usable answer came (also: a 2xx body that is no JSON) */
};

struct kube_request {
    const char *method;
    const char *path; /* "/apis/apps/v1/namespaces/ml/deployments?limit=500" (already escaped) */
    const char *content_type; /* of the body, or NULL */
    const char *accept;       /* NULL: application/json */
    const char *body;
    size_t body_len;
    bool list; /* a LIST: longer timeout, larger cap */
    /*
     * A WATCH: `sink` gets the bytes as they come, without a cap, until the server, the network or
     * kube_cancel ends it: no timeout, and how long silence is good is its owner's to say. It has a
     * connection of its own, counts for no limit, and is not tried again here (but for the one
     * fresh sign-in after a 401): its owner does that. `done` comes at its end, a good end included
     * (status 200, err NULL).
     */
    bool watch;
    int (*sink)(void *ctx, const char *data, size_t len, struct err **err);
    void (*done)(void *ctx, const struct kube_answer *answer);
    void *ctx;
};

/*
 * Takes a copy of what it needs of `config`. Must be freed before `http`. ERR_USAGE where the
 * sign-in cannot be used: http:// to another machine, or by a proxy-url, with a secret in it,
 * control characters in a token.
 */
struct kube_client *kube_client_new(struct http *http, const struct kubeconfig *config,
                                    struct err **err);

/*
 * Sends it; strings are copied, `done` comes from the loop. A 429, and (for a GET or a dry run) a
 * 503, a 504, any 5xx with Retry-After or a broken connection is tried again here (Retry-After
 * obeyed, else exponential back-off with full jitter, LIMIT_RETRIES tries) unless bytes already
 * went to the sink. A connection that keeps failing is given up once LIMIT_REQUEST_MS
 * have passed since the first try, which is tried once more where it was silent so long. A 401 with
 * a token file, an exec plugin or certificates in files: once more with what is read or answered
 * anew. Where the sign-in takes a plugin, requests wait for it in their order. At most
 * LIMIT_REQUESTS_IN_FLIGHT run at a time, the rest wait in order.
 */
void kube_send(struct kube_client *client, const struct kube_request *request);

/* The same, answering what kube_cancel takes. It is gone once `done` is called. */
struct kube_call *kube_send_call(struct kube_client *client, const struct kube_request *request);

/* Ends a request without calling `done`. Allowed inside a sink (its own, too), not inside its own
 * `done`. NULL-safe. */
void kube_cancel(struct kube_call *call);

/*
 * Has `on_answer` called for each try that has ended: GET, LIST, WATCH, PATCH ..., the status (0
 * without a whole answer) and how long it took; for a watch when its first bytes come. For metrics.
 */
void kube_client_on_answer(struct kube_client *client,
                           void (*on_answer)(void *ctx, const char *verb, long code,
                                             double seconds),
                           void *ctx);

/*
 * The error for an answer that is not usable: answer->err, or for a status outside 200-299 its
 * number, reason and, where that cannot hold a value (403, 404), message, with server and context,
 * and what to do about a 401. 0 for a good answer.
 */
int kube_answer_err(const struct kube_answer *answer, const char *what, struct err **err);

/* What a 401 means: whom was asked, as who, and what to do. Owned. */
char *kube_answer_sign_in(const struct kube_answer *answer);

/* Cancels what is under way and waiting, without calling `done`. NULL-safe. Not from inside a
 * `done`. */
void kube_client_free(struct kube_client *client);

#endif
