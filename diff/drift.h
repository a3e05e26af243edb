/*
 * One thing that differs, and its event (SPEC 1). What may not be shown is hidden here, in the
 * tree, before any text is made of it.
 */
#ifndef HOLDFAST_DIFF_DRIFT_H
#define HOLDFAST_DIFF_DRIFT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict {
    VERDICT_DRIFTED,
    VERDICT_MISSING,
    VERDICT_TERMINATING,
    VERDICT_BLOCKED,
    VERDICT_UNKNOWN,
    VERDICT_COUNT,
};

enum drift_class { CLASS_NONE, CLASS_CHANGED, CLASS_EXTRA, CLASS_DROPPED, CLASS_COUNT };

/* Everything is borrowed. NULL where it does not apply. */
struct drift {
    enum verdict verdict;
    enum drift_class drift_class;
    const char *field;
    const json_t *want, *want_normalized, *have;
    const char *by;        /* manager, or manager/subresource */
    const char *by_reason; /* why `by` is null, or "other-version" */
    const json_t *by_all;  /* array of strings, when there are several */
    const char *since;     /* RFC 3339 */
    const char *since_kind;
    const char *reason, *remedy; /* blocked */
    const char *message;         /* blocked, unknown: the service's word, safe to print */
    const json_t *finalizers;    /* terminating */
    uint32_t line;
    bool unjudged;
};

/* Whose drift it is. */
struct drift_object {
    const char *source;
    const char *provider; /* "kubernetes" */
    const char *group, *kind, *namespace, *name;
    const char *file;
};

const char *verdict_name(enum verdict verdict);
const char *drift_class_name(enum drift_class drift_class);

/* The members of the event that are the drift's own (all but the common ones). New reference. */
json_t *drift_event(const struct drift_object *object, const struct drift *drift);

/* id of SPEC 1: 16 hex digits and a NUL. `field` NULL for a whole object. */
void drift_id(const struct drift_object *object, const char *field, char out[17]);

/* A value as a report shows it: whole up to LIMIT_VALUE_BYTES, else {"cut", "bytes", "sha256"}. */
json_t *drift_value(const json_t *value);

/* {"hidden": "1a2b3c4d"}: HMAC-SHA256 of the bytes under `key`, its first 8 hex digits. */
json_t *drift_hidden(const uint8_t key[32], const void *bytes, size_t len);

#endif
