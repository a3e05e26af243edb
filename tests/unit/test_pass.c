/* A resident pass with a provider of the test's own: turns, units that lose their kind, pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/desired.h"
#include "sync/pass.h"

#define UNITS 200

static char dir[] = "/tmp/holdfast-pass-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    return rmdir(dir);
}

/* The provider: everything is there, and not literally; questions are answered by the test. */
struct fake {
    struct provider base;
    const struct host *host;
    struct ev_loop *loop;
    struct pass *pass;
    struct unit *asked[4 * UNITS];
    size_t asked_count;
    bool unknown_kind; /* begin() finds no kind for those that are not concluded */
    size_t judged;
    char removed[100]; /* the namespace of the last one that was removed */
};

static const char kind_of_all[] = "a kind";

static void fake_begin(struct provider *p, struct unit *const *units, size_t count)
{
    const struct fake *f = (const struct fake *)p;
    for (size_t i = 0; i < count; i++) {
        units[i]->namespace = units[i]->declared_namespace ? units[i]->declared_namespace : "def";
        if (f->unknown_kind && strncmp(units[i]->name, "old", 3) == 0) {
            units[i]->type = NULL;
            units[i]->facts = (struct facts){.concluded = true};
        } else if (!units[i]->type) {
            units[i]->type = kind_of_all;
            units[i]->facts.observed = OBSERVED_PRESENT;
            f->host->dirty(f->host->ctx, units[i]);
        }
    }
}

static void fake_observe(struct provider *p)
{
}

static void fake_ask(struct provider *p, struct unit *unit, enum ask what)
{
    struct fake *f = (struct fake *)p;
    assert_true(f->asked_count < ARRAY_LEN(f->asked));
    if (what == ASK_READ) {
        unit->facts.observed = OBSERVED_PRESENT;
        unit->facts.stale = unit->facts.in_flight = false;
        f->host->dirty(f->host->ctx, unit);
        return;
    }
    f->asked[f->asked_count++] = unit;
}

static void fake_one(struct provider *p, struct unit *unit)
{
}

static void fake_stop(struct provider *p)
{
}

static const struct provider_ops ops = {
    .name = "fake",
    .begin = fake_begin,
    .observe = fake_observe,
    .ask = fake_ask,
    .conclude = fake_one,
    .refresh = fake_one,
    .forget = fake_one,
    .stop = fake_stop,
};

static void on_event(void *ctx, const json_t *event)
{
}

static void on_done(void *ctx)
{
}

static void on_judged(void *ctx, const struct unit *unit, const json_t *found)
{
    struct fake *f = ctx;
    f->judged++;
}

static void on_removed(void *ctx, const struct unit *unit)
{
    struct fake *f = ctx;
    snprintf(f->removed, sizeof(f->removed), "%s", unit->namespace ? unit->namespace : "(none)");
}

static void begin(struct fake *f)
{
    *f = (struct fake){.base.ops = &ops, .loop = ev_loop_new(EVFLAG_AUTO)};
    f->pass = pass_new(&(struct pass_config){.loop = f->loop,
                                             .source = "s",
                                             .default_namespace = "def",
                                             .resident = true,
                                             .ctx = f,
                                             .error = on_event,
                                             .note = on_event,
                                             .done = on_done,
                                             .judged = on_judged,
                                             .removed = on_removed});
    f->host = pass_host(f->pass);
    pass_provider(f->pass, &f->base);
}

static void end(struct fake *f)
{
    pass_free(f->pass);
    ev_loop_destroy(f->loop);
}

static void turn(struct fake *f)
{
    for (int i = 0; i < 5; i++)
        ev_run(f->loop, EVRUN_NOWAIT);
}

/* Answers all that was asked. */
static void answer(struct fake *f)
{
    size_t n = f->asked_count;
    f->asked_count = 0;
    for (size_t i = 0; i < n; i++) {
        f->asked[i]->facts.in_flight = false;
        f->asked[i]->facts.answers[ASK_APPLY] = ANSWER_OK;
        f->host->dirty(f->host->ctx, f->asked[i]);
    }
    turn(f);
}

#define PLACES_MOST (2 * MIB)

static void add_sized(struct desired_set *set, const char *prefix, int n, enum order_mode mode,
                      size_t places)
{
    static const char bytes[PLACES_MOST];
    _free_ char *name = xasprintf("%s%d", prefix, n);
    const struct desired d = {.api_version = "v1",
                              .kind = "Kind",
                              .name = name,
                              .file = "a.yaml",
                              .line = 1,
                              .col = 1,
                              .mode = (uint8_t)mode,
                              .body_len = 2,
                              .places_len = (uint32_t)places};
    assert_int_equal(desired_set_add(set, &d, "{}", bytes, NULL), 0);
    set->items[set->count - 1].mode = (uint8_t)mode;
}

static void add(struct desired_set *set, const char *prefix, int n, enum order_mode mode)
{
    add_sized(set, prefix, n, mode, 0);
}

/* `old` ones and `new` ones by turns. */
static struct desired_set *make_set(int old, int new)
{
    struct desired_set *set = desired_set_new(dir, NULL);
    assert_non_null(set);
    for (int i = 0; i < old || i < new; i++) {
        if (i < old)
            add(set, "old", i, ORDER_MODE_NONE);
        if (i < new)
            add(set, "new", i, ORDER_MODE_NONE);
    }
    assert_int_equal(desired_set_finish(set, NULL), 0);
    return set;
}

/* A commit while most wait for their turn: each of them gets one. */
static void commit_while_waiting(void **state)
{
    struct fake f;
    begin(&f);
    struct desired_set *one = make_set(UNITS, 0), *two = make_set(UNITS, UNITS);
    pass_take(f.pass, one);
    turn(&f);
    assert_int_equal(f.asked_count, LIMIT_JUDGED_AT_ONCE);
    pass_take(f.pass, two);
    turn(&f);
    for (int i = 0; i < 4 * UNITS && f.asked_count; i++)
        answer(&f);
    assert_int_equal(f.judged, 2 * UNITS);
    assert_int_equal(pass_left(f.pass), 0);
    end(&f);
    desired_set_free(one);
    desired_set_free(two);
}

/* Objects with many values have fewer turns at once, and one that is too large for that has it. */
static void turns_by_size(void **state)
{
    static const size_t places[] = {200 * KIB, 200 * KIB,   200 * KIB,   200 * KIB, 200 * KIB,
                                    200 * KIB, PLACES_MOST, PLACES_MOST, 1,         1};
    struct fake f;
    begin(&f);
    struct desired_set *set = desired_set_new(dir, NULL);
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        add_sized(set, "n", (int)i, ORDER_MODE_NONE, places[i]);
    assert_int_equal(desired_set_finish(set, NULL), 0);
    pass_take(f.pass, set);
    turn(&f);
    static const size_t together[] = {5 + 2, 1, 1, 1};
    for (size_t i = 0; i < ARRAY_LEN(together); i++) {
        assert_int_equal(f.asked_count, together[i]);
        answer(&f);
    }
    assert_int_equal(f.asked_count, 0);
    assert_int_equal(f.judged, ARRAY_LEN(places));
    end(&f);
    desired_set_free(set);
}

/* Those who wait and need no turn any more take none from the others. */
static void waits_for_nothing(void **state)
{
    struct fake f;
    size_t count;
    begin(&f);
    struct desired_set *set = make_set(UNITS, 0);
    pass_take(f.pass, set);
    turn(&f);
    struct unit *const *units = pass_units(f.pass, &count);
    for (int i = 40; i < 100; i++)
        units[i]->facts.literal = true; /* as a watch saw it */
    for (int i = 0; i < 4 * UNITS && f.asked_count; i++)
        answer(&f);
    assert_int_equal(f.judged, UNITS);
    end(&f);
    desired_set_free(set);
}

/* All that is asked about loses its kind; what waits behind it is judged all the same. */
static void kind_went(void **state)
{
    struct fake f;
    begin(&f);
    struct desired_set *set = make_set(LIMIT_JUDGED_AT_ONCE, 0);
    struct desired_set *two = make_set(LIMIT_JUDGED_AT_ONCE, UNITS);
    pass_take(f.pass, set);
    turn(&f);
    assert_int_equal(f.asked_count, LIMIT_JUDGED_AT_ONCE);
    for (size_t i = 0; i < LIMIT_JUDGED_AT_ONCE; i++) {
        f.asked[i]->facts = (struct facts){0};
        f.host->dirty(f.host->ctx, f.asked[i]);
    }
    f.asked_count = 0;
    f.unknown_kind = true;
    pass_take(f.pass, two); /* before the step in which they would give their turns back */
    turn(&f);
    for (int i = 0; i < 4 * UNITS && f.asked_count; i++)
        answer(&f);
    assert_int_equal(f.judged, UNITS);
    end(&f);
    desired_set_free(set);
    desired_set_free(two);
}

/* Its kind went while a question was under way, Git changed and let go of it: the answer comes. */
static void removed_in_flight(void **state)
{
    struct fake f;
    begin(&f);
    struct desired_set *sets[3];
    for (int i = 0; i < 3; i++) {
        sets[i] = desired_set_new(dir, NULL);
        if (i < 2)
            add(sets[i], "old", 0, ORDER_MODE_NONE);
        if (i < 2)
            sets[i]->items[0].digest[0] = (uint8_t)(1 + i);
        assert_int_equal(desired_set_finish(sets[i], NULL), 0);
    }
    pass_take(f.pass, sets[0]);
    turn(&f);
    assert_int_equal(f.asked_count, 1);
    f.asked[0]->type = NULL;
    f.unknown_kind = false;
    pass_take(f.pass, sets[1]);
    assert_true(f.asked[0]->facts.in_flight);
    pass_take(f.pass, sets[2]);
    turn(&f);
    answer(&f); /* a sanitizer sees what was freed */
    assert_int_equal(f.judged, 0);
    end(&f);
    for (int i = 0; i < 3; i++)
        desired_set_free(sets[i]);
}

/* What is open of it was told of the namespace where it is, also where Git names none. */
static void paused_without_namespace(void **state)
{
    struct fake f;
    begin(&f);
    struct desired_set *set = make_set(1, 0), *two = desired_set_new(dir, NULL);
    add(two, "old", 0, ORDER_MODE_PAUSED);
    assert_int_equal(desired_set_finish(two, NULL), 0);
    pass_take(f.pass, set);
    turn(&f);
    answer(&f);
    assert_int_equal(f.judged, 1);
    pass_take(f.pass, two);
    assert_string_equal(f.removed, "def");
    end(&f);
    desired_set_free(set);
    desired_set_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_while_waiting), cmocka_unit_test(turns_by_size),
        cmocka_unit_test(waits_for_nothing),    cmocka_unit_test(kind_went),
        cmocka_unit_test(removed_in_flight),    cmocka_unit_test(paused_without_namespace),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
