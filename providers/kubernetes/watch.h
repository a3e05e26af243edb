/*
 * One collection of the API, or one name in it: LISTed, then WATCHed from where the LIST stood
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). It
 * goes on by itself: an expired version lists again, a cut watch begins again where it was, a
 * silent one is checked, failures back off with jitter. Or it lists once and ends.
 */
#ifndef HOLDFAST_KUBERNETES_WATCH_H
#define HOLDFAST_KUBERNETES_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/kubernetes/client.h"
#include "providers/kubernetes/items.h"

struct ev_loop;
struct kube_watch;

enum watch_failure {
    WATCH_DENIED, /* 403 */
    WATCH_ABSENT, /* 404: the kind is not served */
    WATCH_FAILED,
};

enum watch_state {
    WATCH_LISTING,
    WATCH_WATCHING,
    WATCH_PAUSING, /* before the next try */
    WATCH_POLLING, /* it may be listed and not watched */
    WATCH_ENDED,   /* it listed once */
};

struct kube_watch_config {
    struct kube_client *client;
    struct ev_loop *loop;
    const char *path; /* of the collection, escaped, without a query; copied */
    const char *name; /* only this object, or NULL; copied */
    bool paged;       /* LISTs in pages: servers before 1.33 hold a whole one in memory */
    bool follow;      /* go on; else one LIST */
    unsigned tries;   /* of that LIST, where it fails and may not the next time; 0: one */
    void *ctx;
    void (*listing)(void *ctx);                                    /* a LIST begins */
    void (*item)(void *ctx, const struct item *item, bool listed); /* it is so now */
    void (*deleted)(void *ctx, const struct item *item);
    void (*listed)(void *ctx); /* a LIST is whole: what it did not bring is not there */
    /* A LIST failed. Where it follows, it tries again later; kube_watch_free is allowed inside. */
    void (*failed)(void *ctx, enum watch_failure how, const char *why);
    /* Something that a person should know: told once for each text. */
    void (*note)(void *ctx, const char *text);
};

struct kube_watch *kube_watch_new(const struct kube_watch_config *config);

/* "listing", "watching", ... */
const char *kube_watch_state_name(const struct kube_watch *w);
/* Milliseconds since 1970 of the state's begin. */
int64_t kube_watch_since(const struct kube_watch *w);
/* Why the last try failed, or NULL. */
const char *kube_watch_message(const struct kube_watch *w);

/* NULL-safe. */
void kube_watch_free(struct kube_watch *w);

#endif
