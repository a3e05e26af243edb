/* The walk over what Git declares: tests/golden/compare/cases.txt, and long lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "diff/compare.h"
#include "golden_cases.h"
#include "providers/kubernetes/fields.h"
#include "trees.h"

static void put_value(struct buf *b, const json_t *v)
{
    _free_ char *text = v ? json_text(v, JSON_WRITE_SORTED) : xstrdup("-");
    buf_add_str(b, text);
}

static void on_difference(void *ctx, const struct difference *d)
{
    struct buf *b = ctx;
    _free_ char *field = path_text(d->path);
    buf_addf(b, "%s: %s", field, d->order ? "order " : "");
    put_value(b, d->declared);
    buf_add_str(b, " -> ");
    put_value(b, d->live);
    if (!json_same(d->declared, d->answer)) {
        buf_add_str(b, " as ");
        put_value(b, d->answer);
    }
    buf_add_char(b, '\n');
}

struct golden {
    const char *name;
    json_t *declared, *answer, *live, *fields;
    bool literal;
    struct buf want;
};

static void golden_check(struct golden *g)
{
    struct buf _buf_ seen = BUF_INIT(1 * MIB);
    const struct comparison c = {.shape_ops = &fields_shape, .ctx = &seen, .found = on_difference};
    compare_declared(&c, g->declared, g->answer, g->live, g->fields);
    if (strcmp(buf_str(&seen), buf_str(&g->want)) != 0)
        fail_msg("%s:\n%s", g->name, buf_str(&seen));
    if (compare_literal(&fields_shape, g->declared, g->live, g->fields) != g->literal)
        fail_msg("%s: literal", g->name);
    json_decref(g->declared);
    json_decref(g->answer);
    json_decref(g->live);
    json_decref(g->fields);
    buf_free(&g->want);
}

/* The value behind `word`, or false. */
static bool value_of(const char *line, const char *word, json_t *same, json_t **out)
{
    size_t n = strlen(word);
    if (strncmp(line, word, n) != 0 || line[n] != ' ')
        return false;
    line += n + 1;
    *out = !strcmp(line, "same") ? json_incref(same) : !strcmp(line, "none") ? NULL : tree(line);
    return true;
}

static void test_golden(void **state)
{
    size_t len, cases = 0;
    _free_ char *text = golden_file("tests/golden/compare/cases.txt", &len);
    assert_non_null(text);
    char *rest = text, *line;
    struct golden g = {0};
    while ((line = golden_line(&rest))) {
        if (*line == '#' || !*line)
            continue;
        if (!strncmp(line, "== ", 3)) {
            if (g.name)
                golden_check(&g);
            g = (struct golden){.name = line + 3, .want = BUF_INIT(1 * MIB)};
            cases++;
        } else if (!strncmp(line, "literal ", 8)) {
            g.literal = !strcmp(line + 8, "yes");
        } else if (!value_of(line, "declared", NULL, &g.declared) &&
                   !value_of(line, "answer", g.declared, &g.answer) &&
                   !value_of(line, "live", g.answer, &g.live) &&
                   !value_of(line, "fields", NULL, &g.fields)) {
            buf_addf(&g.want, "%s\n", line);
        }
    }
    golden_check(&g);
    assert_true(cases > 35);
}

static bool skip_spec(void *ctx, const struct path *path)
{
    return path_is(path, "spec", NULL) || path_is(path, "a", "b", NULL);
}

static void test_skip(void **state)
{
    json_auto_t *declared = tree("{'spec':{'x':1},'a':{'b':1,'c':1}}");
    json_auto_t *live = tree("{'spec':{'x':2},'a':{'b':2,'c':2}}");
    struct buf _buf_ seen = BUF_INIT(1 * MIB);
    const struct comparison c = {
        .shape_ops = &fields_shape, .ctx = &seen, .skip = skip_spec, .found = on_difference};
    compare_declared(&c, declared, declared, live, NULL);
    assert_string_equal(buf_str(&seen), "a.c: 1 -> 2\n");
}

/* n elements in an order of their own: (i * step) mod n. */
static json_t *long_list(size_t n, size_t step, const char *value, json_t *fields)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        _free_ char *name = xasprintf("N%zu", i * step % n);
        json_t *e = json_object();
        json_put_str(e, "name", name);
        json_put_str(e, "value", value);
        json_push(list, e);
        if (fields) {
            _free_ char *key = xasprintf("k:{\"name\":\"%s\"}", name);
            json_put(fields, key, tree("{'.':{},'f:name':{},'f:value':{}}"));
        }
    }
    return list;
}

static void count(void *ctx, const struct difference *d)
{
    ++*(size_t *)ctx;
}

/* 5,000 elements, all of them changed and moved. */
static void test_long_list(void **state)
{
    enum { N = 5000 };
    json_auto_t *shape = json_object(), *declared = json_object(), *live = json_object();
    json_t *fields = json_object();
    json_put(declared, "l", long_list(N, 1, "1", fields));
    json_put(live, "l", long_list(N, 7, "2", NULL));
    json_put(shape, "f:l", fields);
    size_t found = 0;
    const struct comparison c = {.shape_ops = &fields_shape, .ctx = &found, .found = count};
    compare_declared(&c, declared, declared, live, shape);
    assert_int_equal(found, N + 1); /* and the order */
    assert_false(compare_literal(&fields_shape, declared, live, shape));
    assert_true(compare_literal(&fields_shape, declared, declared, shape));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_long_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
