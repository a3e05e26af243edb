/* Files of a source's `auth`: a pipe is refused, nobody waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/auth.h"

static char dir[] = "/tmp/holdfast-source-auth-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    return rmdir(dir);
}

static void pipes(void **state)
{
    _err_ struct err *err = NULL;
    _free_ char *path = xasprintf("%s/password", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(auth_read_line(path, "passwordFile", &err));
    assert_non_null(strstr(err->message, "auth.passwordFile"));
    assert_non_null(strstr(err->message, "is a pipe, and a file belongs there"));
    assert_int_equal(unlink(path), 0);
}

static void lines(void **state)
{
    static const struct {
        const char *text, *line, *says;
    } cases[] = {
        {"a\n", "a", NULL},
        {"a\r\n", "a", NULL},
        {"a\nb", NULL, "more than one line"},
        {"\n", NULL, "is empty"},
    };
    _free_ char *path = xasprintf("%s/user", dir);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _err_ struct err *err = NULL;
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        fputs(cases[i].text, f);
        fclose(f);
        char *line = auth_read_line(path, "userFile", &err);
        if (cases[i].line)
            assert_string_equal(line, cases[i].line);
        else
            assert_non_null(strstr(err->message, cases[i].says));
        auth_forget(line);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes),
        cmocka_unit_test(lines),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
