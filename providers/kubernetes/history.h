/* What Git said of one unit before, asked for only when a declared field is absent live. */
#ifndef HOLDFAST_KUBERNETES_HISTORY_H
#define HOLDFAST_KUBERNETES_HISTORY_H

#include "providers/kubernetes/internal.h"
#include "providers/kubernetes/moved.h"

/* All zero: nothing was asked for yet. */
struct history {
    struct moved_version *versions;
    size_t count, cap;
    signed char *applied; /* moved.h */
    bool loaded;
};

/* Loads the versions, once. */
void history_load(struct history *h, const struct kube *k, const struct unit *unit);

/* moved_added() for a prepared unit that is live; the versions are loaded once. */
bool history_added(struct history *h, struct kube *k, struct unit *unit, const struct path *path);
void history_free(struct history *h);

#endif
