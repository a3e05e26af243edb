/* The members of a kubeconfig's user: tokens, certificates, impersonation, the exec plugin. */
#include "providers/kubernetes/kubeconfig_file.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

#define EXEC_GROUP     "client.authentication.k8s.io/"
#define EXEC_EXTENSION "client.authentication.k8s.io/exec"

/* A list of texts, NULL-terminated and owned; NULL where it is absent or empty. */
static int take_list(const struct kube_entry *e, const yaml_node_t *list, const char *wrong,
                     char ***out, struct err **err)
{
    size_t count = kube_node_count(list);
    if (!count)
        return 0;
    *out = xcalloc(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *node = kube_node_at(&e->file->doc, list, i);
        const char *s = kube_node_text(node);
        if (!s && (!node || node->type != YAML_SCALAR_NODE))
            return kube_entry_wrong(e, err, wrong);
        (*out)[i] = xstrdup(s ? s : "");
    }
    return 0;
}

static int take_groups(const struct kube_entry *e, struct kubeconfig *out, struct err **err)
{
    static const char wrong[] = "as-groups must be a list of names";
    if (take_list(e, kube_node_member(&e->file->doc, e->map, "as-groups"), wrong, &out->as_groups,
                  err))
        return -1;
    for (char **g = out->as_groups; g && *g; g++) {
        if (!**g)
            return kube_entry_wrong(e, err, wrong);
    }
    return 0;
}

/* env: a list of {name, value}. */
static int take_env(const struct kube_entry *e, const yaml_node_t *list, struct kube_exec *exec,
                    struct err **err)
{
    yaml_document_t *doc = &e->file->doc;
    size_t count = kube_node_count(list);
    exec->env = xcalloc(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *node = kube_node_at(doc, list, i);
        const char *name = kube_node_text(kube_node_member(doc, node, "name"));
        const char *value = kube_node_text(kube_node_member(doc, node, "value"));
        if (!name || strchr(name, '='))
            return kube_entry_wrong(e, err, "exec: each element of env needs a name and a value");
        exec->env[i] = xasprintf("%s=%s", name, value ? value : "");
    }
    return 0;
}

/* One line without control characters: it is shown to a person. */
static char *clean_hint(const char *hint)
{
    if (!hint)
        return NULL;
    char *out = xstrdup(hint);
    size_t n = 0;
    for (const char *s = hint; *s; s++) {
        if ((unsigned char)*s > 0x20 && *s != 0x7f)
            out[n++] = *s;
        else if (n && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return out;
}

static int check_version(const struct kube_entry *e, const char *version, struct err **err)
{
    if (!version)
        return kube_entry_wrong(e, err, "exec: no apiVersion");
    if (strcmp(version, EXEC_GROUP "v1") != 0 && strcmp(version, EXEC_GROUP "v1beta1") != 0)
        return err_set(err, ERR_USAGE,
                       "%s: user \"%s\": exec: apiVersion \"%s\" is not known: holdfast speaks "
                       "client.authentication.k8s.io/v1 and v1beta1; a newer version of the plugin "
                       "does as well",
                       e->file->path, e->name, version);
    return 0;
}

static int check_mode(const struct kube_entry *e, const char *mode, const char *version,
                      struct err **err)
{
    if (!mode) /* v1beta1 has a default */
        return strcmp(version, EXEC_GROUP "v1")
                   ? 0
                   : kube_entry_wrong(e, err,
                                      "exec: no interactiveMode: set it to Never or IfAvailable");
    if (!strcmp(mode, "Never") || !strcmp(mode, "IfAvailable"))
        return 0;
    if (!strcmp(mode, "Always"))
        return kube_entry_wrong(e, err,
                                "exec: interactiveMode is Always, and holdfast has nobody to ask: "
                                "use a plugin that signs in by itself (Never or IfAvailable), a "
                                "token file or a client certificate");
    return kube_entry_wrong(e, err, "exec: interactiveMode must be Never, IfAvailable or Always");
}

/* What the cluster's entry holds for its plugin. */
static json_t *plugin_settings(const struct kube_entry *cluster)
{
    yaml_document_t *doc = &cluster->file->doc;
    yaml_node_t *list = kube_node_member(doc, cluster->map, "extensions");
    for (size_t i = 0, n = kube_node_count(list); i < n; i++) {
        yaml_node_t *node = kube_node_at(doc, list, i);
        const char *name = kube_node_text(kube_node_member(doc, node, "name"));
        yaml_node_t *value = kube_node_member(doc, node, "extension");
        if (name && value && !strcmp(name, EXEC_EXTENSION))
            return kube_node_json(doc, value);
    }
    return NULL;
}

static int take_exec(const struct kube_entry *user, const struct kube_entry *cluster,
                     yaml_node_t *map, struct kubeconfig *out, struct err **err)
{
    yaml_document_t *doc = &user->file->doc;
    struct kube_entry in = {user->file, map, user->what, user->name};
    const char *command = kube_entry_text(&in, "command");
    const char *version = kube_entry_text(&in, "apiVersion");
    if (map->type != YAML_MAPPING_NODE || !command)
        return kube_entry_wrong(&in, err, "exec: no command");
    if (check_version(&in, version, err) ||
        check_mode(&in, kube_entry_text(&in, "interactiveMode"), version, err))
        return -1;
    struct kube_exec *exec = out->exec = xcalloc(1, sizeof(*exec));
    exec->api_version = xstrdup(version);
    /* as kubectl: a path is relative to the file, a mere name is looked up in PATH */
    exec->command = strchr(command, '/') ? kube_file_beside(user->file, command) : xstrdup(command);
    exec->install_hint = clean_hint(kube_entry_text(&in, "installHint"));
    if (kube_entry_bool(&in, "provideClusterInfo", &exec->cluster_info, err) ||
        take_list(&in, kube_node_member(doc, map, "args"), "exec: args must be a list of texts",
                  &exec->args, err) ||
        take_env(&in, kube_node_member(doc, map, "env"), exec, err))
        return -1;
    exec->cluster_config = plugin_settings(cluster);
    return 0;
}

static int refuse_auth_provider(const struct kube_entry *e, const yaml_node_t *map,
                                struct err **err)
{
    static const char *const advice[][2] = {
        {"gcp", "install gke-gcloud-auth-plugin and run gcloud container clusters get-credentials"},
        {"azure", "run kubelogin convert-kubeconfig"},
        {"oidc", "use an exec plugin such as kubectl oidc-login (kubelogin)"},
    };
    const char *name = kube_node_text(kube_node_member(&e->file->doc, map, "name"));
    const char *way = "use an exec plugin, a token file or a client certificate";
    for (size_t i = 0; name && i < ARRAY_LEN(advice); i++) {
        if (!strcmp(name, advice[i][0]))
            way = advice[i][1];
    }
    return err_set(err, ERR_USAGE,
                   "%s: user \"%s\": sign-in by auth-provider%s%s is the old way, which holdfast "
                   "does not know: %s",
                   e->file->path, e->name, name ? " " : "", name ? name : "", way);
}

/* Neither absent nor null. */
static bool is_there(const yaml_node_t *node)
{
    return node && (node->type != YAML_SCALAR_NODE || kube_node_text(node));
}

static int take_impersonation(const struct kube_entry *e, struct kubeconfig *out, struct err **err)
{
    if (kube_node_member(&e->file->doc, e->map, "as-user-extra"))
        return kube_entry_wrong(e, err, "as-user-extra is not supported");
    out->as_user = xstrdup_null(kube_entry_text(e, "as"));
    out->as_uid = xstrdup_null(kube_entry_text(e, "as-uid"));
    return take_groups(e, out, err);
}

static int take_certificate(const struct kube_entry *e, struct kubeconfig *out, struct err **err)
{
    if (kube_entry_pem(e, "client-certificate", &out->cert_pem, &out->cert_file, err) ||
        kube_entry_pem(e, "client-key", &out->key_pem, &out->key_file, err))
        return -1;
    if (!out->cert_pem == !out->key_pem)
        return 0;
    return kube_entry_wrong(e, err,
                            out->cert_pem ? "client-certificate without client-key"
                                          : "client-key without client-certificate");
}

static int take_token(const struct kube_entry *e, struct kubeconfig *out, struct err **err)
{
    const char *token_file = kube_entry_text(e, "tokenFile");
    out->token = xstrdup_null(kube_entry_text(e, "token"));
    out->username = xstrdup_null(kube_entry_text(e, "username"));
    out->password = xstrdup_null(kube_entry_text(e, "password"));
    if (token_file)
        out->token_file = kube_file_beside(e->file, token_file);
    if ((out->token || out->token_file) && out->username)
        return kube_entry_wrong(e, err, "both a token and a username: only one is allowed");
    return 0;
}

int kube_user_take(const struct kube_entry *e, const struct kube_entry *cluster,
                   struct kubeconfig *out, struct err **err)
{
    if (!e->map)
        return 0; /* an empty user is anonymous */
    yaml_node_t *provider = kube_node_member(&e->file->doc, e->map, "auth-provider");
    yaml_node_t *exec = kube_node_member(&e->file->doc, e->map, "exec");
    if (is_there(provider))
        return refuse_auth_provider(e, provider, err);
    if (take_impersonation(e, out, err) || take_certificate(e, out, err) || take_token(e, out, err))
        return -1;
    /* as client-go: what stands in the file itself makes the plugin needless */
    if (!is_there(exec) || out->token || out->token_file || out->username || out->cert_pem)
        return 0;
    return take_exec(e, cluster, exec, out, err);
}

void kube_exec_free(struct kube_exec *exec)
{
    if (!exec)
        return;
    free(exec->command);
    free(exec->api_version);
    free(exec->install_hint);
    for (char **s = exec->args; s && *s; s++)
        free(*s);
    free(exec->args);
    for (char **s = exec->env; s && *s; s++) {
        explicit_bzero(*s, strlen(*s));
        free(*s);
    }
    free(exec->env);
    json_decref(exec->cluster_config);
    free(exec);
}
