/* When a source is read again, after reads that failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "pause.h"

static void grows(void **state)
{
    static const struct {
        double interval;
        unsigned failures;
        enum err_kind kind;
        double least, most;
    } cases[] = {
        {60, 0, ERR_FATAL, 54, 66},           {60, 1, ERR_LIMIT, 54, 66},
        {60, 3, ERR_LIMIT, 54, 66},           {60, 4, ERR_LIMIT, 54, 120},
        {60, 6, ERR_LIMIT, 240, 480},         {60, 20, ERR_LIMIT, 1800, 3600},
        {60, 4000000, ERR_LIMIT, 1800, 3600}, {60, 20, ERR_INVALID, 150, 300},
        {60, 20, ERR_USAGE, 150, 300},        {60, 20, ERR_RETRY, 150, 300},
        {60, 20, ERR_FATAL, 150, 300},        {60, 20, ERR_AUTH, 150, 300},
        {60, 20, ERR_NOT_FOUND, 150, 300},    {1, 5, ERR_RETRY, 2, 4},
        {7200, 20, ERR_LIMIT, 6480, 7920},    {600, 20, ERR_RETRY, 540, 660},
    };
    for (size_t i = 0; i < 100 * ARRAY_LEN(cases); i++) {
        size_t k = i % ARRAY_LEN(cases);
        double got = pause_s(cases[k].interval, cases[k].failures, cases[k].kind);
        if (got < cases[k].least || got > cases[k].most)
            fail_msg("case %zu: %f", k, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
