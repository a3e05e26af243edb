/*
 * What an exec plugin is told and what it answers: ExecCredential of client.authentication.k8s.io,
 * v1 and v1beta1 (k8s.io/client-go/pkg/apis/clientauthentication). Pure: texts in and out.
 */
#ifndef HOLDFAST_KUBERNETES_EXEC_CREDENTIAL_H
#define HOLDFAST_KUBERNETES_EXEC_CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "providers/kubernetes/kubeconfig.h"

/* Owned strings, NULL where absent. */
struct exec_credential {
    char *token;
    char *cert_pem, *key_pem;
    int64_t expires; /* seconds since 1970; 0: it does not say */
};

/* The value of KUBERNETES_EXEC_INFO. `config->exec` is not NULL. Owned. */
char *exec_credential_info(const struct kubeconfig *config);

/*
 * Reads the answer. `out` is zeroed first; free it in both cases. Errors (ERR_AUTH) say what is
 * missing and never quote the answer.
 */
int exec_credential_parse(const char *text, size_t len, const char *api_version,
                          struct exec_credential *out, struct err **err);

void exec_credential_clear(struct exec_credential *credential);

#endif
