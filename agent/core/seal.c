#include "core/seal.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#include "core/alloc.h"

struct seal {
    EVP_CIPHER_CTX *cipher;
    struct hash_hmac *mac;
};

/* A key for one use and one text. */
static void derive(const uint8_t *key, size_t key_len, const char *use,
                   const uint8_t nonce[SEAL_NONCE_BYTES], uint8_t out[HASH_SHA256_BYTES])
{
    struct hash_hmac *h = hash_hmac_new(key, key_len);
    hash_hmac_add(h, use, strlen(use));
    hash_hmac_add(h, nonce, SEAL_NONCE_BYTES);
    hash_hmac_end(h, out);
}

struct seal *seal_new(const uint8_t *key, size_t key_len, const uint8_t nonce[SEAL_NONCE_BYTES])
{
    static const uint8_t zero[16]; /* the key is of this text alone */
    uint8_t cipher_key[HASH_SHA256_BYTES], mac_key[HASH_SHA256_BYTES];
    derive(key, key_len, "holdfast seal: cipher", nonce, cipher_key);
    derive(key, key_len, "holdfast seal: mac", nonce, mac_key);
    struct seal *s = xcalloc(1, sizeof(*s));
    s->cipher = EVP_CIPHER_CTX_new();
    if (!s->cipher || EVP_EncryptInit_ex(s->cipher, EVP_aes_256_ctr(), NULL, cipher_key, zero) != 1)
        abort();
    s->mac = hash_hmac_new(mac_key, sizeof(mac_key));
    explicit_bzero(cipher_key, sizeof(cipher_key));
    explicit_bzero(mac_key, sizeof(mac_key));
    return s;
}

void seal_free(struct seal *seal)
{
    if (!seal)
        return;
    EVP_CIPHER_CTX_free(seal->cipher);
    hash_hmac_free(seal->mac);
    free(seal);
}

/* In this mode both directions are one. */
static void run(struct seal *seal, uint8_t *data, size_t len)
{
    while (len) {
        int piece = len > (1U << 30) ? 1 << 30 : (int)len, out = 0;
        if (EVP_EncryptUpdate(seal->cipher, data, &out, data, piece) != 1 || out != piece)
            abort();
        data += piece;
        len -= (size_t)piece;
    }
}

void seal_write(struct seal *seal, void *data, size_t len)
{
    run(seal, data, len);
    hash_hmac_add(seal->mac, data, len);
}

void seal_sum(struct seal *seal, const void *ciphertext, size_t len)
{
    hash_hmac_add(seal->mac, ciphertext, len);
}

void seal_read(struct seal *seal, void *ciphertext, size_t len)
{
    run(seal, ciphertext, len);
}

void seal_mac(struct seal *seal, uint8_t out[SEAL_MAC_BYTES])
{
    hash_hmac_end(seal->mac, out);
    seal->mac = NULL;
}
