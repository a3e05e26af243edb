/* The fault proxy's rules: what they are read from, which request they meet, the random schedule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/alloc.h"
#include "tests/cluster/fault_rules.h"

static const struct {
    const char *method, *target, *verb, *kind, *namespace, *name;
} requests[] = {
    {"GET", "/version", "discovery", "", NULL, NULL},
    {"GET", "/api", "discovery", "", NULL, NULL},
    {"GET", "/apis/apps/v1", "discovery", "", NULL, NULL},
    {"GET", "/api/v1/namespaces", "list", "namespaces", NULL, NULL},
    {"GET", "/api/v1/namespaces/ml", "get", "namespaces", NULL, "ml"},
    {"GET", "/api/v1/namespaces/ml/pods", "list", "pods", "ml", NULL},
    {"GET", "/api/v1/namespaces/ml/pods?watch=true&resourceVersion=5", "watch", "pods", "ml", NULL},
    {"GET", "/api/v1/namespaces/ml/pods?fieldSelector=metadata.name%3Da&watch=true", "watch",
     "pods", "ml", "a"},
    {"GET", "/apis/apps/v1/deployments?limit=500", "list", "deployments", NULL, NULL},
    {"PATCH", "/apis/apps/v1/namespaces/ml/deployments/x?dryRun=All", "patch", "deployments", "ml",
     "x"},
    {"POST", "/apis/apps/v1/namespaces/ml/deployments?dryRun=All", "create", "deployments", "ml",
     NULL},
    {"h2", "", "h2", "", NULL, NULL},
};

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void test_requests(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct fault_request q = {0};
        fault_request_read(&q, requests[i].method, requests[i].target);
        if (!same(q.verb, requests[i].verb) || !same(q.kind, requests[i].kind) ||
            !same(q.namespace, requests[i].namespace) || !same(q.name, requests[i].name))
            fail_msg("%s %s: %s %s %s %s", requests[i].method, requests[i].target, q.verb, q.kind,
                     q.namespace ? q.namespace : "-", q.name ? q.name : "-");
        fault_request_free(&q);
    }
}

static int add(struct fault_rules *r, const char *text)
{
    struct err _err_ *err = NULL;
    return fault_rules_add(r, text, &err);
}

static void test_refused(void **state)
{
    static const char *const wrong[] = {"",           "nothing",    "200",        "429 verb",
                                        "429 from=x", "cut at=101", "429 other=1"};
    struct fault_rules r = {0};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(add(&r, wrong[i]), -1);
    assert_int_equal(r.count, 0);
}

static struct fault_rule decide(struct fault_rules *r, const char *verb, const char *kind)
{
    const struct fault_request q = {.verb = (char *)verb, .kind = (char *)kind};
    return fault_rules_decide(r, &q);
}

static void test_schedule(void **state)
{
    struct fault_rules r = {0};
    assert_int_equal(add(&r, "429 verb=list,watch kind=pods from=2 to=3 retry-after=7"), 1);
    assert_int_equal(add(&r, "cut verb=list at=30"), 2);
    assert_int_equal(decide(&r, "list", "pods").fault, FAULT_CUT); /* the first of the first rule */
    assert_int_equal(decide(&r, "get", "pods").fault, FAULT_NONE);
    assert_int_equal(decide(&r, "list", "pod").at, 30);
    const struct fault_rule second = decide(&r, "watch", "pods");
    assert_int_equal(second.status, 429);
    assert_int_equal(second.retry_after, 7);
    assert_int_equal(decide(&r, "list", "pods").fault, FAULT_STATUS);
    assert_int_equal(decide(&r, "list", "pods").fault, FAULT_CUT); /* and after its last */
    assert_true(fault_rules_has(&r, 2));
    fault_rules_clear(&r);
    assert_false(fault_rules_has(&r, 2));
    assert_int_equal(decide(&r, "list", "pods").fault, FAULT_NONE);
    assert_int_equal(add(&r, "stall"), 3); /* no number comes again */
    fault_rules_clear(&r);
}

/* A WATCH that goes on is met by rules that say so, each of them once. */
static void test_running(void **state)
{
    struct fault_rules r = {0};
    const struct fault_request watch = {.verb = "watch", .kind = "pods"};
    const struct fault_request list = {.verb = "list", .kind = "pods"};
    add(&r, "cut");
    assert_int_equal(fault_rules_running(&r, &watch, 0).fault, FAULT_NONE);
    add(&r, "expired running");
    assert_int_equal(fault_rules_running(&r, &watch, 0).fault, FAULT_EXPIRED);
    assert_int_equal(fault_rules_running(&r, &list, 0).fault, FAULT_NONE);
    assert_int_equal(fault_rules_running(&r, &watch, 2).fault, FAULT_NONE);
    fault_rules_clear(&r);
}

static void test_random(void **state)
{
    struct fault_rules r = {.seed = 4711, .percent = 30}, again = r, other = r;
    unsigned faults = 0, differ = 0;
    other.seed = 4712;
    for (unsigned n = 1; n <= 1000; n++) {
        const struct fault_request q = {.verb = "list", .kind = "pods", .number = n};
        const struct fault_rule a = fault_rules_decide(&r, &q);
        const struct fault_rule b = fault_rules_decide(&again, &q);
        assert_int_equal(a.fault, b.fault);
        assert_int_equal(a.status, b.status);
        differ += a.fault != fault_rules_decide(&other, &q).fault;
        faults += a.fault != FAULT_NONE;
        assert_true(a.fault != FAULT_EXPIRED && a.fault != FAULT_END); /* of watches alone */
    }
    assert_in_range(faults, 200, 400);
    assert_true(differ > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_schedule), cmocka_unit_test(test_running),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
