#include "providers/kubernetes/kubeconfig_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/limits.h"

void kube_files_free(struct kube_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_delete(&files->items[i].doc);
        free(files->items[i].path);
    }
    free(files->items);
    *files = (struct kube_files){0};
}

/* A pipe of the shell's (<(...)) is read to its end; nobody need ever write into another one. */
static bool is_stuck(const char *path, int fd)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISFIFO(st.st_mode))
        return false;
    bool inherited = !strncmp(path, "/dev/fd/", 8) || !strncmp(path, "/proc/", 6);
    return !inherited || fcntl(fd, F_SETFL, 0);
}

int kube_file_text(const char *path, struct buf *b, bool *missing, struct err **err)
{
    _close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && is_stuck(path, fd))
        return err_set(err, ERR_USAGE, "%s is a pipe, and a file belongs there", path);
    if (fd < 0) {
        if (missing && (errno == ENOENT || errno == ENOTDIR)) {
            *missing = true;
            return 0;
        }
        return err_errno(err, ERR_USAGE, errno, "%s", path);
    }
    char chunk[8192];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        if (buf_add(b, chunk, (size_t)n))
            return err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path, b->max);
    }
    return n < 0 ? err_errno(err, ERR_USAGE, errno, "%s", path) : 0;
}

yaml_node_t *kube_node_member(yaml_document_t *doc, const yaml_node_t *map, const char *key)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.top; p > map->data.mapping.pairs.start;) {
        p--;
        yaml_node_t *k = yaml_document_get_node(doc, p->key);
        if (k && k->type == YAML_SCALAR_NODE && !strcmp((char *)k->data.scalar.value, key))
            return yaml_document_get_node(doc, p->value);
    }
    return NULL;
}

static bool is_plain(const yaml_node_t *node)
{
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_null(const char *s)
{
    return !*s || !strcmp(s, "~") || !strcmp(s, "null") || !strcmp(s, "Null") || !strcmp(s, "NULL");
}

const char *kube_node_text(const yaml_node_t *node)
{
    if (!node || node->type != YAML_SCALAR_NODE || !node->data.scalar.length)
        return NULL;
    const char *s = (const char *)node->data.scalar.value;
    return is_plain(node) && is_null(s) ? NULL : s;
}

size_t kube_node_count(const yaml_node_t *list)
{
    if (!list || list->type != YAML_SEQUENCE_NODE)
        return 0;
    return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

yaml_node_t *kube_node_at(yaml_document_t *doc, const yaml_node_t *list, size_t i)
{
    return yaml_document_get_node(doc, list->data.sequence.items.start[i]);
}

/* A plain scalar by the rules of YAML 1.1, which kubectl's parser follows. */
static json_t *plain_json(const char *s)
{
    static const char *const words[2][11] = {
        {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"},
        {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"},
    };
    if (is_null(s))
        return json_null();
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < ARRAY_LEN(words[i]); k++) {
            if (!strcmp(s, words[i][k]))
                return json_boolean(i);
        }
    }
    if (isdigit((unsigned char)*s) || *s == '-') {
        json_t *number = json_loads(s, JSON_DECODE_ANY, NULL);
        if (json_is_number(number))
            return number;
        json_decref(number);
    }
    return json_string(s);
}

static json_t *node_json(yaml_document_t *doc, const yaml_node_t *node, unsigned depth,
                         unsigned *left);

static json_t *list_json(yaml_document_t *doc, const yaml_node_t *node, unsigned depth,
                         unsigned *left)
{
    json_auto_t *out = json_array();
    for (size_t i = 0, n = kube_node_count(node); i < n; i++) {
        json_t *item = node_json(doc, kube_node_at(doc, node, i), depth + 1, left);
        if (!item || json_array_append_new(out, item))
            return NULL;
    }
    return json_incref(out);
}

static json_t *map_json(yaml_document_t *doc, const yaml_node_t *node, unsigned depth,
                        unsigned *left)
{
    json_auto_t *out = json_object();
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
         p++) {
        yaml_node_t *key = yaml_document_get_node(doc, p->key);
        json_t *value = node_json(doc, yaml_document_get_node(doc, p->value), depth + 1, left);
        if (!value || !key || key->type != YAML_SCALAR_NODE) {
            json_decref(value);
            return NULL;
        }
        if (json_object_set_new(out, (char *)key->data.scalar.value, value))
            return NULL;
    }
    return json_incref(out);
}

static json_t *node_json(yaml_document_t *doc, const yaml_node_t *node, unsigned depth,
                         unsigned *left)
{
    if (!node || depth > LIMIT_YAML_DEPTH || !*left)
        return NULL;
    --*left;
    if (node->type == YAML_MAPPING_NODE)
        return map_json(doc, node, depth, left);
    if (node->type == YAML_SEQUENCE_NODE)
        return list_json(doc, node, depth, left);
    const char *s = (const char *)node->data.scalar.value;
    return is_plain(node) ? plain_json(s) : json_string(s);
}

json_t *kube_node_json(yaml_document_t *doc, const yaml_node_t *node)
{
    unsigned left = LIMIT_YAML_ALIASES;
    return node_json(doc, node, 0, &left);
}

const char *kube_entry_text(const struct kube_entry *e, const char *key)
{
    return e->map ? kube_node_text(kube_node_member(&e->file->doc, e->map, key)) : NULL;
}

int kube_entry_wrong(const struct kube_entry *e, struct err **err, const char *why)
{
    return err_set(err, ERR_USAGE, "%s: %s \"%s\": %s", e->file->path, e->what, e->name, why);
}

int kube_entry_bool(const struct kube_entry *e, const char *key, bool *out, struct err **err)
{
    const char *s = kube_entry_text(e, key);
    if (s && strcmp(s, "true") && strcmp(s, "false"))
        return err_set(err, ERR_USAGE, "%s: %s \"%s\": %s must be true or false", e->file->path,
                       e->what, e->name, key);
    *out = s && !strcmp(s, "true");
    return 0;
}

/* Why the YAML cannot be used, without quoting it: it holds keys and tokens. */
static int yaml_wrong(const char *path, const yaml_parser_t *parser, struct err **err)
{
    return err_set(err, ERR_USAGE, "%s:%zu: not YAML: %s", path, parser->problem_mark.line + 1,
                   parser->problem ? parser->problem : "cannot be parsed");
}

/* Events come one at a time, so the depth is known before anything is built. */
static int check_depth(const char *path, const struct buf *text, struct err **err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, (const unsigned char *)buf_str(text), text->len);
    int rc = 0;
    for (size_t depth = 0; rc == 0;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            rc = yaml_wrong(path, &parser, err);
            break;
        }
        yaml_event_type_t type = event.type;
        size_t line = event.start_mark.line + 1;
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_END_EVENT)
            break; /* of several documents only the first counts */
        if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
            depth--;
        if ((type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) &&
            ++depth > LIMIT_YAML_DEPTH)
            rc = err_set(err, ERR_LIMIT, "%s:%zu: nested deeper than %d", path, line,
                         LIMIT_YAML_DEPTH);
    }
    yaml_parser_delete(&parser);
    return rc;
}

static int check_names(struct kube_file *file, const char *list, struct err **err)
{
    yaml_document_t *doc = &file->doc;
    yaml_node_t *seq = kube_node_member(doc, yaml_document_get_root_node(doc), list);
    size_t count = kube_node_count(seq);
    json_auto_t *seen = json_object();
    for (size_t i = 0; i < count; i++) {
        yaml_node_t *node = kube_node_at(doc, seq, i);
        const char *name = kube_node_text(kube_node_member(doc, node, "name"));
        if (!name)
            continue;
        if (json_object_get(seen, name))
            return err_set(err, ERR_USAGE,
                           "%s:%zu: the name \"%s\" stands twice in %s: remove or rename one",
                           file->path, node->start_mark.line + 1, name, list);
        json_put(seen, name, json_true());
    }
    return 0;
}

static int load_document(const char *path, const struct buf *text, yaml_document_t *doc,
                         struct err **err)
{
    yaml_parser_t parser;
    if (check_depth(path, text, err))
        return -1;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, (const unsigned char *)buf_str(text), text->len);
    int rc = yaml_parser_load(&parser, doc) ? 0 : yaml_wrong(path, &parser, err);
    yaml_parser_delete(&parser);
    return rc;
}

int kube_files_add(struct kube_files *files, const char *path, bool *missing, struct err **err)
{
    _buf_ struct buf b = BUF_INIT(LIMIT_CONFIG_BYTES);
    bool absent = false;
    yaml_document_t doc;
    if (kube_file_text(path, &b, missing ? &absent : NULL, err))
        return -1;
    if (absent) {
        *missing = true;
        return 0;
    }
    int rc = load_document(path, &b, &doc, err);
    if (b.data)
        explicit_bzero(b.data, b.len);
    if (rc)
        return rc;
    files->items = xgrow(files->items, &files->cap, files->count + 1, sizeof(*files->items));
    struct kube_file *file = &files->items[files->count++];
    *file = (struct kube_file){xstrdup(path), doc};
    yaml_node_t *root = yaml_document_get_root_node(&file->doc);
    if (root && root->type != YAML_MAPPING_NODE)
        return err_set(err, ERR_USAGE, "%s: not a kubeconfig (no mapping at the top)", path);
    return check_names(file, "clusters", err) || check_names(file, "contexts", err) ||
                   check_names(file, "users", err)
               ? -1
               : 0;
}

char *kube_file_beside(const struct kube_file *file, const char *path)
{
    const char *slash = strrchr(file->path, '/');
    if (*path == '/' || !slash)
        return xstrdup(path);
    return xasprintf("%.*s/%s", (int)(slash - file->path), file->path, path);
}

int kube_entry_pem(const struct kube_entry *e, const char *key, char **out, char **from,
                   struct err **err)
{
    _free_ char *data_key = xasprintf("%s-data", key);
    const char *data = kube_entry_text(e, data_key), *path = kube_entry_text(e, key);
    if (data && path)
        return err_set(err, ERR_USAGE, "%s: %s \"%s\": both %s and %s: only one is allowed",
                       e->file->path, e->what, e->name, key, data_key);
    if (data) {
        size_t len;
        *out = hash_unbase64(data, strlen(data), &len);
        if (!*out || strlen(*out) != len)
            return err_set(err, ERR_USAGE, "%s: %s \"%s\": %s is not base64 of PEM text",
                           e->file->path, e->what, e->name, data_key);
        return 0;
    }
    if (!path)
        return 0;
    *from = kube_file_beside(e->file, path);
    struct buf b = BUF_INIT(LIMIT_CONFIG_BYTES);
    if (kube_file_text(*from, &b, NULL, err)) {
        buf_free(&b);
        return err_wrap(err, "%s: %s \"%s\": %s", e->file->path, e->what, e->name, key);
    }
    *out = buf_take(&b);
    return 0;
}
