#include "core/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void doubles_up_to_the_most(void **state)
{
    static const struct {
        unsigned failures;
        double whole;
    } rows[] = {{0, 0.5}, {1, 1}, {2, 2}, {5, 16}, {6, 30}, {7, 30}, {63, 30}, {4000000000U, 30}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double low = rows[i].whole, high = 0;
        for (int n = 0; n < 1000; n++) {
            double s = backoff_s(rows[i].failures, 0.5, 30);
            low = s < low ? s : low;
            high = s > high ? s : high;
        }
        assert_true(low >= rows[i].whole / 2 && high <= rows[i].whole);
        assert_true(high - low > rows[i].whole / 4); /* spread over most of it */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(doubles_up_to_the_most)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
