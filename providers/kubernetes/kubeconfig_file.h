/*
 * One kubeconfig file as YAML, and what is common to reading its parts. For kubeconfig*.c only.
 * Two members of one name in a map: the last one counts, as kubectl has it. Two entries of one name
 * in a list are refused, as kubectl does.
 */
#ifndef HOLDFAST_KUBERNETES_KUBECONFIG_FILE_H
#define HOLDFAST_KUBERNETES_KUBECONFIG_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <yaml.h>

#include "core/buf.h"
#include "core/err.h"
#include "providers/kubernetes/kubeconfig.h"

struct kube_file {
    char *path;
    yaml_document_t doc;
};

/* Those that were read, in their order. */
struct kube_files {
    struct kube_file *items;
    size_t count, cap;
};

/* A mapping inside one of the files: where an entry was found, for paths and messages. */
struct kube_entry {
    struct kube_file *file;
    yaml_node_t *map;
    const char *what; /* "cluster", "user", "context" */
    const char *name;
};

/* Appends a whole file to `b`. *missing (not NULL) is set in place of an error when there is none.
 */
int kube_file_text(const char *path, struct buf *b, bool *missing, struct err **err);

/* Reads and checks a file and adds it. `missing` as above. Errors never quote the file. */
int kube_files_add(struct kube_files *files, const char *path, bool *missing, struct err **err);
void kube_files_free(struct kube_files *files);

/* A member of a map, or NULL (also where `map` is NULL or no map). */
yaml_node_t *kube_node_member(yaml_document_t *doc, const yaml_node_t *map, const char *key);

/* The scalar as text; NULL where it is absent, null, empty or no scalar (as Go's omitempty). */
const char *kube_node_text(const yaml_node_t *node);

/* The elements of a list: their number (0 where it is none), and one of them. */
size_t kube_node_count(const yaml_node_t *list);
yaml_node_t *kube_node_at(yaml_document_t *doc, const yaml_node_t *list, size_t i);

/* The node as kubectl would write it in JSON. Owned; NULL where it is deeper or larger than fits.
 */
json_t *kube_node_json(yaml_document_t *doc, const yaml_node_t *node);

/* Text of an entry's member. */
const char *kube_entry_text(const struct kube_entry *e, const char *key);

/* "PATH: WHAT "NAME": why". Returns -1. */
int kube_entry_wrong(const struct kube_entry *e, struct err **err, const char *why);

/* true, false or absent. */
int kube_entry_bool(const struct kube_entry *e, const char *key, bool *out, struct err **err);

/* A path as the file means it: relative to its folder. Owned. */
char *kube_file_beside(const struct kube_file *file, const char *path);

/*
 * PEM text from KEY-data (base64) or else from the file that KEY names, whose path goes to *from.
 * Both are owned, and NULL where neither is there.
 */
int kube_entry_pem(const struct kube_entry *e, const char *key, char **out, char **from,
                   struct err **err);

/* kubeconfig_user.c: the members of a user. `cluster` holds the plugin's own settings. */
int kube_user_take(const struct kube_entry *user, const struct kube_entry *cluster,
                   struct kubeconfig *out, struct err **err);
void kube_exec_free(struct kube_exec *exec);

#endif
