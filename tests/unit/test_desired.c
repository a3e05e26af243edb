/* The desired set: what comes back from the spool, doubled identities, caps. */
#include <fcntl.h>
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
#include "core/limits.h"
#include "sync/desired.h"

static char dir[] = "/tmp/holdfast-desired-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

/* Removing the folder is the proof that the spool has no name. */
static int teardown(void **state)
{
    return rmdir(dir);
}

static void add(struct desired_set *set, const char *api_version, const char *kind,
                const char *namespace, const char *name, const char *file, uint32_t line)
{
    _free_ char *body = xasprintf("{\"kind\":\"%s\",\"name\":\"%s\"}", kind, name);
    static const uint8_t places[] = {1, 1, 2, 1, 0x83, 0x01, 1};
    struct desired d = {.api_version = api_version,
                        .kind = kind,
                        .namespace = namespace,
                        .name = name,
                        .file = file,
                        .line = line,
                        .col = 1,
                        .body_len = (uint32_t)strlen(body),
                        .places_len = sizeof(places)};
    d.digest[0] = (uint8_t)line;
    assert_int_equal(desired_set_add(set, &d, body, places, NULL), 0);
}

static void comes_back(void **state)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    assert_non_null(set);
    for (int i = 0; i < 20000; i++) { /* more than one write of the spool */
        char name[32];
        snprintf(name, sizeof(name), "object-%d", i);
        add(set, i % 2 ? "apps/v1" : "v1", "Kind", i % 3 ? "ns" : NULL, name, "a.yaml", 1);
    }
    assert_int_equal(desired_set_finish(set, NULL), 0);
    assert_int_equal(set->count, 20000);
    for (size_t i = 0; i < set->count; i += 1777) {
        struct document doc;
        char name[32];
        snprintf(name, sizeof(name), "object-%zu", i);
        assert_int_equal(desired_load(set, i, &doc, NULL), 0);
        assert_string_equal(json_string_value(json_object_get(doc.body, "name")), name);
        assert_int_equal(doc.places_len, 7);
        document_free(&doc);
        assert_string_equal(set->items[i].group, i % 2 ? "apps" : "");
        assert_string_equal(set->items[i].version, "v1");
        assert_string_equal(set->items[i].name, name);
    }
    assert_ptr_equal(set->items[1].api_version, set->items[3].api_version);
    assert_null(set->items[0].namespace);
    struct stat st;
    assert_int_equal(fstat(set->spool->fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 0);
    assert_true(fcntl(set->spool->fd, F_GETFD) & FD_CLOEXEC);
    desired_set_free(set);
    desired_set_free(NULL);
}

static void doubled(void **state)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    add(set, "apps/v1", "Deployment", "ns", "a", "one.yaml", 1);
    add(set, "apps/v1beta1", "Deployment", "ns", "a", "two.yaml",
        2); /* the version is no identity */
    add(set, "apps/v1", "Deployment", NULL, "b", "one.yaml", 3);
    add(set, "apps/v1", "Deployment", "default", "b", "two.yaml", 4);
    add(set, "extensions/v1", "Deployment", "ns", "a", "one.yaml", 5); /* another group */
    add(set, "apps/v1", "Deployment", "other", "a", "one.yaml", 6);
    for (uint32_t i = 0; i < 3; i++)
        add(set, "v1", "Namespace", NULL, "n", "n.yaml", 10 + i);
    desired_mark_doubled(set, "default");
    desired_mark_doubled(set, "default");
    static const bool want[] = {true, true, true, true, false, false, true, true, true};
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        assert_int_equal(set->items[i].doubled, want[i]);
    assert_int_equal(set->problem_count, 7);
    assert_int_equal(set->errors, 7);
    for (size_t i = 0; i < set->problem_count; i++) {
        const struct problem *p = &set->problems[i];
        if (p->line != 1)
            continue;
        assert_string_equal(p->file, "one.yaml");
        assert_string_equal(p->object, "Deployment ns/a");
        assert_string_equal(p->message, "the same object stands in two.yaml:2 too: neither is "
                                        "compared, remove one of them");
    }
    desired_set_free(set);
}

static void other_default(void **state)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    add(set, "v1", "ConfigMap", NULL, "b", "one.yaml", 3);
    add(set, "v1", "ConfigMap", "default", "b", "two.yaml", 4);
    desired_mark_doubled(set, "ml");
    assert_int_equal(set->problem_count, 0);
    desired_mark_doubled(set, NULL);
    assert_int_equal(set->problem_count, 0);
    desired_set_free(set);
}

static void add_older(struct desired_set *set, const char *api_version, const char *namespace,
                      const char *name, int64_t replaced_at)
{
    _free_ char *body = xasprintf("{\"at\":%d}", (int)replaced_at);
    const struct older o = {.kind = "Kind",
                            .namespace = namespace,
                            .name = name,
                            .replaced_at = replaced_at,
                            .body_len = (uint32_t)strlen(body)};
    assert_int_equal(desired_set_add_older(set, api_version, &o, body, NULL), 0);
}

/* "9 7 ": when each older version of the object was replaced. */
static void expect_older(const struct desired_set *set, size_t index, const char *default_namespace,
                         const char *want)
{
    _buf_ struct buf got = BUF_INIT(1024);
    json_t *body;
    int64_t at;
    for (size_t k = 0; desired_older(set, index, default_namespace, k, &body, &at, NULL) > 0; k++) {
        assert_int_equal(json_integer_value(json_object_get(body, "at")), at);
        buf_addf(&got, "%d ", (int)at);
        json_decref(body);
    }
    assert_string_equal(buf_str(&got), want);
}

static void older_versions(void **state)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    add(set, "apps/v1", "Kind", "ml", "a", "a.yaml", 1);
    add(set, "apps/v1", "Kind", NULL, "a", "a.yaml", 9);
    add(set, "v1", "Kind", "ml", "a", "a.yaml", 18);
    add(set, "apps/v1", "Kind", "ml", "b", "a.yaml", 27);
    add_older(set, "apps/v1", "ml", "a", 9);
    add_older(set, "apps/v1", "other", "a", 8); /* newest first */
    add_older(set, "apps/v1beta1", "ml", "a", 7);
    add_older(set, "apps/v1", NULL, "a", 6);
    add_older(set, "v1", NULL, "a", 5);
    add_older(set, "apps/v1", "ml", "gone", 4);
    assert_int_equal(desired_set_finish(set, NULL), 0);
    expect_older(set, 0, "default", "9 7 ");
    expect_older(set, 0, "ml", "9 7 6 ");
    expect_older(set, 1, "default", "6 ");
    expect_older(set, 1, "other", "8 6 ");
    expect_older(set, 2, "default", "");
    expect_older(set, 2, "ml", "5 ");
    expect_older(set, 3, "default", "");
    desired_set_free(set);
}

static void problems_are_capped(void **state)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    const struct problem note = {.level = PROBLEM_NOTE, .file = "f", .message = "m"};
    const struct problem error = {.level = PROBLEM_ERROR, .file = "g", .message = "m"};
    for (int i = 0; i < LIMIT_ERRORS + 500; i++)
        desired_set_problem(set, &note);
    /* notes are no errors, however many there are, and hide none */
    assert_int_equal(set->errors, 0);
    assert_false(desired_unread(set, "f"));
    assert_true(desired_problems_cut(set));
    assert_non_null(strstr(set->problems[LIMIT_ERRORS - 1].message, "more notes"));
    assert_int_equal(set->problems[LIMIT_ERRORS - 1].level, PROBLEM_NOTE);
    for (int i = 0; i < LIMIT_ERRORS + 500; i++)
        desired_set_problem(set, &error);
    assert_int_equal(set->problem_count, 2 * LIMIT_ERRORS);
    assert_int_equal(set->errors, LIMIT_ERRORS + 500);
    assert_string_equal(set->problems[LIMIT_ERRORS].file, "g");
    assert_non_null(strstr(set->problems[2 * LIMIT_ERRORS - 1].message, "more errors"));
    assert_true(desired_unread(set, "elsewhere"));
    desired_set_free(set);
}

/* What a child could make endless: the spool, and what rests in memory. */
static void caps(void **state)
{
    _err_ struct err *spool = NULL, *names = NULL;
    struct desired_set *set = desired_set_new(dir, NULL);
    struct desired d = {.api_version = "v1", .kind = "K", .name = "n", .file = "f", .body_len = 2};
    set->spool->len = LIMIT_SPOOL_BYTES - 2;
    assert_int_equal(desired_set_add(set, &d, "{}", "", NULL), 0);
    assert_int_equal(desired_set_add(set, &d, "{}", "", &spool), -1);
    assert_int_equal(spool->kind, ERR_LIMIT);
    assert_string_equal(spool->message, "the objects take more than 2147483648 bytes, copies by "
                                        "aliases counted: split the source");
    desired_set_free(set);

    set = desired_set_new(dir, NULL);
    _free_ char *path = xmalloc(MIB + 1);
    memset(path, 'x', MIB);
    path[MIB] = '\0';
    d.file = path;
    int rc = 0;
    for (int i = 0; i < 70 && rc == 0; i++) {
        snprintf(path, 10, "%09d", i);
        path[9] = 'x';
        rc = desired_set_add(set, &d, "{}", "", &names);
    }
    assert_int_equal(rc, -1);
    assert_int_equal(set->count, 64);
    assert_string_equal(names->message,
                        "names and paths take more than 67108864 bytes: split the source");
    desired_set_free(set);
}

static void digests(void **state)
{
    struct desired_set *a = desired_set_new(dir, NULL), *b = desired_set_new(dir, NULL);
    add(a, "v1", "Kind", NULL, "a", "f", 1);
    add(a, "v1", "Kind", NULL, "b", "f", 2);
    add(b, "v1", "Kind", NULL, "b", "f", 2);
    add(b, "v1", "Kind", NULL, "a", "f", 1);
    assert_memory_equal(a->digest, b->digest, sizeof(a->digest)); /* a sum: no order in it */
    add(a, "v1", "Kind", NULL, "c", "f", 3);
    add(b, "v1", "Kind", NULL, "c", "g", 3);
    assert_memory_not_equal(a->digest, b->digest, sizeof(a->digest));
    desired_set_free(a);
    desired_set_free(b);
}

static void no_folder(void **state)
{
    _err_ struct err *err = NULL;
    assert_null(desired_set_new("/nonexistent/folder", &err));
    assert_string_equal(err_message(err), "cannot make a spool file in /nonexistent/folder: No "
                                          "such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),          cmocka_unit_test(doubled),
        cmocka_unit_test(other_default),       cmocka_unit_test(older_versions),
        cmocka_unit_test(problems_are_capped), cmocka_unit_test(digests),
        cmocka_unit_test(no_folder),           cmocka_unit_test(caps),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
