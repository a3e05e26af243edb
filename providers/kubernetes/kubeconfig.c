#include "providers/kubernetes/kubeconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/limits.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* One file that was read. */
struct file {
    char *path;
    yaml_document_t doc;
};

struct files {
    struct file *items;
    size_t count, cap;
};

/* A mapping inside one of the files: where an entry was found, for paths and messages. */
struct entry {
    struct file *file;
    yaml_node_t *map;
    const char *what; /* "cluster", "user", "context" */
    const char *name;
};

static void files_free(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_delete(&files->items[i].doc);
        free(files->items[i].path);
    }
    free(files->items);
}

/* Reads a whole file into `b`. *missing (not NULL) is set in place of an error when there is none.
 */
static int read_file(const char *path, struct buf *b, bool *missing, struct err **err)
{
    _close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
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

static yaml_node_t *member(yaml_document_t *doc, yaml_node_t *map, const char *key)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        yaml_node_t *k = yaml_document_get_node(doc, p->key);
        if (k && k->type == YAML_SCALAR_NODE && !strcmp((char *)k->data.scalar.value, key))
            return yaml_document_get_node(doc, p->value);
    }
    return NULL;
}

/* The scalar as text; NULL where it is absent, null, empty or no scalar (as Go's omitempty). */
static const char *scalar(const yaml_node_t *node)
{
    if (!node || node->type != YAML_SCALAR_NODE || !node->data.scalar.length)
        return NULL;
    const char *s = (const char *)node->data.scalar.value;
    bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return plain && (!strcmp(s, "~") || !strcmp(s, "null")) ? NULL : s;
}

static const char *text(const struct entry *e, const char *key)
{
    return e->map ? scalar(member(&e->file->doc, e->map, key)) : NULL;
}

/* Why the YAML cannot be used, without quoting it: it holds keys and tokens. */
static int yaml_error(const char *path, const yaml_parser_t *parser, struct err **err)
{
    return err_set(err, ERR_USAGE, "%s:%zu: not YAML: %s", path, parser->problem_mark.line + 1,
                   parser->problem ? parser->problem : "cannot be parsed");
}

static int add_file(struct files *files, const char *path, bool *missing, struct err **err)
{
    _buf_ struct buf b = BUF_INIT(LIMIT_CONFIG_BYTES);
    bool absent = false;
    if (read_file(path, &b, missing ? &absent : NULL, err))
        return -1;
    if (absent) {
        *missing = true;
        return 0;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, (const unsigned char *)buf_str(&b), b.len);
    yaml_document_t doc;
    int rc = 0;
    if (!yaml_parser_load(&parser, &doc)) {
        rc = yaml_error(path, &parser, err);
    } else {
        yaml_node_t *root = yaml_document_get_root_node(&doc);
        if (root && root->type != YAML_MAPPING_NODE) {
            rc = err_set(err, ERR_USAGE, "%s: not a kubeconfig (no mapping at the top)", path);
            yaml_document_delete(&doc);
        } else {
            files->items = xgrow(files->items, &files->cap, files->count + 1, sizeof(struct file));
            files->items[files->count++] = (struct file){xstrdup(path), doc};
        }
    }
    yaml_parser_delete(&parser);
    if (b.data)
        explicit_bzero(b.data, b.len);
    return rc;
}

/* The first file that has something at the top level under this key. */
static const char *top_text(struct files *files, const char *key)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_t *doc = &files->items[i].doc;
        const char *s = scalar(member(doc, yaml_document_get_root_node(doc), key));
        if (s)
            return s;
    }
    return NULL;
}

/* Names of one list in all files, "a, b", for messages. Owned. */
static char *names_of(struct files *files, const char *list)
{
    struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_t *doc = &files->items[i].doc;
        yaml_node_t *seq = member(doc, yaml_document_get_root_node(doc), list);
        if (!seq || seq->type != YAML_SEQUENCE_NODE)
            continue;
        for (yaml_node_item_t *it = seq->data.sequence.items.start;
             it < seq->data.sequence.items.top; it++) {
            const char *name = scalar(member(doc, yaml_document_get_node(doc, *it), "name"));
            if (name)
                buf_addf(&b, "%s%s", b.len ? ", " : "", name);
        }
    }
    return buf_take(&b);
}

static char *paths_of(const struct files *files)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < files->count; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", files->items[i].path);
    return buf_take(&b);
}

/* Finds the entry `name` of a list ("clusters"); the first file that has it wins as a whole. */
static int find(struct files *files, const char *list, const char *what, const char *name,
                struct entry *out, struct err **err)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_t *doc = &files->items[i].doc;
        yaml_node_t *seq = member(doc, yaml_document_get_root_node(doc), list);
        if (!seq || seq->type != YAML_SEQUENCE_NODE)
            continue;
        for (yaml_node_item_t *it = seq->data.sequence.items.start;
             it < seq->data.sequence.items.top; it++) {
            yaml_node_t *node = yaml_document_get_node(doc, *it);
            const char *got = scalar(member(doc, node, "name"));
            if (got && !strcmp(got, name)) {
                *out = (struct entry){&files->items[i], member(doc, node, what), what, got};
                return 0;
            }
        }
    }
    _free_ char *paths = paths_of(files);
    _free_ char *names = names_of(files, list);
    return err_set(err, ERR_USAGE, "%s: no %s \"%s\" (there is: %s)", paths, what, name,
                   *names ? names : "none");
}

static char *beside(const struct file *file, const char *path)
{
    const char *slash = strrchr(file->path, '/');
    if (*path == '/' || !slash)
        return xstrdup(path);
    return xasprintf("%.*s/%s", (int)(slash - file->path), file->path, path);
}

/* PEM text from KEY-data (base64) or else from the file that KEY names. */
static int pem(const struct entry *e, const char *key, char **out, struct err **err)
{
    _free_ char *data_key = xasprintf("%s-data", key);
    const char *data = text(e, data_key), *path = text(e, key);
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
    _free_ char *full = beside(e->file, path);
    struct buf b = BUF_INIT(LIMIT_CONFIG_BYTES);
    if (read_file(full, &b, NULL, err)) {
        buf_free(&b);
        return err_wrap(err, "%s: %s \"%s\": %s", e->file->path, e->what, e->name, key);
    }
    *out = buf_take(&b);
    return 0;
}

static int wrong(const struct entry *e, struct err **err, const char *why)
{
    return err_set(err, ERR_USAGE, "%s: %s \"%s\": %s", e->file->path, e->what, e->name, why);
}

static int take_cluster(const struct entry *e, struct kubeconfig *out, struct err **err)
{
    const char *server = text(e, "server"), *insecure = text(e, "insecure-skip-tls-verify");
    if (!server)
        return wrong(e, err, "no server");
    if (strncmp(server, "https://", 8) && strncmp(server, "http://", 7))
        return wrong(e, err, "server must begin with https://");
    size_t len = strlen(server);
    while (len && server[len - 1] == '/')
        len--;
    out->server = xstrndup(server, len);
    out->tls_server_name = xstrdup_null(text(e, "tls-server-name"));
    out->proxy = xstrdup_null(text(e, "proxy-url"));
    if (insecure && strcmp(insecure, "true") && strcmp(insecure, "false"))
        return wrong(e, err, "insecure-skip-tls-verify must be true or false");
    out->insecure = insecure && !strcmp(insecure, "true");
    if (pem(e, "certificate-authority", &out->ca_pem, err))
        return -1;
    if (out->insecure && out->ca_pem)
        return wrong(e, err, "certificate-authority together with insecure-skip-tls-verify");
    return 0;
}

static int take_groups(const struct entry *e, struct kubeconfig *out, struct err **err)
{
    yaml_document_t *doc = &e->file->doc;
    yaml_node_t *seq = member(doc, e->map, "as-groups");
    if (!seq || seq->type != YAML_SEQUENCE_NODE)
        return 0;
    size_t count = (size_t)(seq->data.sequence.items.top - seq->data.sequence.items.start), n = 0;
    if (!count)
        return 0;
    out->as_groups = xcalloc(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const char *s = scalar(yaml_document_get_node(doc, seq->data.sequence.items.start[i]));
        if (!s)
            return wrong(e, err, "as-groups must be a list of names");
        out->as_groups[n++] = xstrdup(s);
    }
    return 0;
}

static int take_user(const struct entry *e, struct kubeconfig *out, struct err **err)
{
    static const char *const later[] = {"exec", "auth-provider"};
    if (!e->map)
        return 0; /* an empty user is anonymous */
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        if (member(&e->file->doc, e->map, later[i]))
            return err_set(err, ERR_USAGE,
                           "%s: user \"%s\": sign-in by %s is not supported yet (it comes in the "
                           "next version); use a token, a token file or a client certificate",
                           e->file->path, e->name, later[i]);
    }
    if (member(&e->file->doc, e->map, "as-user-extra"))
        return wrong(e, err, "as-user-extra is not supported");
    if (pem(e, "client-certificate", &out->cert_pem, err) ||
        pem(e, "client-key", &out->key_pem, err) || take_groups(e, out, err))
        return -1;
    if (!out->cert_pem != !out->key_pem)
        return wrong(e, err,
                     out->cert_pem ? "client-certificate without client-key"
                                   : "client-key without client-certificate");
    out->token = xstrdup_null(text(e, "token"));
    out->username = xstrdup_null(text(e, "username"));
    out->password = xstrdup_null(text(e, "password"));
    out->as_user = xstrdup_null(text(e, "as"));
    out->as_uid = xstrdup_null(text(e, "as-uid"));
    const char *token_file = text(e, "tokenFile");
    if (token_file)
        out->token_file = beside(e->file, token_file);
    if ((out->token || out->token_file) && out->username)
        return wrong(e, err, "both a token and a username: only one is allowed");
    return 0;
}

static int resolve(struct files *files, const struct kubeconfig_options *options,
                   struct kubeconfig *out, struct err **err)
{
    const char *name = options->context ? options->context : top_text(files, "current-context");
    if (!name) {
        _free_ char *paths = paths_of(files);
        _free_ char *names = names_of(files, "contexts");
        return err_set(err, ERR_USAGE,
                       "%s: no current-context: choose one with --context (there is: %s)", paths,
                       *names ? names : "none");
    }
    struct entry context, cluster, user;
    if (find(files, "contexts", "context", name, &context, err))
        return -1;
    const char *cluster_name = text(&context, "cluster"), *user_name = text(&context, "user");
    if (!cluster_name)
        return wrong(&context, err, "no cluster");
    out->context = xstrdup(name);
    out->namespace = xstrdup_null(text(&context, "namespace"));
    if (find(files, "clusters", "cluster", cluster_name, &cluster, err) ||
        take_cluster(&cluster, out, err))
        return -1;
    if (!user_name)
        return 0;
    return find(files, "users", "user", user_name, &user, err) || take_user(&user, out, err) ? -1
                                                                                             : 0;
}

/* A Pod's own account: rest.InClusterConfig of client-go. 1 when this is no Pod. */
static int in_cluster(const char *folder, struct kubeconfig *out, struct err **err)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    if (!host || !*host || !port || !*port)
        return 1;
    _free_ char *token = xasprintf("%s/token", folder);
    _free_ char *ca = xasprintf("%s/ca.crt", folder);
    _free_ char *ns = xasprintf("%s/namespace", folder);
    if (access(token, R_OK))
        return 1;
    _buf_ struct buf b = BUF_INIT(LIMIT_CONFIG_BYTES);
    if (read_file(ca, &b, NULL, err))
        return -1;
    out->ca_pem = buf_take(&b);
    bool absent = false;
    if (read_file(ns, &b, &absent, err))
        return -1;
    if (b.len)
        out->namespace = xstrndup(b.data, strcspn(b.data, " \r\n"));
    bool v6 = strchr(host, ':');
    out->server = xasprintf("https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
    out->context = xstrdup("in-cluster");
    out->token_file = steal(token);
    return 0;
}

/* Nothing named by a person: ~/.kube/config, else the Pod's account. 1: `out` is resolved. */
static int load_default(struct files *files, const struct kubeconfig_options *options,
                        struct kubeconfig *out, struct err **err)
{
    const char *home = getenv("HOME");
    _free_ char *path = home && *home ? xasprintf("%s/.kube/config", home) : NULL;
    bool missing = !path;
    if (path && add_file(files, path, &missing, err))
        return -1;
    if (!missing)
        return 0;
    const char *folder = options->service_account ? options->service_account : SERVICE_ACCOUNT;
    int rc = options->context ? 1 : in_cluster(folder, out, err);
    if (rc <= 0)
        return rc < 0 ? -1 : 1;
    return err_set(err, ERR_USAGE,
                   "no kubeconfig: --kubeconfig is not given, $KUBECONFIG is not set, %s does not "
                   "exist, and this is no Pod with a service account (%s)",
                   path ? path : "~/.kube/config ($HOME is not set)", folder);
}

static int load_list(struct files *files, const char *list, struct err **err)
{
    _free_ char *copy = xstrdup(list);
    char *rest = copy, *path;
    while ((path = strsep(&rest, ":"))) {
        bool missing = false;
        if (*path && add_file(files, path, &missing, err))
            return -1;
    }
    if (!files->count)
        return err_set(err, ERR_USAGE, "no kubeconfig: $KUBECONFIG names %s, which does not exist",
                       list);
    return 0;
}

int kubeconfig_load(const struct kubeconfig_options *options, struct kubeconfig *out,
                    struct err **err)
{
    struct files files __attribute__((cleanup(files_free))) = {0};
    const char *list = getenv("KUBECONFIG");
    int rc;
    *out = (struct kubeconfig){0};
    if (options->file)
        rc = add_file(&files, options->file, NULL, err);
    else if (list && *list)
        rc = load_list(&files, list, err);
    else
        rc = load_default(&files, options, out, err);
    if (rc == 0)
        rc = resolve(&files, options, out, err);
    if (rc < 0) {
        if (options->file)
            err_wrap(err, "--kubeconfig");
        return -1;
    }
    if (options->as_user) {
        free(out->as_user);
        out->as_user = xstrdup(options->as_user);
    }
    return 0;
}

static void free_secret(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void kubeconfig_free(struct kubeconfig *config)
{
    if (!config)
        return;
    free(config->server);
    free(config->context);
    free(config->namespace);
    free(config->ca_pem);
    free(config->tls_server_name);
    free(config->cert_pem);
    free_secret(config->key_pem);
    free_secret(config->token);
    free(config->token_file);
    free(config->username);
    free_secret(config->password);
    free(config->as_user);
    free(config->as_uid);
    for (char **g = config->as_groups; g && *g; g++)
        free(*g);
    free(config->as_groups);
    free(config->proxy);
    *config = (struct kubeconfig){0};
}
