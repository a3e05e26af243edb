/* The command line: what is read, what is refused and how, and that help and man name everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "options.h"
#include "options_table.h"

#define WORDS_MAX 20

/* Parses words that are separated by spaces; '_' stands for an empty word. */
struct line {
    char *text;
    char *words[WORDS_MAX];
    struct options o;
    struct err *err;
    int rc;
};

static void line_parse(struct line *l, const char *text)
{
    *l = (struct line){.text = xstrdup(text)};
    int argc = 0;
    char *rest = l->text;
    l->words[argc++] = rest; /* stands for the program's name */
    for (char *word; argc < WORDS_MAX && (word = strsep(&rest, " "));)
        l->words[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    l->rc = options_parse(*text ? argc : 1, l->words, &l->o, &l->err);
}

static void line_free(struct line *l)
{
    options_free(&l->o);
    err_free(l->err);
    free(l->text);
}

static void test_diff(void **state _unused_)
{
    struct line l;
    line_parse(&l, "diff src --ref=main --path a/b -o json --config c.yaml --kubeconfig=k "
                   "--context x");
    assert_int_equal(l.rc, OPTIONS_RUN);
    assert_string_equal(l.o.command->name, "diff");
    assert_string_equal(l.o.ref, "main");
    assert_string_equal(l.o.path, "a/b");
    assert_int_equal(l.o.output, OUTPUT_JSON);
    assert_string_equal(l.o.config, "c.yaml");
    assert_string_equal(l.o.kubeconfig, "k");
    assert_string_equal(l.o.context, "x");
    assert_null(l.o.namespace);
    assert_null(l.o.as_user);
    assert_int_equal(l.o.arg_count, 1);
    assert_string_equal(l.o.args[0], "src");
    assert_null(l.o.args[1]);
    line_free(&l);
}

static void test_namespace_forms(void **state _unused_)
{
    static const char *const forms[] = {"diff -n ml",          "diff -nml",
                                        "diff -n=ml",          "diff --namespace ml",
                                        "diff --namespace=ml", "diff -n other --namespace ml"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct line l;
        line_parse(&l, forms[i]);
        assert_int_equal(l.rc, OPTIONS_RUN);
        assert_string_equal(l.o.namespace, "ml");
        line_free(&l);
    }
}

static void test_defaults(void **state _unused_)
{
    struct line l;
    line_parse(&l, "diff --namespace= --as _ --context= --path=");
    assert_int_equal(l.rc, OPTIONS_RUN);
    assert_int_equal(l.o.output, OUTPUT_TEXT);
    assert_null(l.o.namespace);
    assert_null(l.o.as_user);
    assert_null(l.o.context);
    assert_null(l.o.path);
    assert_int_equal(l.o.arg_count, 0);
    line_free(&l);
    line_parse(&l, "render x");
    assert_int_equal(l.o.output, OUTPUT_YAML);
    line_free(&l);
    line_parse(&l, "--version");
    assert_string_equal(l.o.command->name, "version");
    line_free(&l);
}

static void test_end_of_options(void **state _unused_)
{
    struct line l;
    line_parse(&l, "lint a -- --ref -n - b");
    assert_int_equal(l.rc, OPTIONS_RUN);
    assert_int_equal(l.o.arg_count, 5);
    assert_string_equal(l.o.args[1], "--ref");
    assert_string_equal(l.o.args[2], "-n");
    line_free(&l);
    line_parse(&l, "diff --ref -- src"); /* a value may be anything */
    assert_string_equal(l.o.ref, "--");
    line_free(&l);
}

static void test_flags(void **state _unused_)
{
    struct line l;
    line_parse(&l, "rbac --report src --account ops/watcher");
    assert_int_equal(l.rc, OPTIONS_RUN);
    assert_true(l.o.report);
    assert_false(l.o.check);
    assert_int_equal(l.o.arg_count, 1);
    assert_string_equal(l.o.args[0], "src");
    assert_string_equal(l.o.account, "ops/watcher");
    line_free(&l);
}

static void test_check_prints_text(void **state _unused_)
{
    static const struct {
        const char *words;
        int rc;
    } lines[] = {{"agent --config x --check", OPTIONS_RUN},
                 {"agent --config x --check -o text", OPTIONS_RUN},
                 {"agent --config x -o json", OPTIONS_RUN},
                 {"agent -o json --config x --check", -1}};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct line l;
        line_parse(&l, lines[i].words);
        assert_int_equal(l.rc, lines[i].rc);
        line_free(&l);
    }
}

static void test_help_asked(void **state _unused_)
{
    static const struct {
        const char *text;
        int rc;
        const char *command;
    } cases[] = {
        {"--help", OPTIONS_HELP, NULL},          {"-h", OPTIONS_HELP, NULL},
        {"--help-man", OPTIONS_MAN, NULL},       {"diff --help", OPTIONS_HELP, "diff"},
        {"diff a b c -h", OPTIONS_HELP, "diff"}, {"lint --help", OPTIONS_HELP, "lint"},
        {"help diff", OPTIONS_RUN, "help"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct line l;
        line_parse(&l, cases[i].text);
        assert_int_equal(l.rc, cases[i].rc);
        if (cases[i].command)
            assert_string_equal(l.o.command->name, cases[i].command);
        else
            assert_null(l.o.command);
        line_free(&l);
    }
}

static void test_refused(void **state _unused_)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "a command is missing"},
        {"dif", "\"dif\" is not a command (did you mean diff?)"},
        {"reed", "\"reed\" is not a command"}, /* the hidden one is not proposed */
        {"xyzzy", "\"xyzzy\" is not a command"},
        {"--ref x diff", "--ref: options come after the command"},
        {"diff --rfe x", "unknown option --rfe (did you mean --ref?)"},
        {"diff --name-space=x", "unknown option --name-space (did you mean --namespace?)"},
        {"diff --qqqqqqq", "unknown option --qqqqqqq"},
        {"diff -x", "unknown option -x"},
        {"diff -output=json", "unknown option -output=json (did you mean --output=json?)"},
        {"diff -namespace ml", "unknown option -namespace (did you mean --namespace?)"},
        {"lint --ref x y", "lint takes no option --ref"},
        {"diff --ref", "--ref needs a value (REF)"},
        {"diff -n", "--namespace needs a value (NS)"},
        {"diff --ref=", "--ref has an empty value"},
        {"diff --config _", "--config has an empty value"},
        {"diff -o xml", "-o xml: diff prints text, json, markdown"},
        {"diff -o yaml", "-o yaml: diff prints text, json, markdown"},
        {"diff -o jsn", "-o jsn: not a format of diff (did you mean json?)"},
        {"diff a b", "diff: one argument too many (\"b\")"},
        {"version x", "version takes no argument (\"x\")"},
        {"lint", "lint needs an argument: holdfast lint PATH..."},
        {"diff --help=x", "unknown option --help"},
        {"rbac --report=yes x", "--report takes no value"},
        {"diff --report", "diff takes no option --report"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct line l;
        line_parse(&l, cases[i].text);
        assert_int_equal(l.rc, -1);
        assert_int_equal(l.err->kind, ERR_USAGE);
        assert_string_equal(l.err->message, cases[i].said);
        line_free(&l);
    }
}

static char *captured(void (*print)(FILE *out, const struct command *c), const struct command *c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out, c);
    fclose(out);
    return text;
}

static void print_man(FILE *out, const struct command *c _unused_)
{
    options_man(out);
}

static void test_help_names_all(void **state _unused_)
{
    _free_ char *program = captured(options_help, NULL), *man = captured(print_man, NULL);
    for (const struct command *c = commands; c->name; c++) {
        assert_non_null(c->run);
        assert_true(c->outputs == 0 || (c->outputs & 1U << c->output));
        assert_true((c->options & OPT_OUTPUT ? 1 : 0) == (c->outputs ? 1 : 0));
        _free_ char *entry = xasprintf("\n  %s ", c->name);
        assert_true((strstr(program, entry) != NULL) == !c->hidden);
        if (c->hidden)
            continue;
        _free_ char *help = captured(options_help, c);
        _free_ char *section = xasprintf(".SS \"holdfast %s", c->name);
        assert_non_null(strstr(man, section));
        for (const struct option_row *r = option_table; r->name; r++) {
            _free_ char *option = options_head(r);
            assert_true((strstr(help, option) != NULL) == ((c->options & r->bit) != 0));
        }
        for (const char *line = help; line; line = strchr(line + 1, '\n'))
            assert_true(strcspn(line + 1, "\n") <= 80);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diff),           cmocka_unit_test(test_namespace_forms),
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_end_of_options),
        cmocka_unit_test(test_help_asked),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_help_names_all), cmocka_unit_test(test_check_prints_text),
        cmocka_unit_test(test_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
