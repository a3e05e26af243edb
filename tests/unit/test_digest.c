/* The digest of a set: what it tells apart, and that taking out undoes putting in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/digest.h"

static const uint8_t body[DESIRED_DIGEST_BYTES] = {1, 2, 3}, other_body[DESIRED_DIGEST_BYTES] = {9};

static void objects_differ(void **state)
{
    const struct digest_object objects[] = {
        {"v1", "Pod", "ns", "x", "f", 1, 1, body},  {"v2", "Pod", "ns", "x", "f", 1, 1, body},
        {"v1", "Pods", "ns", "x", "f", 1, 1, body}, {"v1", "Pod", NULL, "x", "f", 1, 1, body},
        {"v1", "Pod", "", "x", "f", 1, 1, body},    {"v1", "Pod", "ns", "y", "f", 1, 1, body},
        {"v1", "Pod", "ns", "x", "g", 1, 1, body},  {"v1", "Pod", "ns", "x", "f", 2, 1, body},
        {"v1", "Pod", "ns", "x", "f", 1, 2, body},  {"v1", "Pod", "ns", "x", "f", 1, 1, other_body},
        {"v1", "Po", "dns", "x", "f", 1, 1, body},
    };
    uint8_t got[ARRAY_LEN(objects)][DESIRED_DIGEST_BYTES], again[DESIRED_DIGEST_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        digest_of_object(&objects[i], got[i]);
        digest_of_object(&objects[i], again);
        assert_memory_equal(got[i], again, sizeof(again));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(got[i], got[j], sizeof(got[i]));
    }
}

static void problems_differ(void **state)
{
    const struct problem problems[] = {
        {.level = PROBLEM_ERROR, .file = "f", .message = "m"},
        {.level = PROBLEM_NOTE, .file = "f", .message = "m"},
        {.level = PROBLEM_ERROR, .message = "m"},
        {.level = PROBLEM_ERROR, .file = "f", .line = 1, .message = "m"},
        {.level = PROBLEM_ERROR, .file = "f", .object = "o", .message = "m"},
        {.level = PROBLEM_ERROR, .file = "f", .message = "n"},
    };
    uint8_t got[ARRAY_LEN(problems)][DESIRED_DIGEST_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
        digest_of_problem(&problems[i], got[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(got[i], got[j], sizeof(got[i]));
    }
}

static void comes_and_goes(void **state)
{
    uint8_t one[DESIRED_DIGEST_BYTES], two[DESIRED_DIGEST_BYTES];
    uint8_t sum[DESIRED_DIGEST_BYTES] = {0}, zeros[DESIRED_DIGEST_BYTES] = {0};
    memset(one, 0xff, sizeof(one)); /* every carry and every borrow */
    memset(two, 0x81, sizeof(two));
    digest_add(sum, one);
    digest_add(sum, two);
    digest_add(sum, two); /* twice is not none */
    assert_memory_not_equal(sum, one, sizeof(sum));
    digest_remove(sum, one);
    digest_remove(sum, two);
    assert_memory_equal(sum, two, sizeof(sum));
    digest_remove(sum, one);
    digest_add(sum, one);
    digest_remove(sum, two);
    assert_memory_equal(sum, zeros, sizeof(sum));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_differ),
        cmocka_unit_test(problems_differ),
        cmocka_unit_test(comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
