/* The memo: what it keeps over a restart, and what of a damaged file. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/memo.h"

#define HEADER 16
#define RECORD 32

static char dir[] = "/tmp/holdfast-memo-XXXXXX";
static int folder = -1;

static int setup(void **state)
{
    folder = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return folder < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    unlinkat(folder, "memo", 0);
    close(folder);
    return rmdir(dir);
}

static int empty(void **state)
{
    unlinkat(folder, "memo", 0);
    return 0;
}

static const uint8_t *key(uint64_t n)
{
    static uint8_t k[MEMO_KEY_BYTES];
    memset(k, 0xa5, sizeof(k));
    memcpy(k, &n, sizeof(n));
    return k;
}

/* Opened; `damaged`: and it says so. */
static struct memo *opened(bool damaged)
{
    _free_ char *note = NULL;
    struct memo *m = memo_open(folder, &note);
    assert_int_equal(note != NULL, damaged);
    return m;
}

static void put(struct memo *m, uint64_t first, uint64_t last)
{
    for (uint64_t n = first; n <= last; n++)
        memo_put(m, n, key(n));
}

/* Has just those from 1 to `last`. */
static void expect(const struct memo *m, uint64_t last)
{
    for (uint64_t n = 1; n <= last; n++)
        assert_true(memo_has(m, n, key(n)));
    assert_false(memo_has(m, last + 1, key(last + 1)));
}

static off_t size(void)
{
    struct stat st;
    assert_int_equal(fstatat(folder, "memo", &st, 0), 0);
    return st.st_size;
}

static void kept(void **state)
{
    struct memo *m = opened(false);
    assert_null(memo_get(m, 1));
    put(m, 1, 3000);
    memo_put(m, 7, key(8));
    memo_drop(m, 9);
    memo_free(m);
    m = opened(false);
    assert_true(memo_has(m, 3000, key(3000)));
    assert_false(memo_has(m, 7, key(7)));
    assert_memory_equal(memo_get(m, 7), key(8), MEMO_KEY_BYTES);
    assert_null(memo_get(m, 9));
    assert_null(memo_get(m, 3001));
    memo_free(m);
    memo_free(NULL);
}

/* What was not flushed is lost, and nothing else is. */
static void killed(void **state)
{
    struct memo *m = opened(false);
    put(m, 1, 10);
    memo_flush(m);
    put(m, 11, 20);
    struct memo *other = opened(false);
    expect(other, 10);
    memo_free(other);
    memo_free(m);
}

static void compacted(void **state)
{
    struct memo *m = opened(false);
    for (uint64_t n = 0; n < 10000; n++)
        memo_put(m, 1, key(n));
    memo_flush(m);
    assert_true(size() <= HEADER + 2 * RECORD);
    assert_true(memo_has(m, 1, key(9999)));
    memo_put(m, 2, key(2));
    memo_free(m);
    m = opened(false);
    assert_true(memo_has(m, 1, key(9999)));
    assert_true(memo_has(m, 2, key(2)));
    memo_free(m);
}

/* Any byte another one: what stands before it is kept, what stands behind it is not believed. */
static void flipped(void **state)
{
    for (off_t at = 0; at < HEADER + 10 * RECORD; at++) {
        empty(state);
        struct memo *m = opened(false);
        put(m, 1, 10);
        memo_free(m);
        uint8_t byte;
        _close_ int fd = openat(folder, "memo", O_RDWR | O_CLOEXEC);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        m = opened(true);
        expect(m, at < HEADER ? 0 : (uint64_t)(at - HEADER) / RECORD);
        put(m, 1, 10);
        memo_free(m);
        m = opened(false);
        expect(m, 10);
        memo_free(m);
    }
}

static void cut(void **state)
{
    for (off_t left = 0; left < HEADER + 3 * RECORD; left++) {
        empty(state);
        struct memo *m = opened(false);
        put(m, 1, 3);
        memo_free(m);
        _close_ int fd = openat(folder, "memo", O_RDWR | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, left), 0);
        m = opened(left < HEADER || (left - HEADER) % RECORD != 0);
        expect(m, left < HEADER ? 0 : (uint64_t)(left - HEADER) / RECORD);
        memo_free(m);
    }
}

/* Names that come and go for ever do not make it grow for ever. */
static void forgotten(void **state)
{
    struct memo *m = opened(false);
    uint64_t here[100];
    for (uint64_t round = 0; round < 200; round++) {
        for (uint64_t i = 0; i < 100; i++) {
            here[i] = 1 + i * 7919 + round * 1000003;
            memo_put(m, here[i], key(i));
        }
        memo_keep(m, here, 100);
        memo_free(m);
        m = opened(false);
        for (uint64_t i = 0; i < 100; i++) {
            assert_true(memo_has(m, here[i], key(i)));
            assert_null(memo_get(m, here[i] - 1000003));
        }
    }
    assert_true(size() < 10000 * 32L); /* 20,000 names were there; a record has 32 bytes */
    memo_free(m);
}

/* The disk is full for a while: nothing that is no longer so stays, and all of it is written later.
 */
static void no_room(void **state)
{
    struct rlimit usual, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct memo *m = opened(false);
    put(m, 1, 10);
    memo_flush(m);
    small = (struct rlimit){.rlim_cur = HEADER, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    memo_drop(m, 1);
    memo_flush(m);
    memo_flush(m);
    assert_int_equal(faccessat(folder, "memo", F_OK, 0), -1);
    put(m, 11, 20);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    memo_flush(m);
    put(m, 21, 30);
    memo_free(m);
    m = opened(false);
    assert_null(memo_get(m, 1));
    for (uint64_t n = 2; n <= 30; n++)
        assert_true(memo_has(m, n, key(n)));
    memo_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(kept, empty),      cmocka_unit_test_setup(killed, empty),
        cmocka_unit_test_setup(compacted, empty), cmocka_unit_test_setup(flipped, empty),
        cmocka_unit_test_setup(cut, empty),       cmocka_unit_test_setup(forgotten, empty),
        cmocka_unit_test_setup(no_room, empty),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
