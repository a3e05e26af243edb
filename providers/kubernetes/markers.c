#include "providers/kubernetes/markers.h"

#include <stddef.h>
#include <string.h>

#include "core/alloc.h"

/* https://fluxcd.io/flux/components/kustomize/kustomizations/, argo-cd docs/user-guide/
 * resource_tracking.md, https://helm.sh/docs/chart_best_practices/labels/ */
static const struct {
    const char *map, *name;
} marks[] = {
    {"labels", "kustomize.toolkit.fluxcd.io/name"},
    {"labels", "kustomize.toolkit.fluxcd.io/namespace"},
    {"labels", "kustomize.toolkit.fluxcd.io/checksum"},
    {"annotations", "kustomize.toolkit.fluxcd.io/checksum"},
    {"labels", "helm.toolkit.fluxcd.io/name"},
    {"labels", "helm.toolkit.fluxcd.io/namespace"},
    {"annotations", "argocd.argoproj.io/tracking-id"},
    {"annotations", "argocd.argoproj.io/installation-id"},
    {"labels", "argocd.argoproj.io/instance"},
    {"labels", "app.kubernetes.io/instance"},
    {"labels", "app.kubernetes.io/managed-by"},
    {"annotations", "meta.helm.sh/release-name"},
    {"annotations", "meta.helm.sh/release-namespace"},
};

bool marker_is(const char *manager, const struct path *path)
{
    if (path->type != STEP_MEMBER || path_depth(path) != 3 || !strcmp(manager, "holdfast"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (path_is(path, "metadata", marks[i].map, marks[i].name, NULL))
            return true;
    }
    return false;
}
