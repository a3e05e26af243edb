/* Which clone URLs mean one repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/git_url.h"

static const struct {
    const char *a, *b;
    bool same;
} table[] = {
    {"https://git.example/ml/infra.git", "https://git.example/ml/infra", true},
    {"https://git.example/ml/infra.git", "https://Git.Example/ml/infra/", true},
    {"https://git.example/ml/infra.git", "git@git.example:ml/infra.git", true},
    {"https://git.example/ml/infra.git", "git.example:ml/infra", true},
    {"https://git.example/ml/infra.git", "ssh://git@git.example:2222/ml/infra.git", true},
    {"https://git.example:8443/ml/infra", "ssh://git@git.example/ml/infra.git", true},
    {"https://git.example/ml/infra", "git://git.example/ml/infra.git", true},
    {"https://user:pa@ss@git.example/ml/infra", "https://git.example/ml/infra.git", true},
    {"https://git.example:443/ml/infra", "https://git.example/ml/infra", true},
    {"https://git.example/ML/Infra", "https://git.example/ml/infra", true},
    {"https://git.example/ml/infra?x=1", "https://git.example/ml/infra", true},
    {"https://[2001:db8::1]:8443/a/b", "ssh://git@[2001:DB8::1]/a/b.git", true},
    {"ssh://git@git.example:22/a/b", "git@git.example:/a/b", true},
    {"file:///srv/git/a.git", "/srv/git/a", true},
    {"/srv/git/a/", "/srv/git/a", true},

    {"https://git.example/ml/infra", "https://git.example/ml/infra2", false},
    {"https://git.example/ml/infra", "https://git.example/ml", false},
    {"https://git.example/ml/infra", "https://other.example/ml/infra", false},
    {"https://git.example:8443/a/b", "https://git.example/a/b", false},
    {"ssh://git.example:2222/a/b", "ssh://git.example:2223/a/b", false},
    {"https://git.example@evil.example/a/b", "https://git.example/a/b", false},
    {"/srv/git/A", "/srv/git/a", false},
    {"/srv/git/a", "https://srv/git/a", false},
    {"file:///a/b", "https://x/a/b", false},
    {"https:///a", "https:///a", false},
    {"", "", false},
    {NULL, NULL, false},
    {"https://git.example/a", NULL, false},
    {":a", ":a", false},
    {"https://git.example/.git", "https://git.example/", false},
};

static void forms(void **state _unused_)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (git_url_same(table[i].a, table[i].b) != table[i].same ||
            git_url_same(table[i].b, table[i].a) != table[i].same)
            fail_msg("%s and %s: %s expected", table[i].a, table[i].b,
                     table[i].same ? "the same" : "different ones");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
