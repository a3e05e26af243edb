/* Who changed a field, and since when: from managedFields, or null with the reason (SPEC 1). Pure.
 */
#ifndef HOLDFAST_KUBERNETES_WHO_H
#define HOLDFAST_KUBERNETES_WHO_H

#include <jansson.h>

#include "diff/path.h"

struct who {
    char *by;               /* NULL: see reason */
    const char *by_reason;  /* static, or NULL */
    json_t *by_all;         /* array, when several own the path; or NULL */
    char *since;            /* RFC 3339, or NULL */
    const char *since_kind; /* "at-or-before" with since */
};

/*
 * Whose is the value at `path`? `absent`: it is declared and not live. `api_version` is the one the
 * object was read in.
 */
void who_find(struct who *out, const json_t *managed_fields, const char *manager,
              const char *api_version, const struct path *path, bool absent);
void who_free(struct who *w);

#endif
