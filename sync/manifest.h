/*
 * Files to manifests: cuts a file into documents, parses each by Kubernetes' rules (YAML: measured
 * from sigs.k8s.io/yaml; .json: JSON, one or several), unfolds `kind: List`, leaves out what Git
 * cannot say (nulls, status, creationTimestamp, uid, resourceVersion, managedFields, generation,
 * selfLink), and finds what is wrong. Pure: text in, calls out. Used by the reading child, `lint` and `render`.
 */
#ifndef HOLDFAST_SYNC_MANIFEST_H
#define HOLDFAST_SYNC_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/node.h"

struct manifest {
    const char *api_version, *kind, *name;
    const char *namespace; /* NULL when the document names none */
    uint32_t line, col;    /* of the document's first line with content */
    const struct node *root;
};

enum problem_level { PROBLEM_ERROR, PROBLEM_NOTE };

struct problem {
    enum problem_level level;
    const char *file; /* path inside the source */
    uint32_t line, col; /* 0: the whole file */
    const char *object; /* "Deployment ml/x", or NULL where it is not known */
    const char *message; /* what, and what to do; no secret value in it */
};

/* All strings are valid during the call only. */
struct manifest_sink {
    void *ctx;
    void (*object)(void *ctx, const char *file, const struct manifest *manifest);
    void (*problem)(void *ctx, const struct problem *problem);
};

/* Reads one file. Everything that is wrong goes to sink->problem; the rest is still read. */
void manifest_read(const char *file, const char *text, size_t len, const struct manifest_sink *sink);

#endif
