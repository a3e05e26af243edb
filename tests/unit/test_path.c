/* Field paths: their notation, how elements are found, the index for long lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "diff/path_index.h"
#include "trees.h"

struct notation_case {
    const char *path, *want;
};

static const struct notation_case notation_cases[] = {
    {"", ""},
    {"spec", "spec"},
    {"spec | replicas", "spec.replicas"},
    {"spec | a_b-c9 | 10", "spec.a_b-c9.10"},
    {"metadata | labels | team.example/x", "metadata.labels[\"team.example/x\"]"},
    {"a.b | c", "[\"a.b\"].c"},
    {"data | system:foo", "data[\"system:foo\"]"},
    {"data | 100%", "data[\"100%\"]"},
    {"data | a\"b\\c", "data[\"a\\\"b\\\\c\"]"},
    {"data | \xc3\xa9", "data[\"\xc3\xa9\"]"},
    {"data | a\xe2\x80\xae\xe2\x80\x8f", "data[\"a\\u202e\\u200f\"]"}, /* turns text round */
    {"data | \xe2\x81\xa9\xe2\x80\xa6\xe2\x80",
     "data[\"\\u2069\xe2\x80\xa6\xe2\x80\"]"}, /* cut short */
    {"data | a\nb", "data[\"a\\nb\"]"},
    {"data | ", "data[\"\"]"},
    {"spec | containers | {'name':'main'} | image", "spec.containers[name=main].image"},
    {"p | {'containerPort':80,'protocol':'TCP'}", "p[containerPort=80,protocol=TCP]"},
    {"l | {'name':''}", "l[name=\"\"]"},
    {"l | {'name':'a.b/c:d%'}", "l[name=a.b/c:d%]"},
    {"l | {'name':'a b'}", "l[name=a b]"},
    {"l | {'name':'a,b'}", "l[name=\"a,b\"]"},
    {"l | {'name':'a]b'}", "l[name=\"a]b\"]"},
    {"l | {'name':'a=b'}", "l[name=\"a=b\"]"},
    {"l | {'name':'a\\nb'}", "l[name=\"a\\nb\"]"},
    {"l | {'name':'a\\u0000b'}", "l[name=\"a\\u0000b\"]"},
    {"l | {'a':true,'b':null,'c':1.5}", "l[a=true,b=null,c=1.5]"},
    {"l | {'x.y':'v'}", "l[x.y=v]"},
    {"metadata | finalizers | ='x/y'", "metadata.finalizers[=\"x/y\"]"},
    {"s | =3", "s[=3]"},
    {"s | =''", "s[=\"\"]"},
    {"l | #2 | #0", "l[2][0]"},
    {"l | #2 | name", "l[2].name"},
};

static void test_text(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(notation_cases); i++) {
        struct kept_path _kept_ p = steps(notation_cases[i].path);
        _free_ char *text = path_text(kept_path_last(&p));
        assert_string_equal(text, notation_cases[i].want);
    }
}

static void test_is(void **state)
{
    struct kept_path _kept_ p = steps("metadata | labels | a");
    const struct path *last = kept_path_last(&p);
    assert_int_equal(path_depth(last), 3);
    assert_int_equal(path_depth(NULL), 0);
    assert_true(path_is(last, "metadata", "labels", "a", NULL));
    assert_false(path_is(last, "metadata", "labels", NULL));
    assert_false(path_is(last, "metadata", "labels", "b", NULL));
    assert_false(path_is(last, "spec", "labels", "a", NULL));
    assert_false(path_is(last, "x", "metadata", "labels", "a", NULL));
    assert_true(path_is(NULL, NULL));
    struct kept_path _kept_ element = steps("metadata | {'labels':'x'}");
    assert_false(path_is(kept_path_last(&element), "metadata", "labels", NULL));
}

static void test_each_key(void **state)
{
    static const struct {
        const char *path;
        bool want;
    } cases[] = {
        {"metadata | labels", true},
        {"metadata | annotations", true},
        {"spec | template | metadata | labels", true},
        {"spec | jobTemplate | spec | template | metadata | annotations", true},
        {"data", true},
        {"stringData", true},
        {"binaryData", true},
        {"spec | data", false},
        {"labels", false},
        {"spec | labels", false},
        {"metadata", false},
        {"metadata | labels | a", false},
        {"metadata | finalizers", false},
        {"spec | selector | matchLabels", false},
        {"l | {'metadata':'x'} | labels", false},
        {"metadata | #1", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kept_path _kept_ p = steps(cases[i].path);
        if (path_each_key(kept_path_last(&p)) != cases[i].want)
            fail_msg("%s", cases[i].path);
    }
}

struct element_case {
    const char *list, *keys;
    long want; /* index, or -1 */
};

static const struct element_case element_cases[] = {
    {"[{'name':'a'},{'name':'b'}]", "{'name':'b'}", 1},
    {"[{'name':'a'},{'name':'b'}]", "{'name':'c'}", -1},
    {"[{'name':'1'},{'name':1}]", "{'name':1}", 1},
    {"[{'port':1.0}]", "{'port':1}", 0},
    {"[{'p':53,'q':'UDP'},{'p':53}]", "{'p':53,'q':'TCP'}", 1}, /* an absent key is a wildcard */
    {"[{'p':53},{'p':53,'q':'TCP'}]", "{'p':53,'q':'TCP'}", 1}, /* all keys win */
    {"[{'p':53},{'p':53}]", "{'p':53,'q':'TCP'}", 0},
    {"[{'p':53,'q':'TCP','n':'x'},{'p':53,'q':'TCP','n':'y'}]", "{'p':53,'q':'TCP'}", 0},
    {"[{},{'p':1}]", "{'p':1}", 1},
    {"[{},{'p':53}]", "{'p':53,'q':'TCP'}", 1}, /* the fewest wildcards win */
    {"[{},{'q':'UDP'},{'q':'TCP'},{'p':53}]", "{'p':53,'q':'TCP'}", 2},
    {"[{},{'p':2}]", "{'p':1}", 0},
    {"[null,1,'a',[],{'p':1}]", "{'p':1}", 4},
    {"[{'p':null}]", "{'p':1}", -1},
    {"[{'p':null}]", "{'p':null}", 0},
    {"[]", "{'p':1}", -1},
    {"{'p':1}", "{'p':1}", -1},
    {"'text'", "{'p':1}", -1},
};

static void test_element(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(element_cases); i++) {
        const struct element_case *c = &element_cases[i];
        json_auto_t *list = tree(c->list), *keys = tree(c->keys);
        size_t at = 99;
        const json_t *found = path_element(list, keys, &at);
        if (c->want < 0 ? found != NULL : !found || at != (size_t)c->want)
            fail_msg("%s %s: %zu", c->list, c->keys, at);
        assert_ptr_equal(path_element(list, keys, NULL), found);
    }
    assert_null(path_element(NULL, NULL, NULL));
}

struct find_case {
    const char *path, *want, *nearest; /* NULL: not there */
};

static const struct find_case find_cases[] = {
    {"", "{'a':{'b':[10,'x']},'l':[{'k':1,'v':{'w':null}}]}", NULL},
    {"a | b | #0", "10", NULL},
    {"a | b | #2", NULL, "[10,'x']"},
    {"a | b | ='x'", "'x'", NULL},
    {"a | b | ='y'", NULL, "[10,'x']"},
    {"a | b | c", NULL, "[10,'x']"},
    {"a | c | d | e", NULL, "{'b':[10,'x']}"},
    {"l | {'k':1} | v | w", "null", NULL},
    {"l | {'k':2} | v", NULL, "[{'k':1,'v':{'w':null}}]"},
    {"a | {'k':1}", NULL, "{'b':[10,'x']}"},
    {"a | #0", NULL, "{'b':[10,'x']}"},
    {"l | k", NULL, "[{'k':1,'v':{'w':null}}]"},
};

static void test_find(void **state)
{
    json_auto_t *root = tree(find_cases[0].want);
    for (size_t i = 0; i < ARRAY_LEN(find_cases); i++) {
        const struct find_case *c = &find_cases[i];
        struct kept_path _kept_ p = steps(c->path);
        json_auto_t *want = tree(c->want), *nearest = tree(c->nearest ? c->nearest : c->want);
        const json_t *found = path_find(root, kept_path_last(&p));
        if (want ? !found || !json_equal(found, want) : found != NULL)
            fail_msg("%s", c->path);
        assert_true(json_equal(path_nearest(root, kept_path_last(&p)), nearest));
    }
}

/* A list of n elements; `shape` chooses among forms of elements. */
static json_t *random_list(size_t n, uint64_t *seed)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        unsigned r = (unsigned)(*seed >> 40);
        json_t *e = json_object();
        if (r % 11 != 0)
            json_put(e, "p", r % 2 ? json_integer(r / 8 % 30) : json_real(r / 8 % 30));
        if (r % 3 == 0)
            json_put_str(e, "q", r / 64 % 2 ? "TCP" : "UDP");
        if (r % 23 == 0) {
            json_decref(e);
            e = json_integer(r % 5);
        }
        json_push(list, e);
    }
    return list;
}

/* Whatever the list, the index finds what a walk finds. */
static void test_index_agrees(void **state)
{
    uint64_t seed = 42;
    for (int round = 0; round < 60; round++) {
        json_auto_t *list = random_list((size_t)round * 2, &seed);
        struct path_index _path_index_ keyed = PATH_INDEX(list);
        struct path_index _path_index_ set = PATH_INDEX(list);
        for (int p = -1; p < 31; p++) {
            for (int q = 0; q < 3; q++) {
                json_auto_t *keys = json_object(), *value = json_integer(p);
                if (p >= 0)
                    json_put(keys, "p", json_integer(p));
                if (q)
                    json_put_str(keys, "q", q == 1 ? "TCP" : "UDP");
                size_t a = 7, b = 7;
                assert_ptr_equal(path_index_element(&keyed, keys, &a),
                                 path_element(list, keys, &b));
                assert_int_equal(a, b);
                assert_ptr_equal(path_index_member(&set, value, &a), path_member(list, value, &b));
                assert_int_equal(a, b);
            }
        }
    }
}

static void test_several(void **state)
{
    uint64_t seed = 7;
    for (int round = 0; round < 60; round++) {
        json_auto_t *list = random_list((size_t)round * 2, &seed);
        struct path_index _path_index_ x = PATH_INDEX(list);
        for (int p = 0; p < 31; p++) {
            json_auto_t *keys = json_pack("{s:i,s:s}", "p", p, "q", "TCP"), *all = json_array();
            json_auto_t *other = json_pack("{s:i}", "p", p);
            size_t i;
            json_t *element;
            json_array_foreach(list, i, element)
            {
                if (json_object_get(element, "p") && json_object_get(element, "q") &&
                    path_keys_match(element, keys))
                    json_array_append(all, element);
            }
            json_auto_t *several = path_index_several(&x, keys);
            json_auto_t *unused = path_index_several(&x, other);
            assert_int_equal(several != NULL, json_array_size(all) > 1);
            assert_true(!several || json_equal(several, all));
        }
    }
}

static void test_index_steps(void **state)
{
    static const char *const values[] = {"[1,{'k':1}]", "{'m':2}", "'s'", "null"};
    static const char *const paths[] = {"m", "#0", "#1", "={'k':1}", "=1", "{'k':1}", "{'k':2}"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        json_auto_t *value = tree(values[i]);
        for (size_t k = 0; k < ARRAY_LEN(paths); k++) {
            struct kept_path _kept_ p = steps(paths[k]);
            struct path_index _path_index_ x = PATH_INDEX(value);
            assert_ptr_equal(path_index_step(&x, kept_path_last(&p)),
                             path_step(value, kept_path_last(&p)));
        }
    }
    struct kept_path _kept_ p = steps("m"), _kept_ keys = steps("{'k':1}");
    struct path_index none = PATH_INDEX(NULL);
    assert_null(path_index_step(&none, kept_path_last(&p)));
    assert_null(path_index_step(&none, kept_path_last(&keys)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),     cmocka_unit_test(test_is),
        cmocka_unit_test(test_each_key), cmocka_unit_test(test_element),
        cmocka_unit_test(test_find),     cmocka_unit_test(test_index_agrees),
        cmocka_unit_test(test_several),  cmocka_unit_test(test_index_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
