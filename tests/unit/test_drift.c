/* One drift and its event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/hash.h"
#include "core/limits.h"
#include "diff/drift.h"
#include "trees.h"

static const struct drift_object object = {.source = "s",
                                           .provider = "kubernetes",
                                           .group = "apps",
                                           .kind = "Deployment",
                                           .namespace = "ml",
                                           .name = "x",
                                           .file = "a.yaml"};

/* The event without id and object, which every line has. */
static void check(const struct drift *d, const char *want)
{
    json_auto_t *event = drift_event(&object, d), *expected = tree(want);
    json_auto_t *o = tree("{'provider':'kubernetes','group':'apps','kind':'Deployment',"
                          "'namespace':'ml','name':'x'}");
    char id[17];
    drift_id(&object, d->field, id);
    assert_string_equal(json_str_at(event, "id", NULL), id);
    assert_true(json_equal(json_object_get(event, "object"), o));
    assert_string_equal(json_str_at(event, "state", NULL), "opened");
    assert_string_equal(json_str_at(event, "action", NULL), "report");
    static const char *const common[] = {"id", "object", "state", "action"};
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        json_object_del(event, common[i]);
    if (!json_equal(event, expected)) {
        _free_ char *text = json_text(event, JSON_WRITE_SORTED);
        fail_msg("%s\n%s", want, text);
    }
}

static void test_fields(void **state)
{
    json_auto_t *one = json_integer(1), *null = json_null(), *all = tree("['a','b']");
    check(&(struct drift){.drift_class = CLASS_CHANGED,
                          .field = "spec.a",
                          .want = one,
                          .have = null,
                          .by = "kubectl/scale",
                          .line = 7},
          "{'verdict':'drifted','class':'changed','field':'spec.a','want':1,'have':null,"
          "'by':'kubectl/scale','since':null,'file':'a.yaml','line':7}");
    check(&(struct drift){.drift_class = CLASS_EXTRA,
                          .field = "spec.a",
                          .have = one,
                          .by = "b",
                          .by_all = all,
                          .since = "2026-01-01T00:00:00Z",
                          .since_kind = "at-or-before"},
          "{'verdict':'drifted','class':'extra','field':'spec.a','have':1,'by':'b',"
          "'by_all':['a','b'],'since':'2026-01-01T00:00:00Z','since_kind':'at-or-before',"
          "'file':'a.yaml','line':null}");
    check(&(struct drift){.drift_class = CLASS_DROPPED,
                          .field = "f",
                          .have = one,
                          .by_reason = "git-moved",
                          .unjudged = true,
                          .line = 1},
          "{'verdict':'drifted','class':'dropped','field':'f','have':1,'by':null,"
          "'by_reason':'git-moved','since':null,'file':'a.yaml','line':1,'unjudged':true}");
    check(&(struct drift){.drift_class = CLASS_CHANGED,
                          .field = "f",
                          .want = one,
                          .want_normalized = null,
                          .by_reason = "removed"},
          "{'verdict':'drifted','class':'changed','field':'f','want':1,'want_normalized':null,"
          "'by':null,'by_reason':'removed','since':null,'file':'a.yaml','line':null}");
}

static void test_objects(void **state)
{
    json_auto_t *finalizers = tree("['x/y']");
    check(&(struct drift){.verdict = VERDICT_MISSING, .by_reason = "deleted", .line = 3},
          "{'verdict':'missing','by':null,'by_reason':'deleted','since':null,'file':'a.yaml',"
          "'line':3}");
    check(&(struct drift){.verdict = VERDICT_TERMINATING,
                          .finalizers = finalizers,
                          .since = "2026-01-01T00:00:00Z"},
          "{'verdict':'terminating','since':'2026-01-01T00:00:00Z','finalizers':['x/y'],"
          "'file':'a.yaml','line':null}");
    check(&(struct drift){.verdict = VERDICT_BLOCKED,
                          .reason = "immutable",
                          .remedy = "do this",
                          .message = "no"},
          "{'verdict':'blocked','reason':'immutable','remedy':'do this','message':'no',"
          "'file':'a.yaml','line':null}");
    check(&(struct drift){.verdict = VERDICT_UNKNOWN, .message = "down"},
          "{'verdict':'unknown','message':'down','file':'a.yaml','line':null}");
}

static void test_id(void **state)
{
    char ids[8][17];
    struct drift_object o = object;
    size_t n = 0;
    drift_id(&o, "spec.a", ids[n++]);
    drift_id(&o, "spec.b", ids[n++]);
    drift_id(&o, NULL, ids[n++]);
    o.namespace = NULL;
    drift_id(&o, "spec.a", ids[n++]);
    o = object;
    o.name = "xs"; /* no part may run into the next */
    drift_id(&o, "pec.a", ids[n++]);
    o = object;
    o.source = "t";
    drift_id(&o, "spec.a", ids[n++]);
    o = object;
    o.group = "";
    drift_id(&o, "spec.a", ids[n++]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(strlen(ids[i]), 16);
        assert_int_equal(strspn(ids[i], "0123456789abcdef"), 16);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
    }
    o = object;
    o.file = "another"; /* where it stands in Git is no part of it */
    drift_id(&o, "spec.a", ids[7]);
    assert_string_equal(ids[7], ids[0]);
    /* printf 's\0kubernetes\0apps\0Deployment\0ml\0x\0spec.a\0' | sha256sum | cut -c1-16 */
    assert_string_equal(ids[0], "e3d778543b0a724c");
}

static void test_value(void **state)
{
    json_auto_t *small = tree("{'a':[1,null,'x']}"), *null = json_null();
    json_auto_t *a = drift_value(small), *b = drift_value(null);
    assert_true(json_equal(a, small));
    assert_true(json_is_null(b));
    assert_null(drift_value(NULL));

    /* a text of n bytes is n + 2 as JSON */
    _free_ char *text = xmalloc(LIMIT_VALUE_BYTES + 1);
    memset(text, 'x', LIMIT_VALUE_BYTES);
    text[LIMIT_VALUE_BYTES] = '\0';
    json_auto_t *fits = json_stringn(text, LIMIT_VALUE_BYTES - 2);
    json_auto_t *long_text = json_stringn(text, LIMIT_VALUE_BYTES - 1);
    json_auto_t *whole = drift_value(fits), *cut = drift_value(long_text);
    assert_true(json_equal(whole, fits));
    uint8_t digest[HASH_SHA256_BYTES];
    char hex[2 * HASH_SHA256_BYTES + 1];
    hash_sha256(text, LIMIT_VALUE_BYTES - 1, digest);
    hash_hex(digest, HASH_SHA256_BYTES, hex);
    assert_int_equal(json_object_size(cut), 3);
    assert_true(json_is_true(json_object_get(cut, "cut")));
    assert_int_equal(json_integer_value(json_object_get(cut, "bytes")), LIMIT_VALUE_BYTES - 1);
    assert_string_equal(json_str_at(cut, "sha256", NULL), hex);

    /* of anything else the sorted JSON: the order of members changes nothing */
    json_auto_t *x = json_object(), *y = json_object();
    json_put(x, "a", json_incref(long_text));
    json_put(x, "b", json_integer(1));
    json_put(y, "b", json_integer(1));
    json_put(y, "a", json_incref(long_text));
    json_auto_t *cut_x = drift_value(x), *cut_y = drift_value(y);
    assert_non_null(json_object_get(cut_x, "cut"));
    assert_true(json_equal(cut_x, cut_y));
}

static void test_hidden(void **state)
{
    uint8_t key[32] = {1}, other[32] = {2};
    json_auto_t *a = drift_hidden(key, "secret", 6), *b = drift_hidden(key, "secret", 6);
    json_auto_t *c = drift_hidden(key, "secreT", 6), *d = drift_hidden(other, "secret", 6);
    json_auto_t *e = drift_hidden(key, "", 0), *f = drift_hidden(key, "\0", 1);
    assert_true(json_equal(a, b));
    assert_false(json_equal(a, c));
    assert_false(json_equal(a, d));
    assert_false(json_equal(e, f));
    const char *mark = json_str_at(a, "hidden", NULL);
    assert_int_equal(json_object_size(a), 1);
    assert_int_equal(strlen(mark), 8);
    assert_int_equal(strspn(mark, "0123456789abcdef"), 8);
}

static void test_names(void **state)
{
    static const char *const want[] = {"drifted", "missing", "terminating", "blocked", "unknown"};
    assert_int_equal(ARRAY_LEN(want), VERDICT_COUNT);
    for (int i = 0; i < VERDICT_COUNT; i++)
        assert_string_equal(verdict_name((enum verdict)i), want[i]);
    assert_null(drift_class_name(CLASS_NONE));
    assert_string_equal(drift_class_name(CLASS_CHANGED), "changed");
    assert_string_equal(drift_class_name(CLASS_EXTRA), "extra");
    assert_string_equal(drift_class_name(CLASS_DROPPED), "dropped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields), cmocka_unit_test(test_objects), cmocka_unit_test(test_id),
        cmocka_unit_test(test_value),  cmocka_unit_test(test_hidden),  cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
