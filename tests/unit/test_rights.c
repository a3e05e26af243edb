/* What the account may ask: when a 403 is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/internal.h"

static const struct kube_resource maps = {.group = "", .plural = "configmaps"};

static struct kube *kube_new(bool follow)
{
    static struct kube k;
    k = (struct kube){.rights = json_object(), .config = {.follow = follow}};
    return &k;
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
    json_decref(k->rights);
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
    json_decref(k->rights);
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
    json_decref(k->rights);
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
    json_decref(k->rights);
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
    json_decref(k->rights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_there), cmocka_unit_test(test_by_name),
        cmocka_unit_test(test_was_there),   cmocka_unit_test(test_once),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
