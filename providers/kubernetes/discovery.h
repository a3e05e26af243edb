/* What the server serves: aggregated discovery (Accept: ...;as=APIGroupDiscoveryList;v=v2). */
#ifndef HOLDFAST_KUBERNETES_DISCOVERY_H
#define HOLDFAST_KUBERNETES_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "providers/kubernetes/client.h"

struct buf;

/* One resource (not a subresource). */
struct kube_resource {
    char *group, *version, *kind, *plural;
    unsigned order; /* the server's preference: lower first among versions of a kind */
    bool namespaced;
    bool has_status; /* a status subresource */
    bool can_list, can_get, can_patch, can_create;
    bool stale; /* its API service did not answer (freshness Stale): the kind is unknown */
};

struct discovery {
    struct kube_resource *items; /* by kind, group, order */
    size_t count, cap;
    int major, minor; /* of /version */
    char *git_version;
    bool incomplete;     /* some group's API service is down: a kind not found may still exist */
    char **stale_groups; /* "group/version", NULL-terminated, or NULL */
};

/*
 * Asks /version, /api and /apis. `done` gets the discovery (then owned by the caller) or NULL with
 * the error (borrowed). Falls back to the unaggregated API (/api/v1, /apis/G/V) where the server or
 * a proxy answers with the old form. Whether the version is new enough is for the caller to say.
 * Freeing the client in the middle calls no `done`: what this returns is for discovery_abandon()
 * then, and good until `done`.
 */
struct discovery_ask *discovery_start(struct kube_client *client,
                                      void (*done)(void *ctx, struct discovery *discovery,
                                                   const struct err *err),
                                      void *ctx);

/* Of a client that was freed meanwhile. NULL-safe. */
void discovery_abandon(struct discovery_ask *ask);

/* The resource of exactly this group, version and kind, or NULL. */
const struct kube_resource *discovery_find(const struct discovery *d, const char *group,
                                           const char *version, const char *kind);

/* The versions in which the kind is served, "v1, v2", or NULL when in none. Owned. */
char *discovery_versions(const struct discovery *d, const char *group, const char *kind);

/* Whether this group and version is one whose API service does not answer. */
bool discovery_is_stale(const struct discovery *d, const char *group, const char *version);

/* The kind of any group whose name is nearest to `kind` (for "did you mean"), or NULL. */
const char *discovery_nearest(const struct discovery *d, const char *kind);

/* Appends it with all percent-encoded but RFC 3986's unreserved characters. */
void kube_add_escaped(struct buf *b, const char *s);

/*
 * Path of the collection or (name not NULL) of one object, escaped, owned:
 * "/apis/apps/v1/namespaces/ml/deployments/x". ns NULL: cluster-scoped, or all namespaces.
 */
char *kube_path(const struct kube_resource *r, const char *ns, const char *name);

/* NULL-safe. */
void discovery_free(struct discovery *d);

/*
 * The parts without I/O, for tests. discovery_add_aggregated takes an APIGroupDiscoveryList (v2 or
 * v2beta1), discovery_add_legacy an APIResourceList. -1 when the JSON is something else.
 * discovery_sort makes it ready for discovery_find.
 */
int discovery_add_aggregated(struct discovery *d, const json_t *list);
int discovery_add_legacy(struct discovery *d, const char *group, const char *version,
                         const json_t *list);
void discovery_add_stale(struct discovery *d, const char *group, const char *version);
void discovery_sort(struct discovery *d);

#endif
