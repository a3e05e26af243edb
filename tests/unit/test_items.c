/* The cutter of LISTs: every way in which bytes may be split, and names that stand elsewhere too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "providers/kubernetes/items.h"
#include "providers/kubernetes/skip.h"

/* What was seen of one list, as text: "ns/name uid rv T managed;" for each item. */
struct seen {
    struct buf text;
    bool check_cut;
};

static void put(struct buf *b, const struct span *s)
{
    buf_add(b, s->data, s->len);
}

static void on_item(void *ctx, const struct item *item)
{
    struct seen *seen = ctx;
    struct buf *b = &seen->text;
    put(b, &item->namespace);
    buf_add_char(b, '/');
    put(b, &item->name);
    buf_add_char(b, ' ');
    put(b, &item->uid);
    buf_add_char(b, ' ');
    put(b, &item->resource_version);
    buf_addf(b, " %s%zu;", item->terminating ? "T" : "", item->managed_fields.len);
    size_t len;
    _free_ char *rest = item_without_managed(item, &len);
    json_auto_t *cut = json_loadb(rest, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    json_auto_t *whole = json_loadb(item->text.data, item->text.len, JSON_ALLOW_NUL, NULL);
    assert_non_null(cut);
    assert_non_null(whole);
    json_object_del(json_object_get(whole, "metadata"), "managedFields");
    assert_true(json_equal(cut, whole));
}

static const char sample[] =
    "{\"kind\":\"DeploymentList\",\"apiVersion\":\"apps/v1\","
    "\"metadata\":{\"resourceVersion\":\"77\",\"continue\":\"a\\u002fb\",\"remainingItemCount\":2},"
    "\"items\":[{\"metadata\":{\"name\":\"a\",\"namespace\":\"ml\",\"uid\":\"u-1\","
    "\"resourceVersion\":\"11\",\"annotations\":{\"x\":\"{\\\"name\\\":\\\"no\\\",[[\\\\\"},"
    "\"managedFields\":[{\"manager\":\"k]}\\\\\",\"fieldsV1\":{\"f:x\":{}}}]},"
    "\"spec\":{\"template\":{\"metadata\":{\"name\":\"inner\",\"uid\":\"no\"}},\"s\":\"\\\\\\\\\"}}"
    ",\n"
    " {\"apiVersion\":\"v1\",\"spec\":{\"metadata\":{\"name\":\"no\"},\"name\":\"no\"},"
    "\"metadata\":{\"managedFields\":[],\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","
    "\"ownerReferences\":[{\"name\":\"own\",\"uid\":\"o\"}],\"name\":\"\xc3\xa9\xe2\x82\xac\","
    "\"labels\":{\"name\":\"no\",\"namespace\":\"no\"}}} , {\"metadata\":{}}],\"z\":[\"items\",{}],"
    "\"n\":-1.5e3,\"t\":true}\n";
static const char sample_seen[] = "ml/a u-1 11 43;/\xc3\xa9\xe2\x82\xac   T2;/   0;";

struct result {
    char *seen, *token, *version;
    struct err *err;
    size_t count;
};

static void result_free(struct result *r)
{
    free(r->seen);
    free(r->token);
    free(r->version);
    err_free(r->err);
}
#define _result_ __attribute__((cleanup(result_free)))

/* Feeds the text in pieces: up to `first`, up to `second`, the rest; each in memory of its own, so
 * that a sanitizer sees a read beyond it. */
static struct result cut(const char *text, size_t len, size_t first, size_t second)
{
    struct seen seen = {.text = BUF_INIT(1 * MIB)};
    struct result r = {0};
    struct items_parser *p = items_parser_new(on_item, &seen);
    size_t ends[] = {first, second, len}, at = 0;
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(ends) && !rc; i++) {
        size_t n = ends[i] - at;
        _free_ char *piece = xmalloc(n);
        memcpy(piece, text + at, n);
        rc = items_parser_feed(p, piece, n, &r.err);
        at = ends[i];
    }
    if (!rc)
        items_parser_end(p, &r.token, &r.version, &r.err);
    r.count = items_parser_count(p);
    r.seen = buf_take(&seen.text);
    items_parser_free(p);
    return r;
}

static void test_every_split(void **state)
{
    size_t len = sizeof(sample) - 1;
    for (size_t first = 0; first <= len; first++) {
        for (size_t second = first; second <= len; second += first % 31 ? 97 : 1) {
            _result_ struct result r = cut(sample, len, first, second);
            assert_null(r.err);
            assert_string_equal(r.seen, sample_seen);
            assert_string_equal(r.token, "a/b");
            assert_string_equal(r.version, "77");
        }
    }
}

static void test_byte_by_byte(void **state)
{
    struct seen seen = {.text = BUF_INIT(1 * MIB)};
    struct items_parser *p = items_parser_new(on_item, &seen);
    _free_ char *token = NULL, *version = NULL;
    for (size_t i = 0; i < sizeof(sample) - 1; i++)
        assert_int_equal(items_parser_feed(p, sample + i, 1, NULL), 0);
    assert_int_equal(items_parser_end(p, &token, &version, NULL), 0);
    assert_string_equal(buf_str(&seen.text), sample_seen);
    items_parser_free(p);
    buf_free(&seen.text);
}

static void test_every_truncation(void **state)
{
    size_t len = sizeof(sample) - 2; /* without the last newline, which may be missing */
    for (size_t n = 0; n < len; n++) {
        _result_ struct result r = cut(sample, n, n / 2, n);
        assert_non_null(r.err);
        assert_int_equal(r.err->kind, ERR_RETRY);
    }
}

static void test_pretty(void **state)
{
    json_auto_t *v = json_loads(sample, 0, NULL);
    _free_ char *text = json_dumps(v, JSON_INDENT(4) | JSON_PRESERVE_ORDER);
    size_t len = strlen(text);
    for (size_t i = 0; i <= len; i++) {
        struct result r = cut(text, len, i, len);
        assert_null(r.err);
        assert_int_equal(r.count, 3);
        assert_non_null(strstr(r.seen, "ml/a u-1 11 "));
        result_free(&r);
    }
}

static void test_lists(void **state)
{
    static const struct {
        const char *text, *seen;
        int kind; /* of the error, 0 for none */
    } cases[] = {
        {"{\"items\":null,\"metadata\":{\"resourceVersion\":\"7\"}}", "", 0},
        {"{\"items\":[],\"metadata\":{}}", "", 0},
        {"{\"items\":[{\"metadata\":{\"name\":\"x\"}}],\"metadata\":null}", "/x   0;", 0},
        {" {\"kind\" : \"PodList\"} ", "", 0},
        {"{\"kind\":\"Status\",\"metadata\":{}}", "", ERR_INVALID},
        {"{}", "", ERR_INVALID},
        {"", "", ERR_RETRY},
        {"[]", "", ERR_INVALID},
        {"<html>", "", ERR_INVALID},
        {"{\"items\":{}}", "", ERR_INVALID},
        {"{\"items\":[1]}", "", ERR_INVALID},
        {"{\"items\":[null]}", "", ERR_INVALID},
        {"{\"items\":[{}]}", "", ERR_INVALID},
        {"{\"items\":[{\"metadata\":1}]}", "", ERR_INVALID},
        {"{\"items\":[]}{", "", ERR_INVALID},
        {"{\"items\":[]} x", "", ERR_INVALID},
        {"{\"items\" []}", "", ERR_INVALID},
        {"{\"a\":,\"items\":[]}", "", ERR_INVALID},
        {"{items:[]}", "", ERR_INVALID},
        {"{\"it\\u0065ms\":1,\"\\\"items\":{},\"items\":[]}", "", 0},
        {"{\"a\":{\"items\":[{\"metadata\":{}}]},\"items\":[]}", "", 0},
        {"{\"items\":[],\"metadata\":{\"resourceVersion\":7", "", ERR_RETRY},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(cases[i].text);
        for (size_t at = 0; at <= len; at++) {
            _result_ struct result r = cut(cases[i].text, len, at, len);
            if ((r.err ? (int)r.err->kind : 0) != cases[i].kind)
                fail_msg("%s: %s", cases[i].text, r.err ? r.err->message : "no error");
            if (!r.err)
                assert_string_equal(r.seen, cases[i].seen);
        }
    }
}

static void test_managed_member(void **state)
{
    static const struct {
        const char *text, *rest;
    } cases[] = {
        {"{\"metadata\":{\"managedFields\":[1,2],\"name\":\"a\"}}",
         "{\"metadata\":{\"name\":\"a\"}}"},
        {"{\"metadata\":{\"name\":\"a\",\"managedFields\":[{}],\"uid\":\"b\"}}",
         "{\"metadata\":{\"name\":\"a\",\"uid\":\"b\"}}"},
        {"{\"metadata\":{\"name\":\"a\",\"managedFields\":[{}]}}",
         "{\"metadata\":{\"name\":\"a\"}}"},
        {"{\"metadata\":{\"managedFields\":[{}]},\"z\":1}", "{\"metadata\":{},\"z\":1}"},
        {"{\"metadata\":{\"name\":\"a\" , \"managedFields\" : null }}",
         "{\"metadata\":{\"name\":\"a\"  }}"},
        {"{\"metadata\":{\"name\":\"a\"}}", "{\"metadata\":{\"name\":\"a\"}}"},
        {"{\"spec\":{\"managedFields\":[1]},\"metadata\":{\"labels\":{\"managedFields\":\"x\"}}}",
         "{\"spec\":{\"managedFields\":[1]},\"metadata\":{\"labels\":{\"managedFields\":\"x\"}}}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct item item;
        size_t len;
        assert_int_equal(item_scan(cases[i].text, strlen(cases[i].text), &item), 0);
        _free_ char *rest = item_without_managed(&item, &len);
        assert_string_equal(rest, cases[i].rest);
        assert_int_equal(len, strlen(rest));
    }
}

static void test_scan_refuses(void **state)
{
    static const char *const cases[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"metadata\":[]}",
        "{\"metadata\":{\"name\":\"a\"",
        "{\"metadata\":{\"name\"}}",
        "{\"metadata\":{\"name\":}}",
        "{\"metadata\":{name:1}}",
        "{\"a\":\"metadata\"}",
        "{\"metadata\":{\"a\":1,}}",
        "{\"metadata\":{\"a\":\"\\\"}}",
    };
    struct item item;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(cases[i]);
        _free_ char *copy = xmalloc(len);
        memcpy(copy, cases[i], len);
        if (item_scan(copy, len, &item) == 0)
            fail_msg("taken: %s", cases[i]);
    }
}

static void test_item_too_large(void **state)
{
    struct seen seen = {.text = BUF_INIT(100)};
    struct items_parser *p = items_parser_new(on_item, &seen);
    _err_ struct err *err = NULL;
    static char fill[1 * MIB];
    memset(fill, 'x', sizeof(fill));
    int rc = items_parser_feed(p, "{\"items\":[{\"a\":\"", 16, &err);
    for (size_t i = 0; i <= LIMIT_ITEM_BYTES / sizeof(fill) && !rc; i++)
        rc = items_parser_feed(p, fill, sizeof(fill), &err);
    assert_int_equal(rc, -1);
    assert_int_equal(err->kind, ERR_LIMIT);
    items_parser_free(p);
}

/* The plain definition that the blocks must agree with. */
static size_t skip_plain(const char *s, size_t len)
{
    size_t depth = 0;
    bool in = false;
    for (size_t i = 0; i < len; i++) {
        if (in && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            in = !in;
        else if (!in && (s[i] == '{' || s[i] == '['))
            depth++;
        else if (!in && (s[i] == '}' || s[i] == ']') && --depth == 0)
            return i + 1;
    }
    return len;
}

/* Random texts of the bytes that matter, backslashes inside strings only, cut at random places. */
static void test_blocks_agree(void **state)
{
    static const char outside[] = "{}[]\"\"ab,", inside[] = "{}[]\"\\\\\\xy";
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 5000; round++) {
        char text[600] = "{{{{{{{{";
        bool in = false;
        size_t len = 8;
        while (len < sizeof(text)) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            char c =
                in ? inside[seed % (sizeof(inside) - 1)] : outside[seed % (sizeof(outside) - 1)];
            text[len++] = c;
            if (in && c == '\\' && len < sizeof(text))
                text[len++] = "\"\\n{"[seed >> 40 & 3];
            else if (c == '"')
                in = !in;
        }
        size_t want = skip_plain(text, len), at = 0, cut_at = seed % len;
        struct skip s = {0};
        at = skip_run(&s, text, cut_at);
        if (s.depth || cut_at == 0)
            at += skip_run(&s, text + at, len - at);
        assert_int_equal(at, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_pretty),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_managed_member),
        cmocka_unit_test(test_scan_refuses),
        cmocka_unit_test(test_item_too_large),
        cmocka_unit_test(test_blocks_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
