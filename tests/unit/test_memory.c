/* What a child may take of a container's memory. */
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
#include "core/memory.h"

static uint64_t asked(const char *content)
{
    char path[] = "/tmp/holdfast-memory-XXXXXX";
    _close_ int fd = mkstemp(path);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    uint64_t got = memory_for_child(path, 2048 * MIB, 0);
    unlink(path);
    return got;
}

static void limits(void **state)
{
    assert_int_equal(memory_for_child("/nowhere/memory.max", 2048 * MIB, 0), 2048 * MIB);
    assert_int_equal(asked("max\n"), 2048 * MIB);
    assert_int_equal(asked(""), 2048 * MIB);
    assert_int_equal(asked("1\n"), LIMIT_READ_LEAST);
    assert_int_equal(asked("1099511627776\n"), 2048 * MIB);
    /* of the 1 GiB of a container: what we hold and 96 MiB less */
    uint64_t got = asked("1073741824\n");
    assert_in_range(got, LIMIT_READ_LEAST, (1024 - 96) * MIB - 1);
#if !defined(__SANITIZE_ADDRESS__)
    if (!getenv("LD_PRELOAD")) /* valgrind holds more */
        assert_true(got > (1024 - 96 - 64) * MIB);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
