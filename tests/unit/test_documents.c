/* Bytes, lines and cuts below the parsers; the whole is tested by test_manifest.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "sync/documents.h"
#include "sync/text.h"

static void test_lines(void **state)
{
    static const struct {
        const char *text;
        uint32_t lines;
    } table[] = {{"", 0},           {"a", 0},      {"a\n", 1},
                 {"a\r\nb\r\n", 2}, {"a\rb\r", 2}, {"\r\r\n\n", 3},
                 {"\r", 1},         {"a\n\rb", 2}, {"0123456\n012345\n\n012345678\n", 4}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        size_t len = strlen(table[i].text);
        uint32_t line = 1, col = 1;
        assert_int_equal(text_lines(table[i].text, len), table[i].lines);
        text_advance(table[i].text, len, &line, &col);
        assert_int_equal(line, 1 + table[i].lines);
    }
}

/* What YAML does not take as it is. */
static bool is_control(uint32_t code)
{
    return (code < 0x20 && code != 9 && code != 10 && code != 13) || code == 0x7f ||
           (code > 0x7f && code < 0xa0 && code != 0x85) || code == 0xfeff || code == 0xfffe ||
           code == 0xffff;
}

/* Every character there is, alone and behind eight plain bytes. */
static void test_characters(void **state)
{
    for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x3000 || code > 0xd000 ? 1 : 97) {
        char s[16] = "abcdefgh";
        uint32_t back = 0, bad = 0;
        size_t at = 99, n = text_put(s + 8, code);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(utf8_char(s + 8, n, &back), surrogate ? 0 : n);
        if (surrogate)
            continue;
        assert_int_equal(back, code);
        assert_int_equal(n > 1 ? utf8_char(s + 8, n - 1, &back) : 0, 0);
        bool control = is_control(code);
        assert_int_equal(text_check(s, 8 + n, &at, &bad), control ? TEXT_CONTROL : TEXT_GOOD);
        if (control)
            assert_int_equal(at, 8);
    }
    assert_false(text_utf8("\xc0\x80", 2));
    assert_false(text_utf8("\xe0\x80\x80", 3));
    assert_false(text_utf8("\xf4\x90\x80\x80", 4));
    assert_false(text_utf8("\xff", 1));
    assert_true(text_utf8("a\xf0\x9f\x98\x80", 5));
}

static void test_utf16(void **state)
{
    size_t len, at;
    _free_ char *big = text_from_utf16("\0a\xd8\x3d\xde\0\x20\xac", 8, TEXT_BIG, &len, &at);
    assert_string_equal(big, "a\xf0\x9f\x98\x80\xe2\x82\xac");
    assert_null(text_from_utf16("a\0b", 3, TEXT_LITTLE, &len, &at));
    assert_int_equal(at, 2);
    assert_null(text_from_utf16("\0\xd8", 2, TEXT_LITTLE, &len, &at));
    assert_null(text_from_utf16("\0\xdc\0\xdc", 4, TEXT_LITTLE, &len, &at));
}

static void test_cut(void **state)
{
    static const char text[] = "a\n---\nb\nc\n--- # x\n\n--- d\ne\n---\r\nf";
    static const struct {
        enum part_kind kind;
        const char *text;
        uint32_t line, separator;
    } want[] = {{PART_YAML, "a\n", 1, 2},
                {PART_YAML, "b\nc\n", 3, 5},
                {PART_YAML, "\n", 6, 7},
                {PART_BAD, "", 7, 0},
                {PART_YAML, "f", 10, 0}};
    struct documents d;
    struct part part;
    documents_init(&d, text, sizeof(text) - 1, false);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_true(documents_next(&d, &part));
        assert_int_equal(part.kind, want[i].kind);
        assert_int_equal(part.len, strlen(want[i].text));
        assert_int_equal(part.len && memcmp(part.text, want[i].text, part.len), 0);
        assert_int_equal(part.line, want[i].line);
        assert_int_equal(part.separator_line, want[i].separator);
    }
    assert_false(documents_next(&d, &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_characters),
                                       cmocka_unit_test(test_utf16), cmocka_unit_test(test_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
