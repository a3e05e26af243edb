/*
 * A connection to a Git server's upload-pack, by https (libcurl) or ssh (libssh2). Blocks; runs in
 * the reading child. Both have a limit for silence and one for all of it, so that a server that
 * hangs is told here, by what it did, before the parent's deadline kills.
 */
#ifndef HOLDFAST_SYNC_REMOTE_LINK_H
#define HOLDFAST_SYNC_REMOTE_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "sync/auth.h"
#include "sync/remote_url.h"

struct remote_target {
    const struct remote_url *url;
    const struct source_auth *auth;
    const char *where; /* the URL as a person wrote it */
    int64_t stall_ms;  /* so long without a byte: given up */
    int64_t until_ms;  /* clock_monotonic_ms at which all must be over */
    int64_t seconds;   /* how long that was at the beginning, for messages */
};

/* 0: go on, 1: enough, -1 with *err. */
typedef int remote_feed(void *ctx, const char *data, size_t len, struct err **err);

struct remote_link {
    /* Feeds the list of refs, then the answer to the request. The callers of `feed` look themselves
     * whether what came was whole. */
    int (*list)(struct remote_link *link, remote_feed *feed, void *ctx, struct err **err);
    int (*ask)(struct remote_link *link, const struct buf *request, remote_feed *feed, void *ctx,
               struct err **err);
    void (*close)(struct remote_link *link); /* frees it */
};

/* NULL with *err. The target must outlive the link. */
struct remote_link *remote_http_open(const struct remote_target *target, struct err **err);
struct remote_link *remote_ssh_open(const struct remote_target *target, struct err **err);

/* Milliseconds that are left, one at least. */
int64_t remote_left_ms(const struct remote_target *target);

/* The errors that both have. Return -1. */
int remote_err_stalled(const struct remote_target *target, struct err **err);
int remote_err_deadline(const struct remote_target *target, struct err **err);

#endif
