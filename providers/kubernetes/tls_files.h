/*
 * The certificates of a sign-in: the CA and our client certificate, from the kubeconfig's text or
 * from files, which are read again when they change. A pair that does not fit together (one of the
 * two files is written before the other) is left alone until it does.
 */
#ifndef HOLDFAST_KUBERNETES_TLS_FILES_H
#define HOLDFAST_KUBERNETES_TLS_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "providers/kubernetes/kubeconfig.h"

struct tls_files;

/* Copies what it needs. NULL with ERR_USAGE where a certificate or key cannot be used. */
struct tls_files *tls_files_new(const struct kubeconfig *config, struct err **err);
void tls_files_free(struct tls_files *files);

/* Looks at the files. True when something else is in force now. */
bool tls_files_refresh(struct tls_files *files);

/* PEM texts, borrowed until the next refresh; NULL where there is none. */
const char *tls_files_ca(const struct tls_files *files);
const char *tls_files_cert(const struct tls_files *files);
const char *tls_files_key(const struct tls_files *files);

/* Where the certificate came from: its file, or "client-certificate-data of the kubeconfig". */
const char *tls_files_cert_name(const struct tls_files *files);

/* Why the files as they are now are not in force, or NULL. */
const char *tls_files_problem(const struct tls_files *files);

/*
 * Checks that the first certificate and the key belong together. *until (may be NULL): the second
 * since 1970 at which the certificate expires. ERR_AUTH; the message quotes neither.
 */
int tls_pair_check(const char *cert_pem, const char *key_pem, int64_t *until, struct err **err);

#endif
