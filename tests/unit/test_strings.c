/* Interned strings: one copy of each text, whatever its length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/strings.h"

static void one_copy(void **state)
{
    struct strings *s = strings_new();
    const char *first[3000];
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3000; i++) {
            snprintf(text, sizeof(text), "text-%d", i);
            const char *kept = strings_add(s, text);
            assert_string_equal(kept, text);
            if (round)
                assert_ptr_equal(kept, first[i]);
            first[i] = kept;
        }
    }
    assert_int_equal(strings_count(s), 3000);
    strings_free(s);
}

static void lengths(void **state)
{
    struct strings *s = strings_new();
    assert_null(strings_add(s, NULL));
    assert_string_equal(strings_add(s, ""), "");
    assert_ptr_equal(strings_add_len(s, "apps/v1", 4), strings_add(s, "apps"));
    assert_ptr_not_equal(strings_add(s, "apps"), strings_add(s, "app"));
    _free_ char *large = xmalloc(100001);
    memset(large, 'x', 100000);
    large[100000] = '\0';
    const char *kept = strings_add(s, large);
    assert_string_equal(kept, large);
    assert_ptr_equal(strings_add(s, large), kept);
    assert_string_equal(strings_add(s, "after"), "after");
    strings_free(s);
    strings_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_copy),
        cmocka_unit_test(lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
