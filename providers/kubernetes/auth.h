/*
 * Who we are to the API server: the headers of a request and the certificates of its connection.
 * Token files, certificates and CAs in files are read again when they change; an exec plugin runs
 * on the loop when its answer is about to expire, or was refused.
 */
#ifndef HOLDFAST_KUBERNETES_AUTH_H
#define HOLDFAST_KUBERNETES_AUTH_H

#include <stdbool.h>

#include "core/err.h"
#include "providers/kubernetes/kubeconfig.h"

struct ev_loop;
struct kube_auth;

enum kube_auth_state {
    AUTH_READY,  /* the getters below are valid until the next kube_auth_ready */
    AUTH_WAIT,   /* `changed` will be called */
    AUTH_FAILED, /* see *err */
};

/*
 * Copies what it needs. `changed` is called from the loop when the plugin has ended, well or not.
 * NULL with ERR_USAGE where a value cannot stand in a header, or a certificate cannot be used.
 */
struct kube_auth *kube_auth_new(struct ev_loop *loop, const struct kubeconfig *config,
                                void (*changed)(void *ctx), void *ctx, struct err **err);

/*
 * To be asked before each request: looks at the files, starts the plugin where that is due. A
 * plugin that failed is not started again within PLUGIN_PAUSE_S: its error is given again.
 */
enum kube_auth_state kube_auth_ready(struct kube_auth *auth, struct err **err);

/* "Authorization: …" and "Impersonate-…: …", NULL-terminated; borrowed. */
const char *const *kube_auth_headers(const struct kube_auth *auth);

/* PEM texts, borrowed, and a number that changes with them. */
struct kube_tls {
    const char *ca_pem, *cert_pem, *key_pem;
    unsigned number;
};
struct kube_tls kube_auth_tls(const struct kube_auth *auth);

/* Changes with each new credential; what kube_auth_renew is told. */
unsigned kube_auth_number(const struct kube_auth *auth);

/*
 * A request with the credential of this number was refused (401): true where it is worth another
 * try, for which kube_auth_ready then brings a fresh one.
 */
bool kube_auth_renew(struct kube_auth *auth, unsigned number);

/* What came of that other try, with the credential of this number. */
void kube_auth_tried(struct kube_auth *auth, unsigned number, bool refused);

/* As kube_auth_renew, where a certificate, theirs or ours, was refused: only files can bring
 * another. */
bool kube_auth_renew_files(struct kube_auth *auth, unsigned number);

/* Why a sign-in that was refused may have been, and what to do. Owned. */
char *kube_auth_advice(const struct kube_auth *auth);

/* Whether a secret goes out with each request. */
bool kube_auth_secret(const struct kube_auth *auth);

void kube_auth_free(struct kube_auth *auth);

#endif
