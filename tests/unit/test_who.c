/* Who changed a field, and since when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "providers/kubernetes/who.h"
#include "trees.h"

struct entry {
    const char *manager; /* "manager", "manager/subresource"; with a leading "@": Apply */
    const char *version; /* NULL: apps/v1 */
    const char *time;
    const char *fields;
};

struct who_case {
    const char *name;
    struct entry entries[4];
    const char *path;
    bool absent;
    const char *by, *reason, *all, *since;
};

#define A     "{'f:spec':{'f:a':{}}}"
#define OTHER "{'f:spec':{'f:z':{}}}"
#define T1    "2026-01-01T00:00:01Z"
#define T2    "2026-01-01T00:00:02Z"
#define T3    "2026-01-01T00:00:03Z"

static const struct who_case cases[] = {
    {"one hand",
     {{"kubectl-edit", NULL, T1, A}},
     "spec | a",
     false,
     "kubectl-edit",
     NULL,
     NULL,
     T1},
    {"a subresource",
     {{"kubectl/scale", NULL, T1, A}},
     "spec | a",
     false,
     "kubectl/scale",
     NULL,
     NULL,
     T1},
    {"without a time",
     {{"kubectl/scale", NULL, NULL, A}},
     "spec | a",
     false,
     "kubectl/scale",
     NULL,
     NULL,
     NULL},
    {"who owns something else does not count",
     {{"kubectl-edit", NULL, T3, OTHER}, {"kubectl-set", NULL, T1, A}},
     "spec | a",
     false,
     "kubectl-set",
     NULL,
     NULL,
     T1},
    {"the newest",
     {{"a", NULL, T1, A}, {"b", NULL, T3, A}, {"c", NULL, T2, A}},
     "spec | a",
     false,
     "b",
     NULL,
     "['a','b','c']",
     T3},
    {"a time wins over none",
     {{"a", NULL, NULL, A}, {"b", NULL, T1, A}, {"c", NULL, NULL, A}},
     "spec | a",
     false,
     "b",
     NULL,
     "['a','b','c']",
     T1},
    {"the same time: the first",
     {{"a", NULL, T1, A}, {"b", NULL, T1, A}},
     "spec | a",
     false,
     "a",
     NULL,
     "['a','b']",
     T1},
    {"a manager twice is one name",
     {{"a", NULL, T1, A}, {"a", NULL, T2, A}},
     "spec | a",
     false,
     "a",
     NULL,
     NULL,
     T2},
    {"the other does not count where it is us",
     {{"@holdfast", NULL, T3, A}, {"kubectl", NULL, T1, A}},
     "spec | a",
     false,
     "kubectl",
     NULL,
     NULL,
     T1},
    {"our name by another operation is not us",
     {{"holdfast", NULL, T1, A}},
     "spec | a",
     false,
     "holdfast",
     NULL,
     NULL,
     T1},
    {"another's apply", {{"@helm", NULL, T1, A}}, "spec | a", false, "helm", NULL, NULL, T1},
    {"other version",
     {{"kubectl", "apps/v1beta1", T1, A}},
     "spec | a",
     false,
     "kubectl",
     "other-version",
     NULL,
     T1},
    {"the newest says the version",
     {{"x", "apps/v1beta1", T1, A}, {"y", NULL, T2, A}},
     "spec | a",
     false,
     "y",
     NULL,
     "['x','y']",
     T2},
    {"nobody but us: Git moved",
     {{"@holdfast", NULL, T1, A}},
     "spec | a",
     false,
     NULL,
     "git-moved",
     NULL,
     NULL},
    {"a key of a Secret that we sent as stringData",
     {{"@holdfast", NULL, T1, "{'f:stringData':{'f:a':{}}}"}},
     "data | a",
     false,
     NULL,
     "git-moved",
     NULL,
     NULL},
    {"a key beside it",
     {{"@holdfast", NULL, T1, "{'f:stringData':{'f:a':{}}}"}},
     "data | b",
     false,
     NULL,
     "no-entry",
     NULL,
     NULL},
    {"nobody at all",
     {{"@holdfast", NULL, T1, OTHER}},
     "spec | a",
     false,
     NULL,
     "no-entry",
     NULL,
     NULL},
    {"no managedFields",
     {{NULL, NULL, NULL, NULL}},
     "spec | a",
     false,
     NULL,
     "no-entry",
     NULL,
     NULL},
    {"removed",
     {{"@holdfast", NULL, T1, OTHER}, {"kubectl", NULL, T2, A}},
     "spec | a",
     true,
     NULL,
     "removed",
     NULL,
     NULL},
    {"absent, and never ours",
     {{"kubectl", NULL, T2, A}},
     "spec | a",
     true,
     NULL,
     "no-entry",
     NULL,
     NULL},
    {"an atomic value above it",
     {{"kubectl", NULL, T1, "{'f:spec':{'f:sel':{}}}"}},
     "spec | sel | app",
     false,
     "kubectl",
     NULL,
     NULL,
     T1},
    {"an empty map above it is not atomic where another names a part",
     {{"kubectl-client-side-apply", NULL, T3, "{'f:spec':{'f:sc':{}}}"},
      {"kubectl-patch", NULL, T1, "{'f:spec':{'f:sc':{'f:runAsUser':{}}}}"}},
     "spec | sc | runAsUser",
     false,
     "kubectl-patch",
     NULL,
     NULL,
     T1},
    {"a map above it that is held for itself",
     {{"kubectl", NULL, T1, "{'f:spec':{'.':{},'f:z':{}}}"}},
     "spec | a",
     false,
     NULL,
     "no-entry",
     NULL,
     NULL},
    {"below the path",
     {{"kubectl", NULL, T1, "{'f:spec':{'f:a':{'f:b':{}}}}"}},
     "spec | a",
     false,
     "kubectl",
     NULL,
     NULL,
     T1},
    {"an element by its keys",
     {{"kubectl", NULL, T1,
       "{'f:p':{'k:{\\\"port\\\":53,\\\"protocol\\\":\\\"UDP\\\"}':{'f:x':{}}}}"},
      {"other", NULL, T1,
       "{'f:p':{'k:{\\\"port\\\":53,\\\"protocol\\\":\\\"TCP\\\"}':{'f:x':{}}}}"}},
     "p | {'port':53,'protocol':'UDP'} | x",
     false,
     "kubectl",
     NULL,
     NULL,
     T1},
    {"a member of a set",
     {{"kubectl", NULL, T1, "{'f:s':{'v:\\\"x/y\\\"':{}}}"}},
     "s | ='x/y'",
     false,
     "kubectl",
     NULL,
     NULL,
     T1},
    {"an odd name",
     {{"kubectl", NULL, T1, "{'f:data':{'f:system:foo%':{}}}"}},
     "data | system:foo%",
     false,
     "kubectl",
     NULL,
     NULL,
     T1},
};

static json_t *managed_of(const struct entry *entries)
{
    json_t *managed = json_array();
    for (size_t i = 0; i < 4 && entries[i].manager; i++) {
        const struct entry *e = &entries[i];
        bool apply = e->manager[0] == '@';
        _free_ char *manager = xstrdup(e->manager + apply);
        char *slash = strchr(manager, '/');
        json_t *v = json_object();
        if (slash) {
            *slash = '\0';
            json_put_str(v, "subresource", slash + 1);
        }
        json_put_str(v, "manager", manager);
        json_put_str(v, "operation", apply ? "Apply" : "Update");
        json_put_str(v, "apiVersion", e->version ? e->version : "apps/v1");
        if (e->time)
            json_put_str(v, "time", e->time);
        json_put(v, "fieldsV1", tree(e->fields));
        json_push(managed, v);
    }
    return managed;
}

static void check(const char *name, const char *what, const char *have, const char *want)
{
    if (want ? !have || strcmp(have, want) != 0 : have != NULL)
        fail_msg("%s: %s is %s", name, what, have ? have : "null");
}

static void test_who(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct who_case *c = &cases[i];
        json_auto_t *managed = managed_of(c->entries), *all = tree(c->all);
        struct kept_path _kept_ path = steps(c->path);
        struct who w;
        who_find(&w, managed, "holdfast", "apps/v1", kept_path_last(&path), c->absent);
        check(c->name, "by", w.by, c->by);
        check(c->name, "by_reason", w.by_reason, c->reason);
        check(c->name, "since", w.since, c->since);
        check(c->name, "since_kind", w.since_kind, c->since ? "at-or-before" : NULL);
        if (all ? !json_equal(all, w.by_all) : w.by_all != NULL)
            fail_msg("%s: by_all", c->name);
        who_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
