/*
 * The report for a person: golden files (tests/golden/report: NAME.jsonl in; NAME.txt, NAME.100.txt
 * and NAME.md out; UPDATE=1 writes them anew), and what may never reach a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <dirent.h>
#include <locale.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/event.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/linediff.h"
#include "diff/report_md.h"
#include "diff/report_text.h"
#include "diff/show.h"
#include "diff/text.h"

#define FOLDER "tests/golden/report"

/* ---- golden files ---- */

static char *file_text(const char *path)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return NULL;
    struct buf b = BUF_INIT(MIB);
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), in)) > 0;)
        buf_add(&b, chunk, n);
    fclose(in);
    return buf_take(&b);
}

static json_t *file_events(const char *path)
{
    _free_ char *text = file_text(path);
    assert_non_null(text);
    json_t *events = json_array();
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        _err_ struct err *err = NULL;
        json_t *event = *line ? json_parse(line, strlen(line), path, &err) : NULL;
        if (err)
            fail_msg("%s", err->message);
        if (event)
            json_push(events, event);
    }
    return events;
}

static char *report(const json_t *events, bool color, int width)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct report_text *r = report_text_new(out, color, width);
    for (size_t i = 0; i < json_array_size(events); i++)
        report_text_add(r, json_array_get(events, i));
    assert_int_equal(report_text_finish(r), 0);
    fclose(out);
    return text;
}

static char *markdown(const json_t *events)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct report_md *r = report_md_new(out);
    for (size_t i = 0; i < json_array_size(events); i++)
        report_md_add(r, json_array_get(events, i));
    assert_int_equal(report_md_finish(r), 0);
    fclose(out);
    return text;
}

static void compare(const char *name, const char *suffix, const char *text)
{
    _free_ char *path = xasprintf(FOLDER "/%s%s", name, suffix);
    if (getenv("UPDATE")) {
        FILE *out = fopen(path, "we");
        assert_non_null(out);
        fputs(text, out);
        fclose(out);
    }
    _free_ char *expected = file_text(path);
    if (!expected)
        fail_msg("%s is missing", path);
    assert_string_equal(text, expected);
}

static void test_golden(void **state _unused_)
{
    DIR *dir = opendir(FOLDER);
    assert_non_null(dir);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        if (len < 6 || strcmp(entry->d_name + len - 6, ".jsonl") != 0)
            continue;
        _free_ char *name = xstrndup(entry->d_name, len - 6);
        _free_ char *path = xasprintf(FOLDER "/%s", entry->d_name);
        json_auto_t *events = file_events(path);
        _free_ char *plain = report(events, false, 0), *narrow = report(events, false, 100);
        _free_ char *md = markdown(events);
        compare(name, ".txt", plain);
        compare(name, ".100.txt", narrow);
        compare(name, ".md", md);
        count++;
    }
    closedir(dir);
    assert_true(count >= 3);
}

/* Without its colours the coloured text is the plain one. */
static void test_colour(void **state _unused_)
{
    json_auto_t *events = file_events(FOLDER "/mixed.jsonl");
    _free_ char *plain = report(events, false, 0), *color = report(events, true, 0);
    assert_null(strchr(plain, '\033'));
    assert_non_null(strstr(color, "\033[33m~\033[0m"));
    char *out = color;
    for (const char *p = color; *p; p++) {
        if (*p == '\033')
            p += strcspn(p, "m");
        else
            *out++ = *p;
    }
    *out = '\0';
    assert_string_equal(color, plain);
}

/* ---- what hostile input can put into an event ---- */

static void test_hostile(void **state _unused_)
{
    static const char bad[] = "\033]0;x\007\r\n\xc2\x9b"
                              "31m\xe2\x80\xae\x7f";
    static const char *const members[] = {
        "field",  "by",     "by_reason", "since", "file",       "revision", "verdict", "class",
        "reason", "remedy", "message",   "state", "since_kind", "want",     "have",    "source"};
    static const char *const kinds[] = {"drift", "error", "note", "summary"};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
            json_auto_t *events = json_array(), *event = json_object(), *object = json_object();
            json_put_str(object, "kind", bad);
            json_put_str(object, "namespace", bad);
            json_put_str(object, "name", bad);
            json_put_str(event, "event", kinds[k]);
            json_put(event, "object", json_incref(object));
            json_put(event, "want", json_pack("{s:s}", bad, bad));
            json_put(event, "finalizers", json_pack("[s]", bad));
            json_put(event, "drifted", json_pack("{s:i}", bad, 1));
            json_put_str(event, members[i], bad);
            json_push(events, json_incref(event));
            json_push(events, json_incref(event));
            _free_ char *text = report(events, false, 0), *md = markdown(events);
            for (const unsigned char *p = (unsigned char *)text; *p; p++)
                assert_true((*p >= ' ' && *p != 0x7f) || *p == '\n');
            for (const unsigned char *p = (unsigned char *)md; *p; p++)
                assert_true((*p >= ' ' && *p != 0x7f) || *p == '\n');
            assert_null(strstr(text, "\xc2\x9b"));
            assert_null(strstr(text, "\xe2\x80\xae"));
        }
    }
}

static void test_safe(void **state _unused_)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain é 日", "plain é 日"},        {"\033[2J", "\\x1b[2J"},
        {"a\tb\r\n", "a\\tb\\r\\n"},         {"\xc2\x85", "\\x85"},
        {"\xff\xc0\x80", "\\xff\\xc0\\x80"}, {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
        {"\xe2\x80\xaeo", "\\u202eo"},       {"\xef\xbb\xbf", "\\ufeff"},
        {"\xf3\xa0\x80\x81", "\\U000e0001"}, {"a\\b\"", "a\\b\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *text = text_safe_dup(cases[i].in);
        assert_string_equal(text, cases[i].out);
    }
    _buf_ struct buf b = BUF_INIT(100);
    text_safe(&b, "a\\b\"\n", 5, true);
    assert_string_equal(b.data, "\"a\\\\b\\\"\\n\"");
}

/* ---- values ---- */

static void test_values(void **state _unused_)
{
    static const struct {
        const char *json, *shown;
    } cases[] = {
        {"\"web\"", "web"},
        {"\"nginx:1.25@sha256:ab\"", "nginx:1.25@sha256:ab"},
        {"\"80\"", "\"80\""},
        {"\"1e3\"", "\"1e3\""},
        {"80", "80"},
        {"1.5", "1.5"},
        {"\"true\"", "\"true\""},
        {"true", "true"},
        {"\"null\"", "\"null\""},
        {"null", "null"},
        {"\"\"", "\"\""},
        {"\"a b\"", "\"a b\""},
        {"\"absent\"", "\"absent\""},
        {"\"{}\"", "\"{}\""},
        {"\"(hidden 1a2b3c4d)\"", "\"(hidden 1a2b3c4d)\""},
        {"\"a\\u0000b\"", "\"a\\x00b\""},
        {"{}", "{}"},
        {"[1,\"a\"]", "[1,\"a\"]"},
        {"{\"hidden\":\"1a2b3c4d\"}", "(hidden 1a2b3c4d)"},
        {"{\"hidden\":\"1a2b3c4d\",\"x\":1}", "{\"hidden\":\"1a2b3c4d\",\"x\":1}"},
        {"{\"cut\":true,\"bytes\":6000,\"sha256\":\"1a2b3c4d5e6f\"}",
         "(6000 bytes, sha256 1a2b3c4d…)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_auto_t *value = json_parse(cases[i].json, strlen(cases[i].json), "test", NULL);
        assert_non_null(value);
        _free_ char *shown = show_value(value);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void test_cut(void **state _unused_)
{
    _free_ char *same = text_cut("0123456789", 10), *cut = text_cut("0123456789a", 10);
    assert_string_equal(same, "0123456789");
    assert_string_equal(cut, "01234…789a");
    _free_ char *wide = text_cut("日本語日本語日本語", 9);
    assert_string_equal(wide, "日本…本語");
    assert_int_equal(text_width(wide), 9);
    char *a = xstrdup("aaaaaaaaaaaaaaaaaaaaaaaaaXaaaaaaaaaaaaaaaaaaaaaaaaa");
    char *b = xstrdup("aaaaaaaaaaaaaaaaaaaaaaaaaYaaaaaaaaaaaaaaaaaaaaaaaaa");
    text_cut_pair(&a, &b, 12);
    assert_string_equal(a, "…aaaaXaaaaa…");
    assert_string_equal(b, "…aaaaYaaaaa…");
    free(a);
    free(b);
}

/* ---- line diffs ---- */

static void add_line(void *ctx, const struct linediff_line *line)
{
    static const char marks[] = {'@', ' ', '+', '-'};
    struct buf *b = ctx;
    buf_add_char(b, marks[line->kind]);
    buf_add(b, line->text ? line->text : "", line->len);
    buf_add_str(b, line->unended ? "$|" : "|");
}

static void test_linediff(void **state _unused_)
{
    static const struct {
        const char *want, *have, *told;
        size_t differing;
    } cases[] = {
        {"a\nb\nc\n", "a\nb\nc\n", "", 0},
        {"a\nb\nc\n", "a\nx\nc\n", "@| a|+b|-x| c|", 2},
        {"a\n", "a", "@|+a|-a$|", 2},
        {"", "a\nb\n", "@|-a|-b|", 2},
        {"a\nb\n", "", "@|+a|+b|", 2},
        {"1\n2\n3\n4\n5\n6\n7\n8\n", "1\n3\n4\n5\n6\n7\nx\n8\n", "@| 1|+2| 3|@| 7|-x| 8|", 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_auto_t *want = json_string(cases[i].want), *have = json_string(cases[i].have);
        _buf_ struct buf b = BUF_INIT(KIB);
        assert_int_equal(linediff(want, have, 1, 100, add_line, &b), cases[i].differing);
        assert_string_equal(buf_str(&b), cases[i].told);
    }
    /* larger than the table: told as replaced, still counted */
    _buf_ struct buf x = BUF_INIT(MIB), y = BUF_INIT(MIB);
    for (int i = 0; i < 2000; i++) {
        buf_addf(&x, "x%d\n", i);
        buf_addf(&y, "y%d\n", i);
    }
    json_auto_t *want = json_string(x.data), *have = json_string(y.data);
    _buf_ struct buf b = BUF_INIT(MIB);
    assert_int_equal(linediff(want, have, 2, 3, add_line, &b), 4000);
    assert_string_equal(b.data, "@|+x0|+x1|+x2|");
}

/* ---- events ---- */

static void test_event_order(void **state _unused_)
{
    json_auto_t *e = event_new_at(1772366580250, EVENT_WARNING, "drift", "s", NULL);
    json_put(e, "other", json_true());
    json_put(e, "line", json_integer(12));
    json_put_str(e, "file", "x.yaml");
    json_put(e, "have", json_integer(5));
    json_put(e, "want", json_null());
    json_put_str(e, "verdict", "drifted");
    json_put_str(e, "id", "0");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(event_write(out, e), 0);
    fclose(out);
    assert_string_equal(
        text, "{\"time\":\"2026-03-01T12:03:00.250Z\",\"level\":\"warning\",\"event\":\"drift\","
              "\"source\":\"s\",\"revision\":null,\"id\":\"0\",\"verdict\":\"drifted\","
              "\"want\":null,\"have\":5,\"file\":\"x.yaml\",\"line\":12,\"other\":true}\n");
    free(text);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_colour),
        cmocka_unit_test(test_hostile),  cmocka_unit_test(test_safe),
        cmocka_unit_test(test_values),   cmocka_unit_test(test_cut),
        cmocka_unit_test(test_linediff), cmocka_unit_test(test_event_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
