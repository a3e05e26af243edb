/*
 * Exports (SPEC 4, kind Export): a path of a live object, told to the log whenever it changes, and
 * to /status. Nothing is written anywhere: `to: {secret}` and `{configMap}` are refused until there
 * is a mode that writes. A Secret's values are refused altogether: the log is no place for them.
 *
 * The core shows each object that is wanted as often as it likes; objects that Git does not declare
 * have to be watched for it (exports_at names them).
 */
#ifndef HOLDFAST_EXPORTS_H
#define HOLDFAST_EXPORTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "core/err.h"

struct exports;

struct exports_config {
    const struct config_export *items; /* borrowed: they must outlive the exports */
    size_t count;
    const char *default_namespace; /* of objects where neither they nor their Export name one */
    void *ctx;
    /*
     * A value is another than before (the first one included): the members of an `export` event
     * beside the common ones: name, namespace, value, default (true: the path is absent, `value` is
     * Export's default or null), object, field. Borrowed for the call.
     */
    void (*changed)(void *ctx, const json_t *members);
};

/* What an Export looks at. Borrowed from the exports. */
struct exports_object {
    const char *api_version, *group, *kind, *namespace, *name;
};

/* Never NULL without *err: ERR_USAGE with what is refused and why. */
struct exports *exports_new(const struct exports_config *config, struct err **err);

size_t exports_count(const struct exports *e);
const struct exports_object *exports_at(const struct exports *e, size_t index);

/* `namespace` NULL: a cluster-scoped object, whatever the Export says. */
bool exports_wants(const struct exports *e, const char *group, const char *kind,
                   const char *namespace, const char *name);

/* The object as it is now; `live` NULL: it is not there. What nobody wants is passed over. */
void exports_object(struct exports *e, const char *group, const char *kind, const char *namespace,
                    const char *name, const json_t *live);

/* Array for /status (agent/status.h), a new reference. */
json_t *exports_status(const struct exports *e);

void exports_free(struct exports *e);

#endif
