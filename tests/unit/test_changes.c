/*
 * Reading what changed: with a base that fits, a read gives the same set as one without. This
 * program is the child, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ev.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "sync/source.h"

static char *top, *repo, *repo_url, *state_dir;

/* Runs a shell script in the repository. */
static void sh(const char *script)
{
    _free_ char *command = xasprintf("cd '%s' && set -eu\n%s", repo, script);
    if (system(command))
        fail_msg("%s", script);
}

static int setup(void **state)
{
    char name[] = "/tmp/holdfast-changes-XXXXXX";
    if (!mkdtemp(name))
        return -1;
    top = xstrdup(name);
    repo = xasprintf("%s/repo", top);
    repo_url = xasprintf("file://%s", repo);
    state_dir = xasprintf("%s/state", top);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    if (mkdir(repo, 0700) || mkdir(state_dir, 0700))
        return -1;
    sh("git init -q -b main .; git config user.name t; git config user.email t@example.invalid\n"
       "mkdir apps\n"
       "for i in a b; do\n"
       "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: %s\\n' $i >apps/$i.yaml\n"
       "done\n"
       "git add .; git commit -qm one");
    return 0;
}

static int teardown(void **state)
{
    _free_ char *command = xasprintf("rm -rf '%s'", top);
    int rc = system(command);
    free(top);
    free(repo);
    free(repo_url);
    free(state_dir);
    return rc;
}

static void on_done(struct source_read *read, void *ctx)
{
    ++*(int *)ctx;
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* NULL where the base is what Git says. */
static struct desired_set *read_it(struct source_config config, const struct desired_set *base)
{
    _err_ struct err *err = NULL;
    int done = 0;
    config.name = "s";
    config.state_dir = state_dir;
    config.base = base;
    struct source_read *read = source_read_start(ev_default_loop(0), &config, on_done, &done);
    ev_run(EV_DEFAULT, 0);
    assert_int_equal(done, 1);
    struct desired_set *set = NULL;
    if (!source_read_unchanged(read)) {
        set = source_read_take(read, &err);
        if (!set)
            fail_msg("%s", err_message(err));
    }
    source_read_free(read);
    return set;
}

static void expect_unchanged(struct source_config config, const struct desired_set *base)
{
    struct desired_set *set = read_it(config, base);
    assert_null(set);
}

/* Read anew, though the commit is the same. */
static void expect_changed(struct source_config config, const struct desired_set *base)
{
    struct desired_set *set = read_it(config, base);
    assert_non_null(set);
    desired_set_free(set);
}

static void same_commit(void **state)
{
    struct source_config config = {.url = repo_url};
    struct desired_set *set = read_it(config, NULL);
    assert_int_equal(set->count, 2);
    expect_unchanged(config, set);
    expect_unchanged(config, set);
    sh("git commit -q --allow-empty -m two");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    assert_string_not_equal(set->revision, two->revision);
    assert_memory_equal(set->digest, two->digest, sizeof(set->digest));
    expect_unchanged(config, two);
    desired_set_free(set);
    /* the same commit, read otherwise */
    static const char *const only_a[] = {"**/a.yaml", NULL};
    config.include = only_a;
    expect_changed(config, two);
    config.include = NULL;
    config.exclude = only_a;
    expect_changed(config, two);
    config.exclude = NULL;
    config.path = "apps";
    expect_changed(config, two);
    config.path = NULL;
    config.objects = 10;
    expect_changed(config, two);
    config.objects = 0;
    expect_unchanged(config, two);
    desired_set_free(two);
}

/* A tag that has the branch's name is told, though the commit stands still. */
static void another_note(void **state)
{
    struct source_config config = {.url = repo_url, .ref = "main"};
    struct desired_set *set = read_it(config, NULL);
    assert_int_equal(set->problem_count, 0);
    sh("git tag main");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    assert_int_equal(two->problem_count, 1);
    expect_unchanged(config, two);
    sh("git tag -d main >../out");
    expect_changed(config, two);
    desired_set_free(set);
    desired_set_free(two);
}

static void on_disk(void **state)
{
    struct source_config config = {.url = repo};
    struct desired_set *set = read_it(config, NULL);
    assert_null(set->revision);
    expect_unchanged(config, set);
    sh("echo '  labels: {a: b}' >>apps/a.yaml");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    expect_unchanged(config, two);
    sh("git checkout -q apps/a.yaml");
    expect_changed(config, two);
    expect_unchanged(config, set);
    sh("echo 'kind: [' >>apps/a.yaml"); /* a problem more */
    expect_changed(config, set);
    sh("git checkout -q apps/a.yaml");
    config.path = "apps";
    expect_changed(config, set);
    desired_set_free(set);
    desired_set_free(two);
}

/* What a repository cannot give now it may give later, at the same commit. */
static void repaired(void **state)
{
    sh("id=$(git rev-parse HEAD:apps/b.yaml); f=.git/objects/${id%${id#??}}/${id#??}\n"
       "mv $f ../kept; echo $f >../where; rm -rf ../state/git");
    struct source_config config = {.url = repo_url};
    struct desired_set *set = read_it(config, NULL);
    assert_int_equal(set->errors, 1);
    assert_int_equal(set->count, 1);
    sh("mv ../kept $(cat ../where)");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    assert_int_equal(two->errors, 0);
    assert_int_equal(two->count, 2);
    desired_set_free(set);
    desired_set_free(two);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return source_child_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_commit),
        cmocka_unit_test(another_note),
        cmocka_unit_test(on_disk),
        cmocka_unit_test(repaired),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
