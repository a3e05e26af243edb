/*
 * Git's fetch protocol, version 0 (gitprotocol-pack), as far as one commit needs it: the list of
 * refs, the request, the answer. Not libgit2's own: it has no depth, answers success for a ref that
 * is not there, and waits for ever. Pure: bytes come from remote_http.c and remote_ssh.c.
 */
#ifndef HOLDFAST_SYNC_REMOTE_TALK_H
#define HOLDFAST_SYNC_REMOTE_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <git2.h>

#include "core/buf.h"
#include "core/err.h"
#include "sync/refs.h"
#include "sync/remote_pkt.h"

struct oids {
    git_oid *items;
    size_t count, cap;
};

void oids_add(struct oids *oids, const git_oid *id);
bool oids_have(const struct oids *oids, const git_oid *id);
void oids_free(struct oids *oids);

/* What the server says it has. ids.items[i] is the id of refs.names[i]. */
struct remote_list {
    struct pkt_reader reader;
    struct refs refs;
    struct oids ids;
    char *capabilities; /* " side-band-64k shallow ... ", with a space at each end */
    size_t bytes;
    bool service; /* http: "# service=git-upload-pack" comes first */
    bool done;    /* all of it is here */
};

/* Bytes as they come: 0 go on, 1 the list is whole, -1 with *err. */
int remote_list_feed(void *list, const char *data, size_t len, struct err **err);
bool remote_list_can(const struct remote_list *list, const char *capability);
void remote_list_free(struct remote_list *list);

struct remote_wants {
    const struct oids *wants;   /* commits or tags, one at least */
    const struct oids *haves;   /* what is here already */
    const struct oids *shallow; /* of these the parents are not here */
    unsigned depth;             /* 0: all of history */
};

/* The request's bytes; ERR_INVALID where the server cannot do what is needed. */
int remote_request(const struct remote_list *list, const struct remote_wants *wants,
                   struct buf *out, struct err **err);

/* The answer: commits whose parents do not come, and the bytes of a pack. */
struct remote_answer {
    struct pkt_reader reader;
    struct oids shallow, unshallow;
    uint64_t bytes, max; /* of the pack; over `max`: ERR_LIMIT */
    int (*pack)(void *ctx, const char *data, size_t len, struct err **err);
    void *ctx;
    bool begun, done;
};

int remote_answer_feed(void *answer, const char *data, size_t len, struct err **err);
void remote_answer_free(struct remote_answer *answer);

/* What another machine said, for a message: printable, cut, owned. */
char *remote_said(const char *text, size_t len);

#endif
