/* YAML by Kubernetes' rules: the table tests/golden/yaml/rules.txt, places, caps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "core/limits.h"
#include "golden_cases.h"
#include "sync/yaml.h"

static char notes[8192];

static void take_note(void *ctx, uint32_t line, uint32_t col, const char *message)
{
    size_t n = strlen(notes);
    snprintf(notes + n, sizeof(notes) - n, "%u:%u %s\n", line, col, message);
}

/* The document as JSON, "nothing", or "!LINE:COL message". Owned. */
static char *read_text(const char *text, size_t len, uint32_t line)
{
    const struct parse_sink sink = {.note = take_note};
    struct yaml_reader *reader = yaml_reader_new();
    struct arena *arena = arena_new();
    struct yaml_document document;
    struct parse_error err;
    struct buf b = BUF_INIT(16 * MIB);
    /* an exact copy, so that the sanitizer sees a read past its end */
    _free_ char *exact = xmalloc(len ? len : 1);
    memcpy(exact, text, len);
    notes[0] = '\0';
    if (yaml_read(reader, arena, exact, len, line, &sink, &document, &err))
        buf_addf(&b, "!%u:%u %s", err.line, err.col, err.message);
    else if (!document.root)
        buf_add_str(&b, "nothing");
    else
        node_write(&b, document.root);
    yaml_reader_free(reader);
    arena_free(arena);
    return buf_take(&b);
}

/* "!1:4 words" matches when the place is the same and the words stand in the message. */
static bool matches(const char *have, const char *want)
{
    if (want[0] != '!')
        return strcmp(have, want) == 0;
    const char *space = strchr(want, ' ');
    size_t place = (size_t)(space - want) + 1;
    return strncmp(have, want, place) == 0 && strstr(have + place, space + 1);
}

static bool noted(const char *want)
{
    char place[32];
    const char *space = strchr(want, ' ');
    snprintf(place, sizeof(place), "%.*s ", (int)(space - want), want);
    const char *at = strstr(notes, place);
    return at && strstr(at, space + 1);
}

static void test_rules(void **state)
{
    size_t len;
    _free_ char *table = golden_file("tests/golden/yaml/rules.txt", &len);
    assert_non_null(table);
    char *rest = table, *line;
    size_t cases = 0, wrong = 0;
    while ((line = golden_line(&rest))) {
        char *arrow = strstr(line, " => ");
        if (line[0] == '?' && line[1] >= '0' && line[1] <= '9') {
            if (!noted(line + 1)) {
                print_message("no note %s in %s\n", line + 1, notes);
                wrong++;
            }
            continue;
        }
        if (!arrow || (line[0] == '#' && !strstr(line, "=> nothing")))
            continue;
        *arrow = '\0';
        cases++;
        size_t n = golden_unescape(line);
        _free_ char *have = read_text(line, n, 1);
        if (!matches(have, arrow + 4)) {
            print_message("%s\n  want %s\n  have %s\n", line, arrow + 4, have);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(cases > 120);
}

static void assert_reads(const char *text, const char *want)
{
    _free_ char *have = read_text(text, strlen(text), 1);
    if (!matches(have, want))
        fail_msg("want %s, have %s", want, have);
}

static void test_places(void **state)
{
    static const char text[] = "a: &x\n"
                               "  b: [1, {c: d}]\r\n"
                               "e: *x\r"
                               "\xc3\xa9: \xe2\x82\xac\n"
                               "f: |\n"
                               "  g\n";
    struct yaml_reader *reader = yaml_reader_new();
    struct arena *arena = arena_new();
    struct yaml_document document;
    struct parse_error err;
    assert_int_equal(yaml_read(reader, arena, text, sizeof(text) - 1, 11, NULL, &document, &err),
                     0);
    const struct node *a = node_get(document.root, "a"), *b = node_get(a, "b");
    assert_int_equal(a->key_line, 11);
    assert_int_equal(a->key_col, 1);
    assert_int_equal(b->key_line, 12);
    assert_int_equal(b->key_col, 3);
    assert_int_equal(b->line, 12);
    assert_int_equal(b->col, 6);
    const struct node *c = node_get(b->first->next, "c");
    assert_int_equal(c->key_col, 11);
    assert_int_equal(c->col, 14);
    /* through an alias: the alias's place on top, the anchor's below */
    const struct node *e = node_get(document.root, "e");
    assert_int_equal(e->line, 13);
    assert_int_equal(e->col, 4);
    assert_int_equal(node_get(e, "b")->line, 12);
    const struct node *accent = node_get(document.root, "\xc3\xa9");
    assert_int_equal(accent->key_line, 14);
    assert_int_equal(accent->col, 4);
    assert_int_equal(node_get(document.root, "f")->line, 15);
    assert_int_equal(document.block_line, 15);
    yaml_reader_free(reader);
    arena_free(arena);
}

static char *repeat(const char *unit, size_t times)
{
    size_t n = strlen(unit);
    char *text = xmalloc(n * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, unit, n);
    text[n * times] = '\0';
    return text;
}

/* The caps end the reading before libyaml's own cost grows with the square of the depth. */
static void test_depth(void **state)
{
    static const char *const units[] = {"[", "{a: ", "- ", "? "};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        _free_ char *text = repeat(units[i], 1000000 / strlen(units[i]));
        clock_t start = clock();
        _free_ char *have = read_text(text, strlen(text), 1);
        assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.5);
        assert_int_equal(have[0], '!');
    }
    _free_ char *open = repeat("[", LIMIT_YAML_DEPTH), *closed = repeat("]", LIMIT_YAML_DEPTH);
    _free_ char *good = xasprintf("%s%s", open, closed);
    assert_reads(good, good);
    _free_ char *deep = xasprintf("[%s%s]", open, closed);
    assert_reads(deep, "!1:101 nested deeper");
    _free_ char *half = repeat("[", LIMIT_YAML_DEPTH / 2);
    _free_ char *half_end = repeat("]", LIMIT_YAML_DEPTH / 2);
    _free_ char *by_alias = xasprintf("- &a %s%s\n- %s*a%s\n", half, half_end, half, half_end);
    assert_reads(by_alias, "!2:53 nested deeper");
}

static void test_counts(void **state)
{
    struct buf b = BUF_INIT(MIB);
    buf_add_str(&b, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'i'; c++)
        buf_addf(&b, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1, c - 1,
                 c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    _free_ char *have = read_text(b.data, b.len, 1);
    assert_true(matches(have, "!6:26 more than 500000 values"));
    buf_clear(&b);
    buf_add_str(&b, "- &a x\n");
    for (int i = 0; i <= LIMIT_YAML_ALIASES; i++)
        buf_add_str(&b, "- *a\n");
    _free_ char *aliases = read_text(b.data, b.len, 1);
    assert_true(matches(aliases, "!10002:3 more than 10000 aliases"));
    buf_free(&b);
}

/* A reader that serves many documents keeps nothing of the one before. */
static void test_reuse(void **state)
{
    struct yaml_reader *reader = yaml_reader_new();
    struct arena *arena = arena_new();
    struct yaml_document document;
    struct parse_error err;
    struct buf b = BUF_INIT(MIB);
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "key%d: &anchor%d x\n", i, i);
    for (int round = 0; round < 3; round++) {
        arena_reset(arena);
        assert_int_equal(yaml_read(reader, arena, b.data, b.len, 1, NULL, &document, &err), 0);
        assert_int_equal(document.root->count, 1000);
        arena_reset(arena);
        assert_int_equal(yaml_read(reader, arena, "a: *anchor1", 11, 1, NULL, &document, &err), -1);
        arena_reset(arena);
        assert_int_equal(yaml_read(reader, arena, "a: [", 4, 1, NULL, &document, &err), -1);
    }
    buf_free(&b);
    yaml_reader_free(reader);
    arena_free(arena);
}

/* Lines of the measured table that we decide otherwise. */
static bool decided_otherwise(const char *line, const char *want)
{
    bool ours = strstr(want, "922337203685477580") ? !strstr(want, "807}") : false;
    ours = ours || strstr(want, "1844674407") || strstr(want, "100000000000000000000");
    ours = ours || strcmp(line + 1, "a: 1\\na: 2") == 0;              /* doubled */
    ours = ours || strstr(line, "<<") || strstr(line, "<b>");         /* order; Go's escapes */
    ours = ours || strstr(line, "y: 1\\n") || strstr(line, "5e-324"); /* order; digits */
    return ours || strstr(line, "---");                               /* cutting is documents.c's */
}

/* Undoes in place the escapes of a Go string that occur. Returns the length. */
static size_t go_unescape(char *text)
{
    size_t n = 0;
    for (char *p = text; *p; p++) {
        if (*p == '\\' && p[1])
            text[n++] = *++p == 'n' ? '\n' : *p;
        else
            text[n++] = *p;
    }
    text[n] = '\0';
    return n;
}

/* The measured table that lies beside the project. */
static void test_measured(void **state)
{
    size_t len;
    _free_ char *table = golden_file("../shared/data/yaml-rules.txt", &len);
    if (!table) {
        print_message("../shared/data/yaml-rules.txt is not here: the own table alone was read\n");
        return;
    }
    char *rest = table, *line;
    size_t cases = 0, wrong = 0;
    while ((line = golden_line(&rest))) {
        char *end = line;
        while (line[0] == '"' && *++end && *end != '"')
            end += *end == '\\';
        if (line[0] != '"' || *end != '"' || strstr(end, "strict=") || strstr(line, "\\ud83d"))
            continue;
        *end = '\0';
        const char *want = end + 1 + strspn(end + 1, " ");
        if (decided_otherwise(line, want))
            continue;
        char *text = line + 1;
        size_t n = go_unescape(text);
        _free_ char *have = read_text(text, n, 1);
        cases++;
        if (strcmp(have,
                   strcmp(have, "nothing") == 0 && strcmp(want, "null") == 0 ? "nothing" : want)) {
            print_message("%s\n  want %s\n  have %s\n", text, want, have);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(cases > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules), cmocka_unit_test(test_places),
        cmocka_unit_test(test_depth), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_reuse), cmocka_unit_test(test_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
