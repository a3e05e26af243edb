/*
 * The kinds that Kubernetes brings: plural names and scopes for when no cluster is there to ask,
 * and which groups are surely served by the API server itself (kubernetes 1.36, `kubectl
 * api-resources`).
 */
#ifndef HOLDFAST_KUBERNETES_BUILTIN_H
#define HOLDFAST_KUBERNETES_BUILTIN_H

#include <stdbool.h>

struct builtin_kind {
    const char *group, *kind, *plural;
    bool namespaced;
};

/* Ends with an entry without a kind. Kinds that are objects alone: what can be listed. */
extern const struct builtin_kind builtin_kinds[];

/* NULL when Kubernetes brings no such kind. */
const struct builtin_kind *builtin_find(const char *group, const char *kind);

/* A group whose kinds pass through the API server's own admission. */
bool builtin_group(const char *group);

#endif
