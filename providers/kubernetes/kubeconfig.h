/* kubeconfig files, with the meaning that kubectl gives them (client-go's clientcmd). */
#ifndef HOLDFAST_KUBERNETES_KUBECONFIG_H
#define HOLDFAST_KUBERNETES_KUBECONFIG_H

#include <stdbool.h>

#include "core/err.h"

/* One resolved context. Owned strings, NULL where absent. */
struct kubeconfig {
    char *server; /* https://host:port, no slash at the end */
    char *context, *namespace;
    char *ca_pem;
    char *tls_server_name;
    bool insecure;   /* insecure-skip-tls-verify: obeyed with a warning */
    char *cert_pem, *key_pem;
    char *token, *token_file; /* token_file is read again when it changes */
    char *username, *password;
    char *as_user;   /* impersonation */
    char **as_groups;
    char *proxy;
};

struct kubeconfig_options {
    const char *file;    /* --kubeconfig; NULL: $KUBECONFIG (a colon list is merged), then ~/.kube/config */
    const char *context; /* --context, or NULL */
    const char *as_user; /* --as, or NULL */
};

/* Errors name the file and what is missing in it. */
int kubeconfig_load(const struct kubeconfig_options *options, struct kubeconfig *out,
                    struct err **err);
void kubeconfig_free(struct kubeconfig *config);

#endif
