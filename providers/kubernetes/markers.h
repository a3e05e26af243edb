/*
 * Labels and annotations that GitOps tools put onto what they apply. Where we report as such a tool
 * (kubernetes.fieldManager) they are in its own entry and not in Git, and that is no drift. Pure.
 */
#ifndef HOLDFAST_KUBERNETES_MARKERS_H
#define HOLDFAST_KUBERNETES_MARKERS_H

#include <stdbool.h>

#include "diff/path.h"

/* Is the path such a mark, and `manager` not holdfast itself, which makes none? */
bool marker_is(const char *manager, const struct path *path);

#endif
