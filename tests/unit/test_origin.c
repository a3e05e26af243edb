/* Where a working tree comes from, and URLs without sign-ins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <git2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "sync/git.h"
#include "sync/origin.h"

static void test_clean_url(void **state _unused_)
{
    static const char *const cases[][2] = {
        {"https://git.example/ml/infra.git", "https://git.example/ml/infra.git"},
        {"https://me@git.example/x", "https://git.example/x"},
        {"https://me:pass@git.example:8443/x", "https://git.example:8443/x"},
        {"https://me:p@ss@git.example/x", "https://git.example/x"},
        {"https://git.example/x@v1?token=abc#d", "https://git.example/x@v1"},
        {"https://oauth2:abc@git.example?x=/y@z", "https://git.example"},
        {"ssh://git@git.example:22/x.git", "ssh://git@git.example:22/x.git"},
        {"ssh://git:pass@git.example/x.git", "ssh://git@git.example/x.git"},
        {"ssh://git.example/x.git", "ssh://git.example/x.git"},
        {"git@git.example:ml/infra.git", "git@git.example:ml/infra.git"},
        {"/srv/git/infra", "/srv/git/infra"},
        {"file:///srv/git/infra", "file:///srv/git/infra"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *clean = origin_clean_url(cases[i][0]);
        assert_string_equal(clean, cases[i][1]);
    }
}

static char *make_repository(git_repository **repo)
{
    char name[] = "/tmp/holdfast-origin.XXXXXX";
    assert_non_null(mkdtemp(name));
    assert_int_equal(git_start(NULL), 0);
    assert_int_equal(git_repository_init(repo, name, 0), 0);
    assert_int_equal(git_repository_set_head(*repo, "refs/heads/work"), 0);
    _free_ char *below = xasprintf("%s/clusters", name);
    assert_int_equal(mkdir(below, 0700), 0);
    return realpath(name, NULL);
}

static void remove_repository(const char *folder)
{
    _free_ char *command = xasprintf("rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void set(git_repository *repo, const char *name, const char *value)
{
    git_config *config = NULL;
    assert_int_equal(git_repository_config(&config, repo), 0);
    assert_int_equal(git_config_set_string(config, name, value), 0);
    git_config_free(config);
}

static void check(const char *folder, const char *url, const char *branch, const char *path)
{
    struct origin o;
    assert_int_equal(origin_read(folder, &o, NULL), 0);
    if (url)
        assert_string_equal(o.url, url);
    else
        assert_null(o.url);
    assert_string_equal(o.branch, branch);
    assert_string_equal(o.path, path);
    origin_free(&o);
}

static void test_read(void **state _unused_)
{
    git_repository *repo = NULL;
    _free_ char *folder = make_repository(&repo);
    _free_ char *below = xasprintf("%s/clusters", folder);
    check(folder, NULL, "work", "");
    set(repo, "remote.fork.url", "https://a:b@fork.example/x");
    check(below, "https://fork.example/x", "work", "clusters"); /* the only one */
    set(repo, "remote.fork.pushurl", "https://push.example/x");
    set(repo, "remote.zz.url", "https://zz.example/x");
    check(folder, NULL, "work", ""); /* which of the two is not known */
    set(repo, "remote.origin.url", "https://origin.example/x");
    check(folder, "https://origin.example/x", "work", "");
    set(repo, "branch.work.remote", "fork");
    set(repo, "branch.work.merge", "refs/heads/main");
    check(folder, "https://fork.example/x", "main", ""); /* what the branch follows */
    git_repository_free(repo);
    remove_repository(folder);
    struct origin o;
    struct err _err_ *err = NULL;
    assert_int_equal(origin_read("/", &o, &err), -1);
    assert_int_equal(err->kind, ERR_NOT_FOUND);
    origin_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_url),
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
