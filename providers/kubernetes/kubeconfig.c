#include "providers/kubernetes/kubeconfig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/proxy.h"
#include "providers/kubernetes/kubeconfig_file.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* The first file that has something at the top level under this key. */
static const char *top_text(struct kube_files *files, const char *key)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_t *doc = &files->items[i].doc;
        const char *s =
            kube_node_text(kube_node_member(doc, yaml_document_get_root_node(doc), key));
        if (s)
            return s;
    }
    return NULL;
}

/* Names of one list in all files, "a, b", for messages. Owned. */
static char *names_of(struct kube_files *files, const char *list)
{
    struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_t *doc = &files->items[i].doc;
        yaml_node_t *seq = kube_node_member(doc, yaml_document_get_root_node(doc), list);
        for (size_t k = 0, n = kube_node_count(seq); k < n; k++) {
            yaml_node_t *node = kube_node_at(doc, seq, k);
            const char *name = kube_node_text(kube_node_member(doc, node, "name"));
            if (name)
                buf_addf(&b, "%s%s", b.len ? ", " : "", name);
        }
    }
    return buf_take(&b);
}

static char *paths_of(const struct kube_files *files)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < files->count; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", files->items[i].path);
    return buf_take(&b);
}

/* Finds the entry `name` of a list ("clusters"); the first file that has it wins as a whole. */
static int find(struct kube_files *files, const char *list, const char *what, const char *name,
                struct kube_entry *out, struct err **err)
{
    for (size_t i = 0; i < files->count; i++) {
        yaml_document_t *doc = &files->items[i].doc;
        yaml_node_t *seq = kube_node_member(doc, yaml_document_get_root_node(doc), list);
        for (size_t k = 0, n = kube_node_count(seq); k < n; k++) {
            yaml_node_t *node = kube_node_at(doc, seq, k);
            const char *got = kube_node_text(kube_node_member(doc, node, "name"));
            if (got && !strcmp(got, name)) {
                *out = (struct kube_entry){&files->items[i], kube_node_member(doc, node, what),
                                           what, got};
                return 0;
            }
        }
    }
    _free_ char *paths = paths_of(files);
    _free_ char *names = names_of(files, list);
    return err_set(err, ERR_USAGE, "%s: no %s \"%s\" (there is: %s)", paths, what, name,
                   *names ? names : "none");
}

static int take_server(const struct kube_entry *e, struct kubeconfig *out, struct err **err)
{
    const char *server = kube_entry_text(e, "server");
    if (!server)
        return kube_entry_wrong(e, err, "no server");
    if (strncmp(server, "https://", 8) && strncmp(server, "http://", 7))
        return kube_entry_wrong(e, err, "server must begin with https://");
    const char *host = strstr(server, "://") + 3;
    /* curl finds a host, and a sign-in before it, behind a third slash, too */
    if (!*host || strchr("/:?#", *host))
        return kube_entry_wrong(e, err, "server names no host");
    if (memchr(host, '@', strcspn(host, "/?#")))
        return kube_entry_wrong(e, err,
                                "a user name or password inside server (before the @) is never "
                                "sent: take it out, and put it into the user's entry");
    if (strpbrk(host, "?#"))
        return kube_entry_wrong(e, err, "server must end before any ? or #: paths are added to it");
    size_t len = strlen(server);
    while (len && server[len - 1] == '/')
        len--;
    out->server = xstrndup(server, len);
    return 0;
}

static int take_cluster(const struct kube_entry *e, struct kubeconfig *out, struct err **err)
{
    const char *proxy = kube_entry_text(e, "proxy-url");
    if (take_server(e, out, err))
        return -1;
    out->tls_server_name = xstrdup_null(kube_entry_text(e, "tls-server-name"));
    if (proxy && !proxy_valid(proxy))
        return kube_entry_wrong(e, err,
                                "proxy-url must be a URL with http, https or socks5 and a host");
    out->proxy = xstrdup_null(proxy);
    if (kube_entry_bool(e, "insecure-skip-tls-verify", &out->insecure, err) ||
        kube_entry_pem(e, "certificate-authority", &out->ca_pem, &out->ca_file, err))
        return -1;
    if (out->insecure && out->ca_pem)
        return kube_entry_wrong(e, err,
                                "certificate-authority together with insecure-skip-tls-verify");
    return 0;
}

static int resolve(struct kube_files *files, const struct kubeconfig_options *options,
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
    struct kube_entry context, cluster, user;
    if (find(files, "contexts", "context", name, &context, err))
        return -1;
    const char *cluster_name = kube_entry_text(&context, "cluster"),
               *user_name = kube_entry_text(&context, "user");
    if (!cluster_name)
        return kube_entry_wrong(&context, err, "no cluster");
    out->context = xstrdup(name);
    out->namespace = xstrdup_null(kube_entry_text(&context, "namespace"));
    if (find(files, "clusters", "cluster", cluster_name, &cluster, err) ||
        take_cluster(&cluster, out, err))
        return -1;
    if (!user_name)
        return 0;
    out->user = xstrdup(user_name);
    if (find(files, "users", "user", user_name, &user, err))
        return -1;
    return kube_user_take(&user, &cluster, out, err);
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
    if (kube_file_text(ca, &b, NULL, err))
        return -1;
    out->ca_pem = buf_take(&b);
    out->ca_file = steal(ca);
    bool absent = false;
    if (kube_file_text(ns, &b, &absent, err))
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
static int load_default(struct kube_files *files, const struct kubeconfig_options *options,
                        struct kubeconfig *out, struct err **err)
{
    const char *home = getenv("HOME");
    _free_ char *path = home && *home ? xasprintf("%s/.kube/config", home) : NULL;
    bool missing = !path;
    if (path && kube_files_add(files, path, &missing, err))
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

static int load_list(struct kube_files *files, const char *list, struct err **err)
{
    _free_ char *copy = xstrdup(list);
    char *rest = copy, *path;
    while ((path = strsep(&rest, ":"))) {
        bool missing = false;
        if (*path && kube_files_add(files, path, &missing, err))
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
    struct kube_files files __attribute__((cleanup(kube_files_free))) = {0};
    const char *list = getenv("KUBECONFIG");
    int rc;
    *out = (struct kubeconfig){0};
    if (options->file)
        rc = kube_files_add(&files, options->file, NULL, err);
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
    free(config->user);
    free(config->namespace);
    free(config->ca_pem);
    free(config->ca_file);
    free(config->tls_server_name);
    free(config->cert_pem);
    free(config->cert_file);
    free(config->key_file);
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
    free_secret(config->proxy);
    kube_exec_free(config->exec);
    *config = (struct kubeconfig){0};
}
