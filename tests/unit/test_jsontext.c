/* The JSON reader: against jansson on a corpus and its mutations, its own rules, its places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "sync/json_text.h"

static const char *const corpus[] = {
    "{}",
    "[]",
    "[[],{}]",
    "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}",
    " [ 1 , -2 , 0 , 0.5 , -1.25e2 , 1E+2 , 1e-7 ] ",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\u0000\"",
    "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"",
    "{\"\":0,\" \":1}",
    "9223372036854775807",
    "-9223372036854775808",
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":"
    "\"v\"}}",
    "true",
    "null",
};

static int read_one(struct arena *arena, const char *text, size_t len, struct json_text *out,
                    struct parse_error *err)
{
    struct keys keys = {0};
    int rc = json_text_read(arena, &keys, text, len, 1, 1, out, err);
    keys_free(&keys);
    return rc;
}

static bool whole(const char *text, size_t len, size_t used)
{
    while (used < len && strchr(" \t\r\n", text[used]) && text[used])
        used++;
    return used == len;
}

/* What jansson takes we take, with the same value, and the other way round; known differences
 * aside. */
static void compare(const char *text, size_t len)
{
    struct arena *arena = arena_new();
    struct json_text value;
    struct parse_error err;
    json_error_t e;
    _free_ char *exact = xmalloc(len ? len : 1);
    memcpy(exact, text, len);
    bool ours = read_one(arena, exact, len, &value, &err) == 0 && whole(exact, len, value.used);
    json_auto_t *theirs =
        json_loadb(exact, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
    if (ours != (theirs != NULL)) /* its depth is 2048 */
        fail_msg("%.*s (%zu bytes): %s", (int)len, text, len, ours ? e.text : err.message);
    if (ours && theirs) {
        struct buf b = BUF_INIT(MIB);
        node_write(&b, value.root);
        json_auto_t *back = json_loadb(b.data, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
        assert_true(json_same(back, theirs));
        buf_free(&b);
    }
    arena_free(arena);
}

static void test_jansson(void **state)
{
    static const char bytes[] =
        "{}[]\":,\\u0019eE.+- \ntfnalse\xc3\xa9\x01\x7f"; /* jansson ends at a NUL */
    uint32_t random = 7;
    for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
        size_t len = strlen(corpus[i]);
        compare(corpus[i], len);
        for (size_t cut = 0; cut < len; cut++)
            compare(corpus[i], cut);
        for (int round = 0; round < 3000; round++) {
            _free_ char *text = xstrdup(corpus[i]);
            for (int k = 0; k < 1 + round % 3; k++) {
                random = random * 1664525 + 1013904223;
                text[(random >> 8) % len] = bytes[(random >> 20) % (sizeof(bytes) - 1)];
            }
            compare(text, len);
        }
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, col;
        const char *words;
        bool syntax;
    } table[] = {
        {"{\"a\":1,\n \"a\":2}", 2, 2, "\"a\" stands twice in one map, first at line 1", false},
        {"[\"\\ud83d\"]", 1, 3, "surrogate", false},
        {"[\"\\ud83d\\u0041\"]", 1, 3, "surrogate", false},
        {"[9223372036854775808]", 1, 2, "int64", false},
        {"[1e400]", 1, 2, "beyond", false},
        {"[\"\xff\"]", 1, 3, "UTF-8", false},
        {"[1,]", 1, 4, "comma before ]", true},
        {"{\"a\":1,}", 1, 8, "comma before }", true},
        {"{a: 1}", 1, 2, "double quotes", true},
        {"{\"a\" 1}", 1, 6, "colon", true},
        {"[1 2]", 1, 4, "comma or ]", true},
        {"[01]", 1, 2, "leading 0", true},
        {"[1.]", 1, 2, "point", true},
        {"[1e]", 1, 2, "exponent", true},
        {"[\"a\nb\"]", 1, 4, "control character", true},
        {"[\"abc", 1, 2, "never closed", true},
        {"[\"\\q\"]", 1, 3, "escape", true},
        {"[tru]", 1, 2, "no JSON value", true},
        {"[", 1, 2, "ends within", true},
        {"", 1, 1, "ends within", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct arena *arena = arena_new();
        struct json_text value;
        struct parse_error err;
        assert_int_equal(read_one(arena, table[i].text, strlen(table[i].text), &value, &err), -1);
        if (!strstr(err.message, table[i].words) || err.line != table[i].line ||
            err.col != table[i].col)
            fail_msg("%s: %u:%u %s", table[i].text, err.line, err.col, err.message);
        assert_int_equal(value.syntax, table[i].syntax);
        arena_free(arena);
    }
}

static void test_places(void **state)
{
    static const char text[] = "  {\"\xc3\xa9\": [1,\r\n  {\"b\" :\ttrue}]} tail";
    struct arena *arena = arena_new();
    struct json_text value;
    struct parse_error err;
    assert_int_equal(read_one(arena, text, sizeof(text) - 1, &value, &err), 0);
    assert_int_equal(value.used, sizeof(text) - 1 - 5);
    const struct node *list = value.root->first, *b = list->last->first;
    assert_int_equal(value.root->col, 3);
    assert_int_equal(list->key_col, 4);
    assert_int_equal(list->col, 9);
    assert_int_equal(b->key_line, 2);
    assert_int_equal(b->key_col, 4);
    assert_int_equal(b->col, 10);
    arena_free(arena);
}

static void test_caps(void **state)
{
    size_t len = 2 * LIMIT_YAML_NODES + 10;
    _free_ char *text = xmalloc(len);
    memset(text, '[', len);
    struct arena *arena = arena_new();
    struct json_text value;
    struct parse_error err;
    assert_int_equal(read_one(arena, text, len, &value, &err), -1);
    assert_int_equal(err.col, LIMIT_YAML_DEPTH + 1);
    assert_false(value.syntax);
    for (size_t i = 1; i + 1 < len; i += 2)
        memcpy(text + i, "0,", 2);
    memset(text + len - 2, ']', 2);
    arena_reset(arena);
    assert_int_equal(read_one(arena, text, len, &value, &err), -1);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_jansson),
                                       cmocka_unit_test(test_errors), cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_caps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
