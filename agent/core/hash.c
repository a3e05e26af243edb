#include "core/hash.h"

#include <stdlib.h>
#include <sys/random.h>

/*
 * SHA256_Init and its kin are called old, not wrong. EVP sets up providers and reads openssl.cnf
 * first, which the reading child would do each time anew: over a millisecond.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "core/alloc.h"

void hash_sha256(const void *data, size_t len, uint8_t out[HASH_SHA256_BYTES])
{
    SHA256_CTX c;
    if (!SHA256_Init(&c) || !SHA256_Update(&c, data, len) || !SHA256_Final(out, &c))
        abort();
}

void hash_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
                      uint8_t out[HASH_SHA256_BYTES])
{
    unsigned n = HASH_SHA256_BYTES;
    if (!HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &n))
        abort();
}

struct hash_hmac {
    EVP_MAC *mac;
    EVP_MAC_CTX *ctx;
};

struct hash_hmac *hash_hmac_new(const void *key, size_t key_len)
{
    struct hash_hmac *h = xcalloc(1, sizeof(*h));
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    h->ctx = h->mac ? EVP_MAC_CTX_new(h->mac) : NULL;
    if (!h->ctx || !EVP_MAC_init(h->ctx, key, key_len, params))
        abort();
    return h;
}

void hash_hmac_add(struct hash_hmac *h, const void *data, size_t len)
{
    if (!EVP_MAC_update(h->ctx, data, len))
        abort();
}

void hash_hmac_end(struct hash_hmac *h, uint8_t out[HASH_SHA256_BYTES])
{
    size_t n = 0;
    if (!EVP_MAC_final(h->ctx, out, &n, HASH_SHA256_BYTES))
        abort();
    hash_hmac_free(h);
}

void hash_hmac_free(struct hash_hmac *h)
{
    if (!h)
        return;
    EVP_MAC_CTX_free(h->ctx);
    EVP_MAC_free(h->mac);
    free(h);
}

bool hash_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    uint8_t x[HASH_SHA256_BYTES], y[HASH_SHA256_BYTES];
    hash_sha256(a, a_len, x);
    hash_sha256(b, b_len, y);
    return CRYPTO_memcmp(x, y, sizeof(x)) == 0;
}

void hash_hex(const uint8_t *data, size_t bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * bytes] = '\0';
}

void hash_random(void *out, size_t len)
{
    unsigned char *p = out;
    while (len) {
        ssize_t n = getrandom(p, len, 0);
        if (n <= 0)
            abort();
        p += n;
        len -= (size_t)n;
    }
}

char *hash_base64(const void *data, size_t len)
{
    char *out = xmalloc((len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)out, data, (int)len);
    return out;
}

char *hash_unbase64(const char *text, size_t len, size_t *out_len)
{
    /* Kubernetes takes line breaks inside base64 (Go's decoder ignores \r and \n) */
    _free_ unsigned char *clean = xmalloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n' && text[i] != '\r')
            clean[n++] = (unsigned char)text[i];
    }
    size_t pad = 0;
    while (pad < 2 && pad < n && clean[n - 1 - pad] == '=')
        pad++;
    if (n % 4)
        return NULL;
    char *out = xmalloc(n / 4 * 3 + 1);
    int got = n ? EVP_DecodeBlock((unsigned char *)out, clean, (int)n) : 0;
    if (got < 0) {
        free(out);
        return NULL;
    }
    *out_len = (size_t)got - pad;
    out[*out_len] = '\0';
    return out;
}
