/*
 * The Kubernetes provider (DESIGN 5): observes with LISTs, lets the server judge with dry runs,
 * writes nothing.
 */
#ifndef HOLDFAST_KUBERNETES_H
#define HOLDFAST_KUBERNETES_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/kubernetes/client.h"
#include "providers/kubernetes/discovery.h"
#include "providers/provider.h"

struct kube_provider_config {
    struct kube_client *client;
    const struct discovery *discovery;
    const struct host *host;
    const char *default_namespace;
    const char *field_manager; /* "holdfast" */
    const char *const *hands;  /* globs, NULL-terminated, or NULL */
    const uint8_t *hidden_key; /* 32 bytes: secret values are shown as its HMAC */
};

/* Everything in the config is borrowed until provider->ops->free. */
struct provider *kube_provider_new(const struct kube_provider_config *config);

#endif
