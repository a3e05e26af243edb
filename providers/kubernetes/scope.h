/* One collection, or one object of it, that is listed and watched; found by what it is about. */
#ifndef HOLDFAST_PROVIDERS_KUBERNETES_SCOPE_H
#define HOLDFAST_PROVIDERS_KUBERNETES_SCOPE_H

#include <uthash.h>

#include "providers/kubernetes/internal.h"
#include "providers/kubernetes/watch.h"

struct kube_scope {
    struct kube *k;
    const struct kube_resource *resource;
    char *namespace;          /* NULL: the cluster, or a cluster-scoped kind */
    char *name;               /* NULL: all of them */
    struct kube_watch *watch; /* NULL: it waits for scalers */
    int64_t wanted_ms;        /* since 1970: since when */
    bool wanted;              /* by the units as they are now */
    bool scaler;              /* of a kind that scales others */
    bool listed;              /* once at least */
    bool known;               /* listed, or failed: no unit waits for it */
    bool unsure;              /* its LIST failed, and not because there is nothing to list */
    enum observed unread;     /* while its units cannot be known: what they are ... */
    char *why;                /* ... and the reason that was told; NULL: they can */
    uint32_t gen;
    int64_t failing_since; /* monotonic ms; 0: it is not */
    json_t *seen;          /* of a scaler's kind: "namespace name" that a LIST brought */
    char *key;
    UT_hash_handle hh;
};

/* The scope of just that, or NULL. The resource may be another discovery's. */
struct kube_scope *kube_scope_find(const struct kube *k, const struct kube_resource *r,
                                   const char *namespace, const char *name);

/* A new one, the last of k->scopes; there must be none of just that. */
struct kube_scope *kube_scope_add(struct kube *k, const struct kube_resource *r,
                                  const char *namespace, const char *name);

/* Why nobody knows which scalers there are in the namespace; NULL: they are known. */
const char *kube_scalers_unread(const struct kube *k, const char *namespace);

/* Not out of k->scopes. */
void kube_scope_free(struct kube_scope *s);

#endif
