/*
 * The agent's own HTTP endpoints (configuration: http.listen, http.tokenFile), on the loop: no
 * thread, and not one wake-up while nobody is connected.
 *
 *   GET  /healthz            200 "ok": the loop turns, and the core calls itself healthy
 *   GET  /readyz             200 "ok", or 503 with one reason a line
 *   GET  /metrics            Prometheus text 0.0.4
 *   GET  /status             JSON (agent/status.h)
 *   POST /sync[?source=NAME] `Authorization: Bearer TOKEN`: brings all sources, or one, forward
 *   POST /webhook[/NAME]     a push, signed (agent/webhook.h): brings the repository's sources, or
 *                            the one named, forward. Of a body over 1 MiB only the signature is
 *                            checked, up to 25 MiB (GitHub's maximum): all sources come forward.
 *
 * HEAD works like GET. The token is the first line of http.tokenFile, read again at each use; none
 * configured: 403. Wrong ones are 401, and after ten in a minute all of /sync and /webhook is 429.
 * Clients: 64 at a time, 10 s without a byte, 30 s for a request and its answer; all bodies and
 * answers together stay under 32 MiB (503). TLS and who may read are an ingress' or a
 * NetworkPolicy's business: nothing that these endpoints tell is a secret.
 */
#ifndef HOLDFAST_ENDPOINTS_H
#define HOLDFAST_ENDPOINTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

struct ev_loop;
struct endpoints;

/* Strings are copied. Callbacks run on the loop and must not free the endpoints. */
struct endpoints_config {
    struct ev_loop *loop;
    const char *listen;     /* "127.0.0.1:8080", "[::]:8080", ":8080"; port 0: any free one */
    const char *token_file; /* or NULL */
    const struct endpoints *beside; /* those that these are to replace, on the same port; or NULL */
    void *ctx;
    bool (*healthy)(void *ctx);
    bool (*ready)(void *ctx, struct buf *why); /* why not: one reason a line */
    json_t *(*status)(void *ctx);              /* a new reference */
    /* Appends families beside those of core/metrics.h. NULL: none. */
    void (*metrics)(void *ctx, struct buf *out);
    /*
     * Brings sources forward: the one called `source`; or (source NULL) those whose repository is
     * one of `urls` (git_url_same); or, with urls NULL too, all. `ref` NULL: whatever was pushed.
     * How many it concerns, one that is under way already included.
     */
    size_t (*sync)(void *ctx, const char *source, const char *const *urls, const char *ref);
    /* What an operator should know (no secret in it), at most once a minute each. NULL: nobody. */
    void (*told)(void *ctx, const char *message);
    unsigned idle_s; /* 0: LIMIT_CLIENT_IDLE_S; for tests */
};

/* NULL with *err (ERR_USAGE) where the address cannot be had. */
struct endpoints *endpoints_new(const struct endpoints_config *config, struct err **err);

/* Where it listens, "127.0.0.1:40123". Borrowed. */
const char *endpoints_address(const struct endpoints *e);

/* Was it made with this `listen`? */
bool endpoints_made_for(const struct endpoints *e, const char *listen);

/* From now on the token stands in that file (NULL: in none); connections stay. */
void endpoints_token_file(struct endpoints *e, const char *file);

/* Ends all connections. NULL-safe. The loop must still be there. */
void endpoints_free(struct endpoints *e);

#endif
