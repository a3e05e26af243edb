/* RFC 3339 both ways, and distances as a person says them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/clock.h"

static void test_format(void **state _unused_)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1772366580250, "2026-03-01T12:03:00.250Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[CLOCK_TEXT_BYTES];
        clock_rfc3339(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_parse(void **state _unused_)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-03-01T12:03:00Z", 1772366580},
        {"2026-03-01T12:03:00.250Z", 1772366580},
        {"2026-03-01t12:03:00.123456789z", 1772366580},
        {"2026-03-01T14:03:00+02:00", 1772366580},
        {"2026-03-01T06:33:00-05:30", 1772366580},
        {"1969-12-31T23:59:59Z", -1},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"0000-01-01T00:00:00Z", -62167219200},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    static const char *const bad[] = {
        "",
        "2026-03-01",
        "2026-03-01T12:03:00",
        "2026-03-01 12:03:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0200",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Zx",
        "26-01-01T00:00:00Z",
        "+026-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t seconds = 42;
        if (clock_parse(good[i].text, &seconds) || seconds != good[i].seconds)
            fail_msg("%s: %lld", good[i].text, (long long)seconds);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t seconds = 42;
        if (!clock_parse(bad[i], &seconds) || seconds != 42)
            fail_msg("%s was taken", bad[i]);
    }
    assert_int_equal(clock_parse(NULL, NULL), -1);
}

/* Every day of four centuries there and back. */
static void test_round(void **state _unused_)
{
    for (int64_t day = -141428; day < 146097; day++) {
        char text[CLOCK_TEXT_BYTES];
        int64_t seconds = 0;
        clock_rfc3339(day * 86400000 + 1000, text);
        assert_int_equal(clock_parse(text, &seconds), 0);
        assert_int_equal(seconds, day * 86400 + 1);
    }
}

static void test_ago(void **state _unused_)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "just now"},     {-5, "just now"},    {-6, "in 6s"},      {1, "1s ago"},
        {59, "59s ago"},     {60, "1m ago"},      {3599, "59m ago"},  {3600, "1h ago"},
        {86400, "24h ago"},  {172799, "47h ago"}, {172800, "2d ago"}, {-120, "in 2m"},
        {864000, "10d ago"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[CLOCK_TEXT_BYTES];
        clock_ago(1000000 - cases[i].seconds, 1000000, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_now(void **state _unused_)
{
    int64_t before = clock_monotonic_ms();
    assert_true(clock_now_ms() > 1600000000000);
    assert_true(clock_monotonic_ms() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format), cmocka_unit_test(test_parse), cmocka_unit_test(test_round),
        cmocka_unit_test(test_ago),    cmocka_unit_test(test_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
