/*
 * What is worth saying about manifests that read well, without a cluster: tables of what Kubernetes
 * no longer serves or ships, and what is wrong between objects of one source. Pure: manifests in,
 * problems out. No value of a document is quoted.
 */
#ifndef HOLDFAST_SYNC_LINT_H
#define HOLDFAST_SYNC_LINT_H

#include "sync/manifest.h"

struct lint;

/* `default_namespace` is where objects lie that name none; copied. */
struct lint *lint_new(const char *default_namespace);

/* Looks at one object; what is wrong with it alone goes to `sink` now. `file` is copied. */
void lint_add(struct lint *lint, const char *file, const struct manifest *manifest,
              const struct manifest_sink *sink);

/* What is wrong between objects goes to `sink`; frees. NULL-safe. */
void lint_finish(struct lint *lint, const struct manifest_sink *sink);

#endif
