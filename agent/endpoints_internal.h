/* What endpoints.c (the server) and endpoints_serve.c (the answers) share. */
#ifndef HOLDFAST_ENDPOINTS_INTERNAL_H
#define HOLDFAST_ENDPOINTS_INTERNAL_H

#include <ev.h>
#include <microhttpd.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/limits.h"
#include "endpoints.h"
#include "webhook.h"

/* One connection. */
struct peer {
    LIST_ENTRY(peer) link;
    int fd;
    int64_t since; /* monotonic ms: connected, or the last request ended */
};

LIST_HEAD(peer_list, peer);

struct endpoints {
    struct endpoints_config config;
    char *listen, *token_file, *address;
    struct MHD_Daemon *daemon;
    int fd;         /* the listening socket, MHD's */
    ev_io io;       /* MHD's epoll descriptor */
    ev_timer timer; /* MHD's next time-out; runs only while somebody is connected */
    ev_timer sweep; /* turns that last too long; the same */
    struct peer_list peers;
    size_t held;                   /* bytes of bodies and answers */
    int64_t bad[LIMIT_BAD_TOKENS]; /* when the last wrong tokens came, a ring; 0: none */
    size_t bad_at;
    int64_t told_bad, told_unreadable, told_empty; /* when it was last told; 0: never */
};

/* One request. */
struct call {
    struct endpoints *e;
    struct MHD_Connection *connection;
    const struct route *route; /* NULL where it is refused */
    const char *source;        /* /webhook/NAME; borrowed from the URL's copy */
    char *url;
    struct {
        unsigned status; /* 0: not refused */
        char *text;
        const char *allow;    /* header Allow */
        unsigned retry_after; /* header Retry-After, seconds */
        bool bearer;          /* header WWW-Authenticate */
    } refusal;
    char *token; /* webhook: what it must be signed with */
    struct webhook_proof proof;
    struct hash_hmac *mac;
    struct buf body;
    size_t received;
};

/* Finds the route, checks method and token: a route to serve, or a refusal. */
void call_begin(struct call *c, const char *url, const char *method);

/* A piece of the body. */
void call_body(struct call *c, const char *data, size_t len);

/* The whole request is there: queues the answer. */
enum MHD_Result call_answer(struct call *c);

#endif
