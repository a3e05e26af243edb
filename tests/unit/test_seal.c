/* What is sealed comes back, is not to be read, and tells whether it was touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/seal.h"

#define TEXT  "the password is canary-plum, the password is canary-plum"
#define BYTES (sizeof(TEXT) - 1)

static const uint8_t key[32] = {1, 2, 3}, other_key[32] = {1, 2, 4};

/* In pieces of so many bytes. */
static void write_text(const uint8_t nonce[SEAL_NONCE_BYTES], size_t piece, char out[BYTES],
                       uint8_t mac[SEAL_MAC_BYTES])
{
    struct seal *s = seal_new(key, sizeof(key), nonce);
    memcpy(out, TEXT, BYTES);
    for (size_t at = 0; at < BYTES; at += piece)
        seal_write(s, out + at, at + piece < BYTES ? piece : BYTES - at);
    seal_mac(s, mac);
    seal_free(s);
}

static void sum_of(const uint8_t *with, const uint8_t nonce[SEAL_NONCE_BYTES],
                   const char text[BYTES], uint8_t mac[SEAL_MAC_BYTES])
{
    struct seal *s = seal_new(with, sizeof(key), nonce);
    seal_sum(s, text, 10);
    seal_sum(s, text + 10, BYTES - 10);
    seal_mac(s, mac);
    seal_free(s);
}

static void round_trip(void **state _unused_)
{
    const uint8_t nonce[SEAL_NONCE_BYTES] = {9}, other_nonce[SEAL_NONCE_BYTES] = {8};
    char text[BYTES], again[BYTES];
    uint8_t mac[SEAL_MAC_BYTES], same[SEAL_MAC_BYTES];
    write_text(nonce, 7, text, mac);
    assert_null(memmem(text, BYTES, "canary", 6));
    assert_int_not_equal(memcmp(text, text + BYTES / 2 + 1, BYTES / 2 - 1), 0);
    write_text(nonce, BYTES, again, same);
    assert_memory_equal(text, again, BYTES);
    assert_memory_equal(mac, same, sizeof(mac));
    sum_of(key, nonce, text, same);
    assert_memory_equal(mac, same, sizeof(mac));
    sum_of(other_key, nonce, text, same);
    assert_memory_not_equal(mac, same, sizeof(mac));
    sum_of(key, other_nonce, text, same);
    assert_memory_not_equal(mac, same, sizeof(mac));
    write_text(other_nonce, BYTES, again, same);
    assert_memory_not_equal(text, again, BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        text[i] ^= 1;
        sum_of(key, nonce, text, same);
        assert_memory_not_equal(mac, same, sizeof(mac));
        text[i] ^= 1;
    }
    struct seal *s = seal_new(key, sizeof(key), nonce);
    seal_read(s, text, 3);
    seal_read(s, text + 3, BYTES - 3);
    assert_memory_equal(text, TEXT, BYTES);
    seal_free(s);
    seal_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
