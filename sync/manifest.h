/*
 * Files to manifests: cuts a file into documents (documents.h), parses each by Kubernetes' rules
 * (yaml.h; .json: json_text.h), unfolds lists as kubectl does, leaves out what Git cannot say
 * (left_out.h), and finds what is wrong. Pure: text in, calls out. Used by the reading child,
 * `lint` and `render`.
 */
#ifndef HOLDFAST_SYNC_MANIFEST_H
#define HOLDFAST_SYNC_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/node.h"

struct manifest {
    const char *api_version, *kind, *name; /* not empty, without control characters */
    const char *namespace;                 /* NULL when the document names none, or "" */
    uint32_t line, col; /* of the document's first line with content; of the item's in a list */
    const struct node *root; /* a map; `status` is still in it where Git has one */
};

enum problem_level { PROBLEM_ERROR, PROBLEM_NOTE, PROBLEM_LEVELS };

#define PROBLEM_SOURCE "." /* as `file`: the source as a whole; no file of that name is read */

struct problem {
    enum problem_level level;
    const char *file;    /* path inside the source */
    uint32_t line, col;  /* 0: the whole file */
    const char *object;  /* "Deployment ml/x", or NULL where it is not known */
    const char *message; /* one line: what, and what to do; no value of the document in it */
    const char *at;      /* its place in the order of files, where that is not `file`; or NULL */
};

/* All strings are valid during the call only. */
struct manifest_sink {
    void *ctx;
    void (*object)(void *ctx, const char *file, const struct manifest *manifest);
    void (*problem)(void *ctx, const struct problem *problem);
};

/*
 * Reads one file; a name that ends with .json is read as JSON, all else as YAML. Everything that is
 * wrong goes to sink->problem and costs its document; the others are still read, where the file can
 * be cut (kubectl stops at the first error). `len` is the caller's to bound (limits.fileBytes).
 *
 * - A document without apiVersion, kind or metadata.name is an error, never skipped: a typo must
 * not prune. Empty documents, and those that say null, are skipped.
 * - A document with a list `items` is unfolded, as kubectl does for any kind; items that name
 * neither apiVersion nor kind have the list's (ConfigMapList: ConfigMap). A list inside a list is
 * an error.
 * - apiVersion holdfast.dev/v1: not an object; Config and Export are passed over with a note.
 * - One note for each document says what was left out of it.
 */
void manifest_read(const char *file, const char *text, size_t len,
                   const struct manifest_sink *sink);

#endif
