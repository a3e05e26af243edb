/* Older versions of manifests: what the window takes in, and where it ends. Errors are never told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <ev.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "sync/read.h"
#include "sync/source.h"

static char *base;

/* A shell script in a repository of its own, base/NAME; `ci N` commits all at second N00. */
static void repository(const char *name, const char *script)
{
    _free_ char *command = xasprintf(
        "set -eu; cd '%s'; git init -q -b main '%s'; cd '%s'\n"
        "git config user.name t; git config user.email t@example.invalid\n"
        "cm() { printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: %%s\\ndata:\\n"
        "  v: \"%%s\"\\n' $1 $2; }\n"
        "ci() { git add -A .; GIT_COMMITTER_DATE=\"@$(expr 1700000000 + $1) +0000\" git commit -qm "
        "$1; }\n%s",
        base, name, name, script);
    if (system(command))
        fail_msg("%s: %s", name, script);
}

static int setup(void **state)
{
    char name[] = "/tmp/holdfast-older-XXXXXX";
    if (!mkdtemp(name))
        return -1;
    base = xstrdup(name);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    return 0;
}

static int teardown(void **state)
{
    _free_ char *command = xasprintf("rm -rf '%s'", base);
    int rc = system(command);
    free(base);
    return rc;
}

struct seen {
    struct buf text;
    size_t count, errors;
};

/* "name=value@seconds " */
static void on_older(void *ctx, const char *file, const struct manifest *manifest,
                     int64_t replaced_at)
{
    struct seen *s = ctx;
    const char *v = node_str(node_get(node_get(manifest->root, "data"), "v"));
    s->count++;
    buf_addf(&s->text, "%s=%s@", manifest->name, v ? v : "");
    if (replaced_at == OLDER_NOT_COMMITTED)
        buf_add_str(&s->text, "now ");
    else
        buf_addf(&s->text, "%d ", (int)(replaced_at - 1700000000));
}

static void on_object(void *ctx, const char *file, const struct manifest *manifest)
{
}

static void on_problem(void *ctx, const struct problem *problem)
{
    struct seen *s = ctx;
    s->errors += problem->level == PROBLEM_ERROR;
}

static void look(struct source_config config, struct seen *s)
{
    const struct read_sink sink = {
        .now = {.ctx = s, .object = on_object, .problem = on_problem},
        .older = {.ctx = s, .object = on_older},
    };
    struct read_result result;
    _err_ struct err *err = NULL;
    *s = (struct seen){.text = BUF_INIT(64 * KIB)};
    config.state_dir = base;
    if (read_source(&config, &sink, &result, &err))
        fail_msg("%s", err_message(err));
    assert_int_equal(s->errors, 0);
}

/* The repository `name` fetched, and read in place at HEAD. */
static void expect_commit(const char *name, struct source_config config, const char *want)
{
    _free_ char *url = xasprintf("file://%s/%s", base, name);
    _free_ char *folder = xasprintf("%s/%s", base, name);
    struct seen s;
    config.url = url;
    look(config, &s);
    assert_string_equal(buf_str(&s.text), want);
    buf_free(&s.text);
    config.url = folder;
    config.ref = "HEAD";
    look(config, &s);
    assert_string_equal(buf_str(&s.text), want);
    buf_free(&s.text);
}

static void expect_workdir(const char *name, struct source_config config, const char *want)
{
    _free_ char *folder = xasprintf("%s/%s", base, name);
    struct seen s;
    config.url = folder;
    look(config, &s);
    assert_string_equal(buf_str(&s.text), want);
    buf_free(&s.text);
}

static void commits(void **state)
{
    repository("one", "cm a 1 >a.yaml; ci 100");
    expect_commit("one", (struct source_config){0}, "");
    expect_workdir("one", (struct source_config){0}, "");
    repository("three", "mkdir sub; cm a 1 >a.yaml; cm b 1 >sub/b.yaml; cm h 1 >.h.yaml; ci 100\n"
                        "cm a 2 >a.yaml; echo x >README.md; ci 200\n"
                        "git mv a.yaml sub/c.yaml; cm a 3 >sub/c.yaml; cm h 2 >.h.yaml; ci 300\n"
                        "git commit -q --allow-empty -m none; cm new 1 >new.yaml; ci 400; "
                        "cm b 2 >sub/b.yaml; ci 500");
    expect_commit("three", (struct source_config){0}, "b=1@500 a=2@300 a=1@200 ");
    expect_workdir("three", (struct source_config){0}, "b=1@500 a=2@300 a=1@200 ");
    static const char *const out[] = {"sub/*", NULL};
    expect_commit("three", (struct source_config){.exclude = out}, "a=2@300 a=1@200 ");
    expect_commit("three", (struct source_config){.include = out}, "b=1@500 ");
    expect_commit("three", (struct source_config){.path = "sub"}, "b=1@500 ");
    expect_commit("three", (struct source_config){.path = "/sub/b.yaml"}, "b=1@500 ");
}

static void first_parents(void **state)
{
    repository("merge", "cm a 1 >a.yaml; cm b 1 >b.yaml; ci 100; git checkout -qb side\n"
                        "cm a 2 >a.yaml; ci 200; cm a 3 >a.yaml; ci 300; git checkout -q main\n"
                        "cm b 2 >b.yaml; ci 400\n"
                        "GIT_COMMITTER_DATE='@1700000500 +0000' git merge -q --no-edit side");
    expect_commit("merge", (struct source_config){0}, "a=1@500 b=1@400 ");
}

static void broken(void **state)
{
    repository("broken", "cm a 1 >a.yaml; cm b 1 >b.yaml; ci 100\n"
                         "echo 'a: [' >a.yaml; cm b 2 >b.yaml; ci 200; cm a 3 >a.yaml; ci 300\n"
                         "cm a 4 >a.yaml; ci 400; cm b 3 >b.yaml; ci 500");
    expect_commit("broken", (struct source_config){0}, "b=2@500 a=3@400 b=1@200 ");
    repository("rendered",
               "mkdir k p; cm a 1 >k/a.yaml; echo 'a: 1' >k/kustomization.yaml; ci 100\n"
               "cm a 2 >k/a.yaml; ci 200; git rm -q k/kustomization.yaml; ci 300\n"
               "cm a 3 >k/a.yaml; ci 400");
    expect_commit("rendered", (struct source_config){0}, "a=2@400 ");
    repository("damaged", "cm a 1 >a.yaml; ci 100; cm a 2 >a.yaml; ci 200; cm a 3 >a.yaml; ci 300\n"
                          "rm -f .git/objects/$(git rev-parse HEAD~2:a.yaml | sed 's,..,&/,')");
    expect_commit("damaged", (struct source_config){0}, "a=2@300 ");
    repository("cut", "cm a 1 >a.yaml; ci 100; cm a 2 >a.yaml; ci 200; cm a 3 >a.yaml; ci 300\n"
                      "rm -f .git/objects/$(git rev-parse HEAD~1^{tree} | sed 's,..,&/,')");
    expect_commit("cut", (struct source_config){0}, "");
    repository("shallow",
               "cd ..; rm -rf shallow; git clone -q --depth 3 file://$PWD/three shallow");
    expect_commit("shallow", (struct source_config){0}, "b=1@500 ");
    expect_workdir("shallow", (struct source_config){0}, "b=1@500 ");
}

static void workdir(void **state)
{
    repository("disk", "mkdir d e; for n in a b d/c e/f; do cm ${n#*/} 1 >$n.yaml; done; ci 100\n"
                       "cm b 2 >b.yaml; ci 200\n"
                       "cm a 2 >a.yaml; git add a.yaml; rm -r d; touch b.yaml; cm z 1 >z.yaml");
    expect_workdir("disk", (struct source_config){0}, "a=1@now c=1@now b=1@200 ");
    expect_workdir("disk/e", (struct source_config){0}, "");
    expect_workdir("disk/a.yaml", (struct source_config){0}, "a=1@now ");
    /* of one size, and as old as the index: only the content tells */
    repository("racy", "cm a 1 >a.yaml; ci 100; cm a 2 >a.yaml; touch -r .git/index a.yaml");
    expect_workdir("racy", (struct source_config){0}, "a=1@now ");
    repository("no-index", "cm a 1 >a.yaml; cm b 1 >b.yaml; ci 100; cm a 2 >a.yaml; rm .git/index");
    expect_workdir("no-index", (struct source_config){0}, "a=1@now ");
    repository("unborn", "cm a 2 >a.yaml");
    expect_workdir("unborn", (struct source_config){0}, "");
}

static size_t count(const char *name)
{
    _free_ char *url = xasprintf("file://%s/%s", base, name);
    struct seen s;
    look((struct source_config){.url = url}, &s);
    buf_free(&s.text);
    return s.count;
}

static void caps(void **state)
{
    repository("long", "for i in $(seq 100 125); do cm a $i >a.yaml; ci $i; done");
    assert_int_equal(count("long"), LIMIT_OLDER_COMMITS);
    repository("wide", "cm b 1 >b.yaml; ci 1; cm b 2 >b.yaml; ci 2\n"
                       "for i in $(seq 300); do cm a$i 1 >$i.yaml; done; ci 100\n"
                       "for i in $(seq 300); do cm a$i 2 >$i.yaml; done; ci 200");
    assert_int_equal(count("wide"), LIMIT_OLDER_FILES); /* and b is not reached */
    repository("large", "cm b 1 >b.yaml; ci 1; cm b 2 >b.yaml; ci 2\n"
                        "big() { cm a$1 $2; head -c 900000 /dev/zero | tr '\\0' '#'; }\n"
                        "for i in 1 2 3; do big $i 1 >$i.yaml; done; ci 100\n"
                        "for i in 1 2 3; do big $i 2 >$i.yaml; done; ci 200");
    assert_int_equal(count("large"), 2);
}

static void on_done(struct source_read *read, void *ctx)
{
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* Through the child and back from the spool. */
static void by_the_child(void **state)
{
    _free_ char *url = xasprintf("file://%s/three", base);
    const struct source_config config = {.name = "s", .url = url, .state_dir = base};
    struct ev_loop *loop = ev_default_loop(0);
    struct source_read *read = source_read_start(loop, &config, on_done, NULL);
    ev_run(loop, 0);
    struct desired_set *set = source_read_take(read, NULL);
    source_read_free(read);
    assert_non_null(set);
    assert_int_equal(set->older_count, 3);
    assert_string_equal(set->items[2].name, "a");
    json_t *body;
    int64_t at;
    static const int64_t times[] = {300, 200};
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(desired_older(set, 2, "default", k, &body, &at, NULL), 1);
        assert_int_equal(at - 1700000000, times[k]);
        assert_string_equal(json_string_value(json_object_get(json_object_get(body, "data"), "v")),
                            k ? "1" : "2");
        json_decref(body);
    }
    assert_int_equal(desired_older(set, 2, "default", 2, &body, &at, NULL), 0);
    desired_set_free(set);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return source_child_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits), cmocka_unit_test(first_parents), cmocka_unit_test(broken),
        cmocka_unit_test(workdir), cmocka_unit_test(caps),          cmocka_unit_test(by_the_child),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
