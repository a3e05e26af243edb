/* Files that are read again when they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file_again.h"

static void put(const char *path, const char *text)
{
    _free_ char *next = xasprintf("%s.new", path);
    FILE *f = fopen(next, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(rename(next, path), 0);
}

static void expect(struct file_again *file, size_t max, const char *text)
{
    char *got = NULL;
    size_t len = 0;
    int rc = file_again_read(file, max, &got, &len, NULL);
    if (text) {
        assert_int_equal(rc, 1);
        assert_string_equal(got, text);
        assert_int_equal(len, strlen(text));
    } else {
        assert_int_equal(rc, 0);
        assert_null(got);
    }
    free(got);
}

static void test_changes(void **state)
{
    char dir[] = "/tmp/holdfast-again-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct file_again file = {.path = xasprintf("%s/f", dir)};
    put(file.path, "one");
    expect(&file, 100, "one");
    expect(&file, 100, NULL);
    put(file.path, "two"); /* same size; another inode */
    expect(&file, 100, "two");
    file.fresh = false;
    expect(&file, 100, "two");
    put(file.path, "");
    expect(&file, 100, "");

    char *text = NULL;
    size_t len;
    _err_ struct err *err = NULL, *gone = NULL;
    put(file.path, "far too long");
    assert_int_equal(file_again_read(&file, 11, &text, &len, &err), -1);
    assert_non_null(strstr(err->message, "/f: larger than 11 bytes"));
    assert_null(strstr(err->message, "far"));
    expect(&file, 12, "far too long");
    unlink(file.path);
    assert_int_equal(file_again_read(&file, 12, &text, &len, &gone), -1);
    assert_int_equal(gone->kind, ERR_AUTH);
    assert_non_null(strstr(gone->message, "/f: No such file or directory"));
    file_again_clear(&file);
    rmdir(dir);
}

static void test_no_file(void **state)
{
    struct file_again none = {0};
    expect(&none, 10, NULL);
    file_again_clear(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
