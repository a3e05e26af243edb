/* kubeconfig files, with the meaning that kubectl gives them (client-go's clientcmd). */
#ifndef HOLDFAST_KUBERNETES_KUBECONFIG_H
#define HOLDFAST_KUBERNETES_KUBECONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "core/err.h"

/* A program that answers credentials (ExecCredential). Owned strings, NULL where absent. */
struct kube_exec {
    char *command;     /* a path (with a slash), or a name to be found in PATH */
    char **args;       /* NULL-terminated, or NULL */
    char **env;        /* "NAME=value", NULL-terminated */
    char *api_version; /* client.authentication.k8s.io/v1 or v1beta1 */
    char *install_hint;
    bool cluster_info;      /* provideClusterInfo */
    json_t *cluster_config; /* the cluster's settings for the plugin, or NULL */
    double seconds;         /* its deadline; 0: LIMIT_PLUGIN_SECONDS */
};

/* One resolved context. Owned strings, NULL where absent. */
struct kubeconfig {
    char *server;  /* https://host:port, no slash at the end */
    char *context; /* its name; "in-cluster" for a Pod's service account */
    char *user;    /* the name of the user's entry, or NULL */
    char *namespace;
    char *ca_pem, *ca_file; /* the text, and the file that it came from (or NULL) */
    char *tls_server_name;
    bool insecure; /* insecure-skip-tls-verify: obeyed with a warning */
    char *cert_pem, *key_pem;
    char *cert_file, *key_file; /* where they came from, or NULL */
    char *token, *token_file;   /* token_file is read again when it changes, and wins over token */
    char *username, *password;
    char *as_user, *as_uid; /* impersonation */
    char **as_groups;       /* NULL-terminated, or NULL */
    char *proxy;            /* may hold a password */
    struct kube_exec *exec; /* NULL where the file itself holds a token or certificate */
};

struct kubeconfig_options {
    /* --kubeconfig; NULL: $KUBECONFIG (a colon list is merged: the first file that has an entry
     * wins, files that do not exist are skipped), then ~/.kube/config, then a Pod's own account */
    const char *file;
    const char *context;         /* --context, or NULL */
    const char *as_user;         /* --as, or NULL */
    const char *service_account; /* folder of the Pod's account; NULL: where Kubernetes mounts it */
};

/*
 * Fills `out` (zeroed first; free it in both cases). ERR_USAGE errors name the file and what is
 * missing in it. Certificates and keys are read here; relative paths are relative to the file that
 * names them, a file that is named is the same one later on (see auth.h). Auth-provider plugins are
 * refused.
 */
int kubeconfig_load(const struct kubeconfig_options *options, struct kubeconfig *out,
                    struct err **err);

/* Frees what it holds, not `config` itself. NULL-safe. */
void kubeconfig_free(struct kubeconfig *config);

#endif
