#include "providers/kubernetes/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/file_again.h"
#include "core/limits.h"

enum { CA, CERT, KEY, PARTS };

struct tls_files {
    struct file_again files[PARTS];
    char *pem[PARTS];
    char *problem;
};

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

/* No question on the terminal: a key with a passphrase is one that cannot be used. */
static int no_passphrase(char *to, int size, int writing, void *ctx)
{
    return -1;
}

static X509 *first_certificate(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    return cert;
}

static int64_t expiry(const X509 *cert)
{
    struct tm tm;
    return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) ? (int64_t)timegm(&tm) : 0;
}

int tls_pair_check(const char *cert_pem, const char *key_pem, int64_t *until, struct err **err)
{
    BIO *bio = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    X509 *cert = first_certificate(cert_pem);
    int rc = 0;
    if (!cert)
        rc = err_set(err, ERR_AUTH, "the client certificate is not one in PEM");
    else if (!key)
        rc = err_set(err, ERR_AUTH, "the client key is not one in PEM without a passphrase");
    else if (!X509_check_private_key(cert, key))
        rc = err_set(err, ERR_AUTH, "the client key does not belong to the client certificate");
    else if (until)
        *until = expiry(cert);
    BIO_free(bio);
    EVP_PKEY_free(key);
    X509_free(cert);
    ERR_clear_error(); /* libcurl's next call must not find ours */
    return rc;
}

static int check(char *const pem[PARTS], struct err **err)
{
    if (pem[CA]) {
        X509 *ca = first_certificate(pem[CA]);
        ERR_clear_error();
        if (!ca)
            return err_set(err, ERR_AUTH, "certificate-authority has no certificate in PEM");
        X509_free(ca);
    }
    return pem[CERT] ? tls_pair_check(pem[CERT], pem[KEY], NULL, err) : 0;
}

struct tls_files *tls_files_new(const struct kubeconfig *config, struct err **err)
{
    struct tls_files *t = xcalloc(1, sizeof(*t));
    const char *const paths[PARTS] = {config->ca_file, config->cert_file, config->key_file};
    const char *const texts[PARTS] = {config->ca_pem, config->cert_pem, config->key_pem};
    for (size_t i = 0; i < PARTS; i++) {
        t->files[i].path = xstrdup_null(paths[i]);
        t->pem[i] = xstrdup_null(texts[i]);
    }
    tls_files_refresh(t);
    struct err *wrong = NULL;
    if (check(t->pem, &wrong)) {
        wrong->kind = ERR_USAGE;
        err_move(err, &wrong);
        tls_files_free(t);
        return NULL;
    }
    return t;
}

static void set_problem(struct tls_files *t, const struct err *err)
{
    free(t->problem);
    t->problem = err ? xstrdup(err->message) : NULL;
}

bool tls_files_refresh(struct tls_files *t)
{
    char *now[PARTS] = {0}, *next[PARTS];
    bool changed = false, looked = false;
    _err_ struct err *err = NULL;
    for (size_t i = 0; i < PARTS; i++) {
        size_t len;
        if (!err)
            file_again_read(&t->files[i], LIMIT_CONFIG_BYTES, &now[i], &len, &err);
        looked |= now[i] != NULL;
        next[i] = now[i] ? now[i] : t->pem[i];
        changed |= now[i] && (!t->pem[i] || strcmp(now[i], t->pem[i]) != 0);
    }
    bool good = changed && !err && !check(next, &err);
    for (size_t i = 0; i < PARTS; i++) {
        if (good && now[i]) {
            wipe(t->pem[i]);
            t->pem[i] = now[i];
        } else {
            wipe(now[i]);
            t->files[i].fresh &= !err; /* half a rotation: what was read is looked at again */
        }
    }
    if (looked || err)
        set_problem(t, err);
    return good;
}

const char *tls_files_ca(const struct tls_files *t)
{
    return t->pem[CA];
}

const char *tls_files_cert(const struct tls_files *t)
{
    return t->pem[CERT];
}

const char *tls_files_key(const struct tls_files *t)
{
    return t->pem[KEY];
}

const char *tls_files_cert_name(const struct tls_files *t)
{
    return t->files[CERT].path ? t->files[CERT].path : "client-certificate-data of the kubeconfig";
}

const char *tls_files_problem(const struct tls_files *t)
{
    return t->problem;
}

void tls_files_free(struct tls_files *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < PARTS; i++) {
        file_again_clear(&t->files[i]);
        wipe(t->pem[i]);
    }
    free(t->problem);
    free(t);
}
