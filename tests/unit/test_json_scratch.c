/* Values of a moment: the fast parser beside jansson's own, and the scope they are made in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/json_scratch.h"
#include "providers/kubernetes/items.h"

/* Both parsers say the same: the same value, or that it is no JSON. */
static void same_as_jansson(const char *text)
{
    size_t len = strlen(text);
    json_t *ours = json_scratch_parse(text, len);
    json_error_t e;
    json_t *theirs = json_load_served(text, len, 0, &e);
    if (!ours != !theirs || (ours && !json_equal(ours, theirs)))
        fail_msg("%s: %s here, %s there", text, ours ? "JSON" : "none", theirs ? "JSON" : "none");
    json_decref(ours);
    json_decref(theirs);
}

static void test_as_jansson(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "\"\"",
        "0",
        "-1",
        "true",
        "false",
        "null",
        " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[{}]}}",
        "[999999999999999999,-999999999999999999,9223372036854775807,-9223372036854775808]",
        "9223372036854775808",
        "0.5",
        "[1.0,1e3,1E-2,-0.0,12.5e+1]",
        "[0,-0,00,01]",
        "01",
        "-",
        "-0",
        "1.",
        ".5",
        "+1",
        "1e",
        "\"a\\nb\\t\\\"\\\\\\/\\b\\f\\r\"",
        "\"\\u0041\\u00e9\\u20ac\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\x\"",
        "\"\\",
        "\"",
        "\"a",
        "\"a\\\"",
        "{\"a\\u0062\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\" : 1 , \"b\" : [ ] }",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "[1,]",
        "[,]",
        "[1 2]",
        "[1",
        "[",
        "{",
        "]",
        "}",
        "",
        " ",
        "tru",
        "nul",
        "truex",
        "[true,false,null]",
        "1 2",
        "{}{}",
        "\"\xc3\xa9\xe2\x82\xac\"",
        "{1:2}",
        "[\"\\u0000\"]",
        "{\"\\u0000x\":1}",
        "{\"a\\\\u0000\":{\"\\\"\\u0000\" : \"\\u0000\\u0000\"}}",
        "{\"\\u0000\":\"",
        "{\"\\u0000",
        "[1]x",
        "\n{\"k\":\t\"v\"}\r\n",
        "[1e400]",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        same_as_jansson(texts[i]);
}

/* Integers beyond 64 bits are reals, whatever stands beside them; the others stay as they are. */
static void test_large_integers(void **state)
{
    static const char text[] = "{\"a\":18446744073709551615,\"b\":[-9223372036854775809],"
                               "\"c\":9223372036854775807,\"d\":\"99999999999999999999\\\"1\"}";
    json_auto_t *parsed = json_parse(text, sizeof(text) - 1, "test", NULL);
    json_auto_t *scratch = json_scratch_parse(text, sizeof(text) - 1);
    assert_true(json_equal(parsed, scratch));
    assert_true(json_real_value(json_object_get(parsed, "a")) == 18446744073709551616.0);
    assert_true(json_is_real(json_array_get(json_object_get(parsed, "b"), 0)));
    assert_int_equal(json_integer_value(json_object_get(parsed, "c")), INT64_MAX);
    assert_string_equal(json_str_at(parsed, "d", NULL), "99999999999999999999\"1");
    struct err _err_ *err = NULL;
    assert_null(json_parse("[18446744073709551615,}", 23, "test", &err));
    assert_null(json_parse("[18446744073709551615,\"", 23, "test", NULL));
    assert_null(json_scratch_parse("18446744073709551615x", 21));
}

/* What jansson refuses in a name is U+FFFD there, and stays elsewhere; Git's own is refused. */
static void test_nul_in_names(void **state)
{
    static const char text[] = "{\"\\u0000x\":\"\\u0000\",\"\\\\u0000\":[18446744073709551615,"
                               "\"\\u0000\"],\"\\u0000\" : 1}";
    json_auto_t *served = json_parse_served(text, sizeof(text) - 1, "test", NULL);
    json_auto_t *scratch = json_scratch_parse(text, sizeof(text) - 1);
    assert_true(json_equal(served, scratch));
    assert_int_equal(json_object_size(served), 3);
    assert_int_equal(json_string_length(json_object_get(served, "\xef\xbf\xbdx")), 1);
    assert_int_equal(json_array_size(json_object_get(served, "\\u0000")), 2);
    assert_int_equal(json_integer_value(json_object_get(served, "\xef\xbf\xbd")), 1);
    assert_null(json_parse(text, sizeof(text) - 1, "test", NULL));
}

static void test_cut_anywhere(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5,\"x\\ny\\u20ac\",true,null,{\"b\":{}}],\"c\":\"\\\\\"}";
    for (size_t n = 0; n + 1 < sizeof(text); n++) {
        _free_ char *part = xstrndup(text, n);
        assert_null(json_scratch_parse(part, n));
    }
    same_as_jansson(text);
}

static void test_deep(void **state)
{
    struct buf _buf_ b = BUF_INIT(10000);
    for (int i = 0; i < 4000; i++)
        buf_add_char(&b, '[');
    assert_null(json_scratch_parse(b.data, b.len));
}

/* Many escapes in one long string: time must not grow with the square. */
static void test_many_escapes(void **state)
{
    struct buf _buf_ b = BUF_INIT(10000000);
    buf_add_char(&b, '"');
    for (int i = 0; i < 2000000; i++)
        buf_add(&b, "\\n", 2);
    buf_add_char(&b, '"');
    json_auto_t *value = json_scratch_parse(b.data, b.len);
    assert_int_equal(json_string_length(value), 2000000);
}

static void test_scope(void **state)
{
    json_auto_t *before = json_pack("{s:[i]}", "a", 1);
    struct buf _buf_ large = BUF_INIT(4000000);
    buf_add_char(&large, '[');
    for (int i = 0; i < 50000; i++)
        buf_addf(&large, "%s{\"name\":\"n%d\"}", i ? "," : "", i);
    buf_add_char(&large, ']');
    for (int turn = 0; turn < 3; turn++) {
        json_scratch_begin();
        json_t *value = json_scratch_parse(large.data, large.len);
        assert_int_equal(json_array_size(value), 50000);
        assert_string_equal(json_str_at(json_array_get(value, 49999), "name", NULL), "n49999");
        json_t *small = json_scratch_parse("{\"a\":[1]}", 9);
        assert_true(json_equal(small, before));
        json_scratch_drop(small);
        json_scratch_drop(value);
        json_scratch_end();
    }
    json_auto_t *after = json_scratch_parse("{\"a\":[1]}", 9);
    assert_true(json_equal(after, before));
}

static bool is(const struct span *s, const char *text)
{
    return s->len == strlen(text) && !memcmp(s->data, text, s->len);
}

static void test_entries(void **state)
{
    static const char text[] =
        "[{\"manager\":\"holdfast\",\"operation\":\"Apply\",\"fieldsV1\":{\"f:a\":{\"k:{\\\"n\\\":"
        "1}\":{}}}} , "
        "{\"operation\":\"Update\",\"subresource\":\"status\",\"manager\":\"k]},\"}]";
    struct span rest = {text, sizeof(text) - 1};
    struct item_entry e;
    assert_int_equal(item_entry_next(&rest, &e), 1);
    assert_true(is(&e.manager, "holdfast") && is(&e.operation, "Apply") && is(&e.subresource, ""));
    assert_int_equal(e.text.data[e.text.len - 1], '}');
    assert_int_equal(item_entry_next(&rest, &e), 1);
    assert_true(is(&e.manager, "k]},") && is(&e.operation, "Update") &&
                is(&e.subresource, "status"));
    assert_int_equal(item_entry_next(&rest, &e), 0);
    rest = (struct span){"[]", 2};
    assert_int_equal(item_entry_next(&rest, &e), 0);
    rest = (struct span){"[1]", 3};
    assert_int_equal(item_entry_next(&rest, &e), -1);
    rest = (struct span){"[{\"manager\":\"x\"", 15};
    assert_int_equal(item_entry_next(&rest, &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_jansson),   cmocka_unit_test(test_large_integers),
        cmocka_unit_test(test_nul_in_names), cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_deep),         cmocka_unit_test(test_many_escapes),
        cmocka_unit_test(test_scope),        cmocka_unit_test(test_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
