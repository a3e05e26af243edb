/* One connection from a client through the fault proxy, and what all of them share. */
#ifndef HOLDFAST_TEST_FAULT_RELAY_H
#define HOLDFAST_TEST_FAULT_RELAY_H

#include <jansson.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>

#include "fault_link.h"
#include "fault_rules.h"

struct proxy {
    SSL_CTX *front, *back;
    int port; /* of the server */
    bool h2;  /* offered to clients */
    FILE *log;
    pthread_mutex_t lock; /* of all that follows */
    struct fault_rules rules;
    unsigned requests, faulted, connections;
    unsigned open;  /* requests under way, WATCHes among them */
    unsigned cuts;  /* counts commands `cut`: connections that are older end */
    json_t *counts; /* "verb kind": requests */
};

/* One request under way. */
struct exchange {
    struct proxy *proxy;
    struct link *client, *server;
    struct fault_request request;
    struct fault_rule rule;
    unsigned seen; /* the last rule that was there when it began, or met it since */
    unsigned cuts; /* as they were when the connection began */
};

/* What a relay does next with the connection. */
enum relay { RELAY_ON, RELAY_OVER };

/* Serves one connection to its end; owns `client`. */
void relay_connection(struct proxy *p, struct link *client);

/* fault_http.c: the answer to a request that was sent to the server, with its fault. */
enum relay http_answer(struct exchange *x);
/* The proxy's own answer. */
enum relay http_refuse(struct exchange *x);

/* fault_watch.c: the events of a WATCH, whose answer's head was sent; `rest` holds body bytes. */
enum relay watch_events(struct exchange *x, struct buf *rest);

/* fault_frames.c: HTTP/2, in frames. */
void frames_relay(struct proxy *p, struct link *client, unsigned cuts);

/* Counts the request and decides on its fault. */
void exchange_begin(struct exchange *x, const char *method, const char *target);
void exchange_end(struct exchange *x);

/* Ends the client's connection as the fault has it. */
enum relay exchange_cut(struct exchange *x);

/* Waits while the rule is there and the client, too. False: the client has gone, or `cut` came. */
bool exchange_stalled(struct exchange *x);

/* Has `cut` been said since? */
bool exchange_is_cut(const struct exchange *x);

/* A body of HTTP/1.1: Content-Length or chunks. */
struct framing {
    bool chunked, none;
    size_t length;
};
struct framing framing_of(const char *head, int status);
/* Reads the whole of it behind what `in` holds, decoded, and leaves in `in` what follows. */
int body_read(struct link *l, struct framing f, struct buf *in, struct buf *body);
/* The next chunk into `body`: its length, 0 at the end of the body, -1. */
long chunk_read(struct link *l, struct buf *in, struct buf *body);
int chunk_write(struct link *l, const void *data, size_t len);
void buf_drop(struct buf *b, size_t len); /* the first bytes */

#endif
