/*
 * What lies on the disk and holds secrets: encrypted (AES-256-CTR) and authenticated (HMAC-SHA256
 * over the ciphertext), with keys that are made of the stateDir's. It keeps values out of backups,
 * greps and core files, not from whoever has that key. By OpenSSL.
 */
#ifndef HOLDFAST_CORE_SEAL_H
#define HOLDFAST_CORE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"

#define SEAL_NONCE_BYTES 16
#define SEAL_MAC_BYTES   HASH_SHA256_BYTES

struct seal;

/* `nonce` is another one for each text (hash_random). NULL-safe to free; aborts where OpenSSL
 * fails. */
struct seal *seal_new(const uint8_t *key, size_t key_len, const uint8_t nonce[SEAL_NONCE_BYTES]);
void seal_free(struct seal *seal);

/* One of these for all pieces of a text, in their order: encrypts and sums up, or either alone. */
void seal_write(struct seal *seal, void *data, size_t len);
void seal_sum(struct seal *seal, const void *ciphertext, size_t len);
void seal_read(struct seal *seal, void *ciphertext, size_t len);

/* The sum of all pieces; only seal_free may follow. */
void seal_mac(struct seal *seal, uint8_t out[SEAL_MAC_BYTES]);

#endif
