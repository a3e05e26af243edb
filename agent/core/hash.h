/* Digests, by OpenSSL. */
#ifndef HOLDFAST_CORE_HASH_H
#define HOLDFAST_CORE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_SHA256_BYTES 32

void hash_sha256(const void *data, size_t len, uint8_t out[HASH_SHA256_BYTES]);
void hash_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
                      uint8_t out[HASH_SHA256_BYTES]);

/* HMAC-SHA256 of what comes in pieces. _end writes it and frees; NULL-safe _free without it. */
struct hash_hmac;
struct hash_hmac *hash_hmac_new(const void *key, size_t key_len);
void hash_hmac_add(struct hash_hmac *h, const void *data, size_t len);
void hash_hmac_end(struct hash_hmac *h, uint8_t out[HASH_SHA256_BYTES]);
void hash_hmac_free(struct hash_hmac *h);

/* Whether two texts are equal, in a time that tells nothing of either (but of their lengths). */
bool hash_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* `bytes` bytes as lower-case hexadecimal with a NUL: out holds 2 * bytes + 1. */
void hash_hex(const uint8_t *data, size_t bytes, char *out);

/* Fills `out` with random bytes; aborts where the kernel has none. */
void hash_random(void *out, size_t len);

/*
 * Base64 with padding (RFC 4648 section 4). Decoding answers an owned buffer with a NUL added and
 * its length, or NULL where the text is not base64.
 */
char *hash_base64(const void *data, size_t len);
char *hash_unbase64(const char *text, size_t len, size_t *out_len);

#endif
