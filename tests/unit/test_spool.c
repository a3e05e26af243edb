/* The spool: shared, added to at its end, and when it is worn. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/spool.h"

static char dir[] = "/tmp/holdfast-spool-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    return rmdir(dir);
}

static void expect_read(const struct spool *spool, uint64_t offset, const char *want)
{
    char got[32] = "";
    assert_int_equal(spool_read(spool, got, strlen(want), offset, NULL), 0);
    assert_string_equal(got, want);
}

static void shared(void **state)
{
    struct spool *spool = spool_new(dir, NULL);
    int fd = spool->fd;
    assert_int_equal(spool_add(spool, "first", 5, NULL), 0);
    assert_int_equal(spool_flush(spool, NULL), 0);
    assert_null(spool->unwritten.data);
    struct spool *again = spool_share(spool);
    assert_int_equal(spool_add(again, "second", 6, NULL), 0);
    expect_read(spool, 0, "first"); /* while the end is not written */
    assert_int_equal(spool_flush(again, NULL), 0);
    expect_read(spool, 5, "second");
    spool_free(spool);
    expect_read(again, 0, "first");
    _err_ struct err *err = NULL;
    char beyond[8];
    assert_int_equal(spool_read(again, beyond, 1, 11, &err), -1);
    assert_int_equal(err->kind, ERR_FATAL);
    spool_free(again);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    spool_free(NULL);
}

static void too_large(void **state)
{
    struct spool *spool = spool_new(dir, NULL);
    size_t len = 3 * LIMIT_FRAME_BYTES;
    _free_ char *data = xcalloc(1, len);
    _err_ struct err *err = NULL;
    assert_int_equal(spool_add(spool, data, len, &err), -1);
    assert_int_equal(err->kind, ERR_LIMIT);
    assert_int_equal(spool->len, 0);
    spool_free(spool);
}

static void worn(void **state)
{
    struct spool *spool = spool_new(dir, NULL);
    _free_ char *data = xcalloc(1, MIB);
    for (int i = 0; i < 3; i++)
        assert_int_equal(spool_add(spool, data, MIB, NULL), 0);
    spool_whole(spool);
    assert_false(spool_is_worn(spool));
    for (int i = 0; i < 4; i++)
        assert_int_equal(spool_add(spool, data, MIB, NULL), 0);
    assert_false(spool_is_worn(spool));
    assert_int_equal(spool_add(spool, "x", 1, NULL), 0);
    assert_true(spool_is_worn(spool));
    spool_whole(spool);
    assert_false(spool_is_worn(spool));
    memset(data, 'x', MIB);
    strings_add_len(spool->strings, data, MIB);
    strings_add_len(spool->strings, data, MIB - 1);
    assert_true(spool_is_worn(spool)); /* by the strings alone */
    spool_free(spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared),
        cmocka_unit_test(too_large),
        cmocka_unit_test(worn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
