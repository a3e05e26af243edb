/*
 * The Kubernetes provider (DESIGN 5): observes with LISTs, lets the server judge with dry runs,
 * writes nothing.
 */
#ifndef HOLDFAST_KUBERNETES_H
#define HOLDFAST_KUBERNETES_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "providers/kubernetes/client.h"
#include "providers/kubernetes/discovery.h"
#include "providers/provider.h"

struct ev_loop;

/* Told of a declared HPA or ScaledObject. */
typedef void kube_scaler_declared(void *to, const char *kind, const char *namespace,
                                  const char *name, const json_t *body);

struct kube_provider_config {
    struct ev_loop *loop;
    struct kube_client *client;
    const struct discovery *discovery;
    const struct host *host;
    const char *default_namespace;
    const char *field_manager; /* "holdfast" */
    const char *const *hands;  /* globs, NULL-terminated, or NULL */
    const uint8_t *hidden_key; /* 32 bytes: secret values are shown as its HMAC */
    bool follow;               /* go on watching; else everything is observed once */
    /* A kind that was served answers 404, or one that was not may be there: ask what is served. */
    void (*rediscover)(void *ctx);
    /* Calls `each` for all that others than the pass's source declare. NULL: there are none. */
    void (*scalers)(void *ctx, kube_scaler_declared *each, void *to);
    void *ctx;
};

/* Everything in the config is borrowed until provider->ops->free. */
struct provider *kube_provider_new(const struct kube_provider_config *config);

/* Uses another discovery from now on; then take the set anew, which resolves the units (pass_take).
 */
void kube_provider_discovery(struct provider *p, const struct discovery *discovery);

/*
 * What is observed: for each scope an object {group, kind, scope, state, since, message}. New
 * reference: an array.
 */
json_t *kube_provider_scopes(const struct provider *p);

/* Has every scope been listed once, or failed for good? Else *why is what is waited for (owned). */
bool kube_provider_listed(const struct provider *p, char **why);

#endif
