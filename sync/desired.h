/*
 * The desired set: what one source says at one revision. In memory an object is its identity, its
 * place and a digest; bodies and places lie in a spool file (0600, under stateDir, already unlinked) until an object is judged.
 */
#ifndef HOLDFAST_SYNC_DESIRED_H
#define HOLDFAST_SYNC_DESIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "core/err.h"
#include "diff/document.h" /* struct document, document_place, document_free: implemented there */
#include "sync/manifest.h"

#define DESIRED_DIGEST_BYTES 16

struct desired {
    const char *api_version; /* "apps/v1" */
    const char *group;       /* "apps", "" for the core group */
    const char *version;     /* "v1" */
    const char *kind;
    const char *namespace; /* NULL when the document names none */
    const char *name;
    const char *file;
    uint32_t line, col;
    uint8_t digest[DESIRED_DIGEST_BYTES]; /* of the canonical body */
    bool doubled; /* the same identity stands twice: told, not compared */
    uint64_t offset; /* in the spool */
    uint32_t body_len, places_len;
};

struct desired_set {
    struct desired *items;
    size_t count, cap;
    struct problem *problems; /* owned copies */
    size_t problem_count, problem_cap;
    char *revision;  /* commit id, or NULL for a folder that is no Git working tree or for the working tree itself */
    int64_t commit_time; /* seconds, 0 where unknown */
    bool complete;   /* the end record came: only then is the set what Git says */
    struct strings *strings; /* interned identities and files */
    int spool;       /* file descriptor */
    uint64_t spool_len;
};

/* Reads object `index` back from the spool. Free with document_free. */
int desired_load(const struct desired_set *set, size_t index, struct document *out,
                 struct err **err);

/*
 * Marks objects whose group, kind, namespace (default_namespace where none is named) and name stand
 * more than once, and adds an error to each that names the other place.
 */
void desired_mark_doubled(struct desired_set *set, const char *default_namespace);

void desired_set_free(struct desired_set *set);

#endif
