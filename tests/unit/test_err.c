/* Errors: one line, wrapped on the way up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "core/err.h"
#include "core/json.h"

static void test_one_line(void **state)
{
    _err_ struct err *err = NULL;
    assert_int_equal(err_set(&err, ERR_USAGE, "no \"%s\"", "a\n\x1b[2J\x7f\xc3\xa9"), -1);
    assert_string_equal(err->message, "no \"a  [2J \xc3\xa9\"");
    err_wrap(&err, "file %s", "x\r\ny");
    assert_string_equal(err->message, "file x  y: no \"a  [2J \xc3\xa9\"");
    err_errno(&err, ERR_RETRY, ENOENT, "a\tb");
    assert_string_equal(err->message, "a b: No such file or directory");
    assert_int_equal(err->kind, ERR_RETRY);
}

/* What is no UTF-8 would keep the whole message from being told: JSON holds none. */
static void test_utf8(void **state)
{
    _err_ struct err *err = NULL;
    err_set(&err, ERR_INVALID, "%s",
            "a\xe9 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc0\x80 \xed\xa0\x80 \xf5 \xe2\x82");
    assert_string_equal(err->message, "a? \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 ?? ??? ? ??");
    err_wrap(&err, "\xff");
    assert_memory_equal(err->message, "?: a?", 5);
    json_auto_t *o = json_object();
    json_put_str(o, "file", "caf\xe9.yaml");
    assert_string_equal(json_str_at(o, "file", NULL), "caf?.yaml");
}

static void test_nobody_wants_it(void **state)
{
    assert_int_equal(err_set(NULL, ERR_USAGE, "x"), -1);
    assert_int_equal(err_wrap(NULL, "x"), -1);
    assert_string_equal(err_message(NULL), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_nobody_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
