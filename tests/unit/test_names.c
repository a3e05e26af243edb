/* Names that lead elsewhere in a URL, or are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/manifest.h"
#include "sync/names.h"

static void table(const char *(*wrong)(const char *text), const char *const *good,
                  const char *const *bad)
{
    for (; *good; good++) {
        if (wrong(*good))
            fail_msg("%s: %s", *good, wrong(*good));
    }
    for (; *bad; bad++) {
        if (!wrong(*bad))
            fail_msg("%s was taken", *bad);
    }
}

static void names(void **state)
{
    static const char *const good[] = {"a",    "a.b-c",    "system:node", "...",
                                       "A b*", "\xc3\xa9", NULL};
    static const char *const bad[] = {".", "..", "../x", "a/b", "/", "a%2fb", "%", NULL};
    table(names_wrong_name, good, bad);
    _free_ char *longest = xasprintf("%0*d", (int)LIMIT_NAME_BYTES, 0);
    _free_ char *longer = xasprintf("%0*d", (int)LIMIT_NAME_BYTES + 1, 0);
    assert_null(names_wrong_name(longest));
    assert_string_equal(names_wrong_name(longer),
                        "has more than 1024 bytes: no such name can be asked for");
    assert_null(names_wrong_kind(longest));
    assert_non_null(names_wrong_kind(longer));
}

static void namespaces(void **state)
{
    static const char *const good[] = {
        "a", "ml-1", "0", "a23456789012345678901234567890123456789012345678901234567890123", NULL};
    static const char *const bad[] = {
        "*",     "..",
        "a.b",   "A",
        "-a",    "a-",
        "",      "a/b",
        "a%2fb", "a234567890123456789012345678901234567890123456789012345678901234",
        NULL};
    table(names_wrong_namespace, good, bad);
}

static void versions(void **state)
{
    static const char *const good[] = {"v1", "apps/v1", "a-b.example.com/v1beta1", NULL};
    static const char *const bad[] = {"",      "/v1",     "apps/", "apps/v1/x",  "../v1",  "a/..",
                                      "*/v1",  "a b/v1",  "V1",    "apps/v1%2f", "a..b/v", ".a/v1",
                                      "a./v1", "a-.b/v1", "v.1",   NULL};
    table(names_wrong_api_version, good, bad);
}

struct seen {
    size_t objects;
    char *problem;
};

static void take_object(void *ctx, const char *file, const struct manifest *m)
{
    ((struct seen *)ctx)->objects++;
}

static void take_problem(void *ctx, const struct problem *p)
{
    struct seen *seen = ctx;
    free(seen->problem);
    seen->problem = xasprintf("%u:%u: %s", p->line, p->col, p->message);
}

static void definitions(void **state)
{
    static const struct {
        const char *spec, *problem;
    } cases[] = {
        {"{group: a.example, names: {plural: pods}, versions: [{name: v1}]}", NULL},
        {"{}", NULL},
        {"{group: '*', names: {plural: pods}}", "4:15: spec.group is no DNS name"},
        {"{group: a/b}", "4:15: spec.group is no DNS name"},
        {"{names: {plural: '*'}}", "4:24: spec.names.plural is no DNS label"},
        {"{names: {plural: pods/exec}}", "4:24: spec.names.plural is no DNS label"},
        {"{versions: [{name: v1}, {name: ..}]}", "4:38: spec.versions name is no DNS label"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct seen seen = {0};
        const struct manifest_sink sink = {&seen, take_object, take_problem};
        _free_ char *text = xasprintf("apiVersion: apiextensions.k8s.io/v1\n"
                                      "kind: CustomResourceDefinition\n"
                                      "metadata: {name: x}\nspec: %s\n",
                                      cases[i].spec);
        manifest_read("x.yaml", text, strlen(text), &sink);
        if (!cases[i].problem) {
            assert_int_equal(seen.objects, 1);
            assert_null(seen.problem);
        } else if (!seen.problem || seen.objects ||
                   strncmp(seen.problem, cases[i].problem, strlen(cases[i].problem)) != 0) {
            fail_msg("%s: %s", cases[i].spec, seen.problem ? seen.problem : "taken");
        }
        free(seen.problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(namespaces),
        cmocka_unit_test(versions),
        cmocka_unit_test(definitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
