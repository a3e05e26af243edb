/* Files to manifests: the table tests/golden/documents/cases.txt, and the measured files beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>

#include "core/limits.h"
#include "golden_cases.h"
#include "sync/manifest.h"

struct said {
    struct buf text; /* a line for each call */
    size_t objects, errors;
};

static void take_object(void *ctx, const char *file, const struct manifest *m)
{
    struct said *said = ctx;
    said->objects++;
    assert_string_equal(m->api_version, node_str(node_get(m->root, "apiVersion")));
    assert_string_equal(m->kind, node_str(node_get(m->root, "kind")));
    buf_addf(&said->text, "object %u:%u ", m->line, m->col);
    node_write(&said->text, m->root);
    buf_add_char(&said->text, '\n');
}

static void take_problem(void *ctx, const struct problem *p)
{
    struct said *said = ctx;
    said->errors += p->level == PROBLEM_ERROR;
    assert_null(strchr(p->message, '\n'));
    assert_null(strstr(p->message, "hunter2"));
    buf_addf(&said->text, "%s %u:%u [%s] %s\n", p->level == PROBLEM_ERROR ? "error" : "note",
             p->line, p->col, p->object ? p->object : "", p->message);
}

static void read_file(const char *name, const char *text, size_t len, struct said *said)
{
    const struct manifest_sink sink = {.ctx = said, .object = take_object, .problem = take_problem};
    /* an exact copy, so that the sanitizer sees a read past its end */
    _free_ char *exact = xmalloc(len ? len : 1);
    memcpy(exact, text, len);
    *said = (struct said){.text = BUF_INIT(64 * MIB)};
    manifest_read(name, exact, len, &sink);
}

/* "error 1:2 [x] words": the beginning is the same, the words stand in what follows. */
static bool line_matches(const char *have, const char *want)
{
    const char *end = strncmp(want, "object", 6) == 0 ? NULL : strstr(want, "] ");
    if (!end)
        return strcmp(have, want) == 0;
    size_t head = (size_t)(end - want) + 2;
    return strncmp(have, want, head) == 0 && strstr(have + head, want + head);
}

struct golden {
    char *name, *file;
    struct buf text, want;
};

static size_t run_case(struct golden *g)
{
    struct said said;
    read_file(g->file, g->text.len ? g->text.data : "", g->text.len, &said);
    _free_ char *have = buf_take(&said.text);
    _free_ char *want = buf_take(&g->want);
    char *have_rest = have, *want_rest = want, *h, *w;
    size_t wrong = 0;
    do {
        h = golden_line(&have_rest);
        w = golden_line(&want_rest);
        if ((h || w) && !(h && w && line_matches(h, w))) {
            print_message("%s\n  want %s\n  have %s\n", g->name, w ? w : "-", h ? h : "-");
            wrong++;
        }
    } while (h || w);
    buf_clear(&g->text);
    return wrong;
}

static void add_line(struct golden *g, char *line)
{
    size_t n = strlen(line);
    bool open = n > 2 && strcmp(line + n - 2, "\\c") == 0;
    if (open)
        line[n - 2] = '\0';
    buf_add(&g->text, line, golden_unescape(line));
    if (!open)
        buf_add_char(&g->text, '\n');
}

static void test_cases(void **state)
{
    size_t len, wrong = 0, cases = 0;
    _free_ char *table = golden_file("tests/golden/documents/cases.txt", &len);
    assert_non_null(table);
    struct golden g = {.text = BUF_INIT(MIB), .want = BUF_INIT(MIB)};
    char *rest = table, *line;
    while ((line = golden_line(&rest))) {
        if (strncmp(line, "== ", 3) == 0) {
            if (g.name)
                wrong += run_case(&g);
            cases++;
            g.name = line + 3;
            g.file = strrchr(line, ' ') + 1;
        } else if (line[0] == '|') {
            add_line(&g, line + 1);
        } else if (line[0] == '>') {
            buf_add_str(&g.want, line + 2);
            buf_add_char(&g.want, '\n');
        }
    }
    wrong += run_case(&g);
    buf_free(&g.text);
    buf_free(&g.want);
    assert_int_equal(wrong, 0);
    assert_true(cases > 40);
}

/* Accepted by kubectl and refused here, each with a reason; and the other way round. */
static bool decided(const char *file)
{
    static const char *const files[] = {
        "bytes/latin1.yaml",                         /* not UTF-8: kubectl puts U+FFFD */
        "documents/json-duplicate-key.json",         /* doubled */
        "documents/json-trailing-comma.json",        /* a .json file is JSON */
        "documents/separator-in-block-column0.yaml", /* the block scalar is cut */
        "bytes/emoji-escapes.yaml",                  /* libyaml knows \/ and Go's port does not */
        "documents/flow-unquoted.yaml",              /* the server's to judge */
        "documents/good-then-unknown-kind.yaml",     /* the server's to judge */
        "documents/good-then-broken.yaml",           /* we read on */
        "documents/separator-text.yaml",             /* we read what stands around it */
        "documents/yaml-directive.yaml",             /* we read on */
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strcmp(files[i], file) == 0)
            return true;
    }
    return false;
}

/* The number of accepted documents for each measured file is the number of objects. */
static size_t check_measured(const char *folder, const char *file, size_t accepted)
{
    size_t len;
    _free_ char *path = xasprintf("%s/%s", folder, file);
    _free_ char *text = golden_file(path, &len);
    if (!text || decided(file))
        return !text;
    struct said said;
    read_file(file, text, len, &said);
    _free_ char *have = buf_take(&said.text);
    if (said.objects == accepted)
        return 0;
    print_message("%s: %zu accepted by kubectl, here:\n%s", file, accepted, have);
    return 1;
}

static void test_measured(void **state)
{
    static const char *const folder = "../shared/data/yaml-documents";
    _free_ char *path = xasprintf("%s/expected.tsv", folder);
    size_t len, wrong = 0, accepted = 0;
    _free_ char *table = golden_file(path, &len);
    if (!table) {
        print_message("%s is not here: the own table alone was read\n", path);
        return;
    }
    char *rest = table, *line, *file = NULL;
    golden_line(&rest);
    while ((line = golden_line(&rest))) {
        char *verdict = strchr(line, '\t');
        *verdict++ = '\0';
        if (file && strcmp(file, line) != 0) {
            wrong += check_measured(folder, file, accepted);
            accepted = 0;
        }
        file = line;
        verdict = strchr(verdict, '\t') + 1;
        accepted += strncmp(verdict, "accepted", 8) == 0;
    }
    wrong += check_measured(folder, file, accepted);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_measured)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
