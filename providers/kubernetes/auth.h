/* Who we are to the API server: the headers of one request. */
#ifndef HOLDFAST_KUBERNETES_AUTH_H
#define HOLDFAST_KUBERNETES_AUTH_H

#include <stdbool.h>

#include "core/err.h"
#include "providers/kubernetes/kubeconfig.h"

struct kube_auth;

/* Copies what it needs. NULL with ERR_USAGE where a value cannot stand in a header. */
struct kube_auth *kube_auth_new(const struct kubeconfig *config, struct err **err);

/*
 * "Authorization: …" and "Impersonate-…: …", NULL-terminated; borrowed, valid until the next call.
 * The token file is read again when it changed. NULL with ERR_AUTH where it cannot be read.
 */
const char *const *kube_auth_headers(struct kube_auth *auth, struct err **err);

/* Makes the next call read the token file again. False when there is none. */
bool kube_auth_reread(struct kube_auth *auth);

/* Whether a secret goes out with each request. */
bool kube_auth_secret(const struct kube_auth *auth);

void kube_auth_free(struct kube_auth *auth);

#endif
