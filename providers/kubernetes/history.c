#include "providers/kubernetes/history.h"

#include <stdlib.h>

#include "core/alloc.h"

void history_load(struct history *h, const struct kube *k, const struct unit *unit)
{
    const struct host *host = k->config.host;
    json_t *body;
    int64_t replaced_at;
    if (h->loaded)
        return;
    h->loaded = true;
    while (host->older && host->older(host->ctx, unit, h->count, &body, &replaced_at)) {
        h->versions = xgrow(h->versions, &h->cap, h->count + 1, sizeof(*h->versions));
        h->versions[h->count++] =
            (struct moved_version){kube_normalize(unit, kube_resource_of(unit), body), replaced_at};
        json_decref(body);
    }
}

bool history_added(struct history *h, struct kube *k, struct unit *unit, const struct path *path)
{
    const struct kube_unit *u = kube_unit_of(unit);
    history_load(h, k, unit);
    if (!h->applied)
        h->applied = xcalloc(h->count, sizeof(*h->applied));
    const struct moved_input in = {
        .declared = u->declared,
        .live = u->live,
        .managed_fields = u->managed,
        .manager = k->config.field_manager,
        .versions = h->versions,
        .count = h->count,
        .applied = h->applied,
    };
    return moved_added(&in, path);
}

void history_free(struct history *h)
{
    for (size_t i = 0; i < h->count; i++)
        json_decref(h->versions[i].declared);
    free(h->versions);
    free(h->applied);
    *h = (struct history){0};
}
