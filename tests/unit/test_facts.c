/* next_action() as a table, and that it always comes to an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/facts.h"

static const struct action_limits limits = {.rereads = 3};

/* What comes out, as one character each. */
enum {
    NOTHING = '.',
    CONCLUDE = 'C',
    READ = 'r',
    APPLY = 'a',
    CREATE = 'c',
    FOLD = 'f',
    REMOVE = 'x'
};

static int said(const struct facts *f)
{
    static const char asks[ASK_COUNT] = {[ASK_READ] = READ,
                                         [ASK_APPLY] = APPLY,
                                         [ASK_CREATE] = CREATE,
                                         [ASK_FOLD] = FOLD,
                                         [ASK_REMOVE] = REMOVE};
    const struct action a = next_action(f, &limits);
    if (a.type == ACTION_ASK)
        return asks[a.ask];
    return a.type == ACTION_CONCLUDE ? CONCLUDE : NOTHING;
}

struct fact_case {
    const char *name;
    struct facts facts;
    int want;
};

#define PRESENT .observed = OBSERVED_PRESENT

static const struct fact_case plain_cases[] = {
    {"not observed yet", {.observed = OBSERVED_NOT_YET}, NOTHING},
    {"not in the LIST: confirm", {.observed = OBSERVED_ABSENT}, READ},
    {"gone: would it be taken?", {.observed = OBSERVED_GONE}, APPLY},
    {"kind not served", {.observed = OBSERVED_UNSERVED}, CONCLUDE},
    {"may not be read", {.observed = OBSERVED_DENIED}, CONCLUDE},
    {"could not be read", {.observed = OBSERVED_FAILED}, CONCLUDE},
    {"nor its collection", {.observed = OBSERVED_UNLISTED}, CONCLUDE},
    {"identity refused", {.observed = OBSERVED_REFUSED}, CONCLUDE},
    {"in sync", {PRESENT, .literal = true}, CONCLUDE},
    {"differs", {PRESENT}, APPLY},
    {"literal, with candidates", {PRESENT, .literal = true, .candidates = true}, REMOVE},
    {"differs, with candidates: first the apply", {PRESENT, .candidates = true}, APPLY},
    {"going away", {PRESENT, .terminating = true}, CONCLUDE},
    {"going away, with candidates",
     {PRESENT, .terminating = true, .candidates = true, .literal = true},
     CONCLUDE},
    {"an answer is awaited", {PRESENT, .in_flight = true}, NOTHING},
    {"an answer is awaited, and stale", {PRESENT, .in_flight = true, .stale = true}, NOTHING},
    {"done", {PRESENT, .concluded = true}, NOTHING},
    {"done, and stale", {PRESENT, .concluded = true, .stale = true}, NOTHING},
    {"stale", {PRESENT, .stale = true}, READ},
    {"stale for the last time", {PRESENT, .stale = true, .rereads = 2}, READ},
    {"stale too often", {PRESENT, .stale = true, .rereads = 3}, CONCLUDE},
    {"gone, then there", {.observed = OBSERVED_GONE, .stale = true}, READ},
    {"reread often, and not stale any more", {PRESENT, .rereads = 3}, APPLY},
};

static void test_plain(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(plain_cases); i++) {
        const struct fact_case *c = &plain_cases[i];
        if (said(&c->facts) != c->want)
            fail_msg("%s: %c", c->name, said(&c->facts));
    }
}

/*
 * An object that is there and differs, by the answer to the apply (rows: none, ok, refused, denied,
 * failed) and: without candidates, with; and the same probeable.
 */
static const char by_apply[5][5] = {
    "aaaa", "CxCx", "Cxcc", "CCCC", "CCCC",
};

static void test_by_apply(void **state)
{
    for (int answer = 0; answer < 5; answer++) {
        for (int i = 0; i < 4; i++) {
            struct facts f = {PRESENT, .candidates = i & 1, .probeable = i & 2};
            f.answers[ASK_APPLY] = (enum answer)answer;
            if (said(&f) != by_apply[answer][i])
                fail_msg("apply %d, %d: %c", answer, i, said(&f));
        }
    }
}

/*
 * The apply was refused and that may be looked into, hands own something: by the answers to the
 * probe (rows) and to the fold (columns), with no answer yet to the remove.
 */
static const char by_probe[5][6] = {
    "ccccc", "fxxxx", "xxxxx", "xxxxx", "xxxxx",
};

static void test_by_probe(void **state)
{
    for (int create = 0; create < 5; create++) {
        for (int fold = 0; fold < 5; fold++) {
            struct facts f = {PRESENT, .candidates = true, .probeable = true};
            f.answers[ASK_APPLY] = ANSWER_REFUSED;
            f.answers[ASK_CREATE] = (enum answer)create;
            f.answers[ASK_FOLD] = (enum answer)fold;
            if (said(&f) != by_probe[create][fold])
                fail_msg("create %d, fold %d: %c", create, fold, said(&f));
            f.answers[ASK_REMOVE] = ANSWER_REFUSED;
            int then = by_probe[create][fold] == REMOVE ? CONCLUDE : by_probe[create][fold];
            assert_int_equal(said(&f), then);
            f.candidates = false; /* nothing to fold, nothing to remove */
            assert_int_equal(said(&f), create ? CONCLUDE : CREATE);
        }
    }
}

/* Literal: the apply is never asked, whatever its answer would be. */
static void test_literal(void **state)
{
    for (int remove = 0; remove < 5; remove++) {
        struct facts f = {PRESENT, .literal = true, .candidates = true};
        f.answers[ASK_REMOVE] = (enum answer)remove;
        assert_int_equal(said(&f), remove ? CONCLUDE : REMOVE);
    }
}

static void test_gone(void **state)
{
    for (int answer = 0; answer < 5; answer++) {
        for (int bits = 0; bits < 16; bits++) {
            struct facts f = {.observed = OBSERVED_GONE,
                              .literal = bits & 1,
                              .candidates = bits & 2,
                              .probeable = bits & 4,
                              .terminating = bits & 8};
            f.answers[ASK_APPLY] = (enum answer)answer;
            assert_int_equal(said(&f), answer ? CONCLUDE : APPLY);
        }
    }
}

/* ---- it always ends ----------------------------------------------------------------------------
 */

static uint64_t seed = 88172645463325252u;

static unsigned draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

static struct facts any_facts(void)
{
    struct facts f = {.observed = (enum observed)(1 + draw(OBSERVED_REFUSED)),
                      .literal = draw(2),
                      .terminating = !draw(8),
                      .candidates = draw(2),
                      .probeable = draw(2),
                      .stale = !draw(4),
                      .rereads = (uint8_t)draw(5)};
    for (int i = 0; i < ASK_COUNT; i++) {
        if (!draw(3))
            f.answers[i] = (enum answer)draw(5);
    }
    return f;
}

/* What a provider may write down (provider.h): a read sets `observed` anew and forgets answers. */
static void answer(struct facts *f, enum ask what)
{
    if (what == ASK_READ) {
        uint8_t rereads = (uint8_t)(f->rereads + f->stale);
        *f = any_facts();
        for (int i = 0; i < ASK_COUNT; i++)
            f->answers[i] = ANSWER_NONE;
        if (f->observed == OBSERVED_ABSENT)
            f->observed = OBSERVED_GONE;
        f->stale = false;
        f->rereads = rereads;
        return;
    }
    if (!draw(4)) {
        f->stale = true; /* computed on another state: no answer */
        return;
    }
    f->answers[what] = (enum answer)(ANSWER_OK + draw(4));
    f->probeable |= what == ASK_APPLY && draw(2);
}

static void test_ends(void **state)
{
    for (int round = 0; round < 200000; round++) {
        struct facts f = any_facts();
        bool asked[ASK_COUNT] = {false};
        unsigned count = 0;
        /* at most every question once for each reading, and one first reading */
        const unsigned most = (limits.rereads + 2) * ASK_COUNT;
        for (;;) {
            const struct action a = next_action(&f, &limits);
            if (a.type == ACTION_CONCLUDE)
                break;
            assert_int_equal(a.type, ACTION_ASK); /* never a wait for nothing */
            assert_true(++count <= most);
            if (a.ask == ASK_READ) {
                for (int i = 0; i < ASK_COUNT; i++)
                    asked[i] = false;
            }
            assert_false(asked[a.ask]);
            assert_int_equal(a.ask == ASK_READ ? ANSWER_NONE : f.answers[a.ask], ANSWER_NONE);
            asked[a.ask] = a.ask != ASK_READ;
            answer(&f, a.ask);
        }
    }
}

/* It looks at the facts and changes nothing: the same facts, the same action. */
static void test_pure(void **state)
{
    for (int round = 0; round < 1000; round++) {
        const struct facts f = any_facts();
        const struct action a = next_action(&f, &limits), b = next_action(&f, &limits);
        assert_int_equal(a.type, b.type);
        assert_int_equal(a.ask, b.ask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_by_apply),
        cmocka_unit_test(test_by_probe), cmocka_unit_test(test_literal),
        cmocka_unit_test(test_gone),     cmocka_unit_test(test_ends),
        cmocka_unit_test(test_pure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
