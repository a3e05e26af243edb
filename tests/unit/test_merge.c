/* Merging: what stays of the base and where, for objects, problems and older versions. */
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
#include "sync/merge.h"

static char dir[] = "/tmp/holdfast-merge-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    return rmdir(dir);
}

static void add(struct desired_set *set, const char *name, const char *file)
{
    const struct desired d = {.api_version = "v1", .kind = "Pod", .name = name, .file = file};
    assert_int_equal(desired_set_add(set, &d, "", "", NULL), 0);
}

static void tell(struct desired_set *set, const char *message, const char *file, const char *at)
{
    desired_set_problem(set,
                        &(struct problem){.level = *message == 'n' ? PROBLEM_NOTE : PROBLEM_ERROR,
                                          .message = message,
                                          .file = file,
                                          .at = at});
}

static void older(struct desired_set *set, const char *name, const char *file)
{
    const struct older o = {.kind = "Pod", .name = name, .file = file, .body_len = 2};
    assert_int_equal(desired_set_add_older(set, "v1", &o, "{}", NULL), 0);
}

static void step(struct desired_set *set, uint64_t files)
{
    set->steps[set->step_count++].files = files;
}

/* "name name | message message" */
static char *text(const struct desired_set *set)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < set->count; i++)
        buf_addf(&b, "%s ", set->items[i].name);
    buf_add_str(&b, "|");
    for (size_t i = 0; i < set->problem_count; i++)
        buf_addf(&b, " %s", set->problems[i].message);
    return buf_take(&b);
}

static struct desired_set *some_base(void)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    tell(set, "note-old", PROBLEM_SOURCE, NULL);
    set->source_problems = 1;
    add(set, "a-x", "a-x.yaml");
    add(set, "a", "a.yaml");
    add(set, "a2", "a.yaml");
    tell(set, "bad-a", "a.yaml", NULL);
    add(set, "below", "a.yaml-/x.yaml");
    add(set, "in-a", "a/a.yaml");
    tell(set, "deep", "a/d", "a/d/");
    add(set, "in-a2", "a/e.yaml");
    tell(set, "odd", "b\\x01", "b\x01");
    add(set, "z", "z.yaml");
    assert_int_equal(desired_set_finish(set, NULL), 0);
    return set;
}

/* The base with the changed paths, nothing new. */
static void expect_left(const char *const *changed, const char *want, size_t errors)
{
    struct desired_set *base = some_base(), *set = desired_set_beside(base);
    struct desired_set *fresh = desired_set_beside(base);
    struct merge m = {.base = base};
    for (; *changed; changed++)
        assert_int_equal(merge_changed(&m, *changed, NULL), 0);
    assert_true(merge_into(&m, set, 0, false));
    _free_ char *got = text(set);
    assert_string_equal(got, want);
    assert_int_equal(set->errors, errors);
    /* the digest is that of what is left */
    for (size_t i = 0; i < set->count; i++)
        add(fresh, set->items[i].name, set->items[i].file);
    for (size_t i = 0; i < set->problem_count; i++)
        desired_set_problem(fresh, &set->problems[i]);
    assert_memory_equal(fresh->digest, set->digest, sizeof(set->digest));
    merge_free(&m);
    desired_set_free(fresh);
    desired_set_free(set);
    desired_set_free(base);
}

static void goes(void **state)
{
    static const char *const none[] = {NULL}, *const all[] = {"", NULL}, *const a[] = {"a", NULL},
                             *const file[] = {"a.yaml", NULL}, *const odd[] = {"b\x01", NULL},
                             *const deep[] = {"a/d", NULL},
                             *const two[] = {"z.yaml", "a-x.yaml", "nothing", NULL};
    expect_left(none, "a-x a a2 below in-a in-a2 z | bad-a deep odd", 3);
    expect_left(all, "|", 0);
    expect_left(a, "a-x a a2 below z | bad-a odd", 2);
    expect_left(file, "a-x below in-a in-a2 z | deep odd", 2);
    expect_left(odd, "a-x a a2 below in-a in-a2 z | bad-a deep", 2);
    expect_left(deep, "a-x a a2 below in-a in-a2 z | bad-a odd", 2);
    expect_left(two, "a a2 below in-a in-a2 | bad-a deep odd", 3);
}

static void comes(void **state)
{
    struct desired_set *base = some_base(), *set = desired_set_beside(base);
    struct merge m = {.base = base};
    desired_mark_doubled(base, NULL);
    tell(set, "note-new", PROBLEM_SOURCE, NULL);
    tell(set, "note-two", PROBLEM_SOURCE, NULL);
    assert_int_equal(merge_changed(&m, "a.yaml", NULL), 0);
    add(set, "a-new", "a.yaml");
    tell(set, "bad-new", "a.yaml", NULL);
    add(set, "z", "a/b.yaml"); /* the same object as in z.yaml: told by whoever asks */
    add(set, "zz", "zz.yaml");
    tell(set, "last", "zz.yaml", NULL);
    assert_true(merge_into(&m, set, 2, false));
    _free_ char *got = text(set);
    assert_string_equal(got, "a-x a-new below in-a z in-a2 z zz "
                             "| note-new note-two bad-new deep odd last");
    assert_int_equal(desired_set_finish(set, NULL), 0);
    assert_ptr_equal(set->items[0].name, base->items[0].name);
    desired_set_free(base); /* the spool and the strings stay */
    desired_mark_doubled(set, NULL);
    assert_int_equal(set->errors, 6);
    assert_int_equal(set->read_problems, 6);
    /* and what was told of doubled objects is not carried on */
    struct desired_set *next = desired_set_beside(set);
    struct merge n = {.base = set};
    assert_int_equal(merge_changed(&n, "z.yaml", NULL), 0);
    assert_true(merge_into(&n, next, 0, false));
    assert_int_equal(next->errors, 4);
    assert_false(next->items[4].doubled);
    merge_free(&n);
    merge_free(&m);
    desired_set_free(next);
    desired_set_free(set);
}

static void too_many(void **state)
{
    struct desired_set *base = some_base(), *set = desired_set_beside(base);
    struct merge m = {.base = base};
    assert_false(merge_into(&m, set, 1, false)); /* it told nothing of the source */
    for (int i = 0; i < LIMIT_ERRORS; i++)
        tell(set, "bad", "q.yaml", NULL);
    assert_false(merge_into(&m, set, 0, false));
    desired_set_free(set);
    desired_set_free(base);
}

/* A child that was taken over could name paths for ever. */
static void endless(void **state)
{
    struct merge m = {0};
    _err_ struct err *err = NULL;
    _free_ char *path = xasprintf("%01000000d", 0);
    int n = 0;
    while (n < 1000 && merge_changed(&m, path, &err) == 0)
        n++;
    assert_in_range(n, 60, 70);
    assert_int_equal(err->kind, ERR_LIMIT);
    assert_int_equal(merge_broken(&m, path, NULL), -1);
    merge_free(&m);
}

static void older_versions(void **state)
{
    struct desired_set *base = desired_set_new(dir, NULL), *set = desired_set_beside(base);
    struct merge m = {.base = base};
    for (uint64_t i = 0; i < LIMIT_OLDER_COMMITS; i++) {
        older(base, "a", "a.yaml");
        older(base, "b", "b.yaml");
        step(base, i);
    }
    base->older_cut = true;
    older(set, "a", "a.yaml");
    step(set, 100);
    assert_int_equal(merge_broken(&m, "b.yaml", NULL), 0);
    assert_true(merge_into(&m, set, 0, true));
    assert_int_equal(desired_set_finish(set, NULL), 0);
    assert_int_equal(set->older_count, LIMIT_OLDER_COMMITS); /* the oldest fell out, and b */
    assert_int_equal(set->step_count, LIMIT_OLDER_COMMITS);
    assert_int_equal(set->steps[0].files, 100);
    assert_int_equal(set->steps[1].files, 0);
    assert_int_equal(set->steps[19].files, 18);
    assert_int_equal(set->steps[19].bodies, 2);
    assert_true(set->older_cut);
    for (uint32_t i = 0; i < LIMIT_OLDER_COMMITS; i++)
        assert_int_equal(set->older[i].step, i); /* newest first, wherever it lies in the spool */
    merge_free(&m);
    desired_set_free(base);
    desired_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes),    cmocka_unit_test(comes),          cmocka_unit_test(too_many),
        cmocka_unit_test(endless), cmocka_unit_test(older_versions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
