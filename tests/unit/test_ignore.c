/* Ignore rules: notation, what they cover and what they leave, and rules that do nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/ignore.h"
#include "diff/ignore_path.h"

static json_t *parse(const char *text)
{
    if (!text)
        return NULL;
    char copy[2048];
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    json_t *v = json_parse(copy, strlen(copy), "test", NULL);
    assert_non_null(v);
    return v;
}

/* ---- notation ---- */

static const char *const good[] = {
    "spec.replicas",
    ".spec.replicas",
    "metadata.annotations[\"a.b/c\"]",
    "[\"odd name\"].x",
    "spec.*.x",
    "spec.template.spec.containers[*].image",
    "spec.template.spec.containers[name=main].env[name=\"a,b]\"]",
    "spec.ports[containerPort=80,protocol=TCP]",
    "spec.ports[containerPort=80,protocol=*]",
    "metadata.finalizers[=\"a.b/c\"]",
    "spec.numbers[=5]",
    "spec.args[2]",
    "*",
    "data[\"*\"]",
    "/spec/replicas",
    "/spec/template/spec/containers/0/image",
    "/metadata/annotations/a.b~1c~0d",
    "/spec/template/spec/containers/*/image",
};

static const char *const bad[] = {
    "",
    ".",
    "spec.",
    "spec..replicas",
    "spec replicas",
    "metadata.annotations.a/b",
    "spec.repl*",
    "spec.[name=x]",
    "spec.x[",
    "spec.x[]",
    "spec.x[name]",
    "spec.x[name=]",
    "spec.x[name=a,name=b]",
    "spec.x[name=a",
    "spec.x[\"a]",
    "spec.x[\"a\"",
    "spec.x['a']",
    "spec.x[=]",
    "spec.x[01]",
    "spec.x[99999999999]",
    "spec.x[1]y",
    "$.spec.x",
    "/",
    "/spec//x",
    "/spec/",
    "/spec/a~2b",
    "/spec/a~",
};

static void test_notation(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (ignore_path_check(good[i]))
            fail_msg("%s: %s", good[i], ignore_path_check(good[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (!ignore_path_check(bad[i]))
            fail_msg("%s was taken", bad[i]);
    }
}

static void test_lines(void **state)
{
    const char *fault = NULL;
    assert_int_equal(ignore_lines_check("spec.replicas\n\n  spec.x \r\n/spec/y\n", &fault), 0);
    assert_int_equal(ignore_lines_check("spec.replicas\n\nspec..x\n", &fault), 3);
    assert_non_null(fault);
    assert_int_equal(ignore_lines_check("", &fault), 0);
}

/* ---- covering ---- */

static const char git[] =
    "{'metadata':{'annotations':{'a.b/c':'1'}},'spec':{'args':['a','b','c'],'containers':["
    "{'name':'main','image':'x:1','ports':[{'containerPort':80,'protocol':'TCP'}]},"
    "{'name':'side','image':'y:1'}]},'data':{'k':'v'}}";
static const char live[] =
    "{'metadata':{'annotations':{'a.b/c':'2'}},'spec':{'args':['a','x','c'],'containers':["
    "{'name':'injected','image':'z:1'},"
    "{'name':'main','image':'x:2','ports':[{'containerPort':80,'protocol':'TCP'}]},"
    "{'name':'side','image':'y:2'}]},'data':{'k':'w'}}";

#define MEMBER(n)                                                                                  \
    {                                                                                              \
        .type = STEP_MEMBER, .name = (n)                                                           \
    }
#define KEYS(k)                                                                                    \
    {                                                                                              \
        .type = STEP_KEYS, .name = (k)                                                             \
    } /* parsed into the value */
#define VALUE(v)                                                                                   \
    {                                                                                              \
        .type = STEP_VALUE, .name = (v)                                                            \
    }

struct row {
    const char *rule;
    struct path path[8]; /* NULL-named: the end */
    const char *want, *have;
    bool covered;
    bool order;
};

#define IMAGE(c)                                                                                   \
    {                                                                                              \
        MEMBER("spec"), MEMBER("containers"), KEYS("{'name':'" c "'}"), MEMBER("image")            \
    }
#define ANNOTATION                                                                                 \
    {                                                                                              \
        MEMBER("metadata"), MEMBER("annotations"), MEMBER("a.b/c")                                 \
    }
#define CONTAINERS                                                                                 \
    {                                                                                              \
        MEMBER("spec"), MEMBER("containers")                                                       \
    }
#define ARGS                                                                                       \
    {                                                                                              \
        MEMBER("spec"), MEMBER("args")                                                             \
    }
#define PORT(p)                                                                                    \
    {                                                                                              \
        MEMBER("spec"), MEMBER("containers"), KEYS("{'name':'main'}"), MEMBER("ports"), KEYS(p)    \
    }

static const struct row rows[] = {
    {"spec.containers[name=main].image", IMAGE("main"), "'x:1'", "'x:2'", true, false},
    {"spec.containers[name=main].image", IMAGE("side"), "'y:1'", "'y:2'", false, false},
    {"spec.containers[name=mai].image", IMAGE("main"), "'x:1'", "'x:2'", false, false},
    {"spec.containers[name=*].image", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    {"spec.containers[*].image", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    {"spec.containers.*.image", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    {"spec.*.image", IMAGE("side"), "'y:1'", "'y:2'", false, false},
    {"spec.containers[*].imagePullPolicy", IMAGE("side"), "'y:1'", "'y:2'", false, false},
    {"spec", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    {"spec.containers", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    {"spe", IMAGE("side"), "'y:1'", "'y:2'", false, false},
    {"/spec/containers/*/image", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    /* the place is Git's, where Git has the element */
    {"/spec/containers/0/image", IMAGE("main"), "'x:1'", "'x:2'", true, false},
    {"/spec/containers/0/image", IMAGE("side"), "'y:1'", "'y:2'", false, false},
    {"/spec/containers/1/image", IMAGE("main"), "'x:1'", "'x:2'", false, false},
    {"spec.containers[1].image", IMAGE("side"), "'y:1'", "'y:2'", true, false},
    {"/spec/containers/0/image", IMAGE("injected"), NULL, "'z:1'", true, false},
    {"/metadata/annotations/a.b~1c", ANNOTATION, "'1'", "'2'", true, false},
    {"metadata.annotations[\"a.b/c\"]", ANNOTATION, "'1'", "'2'", true, false},
    {"metadata.annotations[\"a.b/d\"]", ANNOTATION, "'1'", "'2'", false, false},
    {"metadata.labels.*", ANNOTATION, "'1'", "'2'", false, false},
    {"metadata.annotations.*", ANNOTATION, "'1'", "'2'", true, false},
    /* keys: numbers as they are written, those left out match anything, strings are no numbers */
    {"spec.containers[name=main].ports[containerPort=80,protocol=TCP]",
     PORT("{'containerPort':80,'protocol':'TCP'}"), "{}", NULL, true, false},
    {"spec.containers[name=main].ports[containerPort=80]",
     PORT("{'containerPort':80,'protocol':'TCP'}"), "{}", NULL, true, false},
    {"spec.containers[name=main].ports[containerPort=\"80\"]",
     PORT("{'containerPort':80,'protocol':'TCP'}"), "{}", NULL, false, false},
    {"spec.containers[name=main].ports[containerPort=8]",
     PORT("{'containerPort':80,'protocol':'TCP'}"), "{}", NULL, false, false},
    {"spec.containers[name=main].ports[containerPort=80,protocol=UDP]",
     PORT("{'containerPort':80,'protocol':'TCP'}"), "{}", NULL, false, false},
    {"spec.containers[name=main].ports[port=*]", PORT("{'containerPort':80,'protocol':'TCP'}"),
     "{}", NULL, false, false},
    /* a value told as a whole: nothing is hidden that no rule covers */
    {"spec.args[1]", ARGS, "['a','b','c']", "['a','x','c']", true, false},
    {"spec.args[0]", ARGS, "['a','b','c']", "['a','x','c']", false, false},
    {"spec.args[1]", ARGS, "['a','b','c']", "['a','x','d']", false, false},
    {"spec.args[1]", ARGS, "['a','b','c']", "['a','x']", false, false},
    {"spec.args[*]", ARGS, "['a','b','c']", "['a','x']", true, false},
    {"spec.args[*]", ARGS, "['a']", "'a'", false, false},
    {"spec.x.a", {MEMBER("spec"), MEMBER("x")}, NULL, "{'a':1}", true, false},
    {"spec.x.a", {MEMBER("spec"), MEMBER("x")}, NULL, "{'a':1,'b':2}", false, false},
    {"spec.x.a", {MEMBER("spec"), MEMBER("x")}, NULL, "{}", false, false},
    {"spec.x.a", {MEMBER("spec"), MEMBER("x")}, "{'a':1,'b':2}", "{'a':3,'b':2}", true, false},
    {"spec.x.a.b", {MEMBER("spec"), MEMBER("x")}, "{'a':{'b':1}}", "{'a':5}", false, false},
    {"spec.containers[name=side]", CONTAINERS, "[{'name':'side','image':'y'}]", NULL, true, false},
    {"spec.containers[name=side]", CONTAINERS, "[{'name':'side'},{'name':'b'}]", NULL, false,
     false},
    {"spec.containers[name=side].image", CONTAINERS, "[{'name':'side','image':'y'}]", NULL, false,
     false},
    {"metadata.finalizers[=\"x/y\"]",
     {MEMBER("metadata"), MEMBER("finalizers"), VALUE("'x/y'")},
     NULL,
     "'x/y'",
     true,
     false},
    {"metadata.finalizers[=\"x/z\"]",
     {MEMBER("metadata"), MEMBER("finalizers"), VALUE("'x/y'")},
     NULL,
     "'x/y'",
     false,
     false},
    /* orders: of what is left when ignored elements are taken out */
    {"spec.containers", CONTAINERS, "[{'name':'main'},{'name':'side'}]",
     "[{'name':'side'},{'name':'main'}]", true, true},
    {"spec.containers[name=side]", CONTAINERS, "[{'name':'main'},{'name':'side'}]",
     "[{'name':'side'},{'name':'main'}]", true, true},
    {"spec.containers[name=side].image", CONTAINERS, "[{'name':'main'},{'name':'side'}]",
     "[{'name':'side'},{'name':'main'}]", false, true},
    {"spec.containers[name=c]", CONTAINERS, "[{'name':'a'},{'name':'b'},{'name':'c'}]",
     "[{'name':'b'},{'name':'a'},{'name':'c'}]", false, true},
    {"stringData.k", {MEMBER("data"), MEMBER("k")}, "'v'", "'w'", false, false},
};

static const struct ignore_object deployment = {"apps", "Deployment", "ml", "model"};

static struct ignore *rules_of(const char *group, const char *kind, const char *ns,
                               const char *name, const char *field)
{
    struct ignore *rules = ignore_new();
    const char *const fields[] = {field, NULL};
    const struct ignore_rule rule = {group, kind, ns, name, fields};
    assert_int_equal(ignore_add(rules, &rule, 0, NULL), 0);
    return rules;
}

static bool covers(struct ignore *rules, const struct ignore_object *object, const struct row *row,
                   int64_t now)
{
    json_auto_t *declared = parse(git), *there = parse(live);
    json_auto_t *want = parse(row->want), *have = parse(row->have);
    struct path steps[8];
    json_t *keys[8] = {0};
    size_t n = 0;
    for (; n < 8 && row->path[n].name; n++) {
        steps[n] = row->path[n];
        steps[n].up = n ? &steps[n - 1] : NULL;
        if (steps[n].type == STEP_MEMBER)
            continue;
        steps[n].value = keys[n] =
            steps[n].type == STEP_VALUE ? json_string("x/y") : parse(steps[n].name);
    }
    const struct difference d = {&steps[n - 1], want, NULL, have, row->order};
    bool is = ignore_covers(rules, object, &d, declared, there, now);
    for (size_t i = 0; i < 8; i++)
        json_decref(keys[i]);
    return is;
}

static void test_covers(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ignore *rules = rules_of(NULL, NULL, NULL, NULL, rows[i].rule);
        if (covers(rules, &deployment, &rows[i], 0) != rows[i].covered)
            fail_msg("row %zu: %s", i, rows[i].rule);
        ignore_free(rules);
    }
}

static void test_answer(void **state)
{
    /* what the service would write counts where something is live, else what Git wrote */
    struct ignore *rules = rules_of(NULL, NULL, NULL, NULL, "spec.x.a");
    const struct path spec = MEMBER("spec"), x = {.up = &spec, .type = STEP_MEMBER, .name = "x"};
    json_auto_t *want = parse("{'a':1}"), *answer = parse("{'a':1,'default':true}");
    json_auto_t *have = parse("{'a':2,'default':true}"), *other = parse("{'a':2}");
    assert_true(ignore_covers(rules, &deployment,
                              &(struct difference){&x, want, answer, have, false}, NULL, NULL, 0));
    assert_false(ignore_covers(
        rules, &deployment, &(struct difference){&x, want, answer, other, false}, NULL, NULL, 0));
    assert_true(ignore_covers(rules, &deployment,
                              &(struct difference){&x, want, answer, NULL, false}, NULL, NULL, 0));
    ignore_free(rules);
}

static void test_several_rules(void **state)
{
    struct ignore *rules = rules_of(NULL, NULL, NULL, NULL, "spec.x.a");
    const struct row row = {NULL, {MEMBER("spec"), MEMBER("x")}, NULL, "{'a':1,'b':2}", 0, 0};
    assert_false(covers(rules, &deployment, &row, 0));
    ignore_add_lines(rules, "spec.y\n spec.x.b\n");
    assert_true(covers(rules, &deployment, &row, 0));
    ignore_free(rules);
}

static void test_objects(void **state)
{
    static const struct {
        const char *group, *kind, *namespace, *name;
        bool deployment, role, configmap;
    } globs[] = {
        {NULL, NULL, NULL, NULL, true, true, true},
        {"apps", NULL, NULL, NULL, true, false, false},
        {"", NULL, NULL, NULL, false, false, true},
        {"*", NULL, NULL, NULL, true, true, true},
        {NULL, "Deploy*", NULL, NULL, true, false, false},
        {NULL, "deployment", NULL, NULL, false, false, false},
        {NULL, NULL, "ml", NULL, true, false, true},
        {NULL, NULL, "m?", NULL, true, false, true},
        {NULL, NULL, "*", NULL, true, true, true},
        {NULL, NULL, "prod", NULL, false, false, false},
        {NULL, NULL, NULL, "mod", false, false, false},
        {NULL, NULL, NULL, "mod*", true, true, false},
        {"apps", "Deployment", "ml", "model", true, false, false},
    };
    const struct ignore_object role = {"rbac.authorization.k8s.io", "ClusterRole", NULL, "model"};
    const struct ignore_object map = {"", "ConfigMap", "ml", "settings"};
    const struct row row = {NULL, IMAGE("main"), "'x:1'", "'x:2'", 0, 0};
    for (size_t i = 0; i < ARRAY_LEN(globs); i++) {
        struct ignore *rules = rules_of(globs[i].group, globs[i].kind, globs[i].namespace,
                                        globs[i].name, "spec.containers");
        if (covers(rules, &deployment, &row, 0) != globs[i].deployment ||
            covers(rules, &role, &row, 0) != globs[i].role ||
            covers(rules, &map, &row, 0) != globs[i].configmap)
            fail_msg("globs %zu", i);
        ignore_free(rules);
    }
}

static void test_secret(void **state)
{
    const struct ignore_object secret = {"", "Secret", "ml", "s"};
    const struct ignore_object other = {"x.example", "Secret", "ml", "s"};
    const struct row row = {NULL, {MEMBER("data"), MEMBER("k")}, "'dg=='", "'dw=='", 0, 0};
    struct ignore *rules = rules_of(NULL, NULL, NULL, NULL, "stringData.k");
    assert_true(covers(rules, &secret, &row, 0));
    assert_false(covers(rules, &other, &row, 0));
    ignore_free(rules);
}

static void test_fault(void **state)
{
    struct ignore *rules = ignore_new();
    const char *const fields[] = {"spec.replicas", "spec..x", NULL};
    const struct ignore_rule rule = {.fields = fields};
    struct err *err = NULL;
    assert_int_equal(ignore_add(rules, &rule, 0, &err), -1);
    assert_non_null(strstr(err_message(err), "spec..x: a step is empty"));
    err_free(err);
    ignore_free(rules);
    ignore_free(NULL);
}

static void collect(void *ctx, const char *rule)
{
    json_push(ctx, json_string(rule));
}

static void expect_idle(struct ignore *rules, int64_t now, const char *what)
{
    json_auto_t *told = json_array(), *expected = parse(what);
    ignore_idle(rules, now, 1000, collect, told);
    if (!json_same(told, expected)) {
        _free_ char *text = json_text(told, 0);
        fail_msg("at %lld: %s", (long long)now, text);
    }
}

static void test_idle(void **state)
{
    struct ignore *rules = rules_of("apps", "Deployment", NULL, NULL, "spec.containers[*].image");
    const char *const fields[] = {"spec.a", "spec.b", NULL};
    const struct ignore_rule never = {.kind = "CronTab", .group = "", .fields = fields};
    const struct row row = {NULL, IMAGE("main"), "'x:1'", "'x:2'", 0, 0};
    assert_int_equal(ignore_add(rules, &never, 0, NULL), 0);
    expect_idle(rules, 999, "[]");
    assert_true(covers(rules, &deployment, &row, 999));
    /* a kind that nobody has counts as well; each is told once */
    expect_idle(rules, 1000, "['group \\\"\\\", kind CronTab: spec.a, spec.b']");
    expect_idle(rules, 1500, "[]");
    expect_idle(rules, 1999, "['group apps, kind Deployment: spec.containers[*].image']");
    expect_idle(rules, 9999, "[]");
    assert_true(covers(rules, &deployment, &row, 10000));
    expect_idle(rules, 10999, "[]");
    /* the same rules read again keep what is known of them */
    struct ignore *after = rules_of("apps", "Deployment", NULL, NULL, "spec.containers[*].image");
    ignore_inherit(after, rules);
    expect_idle(after, 10999, "[]");
    expect_idle(after, 11000, "['group apps, kind Deployment: spec.containers[*].image']");
    ignore_free(after);
    ignore_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notation),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_covers),        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_several_rules), cmocka_unit_test(test_objects),
        cmocka_unit_test(test_secret),        cmocka_unit_test(test_fault),
        cmocka_unit_test(test_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
