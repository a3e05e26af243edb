/* Annotations under holdfast.dev/: what is told of them when Git is read, and the mode in a body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/orders.h"

struct told {
    size_t objects, errors, notes;
    char *text; /* of the last problem: "line:col: message" */
};

static void on_object(void *ctx, const char *file, const struct manifest *m)
{
    ((struct told *)ctx)->objects++;
}

static void on_problem(void *ctx, const struct problem *p)
{
    struct told *told = ctx;
    if (p->level == PROBLEM_ERROR)
        told->errors++;
    else
        told->notes++;
    free(told->text);
    told->text = xasprintf("%u:%u: %s", p->line, p->col, p->message);
    assert_string_equal(p->object, "ConfigMap settings");
}

#define HEAD "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  annotations:\n    "

struct row {
    const char *annotations;
    size_t errors, notes;
    const char *text;
};

static const struct row rows[] = {
    {"holdfast.dev/mode: report", 0, 0, NULL},
    {"holdfast.dev/mode: correct", 0, 0, NULL},
    {"holdfast.dev/mode: paused", 0, 0, NULL},
    {"holdfast.dev/prune: \"false\"", 0, 0, NULL},
    {"holdfast.dev/depends-on: anything", 0, 0, NULL},
    {"team.example/mode: pasued", 0, 0, NULL},
    {"holdfast.dev/ignore: spec.replicas", 0, 0, NULL},
    {"holdfast.dev/ignore: |\n      spec.replicas\n\n      /spec/x/0\n", 0, 0, NULL},
    {"holdfast.dev/mode: pasued", 1, 0,
     "6:24: holdfast.dev/mode: one of report, correct, paused belongs here (did you mean paused?)"},
    {"holdfast.dev/mode: elephant", 1, 0,
     "6:24: holdfast.dev/mode: one of report, correct, paused belongs here"},
    {"holdfast.dev/mode: \"\"", 1, 0,
     "6:24: holdfast.dev/mode: one of report, correct, paused belongs here"},
    {"holdfast.dev/prune: false", 1, 0,
     "6:25: holdfast.dev/prune is not a string, as annotations are: quote its value"},
    {"holdfast.dev/prune: \"no\"", 1, 0,
     "6:25: holdfast.dev/prune: one of true, false belongs here"},
    {"holdfast.dev/ingore: spec.replicas", 1, 0,
     "6:5: holdfast.dev/ingore is no order to holdfast (did you mean holdfast.dev/ignore?)"},
    {"holdfast.dev/elephant: grey", 0, 1,
     "6:5: holdfast.dev/elephant is no order that this version of holdfast knows: passed over"},
    {"holdfast.dev/ignore: spec..replicas", 1, 0,
     "6:26: holdfast.dev/ignore: its line 1: a step is empty: write a field as spec.replicas"},
    {"holdfast.dev/ignore: |\n      spec.replicas\n      /spec/\n", 1, 0,
     "6:26: holdfast.dev/ignore: its line 2: a JSON pointer with an empty step: write a field as "
     "/spec/replicas"},
};

static void test_check(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct told told = {0};
        const struct manifest_sink sink = {&told, on_object, on_problem};
        _free_ char *text = xasprintf(HEAD "%s\n", rows[i].annotations);
        manifest_read("x.yaml", text, strlen(text), &sink);
        if (told.errors != rows[i].errors || told.notes != rows[i].notes ||
            strcmp(told.text ? told.text : "", rows[i].text ? rows[i].text : "") != 0)
            fail_msg("row %zu: %zu errors, %zu notes, %s", i, told.errors, told.notes, told.text);
        assert_int_equal(told.objects, 1); /* compared all the same */
        free(told.text);
    }
}

/* A Pod template's annotations are the Pod's, and no orders. */
static void test_template(void **state)
{
    struct told told = {0};
    const struct manifest_sink sink = {&told, on_object, on_problem};
    static const char text[] =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\nspec:\n  template:\n"
        "    metadata:\n      annotations:\n        holdfast.dev/mode: nonsense\n";
    manifest_read("x.yaml", text, sizeof(text) - 1, &sink);
    assert_int_equal(told.errors + told.notes, 0);
    assert_int_equal(told.objects, 1);
}

static void test_mode(void **state)
{
    static const struct {
        const char *body;
        enum order_mode mode;
    } bodies[] = {
        {"{\"metadata\":{\"annotations\":{\"holdfast.dev/mode\":\"paused\"}}}", ORDER_MODE_PAUSED},
        {"{\"metadata\":{\"annotations\":{\"holdfast.dev/mode\":\"report\"}}}", ORDER_MODE_REPORT},
        {"{\"metadata\":{\"annotations\":{\"holdfast.dev/mode\":\"correct\"}}}",
         ORDER_MODE_CORRECT},
        {"{\"metadata\":{\"annotations\":{\"holdfast.dev/mode\":\"pause\"}}}", ORDER_MODE_NONE},
        {"{\"metadata\":{\"annotations\":{\"holdfast.dev/mode\":true}}}", ORDER_MODE_NONE},
        {"{\"metadata\":{\"labels\":{\"holdfast.dev/mode\":\"paused\"}}}", ORDER_MODE_NONE},
        {"{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"holdfast.dev/mode\":"
         "\"paused\"}}}}}",
         ORDER_MODE_NONE},
        {"{\"data\":{\"x\":\"\\\"holdfast.dev/mode\\\":\\\"paused\\\"\"}}", ORDER_MODE_NONE},
        {"{}", ORDER_MODE_NONE},
        {"", ORDER_MODE_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        if (orders_mode(bodies[i].body, strlen(bodies[i].body)) != bodies[i].mode)
            fail_msg("body %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
