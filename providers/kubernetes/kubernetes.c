#include "providers/kubernetes/kubernetes.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "providers/kubernetes/internal.h"

static void kube_stop(struct provider *p)
{
    struct kube *k = (struct kube *)p;
    kube_questions_cancel(k);
    kube_scopes_stop(k);
    if (k->config.loop)
        ev_timer_stop(k->config.loop, &k->again);
}

static void kube_forget(struct provider *p, struct unit *unit)
{
    kube_unit_forget((struct kube *)p, unit);
}

static void kube_free(struct provider *p)
{
    struct kube *k = (struct kube *)p;
    kube_stop(p);
    kube_kinds_free(k);
    scalers_free(k->scalers);
    json_decref(k->crds);
    json_decref(k->namespaces);
    json_decref(k->narrow);
    json_decref(k->rights);
    json_decref(k->opened);
    free(k);
}

static const struct provider_ops kube_ops = {
    .name = "kubernetes",
    .begin = kube_begin,
    .observe = kube_observe,
    .ask = kube_ask,
    .conclude = kube_conclude,
    .refresh = kube_refresh,
    .forget = kube_forget,
    .stop = kube_stop,
    .free = kube_free,
};

struct provider *kube_provider_new(const struct kube_provider_config *config)
{
    struct kube *k = xcalloc(1, sizeof(*k));
    k->base.ops = &kube_ops;
    k->config = *config;
    k->crds = json_object();
    k->namespaces = json_object();
    k->narrow = json_object();
    k->rights = json_object();
    k->opened = json_object();
    LIST_INIT(&k->questions);
    k->scalers = scalers_new();
    return &k->base;
}

void kube_provider_discovery(struct provider *p, const struct discovery *discovery)
{
    struct kube *k = (struct kube *)p;
    k->config.discovery = discovery;
}
