/* What the account may ask: when a 403 is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/internal.h"

static const struct kube_resource maps = {.group = "", .plural = "configmaps"};
static const struct kube_resource others = {.group = "", .plural = "services"};

static char asked[64]; /* names of those that were tried, or were marked to be judged */

static void note(void *ctx, struct unit *unit)
{
    asked[strlen(asked)] = *unit->name; /* all of them have one letter */
}

static int load(void *ctx, const struct unit *unit, struct document *out, struct err **err)
{
    note(ctx, (struct unit *)unit);
    return err_set(err, ERR_FATAL, "nothing is sent here");
}

static const struct host host = {.load = load, .dirty = note};

static struct kube *kube_new(bool follow)
{
    static struct kube k;
    k = (struct kube){.rights = json_object(),
                      .opened = json_object(),
                      .config = {.follow = follow, .loop = EV_DEFAULT, .host = &host}};
    return &k;
}

static void kube_end(struct kube *k)
{
    ev_timer_stop(k->config.loop, &k->again);
    json_decref(k->rights);
    json_decref(k->opened);
}

static struct unit unit_of(const char *namespace)
{
    return (struct unit){.type = &maps, .namespace = namespace};
}

/* All answers in that namespace came so long ago. */
static void make_old(struct kube *k)
{
    const char *place;
    json_t *last;
    json_object_foreach(k->rights, place, last)
    {
        if (json_integer_value(last) > 0)
            json_integer_set(last,
                             json_integer_value(last) > 5000 ? json_integer_value(last) - 5000 : 1);
    }
}

static void test_never_there(void **state)
{
    struct kube *k = kube_new(true);
    struct unit a = unit_of("one"), b = unit_of("two");
    kube_granted(k, &a, ASK_APPLY);
    make_old(k);
    assert_true(kube_really_denied(k, &b, ASK_APPLY));  /* another namespace */
    assert_true(kube_really_denied(k, &a, ASK_CREATE)); /* another question */
    kube_end(k);
}

/* A right to one object by its name, whichever answer comes first. */
static void test_by_name(void **state)
{
    struct kube *k = kube_new(true);
    struct unit a = unit_of("one"), b = unit_of("one"), c = unit_of("one");
    kube_granted(k, &a, ASK_APPLY);
    assert_true(kube_really_denied(k, &b, ASK_APPLY)); /* the server knows rights just now */
    kube_granted(k, &a, ASK_APPLY);
    make_old(k);
    assert_true(kube_really_denied(k, &c, ASK_APPLY));
    assert_true(kube_really_denied(k, &b, ASK_APPLY));
    /* it is granted: what is denied now was there for all we know */
    kube_granted(k, &b, ASK_APPLY);
    make_old(k);
    struct unit d = unit_of("one");
    assert_false(kube_really_denied(k, &d, ASK_APPLY));
    kube_end(k);
}

/* The right was there: for a while it is asked again, and then no more. */
static void test_was_there(void **state)
{
    struct kube *k = kube_new(true);
    struct unit a = unit_of("one"), b = unit_of("one");
    kube_granted(k, &a, ASK_APPLY);
    kube_granted(k, &a, ASK_REMOVE);
    make_old(k);
    assert_false(kube_really_denied(k, &a, ASK_REMOVE));
    assert_false(kube_really_denied(k, &b, ASK_REMOVE)); /* never asked of this one */
    kube_granted(k, &a, ASK_APPLY);                      /* says nothing of the other question */
    a.doubted_s -= LIMIT_DOUBT_S;
    assert_true(kube_really_denied(k, &a, ASK_REMOVE));
    assert_true(kube_really_denied(k, &a, ASK_REMOVE));
    assert_true(kube_really_denied(k, &b, ASK_REMOVE));
    kube_end(k);
}

/* Looked at once: others say nothing of an object. */
static void test_once(void **state)
{
    struct kube *k = kube_new(false);
    struct unit a = unit_of("one"), b = unit_of("one");
    kube_granted(k, &a, ASK_APPLY);
    make_old(k);
    assert_true(kube_really_denied(k, &b, ASK_APPLY));
    assert_false(kube_really_denied(k, &a, ASK_APPLY));
    kube_end(k);
}

static void test_bounded(void **state)
{
    struct kube *k = kube_new(true);
    char namespace[16];
    for (int i = 0; i < LIMIT_RIGHTS + 10; i++) {
        snprintf(namespace, sizeof(namespace), "n%d", i);
        struct unit a = unit_of(namespace);
        kube_granted(k, &a, ASK_APPLY);
        assert_true(json_object_size(k->rights) <= LIMIT_RIGHTS);
    }
    kube_end(k);
}

static const char *again(struct kube *k)
{
    memset(asked, 0, sizeof(asked));
    ev_invoke(k->config.loop, &k->again, 0);
    return asked;
}

/* One of each kind and namespace in turn; where one is answered, all beside it are judged again. */
static void test_asked_again(void **state)
{
    struct kube *k = kube_new(true);
    struct unit u[] = {unit_of("one"), unit_of("one"), unit_of("two"), unit_of("two"),
                       unit_of("two")};
    struct unit *sorted[] = {&u[0], &u[1], &u[2], &u[3], &u[4], NULL};
    static const char *const names[] = {"a", "b", "c", "d", "e"}, *const turns[] = {"e", "a", "c",
                                                                                    "e", "b", "d"};
    u[4].type = &others;
    k->sorted = sorted;
    for (int i = 0; i < 5; i++) {
        u[i].name = names[i];
        u[i].facts = (struct facts){.concluded = true, .observed = OBSERVED_PRESENT};
        assert_true(kube_really_denied(k, &u[i], ASK_APPLY));
    }
    assert_true(ev_is_active(&k->again));
    for (size_t i = 0; i < ARRAY_LEN(turns); i++) /* first the one that was denied last */
        assert_string_equal(again(k), turns[i]);
    assert_true(ev_timer_remaining(k->config.loop, &k->again) > LIMIT_ASK_AGAIN_S);
    kube_granted(k, &u[3], ASK_APPLY);
    assert_true(ev_timer_remaining(k->config.loop, &k->again) < 5);
    assert_string_equal(again(k), "ace"); /* c was beside it, a and e stand for theirs */
    for (int i = 0; i < 5; i++)
        u[i].facts = (struct facts){.concluded = true, .observed = OBSERVED_PRESENT};
    kube_granted(k, &u[2], ASK_APPLY); /* one of those: that is known */
    assert_false(k->any_opened);
    kube_granted(k, &u[0], ASK_APPLY);
    assert_string_equal(again(k), "b");
    kube_end(k);
}

/* Nobody is denied any more: nothing is asked. */
static void test_nothing_to_ask(void **state)
{
    struct kube *k = kube_new(true);
    struct unit a = unit_of("one"), *sorted[] = {&a, NULL};
    k->sorted = sorted;
    a.name = "a";
    a.facts = (struct facts){.concluded = true, .observed = OBSERVED_PRESENT};
    assert_true(kube_really_denied(k, &a, ASK_APPLY));
    kube_granted(k, &a, ASK_APPLY);
    assert_string_equal(again(k), "");
    assert_string_equal(again(k), "");
    ev_timer_stop(k->config.loop, &k->again);
    assert_string_equal(again(k), "");
    assert_false(ev_is_active(&k->again));
    kube_end(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_there),    cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_was_there),      cmocka_unit_test(test_once),
        cmocka_unit_test(test_bounded),        cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_nothing_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
