/*
 * holdfast.yaml (SPEC 4): documents of kind Config (one) and Export (any number), read by one
 * table. Unknown keys, wrong types and values out of range are errors with file, line and column.
 */
#ifndef HOLDFAST_CONFIG_H
#define HOLDFAST_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "sync/auth.h"

enum config_mode { CONFIG_REPORT, CONFIG_CORRECT, CONFIG_PAUSED };
enum config_cloud { CONFIG_CLOUD_PUBLIC, CONFIG_CLOUD_USGOV, CONFIG_CLOUD_CHINA };

/* Which objects' fields are ignored. NULL: any; else globs over the whole name. */
struct config_ignore {
    const char *group, *kind, *namespace, *name;
    const char *const *fields; /* NULL-terminated: SPEC 1's notation, or JSON pointers */
};

struct config_render {
    const char *const *command; /* NULL: the files are read as they stand */
    double timeout;             /* seconds */
    bool network;
};

struct config_source {
    const char *name, *url, *ref, *path;
    const char *const *include, *const *exclude; /* NULL-terminated; NULL where not given */
    double interval;                             /* seconds */
    int mode;                                    /* enum config_mode */
    bool prune;
    struct {
        int64_t objects, percent;
    } guard;
    struct source_auth auth;
    struct config_render render;
    struct {
        struct config_ignore *items;
        size_t count;
    } ignore;
};

struct config_export {
    const char *name, *namespace;
    struct {
        const char *api_version, *kind, *namespace, *name;
    } object;
    const char *path;
    const char *fallback; /* `default`; NULL: none */
    bool to_log;          /* exactly one of the three */
    struct {
        const char *name, *key;
    } secret, config_map;
};

/* Paths of files are absolute or relative to where the program runs (the file's folder is put
 * before them). NULL: not given. Everything is owned by the configuration. */
struct config {
    const char *state_dir;
    struct {
        struct config_source *items;
        size_t count;
    } sources;
    struct {
        const char *kubeconfig, *context;
        const char *default_namespace; /* NULL: not given, the context's is then meant */
        const char *field_manager;
        const char *const *hands; /* NULL-terminated, or NULL */
        bool events;              /* Kubernetes Events on what differs */
    } kubernetes;
    struct {
        int cloud; /* enum config_cloud */
        const char *subscription;
        bool bulk_read, activity_log;
    } azure;
    struct {
        const char *listen, *token_file;
    } http;
    struct {
        int64_t fetch_bytes, file_bytes, objects;
    } limits;
    struct config_export *exports;
    size_t export_count;

    void **owned; /* what config_free gives back */
    size_t owned_count, owned_cap;
};

/* All defaults, no source: what holds without a file. Free with config_free. */
void config_defaults(struct config *out);

/*
 * Reads a file. -1 with *err (ERR_USAGE, "holdfast.yaml:3:5: …"; of several faults the first is
 * told and the others counted); nothing is then owned.
 */
int config_load(const char *file, struct config *out, struct err **err);

/* The same from a text; `file` names it in errors, its folder is put before relative paths. */
int config_parse(const char *file, const char *text, size_t len, struct config *out,
                 struct err **err);

/* The source of that name, or NULL. */
const struct config_source *config_find(const struct config *config, const char *name);

/*
 * A source that only the command line names, by a URL or a folder; `name` is borrowed. ERR_USAGE
 * for what is neither, and for a URL that may hold a password, before it is a name in each line.
 */
int config_place(const char *name, struct config_source *out, struct err **err);

void config_free(struct config *config);

/*
 * Every key that the file knows, with the keys above it ("sources.guard.objects"), and its default
 * as it would stand there (NULL: none). For what explains them.
 */
void config_each_key(void (*found)(void *ctx, const char *key, const char *fallback), void *ctx);

/* "90s", "5m", "1h", "1h30m", "250ms" in seconds; "64KiB", "1GiB" in bytes. -1: it is none. */
int config_duration(const char *text, double *seconds);
int config_size(const char *text, int64_t *bytes);

#endif
