/* Places of values: the lines that node_write_places writes, found again by path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "diff/document.h"
#include "trees.h"

static void put_varint(struct buf *b, uint32_t v)
{
    for (; v > 0x7f; v >>= 7)
        buf_add_char(b, (char)(v | 0x80));
    buf_add_char(b, (char)v);
}

/* Numbers the values in preorder: line = first + i * step, column i. */
static void number(struct buf *b, const json_t *v, uint32_t *i, uint32_t first, uint32_t step)
{
    const char *key;
    json_t *child;
    size_t k;
    put_varint(b, first + *i * step);
    put_varint(b, *i);
    ++*i;
    json_object_foreach((json_t *)v, key, child) number(b, child, i, first, step);
    json_array_foreach((json_t *)v, k, child) number(b, child, i, first, step);
}

static struct document document_of(const char *text, uint32_t first, uint32_t step)
{
    struct document doc = {.body = tree(text)};
    struct buf b = BUF_INIT(1 * MIB);
    uint32_t i = 0;
    number(&b, doc.body, &i, first, step);
    doc.places_len = b.len;
    doc.places = (uint8_t *)buf_take(&b);
    return doc;
}

#define _doc_ __attribute__((cleanup(document_free)))

static const char body[] =
    /* 0 */
    "{'metadata':" /* 1 */ "{'name':'x'" /* 2 */ ",'labels':" /* 3 */ "{'a.b/c':''}}," /* 4 */
    "'spec':" /* 5 */ "{'ports':" /* 6 */ "[{'port':53}," /* 7 8 */ "{'port':53,'protocol':'UDP'}]"
    /* 9 10 11 */ ",'set':['p','q']," /* 12 13 14 */ "'empty':{}," /* 15 */ "'none':[]}}" /* 16 */;

struct place_case {
    const char *path;
    uint32_t want; /* number of the value */
};

static const struct place_case cases[] = {
    {"", 0},
    {"metadata", 1},
    {"metadata | name", 2},
    {"metadata | labels | a.b/c", 4},
    {"metadata | labels | gone", 3},
    {"metadata | annotations | a", 1},
    {"spec | ports | {'port':53,'protocol':'TCP'}", 7},
    {"spec | ports | {'port':53,'protocol':'TCP'} | port", 8},
    {"spec | ports | {'port':53,'protocol':'TCP'} | name", 7},
    {"spec | ports | {'port':53,'protocol':'UDP'} | protocol", 11},
    {"spec | ports | {'port':54,'protocol':'UDP'} | protocol", 6},
    {"spec | ports | #1 | port", 10},
    {"spec | ports | #2", 6},
    {"spec | ports | name", 6},
    {"spec | set | ='q'", 14},
    {"spec | set | ='r'", 12},
    {"spec | empty | x | y", 15},
    {"spec | none | #0", 16},
    {"spec | {'port':53}", 5},
    {"metadata | name | x", 2},
    {"other | x | y", 0},
};

static void test_places(void **state)
{
    static const struct {
        uint32_t first, step;
    } scales[] = {{1, 1}, {100, 50}, {0xfffff000u, 3}};
    for (size_t s = 0; s < ARRAY_LEN(scales); s++) {
        struct document _doc_ doc = document_of(body, scales[s].first, scales[s].step);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct kept_path _kept_ p = steps(cases[i].path);
            struct place place = document_place(&doc, kept_path_last(&p));
            if (place.col != cases[i].want ||
                place.line != scales[s].first + cases[i].want * scales[s].step)
                fail_msg("%s: %u:%u", cases[i].path, place.line, place.col);
        }
    }
}

/* Which of two elements it is that say one key each, no path tells: its place in Git's list does.
 */
static void test_known_place(void **state)
{
    static const struct {
        size_t index;
        uint32_t want;
    } known[] = {{0, 2}, {1, 2}, {2, 4}, {3, 2}, {4, 2}}; /* 3: another's; 4: none */
    struct document _doc_ doc = document_of("{'a':[{'b':1},{'c':2},{'b':3}]}", 0, 1);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct kept_path _kept_ p = steps("a | {'b':1,'c':2}");
        p.steps[1].index = known[i].index;
        assert_int_equal(document_place(&doc, kept_path_last(&p)).col, known[i].want);
    }
}

/* No places, or too few: 0, and no byte is read beyond them (sanitizers look on). */
static void test_cut(void **state)
{
    struct document _doc_ doc = document_of(body, 1000, 1);
    size_t all = doc.places_len;
    for (size_t n = 0; n < all; n++) {
        struct document cut = {.body = json_incref(doc.body), .places = xmalloc(n + !n)};
        memcpy(cut.places, doc.places, n);
        cut.places_len = n;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct kept_path _kept_ p = steps(cases[i].path);
            struct place whole = document_place(&doc, kept_path_last(&p));
            struct place part = document_place(&cut, kept_path_last(&p));
            assert_true(part.line <= whole.line && part.col <= whole.col);
        }
        document_free(&cut);
    }
    struct document none = {0};
    struct kept_path _kept_ p = steps("a");
    assert_int_equal(document_place(&none, kept_path_last(&p)).line, 0);
    struct document odd = {.body = json_incref(doc.body), .places = xmalloc(10)};
    memset(odd.places, 0xff, 10); /* numbers that do not end */
    odd.places_len = 10;
    document_place(&odd, kept_path_last(&p));
    document_free(&odd);
    assert_null(odd.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_known_place),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
