/* Why a line that was told is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cleared.h"
#include "core/alloc.h"
#include "core/json.h"

#define FIELD(name) "{\"verdict\":\"drifted\",\"class\":\"changed\",\"field\":\"" name "\"}"
#define EXTRA(name) "{\"verdict\":\"drifted\",\"class\":\"extra\",\"field\":\"" name "\"}"
#define WHOLE(word) "{\"verdict\":\"" word "\"}"
#define REORDER(name)                                                                              \
    "{\"verdict\":\"drifted\",\"class\":\"changed\",\"by_reason\":\"order\",\"field\":\"" name "\"}"

static const struct {
    const char *line, *passed_over, *found, *why;
    enum observed observed;
    enum answer apply;
} cases[] = {
    {FIELD("data.x"), NULL, "", "in sync", OBSERVED_PRESENT, ANSWER_OK},
    {FIELD("data.x"), NULL, FIELD("data.xy"), "in sync", OBSERVED_PRESENT, ANSWER_OK},
    {FIELD("data.x"), "ignored", "", "ignored", OBSERVED_PRESENT, ANSWER_OK},
    {FIELD("data.x"), "ignored", WHOLE("missing"), "missing", OBSERVED_GONE, ANSWER_OK},
    {FIELD("data.x"), NULL, WHOLE("terminating"), "terminating", OBSERVED_PRESENT, ANSWER_NONE},
    {FIELD("spec.x"), NULL, "", "it is not there", OBSERVED_GONE, ANSWER_OK},
    /* the whole object was told */
    {WHOLE("missing"), NULL, "", "in sync", OBSERVED_PRESENT, ANSWER_OK},
    {WHOLE("missing"), NULL, FIELD("data.x"), "it is there", OBSERVED_PRESENT, ANSWER_OK},
    {WHOLE("unknown"), NULL, FIELD("data.x"), "it is known again", OBSERVED_PRESENT, ANSWER_OK},
    {WHOLE("blocked"), NULL, FIELD("data.x"), "it is no longer blocked", OBSERVED_PRESENT,
     ANSWER_OK},
    {WHOLE("terminating"), NULL, FIELD("data.x"), "it is no longer being deleted", OBSERVED_PRESENT,
     ANSWER_OK},
    /* the change is refused: the fields may be compared all the same */
    {FIELD("data.x"), NULL, WHOLE("blocked"), "blocked", OBSERVED_PRESENT, ANSWER_REFUSED},
    {FIELD("data.x"), NULL, WHOLE("blocked") "," FIELD("data.y"), "in sync", OBSERVED_PRESENT,
     ANSWER_REFUSED},
    {EXTRA("data.x"), NULL, WHOLE("blocked") "," FIELD("data.y"), "blocked", OBSERVED_PRESENT,
     ANSWER_REFUSED},
    /* by another path */
    {FIELD("spec.a"), NULL, FIELD("spec.a.b"), "told as spec.a.b", OBSERVED_PRESENT, ANSWER_OK},
    {FIELD("spec.a[0].b"), NULL, FIELD("spec.a"), "told as spec.a", OBSERVED_PRESENT, ANSWER_OK},
    {REORDER("spec.a"), NULL, FIELD("spec.a[n=1].b"), "in sync", OBSERVED_PRESENT, ANSWER_OK},
    /* what people added is not seen without the server */
    {EXTRA("data.x"), NULL, "", "not seen without dry runs", OBSERVED_PRESENT, ANSWER_DENIED},
    {FIELD("data.x"), NULL, "", "in sync", OBSERVED_PRESENT, ANSWER_DENIED},
};

/* Literally as Git says, but for additions: only those were asked about. */
static void why_of_additions(void **state)
{
    static const struct {
        enum answer remove;
        const char *why;
    } rows[] = {{ANSWER_OK, "in sync"},
                {ANSWER_DENIED, "not seen without dry runs"},
                {ANSWER_REFUSED, "no dry run shows it any more"}};
    json_auto_t *found = json_array(), *line = json_loads(EXTRA("data.x"), 0, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct unit unit = {.facts = {.observed = OBSERVED_PRESENT, .literal = true}};
        unit.facts.answers[ASK_REMOVE] = rows[i].remove;
        char *owned = NULL;
        assert_string_equal(cleared_why(line, NULL, &unit, found, &owned), rows[i].why);
    }
}

static void why(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct unit unit = {.facts = {.observed = cases[i].observed}};
        unit.facts.answers[ASK_APPLY] = cases[i].apply;
        _free_ char *list = xasprintf("[%s]", cases[i].found), *owned = NULL;
        json_auto_t *found = json_loads(list, 0, NULL), *line = json_loads(cases[i].line, 0, NULL);
        assert_non_null(found);
        assert_non_null(line);
        assert_string_equal(cleared_why(line, cases[i].passed_over, &unit, found, &owned),
                            cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(why), cmocka_unit_test(why_of_additions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
