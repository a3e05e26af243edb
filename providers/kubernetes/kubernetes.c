#include "providers/kubernetes/kubernetes.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "providers/kubernetes/internal.h"

static void kube_free(struct provider *p)
{
    struct kube *k = (struct kube *)p;
    for (size_t i = 0; i < k->count; i++)
        kube_unit_forget(k, &k->units[i]);
    kube_kinds_free(k);
    scalers_free(k->scalers);
    json_decref(k->crds);
    json_decref(k->namespaces);
    free(k);
}

static const struct provider_ops kube_ops = {
    .name = "kubernetes",
    .begin = kube_begin,
    .observe = kube_observe,
    .ask = kube_ask,
    .conclude = kube_conclude,
    .free = kube_free,
};

struct provider *kube_provider_new(const struct kube_provider_config *config)
{
    struct kube *k = xcalloc(1, sizeof(*k));
    k->base.ops = &kube_ops;
    k->config = *config;
    k->crds = json_object();
    k->namespaces = json_object();
    k->scalers = scalers_new();
    return &k->base;
}
