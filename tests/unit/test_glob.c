/* Globs over paths: which path a glob takes, and that none is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/glob.h"

static void globs(void **state)
{
    static const struct {
        const char *glob, *path;
        bool match;
    } cases[] = {
        {"**/*.yaml", "a.yaml", true},
        {"**/*.yaml", "x/y/a.yaml", true},
        {"**/*.yaml", "x/y/a.yml", false},
        {"*.yaml", "a.yaml", true},
        {"*.yaml", "x/a.yaml", false},
        {"x/*.yaml", "x/a.yaml", true},
        {"x/*.yaml", "x/y/a.yaml", false},
        {"x/**", "x/a.yaml", true},
        {"x/**", "x/y/a.yaml", true},
        {"x/**", "x", false},
        {"x/**", "xy/a", false},
        {"x/", "x/y/a", true},
        {"x/", "x", false},
        {"**", "a/b/c", true},
        {"**", "a", true},
        {"a/**/b", "a/b", true},
        {"a/**/b", "a/x/b", true},
        {"a/**/b", "a/x/y/b", true},
        {"a/**/b", "ab", false},
        {"a/**/b", "a/xb", false},
        {"**/test/**", "test/a", true},
        {"**/test/**", "x/test/a/b", true},
        {"**/test/**", "x/tests/a", false},
        {"a**b", "axxb", true},
        {"a**b", "a/b", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]x", "dx", true},
        {"[!a-c]x", "ax", false},
        {"[]]x", "]x", true},
        {"[a", "[a", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"a*b*c", "aXbYbZc", true},
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (glob_match(cases[i].glob, cases[i].path) != cases[i].match)
            fail_msg("%s on %s", cases[i].glob, cases[i].path);
    }
}

static void excludes(void **state)
{
    static const struct {
        const char *glob, *path;
        bool out;
    } cases[] = {
        {"apps", "apps", true},
        {"apps", "apps/a.yaml", true},
        {"apps", "apps/b/a.yaml", true},
        {"apps", "apps2/a.yaml", false},
        {"apps", "x/apps/a.yaml", false},
        {"apps/a.yaml", "apps/a.yaml", true},
        {"apps/b", "apps/b/c/d.yaml", true},
        {"apps/b", "apps/a.yaml", false},
        {"**/charts", "x/y/charts/z/a.yaml", true},
        {"*/charts", "x/charts/a.yaml", true},
        {"*/charts", "x/y/charts/a.yaml", false},
        {"apps/", "apps/b/a.yaml", true},
        /* a wildcard at the end is for files, as it stands */
        {"*", "a.yaml", true},
        {"*", "apps/a.yaml", false},
        {"apps/*", "apps/b/a.yaml", false},
        {"apps/b*", "apps/b/a.yaml", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (glob_excludes(cases[i].glob, cases[i].path) != cases[i].out)
            fail_msg("%s on %s", cases[i].glob, cases[i].path);
    }
}

/* A backtracking matcher would take years. */
static void never_slow(void **state)
{
    char glob[400] = "", path[4001];
    for (int i = 0; i < 60; i++)
        memcpy(glob + 6 * i, "**/*a*", 7);
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_false(glob_match(glob, path));
}

static void checks(void **state)
{
    static const struct {
        const char *glob, *message;
    } cases[] = {
        {"**/*.yaml", NULL},
        {"a\\[", NULL},
        {"", "an empty glob matches nothing: leave it out"},
        {"/a", "glob \"/a\": paths are relative to the source's root: leave out the leading \"/\""},
        {"../a", "glob \"../a\": \"..\" leads out of the source"},
        {"a[b", "glob \"a[b\": \"[\" without \"]\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _err_ struct err *err = NULL;
        int rc = glob_check(cases[i].glob, &err);
        assert_int_equal(rc, cases[i].message ? -1 : 0);
        if (cases[i].message)
            assert_string_equal(err_message(err), cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs),
        cmocka_unit_test(excludes),
        cmocka_unit_test(never_slow),
        cmocka_unit_test(checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
