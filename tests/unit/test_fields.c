/* managedFields: entries, hands, what a path is owned by, the shape of lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "providers/kubernetes/fields.h"
#include "trees.h"

struct hand_case {
    const char *entry;
    bool ours, hand;
};

static const struct hand_case hand_cases[] = {
    {"{'manager':'holdfast','operation':'Apply'}", true, false},
    {"{'manager':'holdfast','operation':'Apply','subresource':''}", true, false},
    {"{'manager':'holdfast','operation':'Apply','subresource':'scale'}", false, false},
    {"{'manager':'holdfast','operation':'Update'}", false, false},
    {"{'manager':'holdfast2','operation':'Apply'}", false, false},
    {"{'manager':'kubectl','operation':'Update','subresource':'scale'}", false, true},
    {"{'manager':'kubectl-edit','operation':'Update'}", false, true},
    {"{'manager':'kubectl-client-side-apply','operation':'Update'}", false, true},
    {"{'manager':'kubectl','operation':'Apply'}", false, true},
    {"{'manager':'kubectl-edit','operation':'Update','subresource':'status'}", false, false},
    {"{'manager':'before-first-apply','operation':'Update'}", false, true},
    {"{'manager':'kube-controller-manager','operation':'Update'}", false, false},
    {"{'manager':'helm','operation':'Update'}", false, true},
    {"{'manager':'tool-a','operation':'Update'}", false, true},
    {"{'manager':'tool-a','operation':'Update','subresource':'status'}", false, false},
    {"{'manager':'my-tool-a','operation':'Update'}", false, false},
    {"{'operation':'Update'}", false, false},
    {"{}", false, false},
};

static void test_hands(void **state)
{
    static const char *const hands[] = {"helm", "tool-*", NULL};
    for (size_t i = 0; i < ARRAY_LEN(hand_cases); i++) {
        json_auto_t *v = tree(hand_cases[i].entry);
        const struct fields_entry e = fields_entry(v);
        if (fields_is_ours(&e, "holdfast") != hand_cases[i].ours ||
            fields_is_hand(&e, "holdfast", hands) != hand_cases[i].hand)
            fail_msg("%s", hand_cases[i].entry);
        if (strncmp(e.manager, "helm", 4) != 0 && strncmp(e.manager, "tool", 4) != 0)
            assert_int_equal(fields_is_hand(&e, "holdfast", NULL), hand_cases[i].hand);
    }
    /* a manager that we report as is us, whatever its name; its other entries are a hand's */
    json_auto_t *apply = tree("{'manager':'kubectl','operation':'Apply'}");
    json_auto_t *scale = tree("{'manager':'kubectl','operation':'Update','subresource':'scale'}");
    const struct fields_entry a = fields_entry(apply), s = fields_entry(scale);
    assert_false(fields_is_hand(&a, "kubectl", NULL));
    assert_true(fields_is_hand(&s, "kubectl", NULL));
}

static void test_ours(void **state)
{
    json_auto_t *managed =
        tree("[{'manager':'x','operation':'Apply','fieldsV1':{'f:a':{}}},"
             "{'manager':'holdfast','operation':'Update','fieldsV1':{'f:b':{}}},"
             "{'manager':'holdfast','operation':'Apply','fieldsV1':{'f:c':{}}}]");
    assert_non_null(json_object_get(fields_ours(managed, "holdfast"), "f:c"));
    assert_null(fields_ours(managed, "nobody"));
    assert_null(fields_ours(NULL, "holdfast"));
    json_auto_t *odd =
        tree("[null,1,'x',{'manager':7},{'manager':'holdfast','operation':'Apply'}]");
    assert_null(fields_ours(odd, "holdfast"));
}

struct own_case {
    const char *path;
    bool found, owns;
};

static const char owned[] =
    "{'f:spec':{'.':{},'f:a':{},'f:sel':{},'f:m':{'f:x':{}},"
    "'f:p':{'k:{\\\"port\\\":53,\\\"protocol\\\":\\\"TCP\\\"}':{'.':{},'f:port':{}},"
    "'k:{\\\"port\\\":54,\\\"protocol\\\":\\\"TCP\\\"}':{}},"
    "'f:l':{'k:{\\\"name\\\":\\\"a\\\\u003cb\\\"}':{},'k:{\\\"name\\\":\\\"\\u00e9\\\"}':{},"
    "'k:{\\\"name\\\":\\\"\\\"}':{}},"
    "'f:s':{'v:\\\"x/y\\\"':{},'v:3':{},'v:true':{}},'f:i':{'i:1':{}}},'f:a.b/c':{},'f:':{}}";

static const struct own_case own_cases[] = {
    {"", true, true},
    {"spec", true, true},
    {"spec | a", true, true},
    {"spec | b", false, false},
    {"spec | a | below", false, true}, /* as far as this entry tells, a is atomic */
    {"spec | sel | app | deep", false, true},
    {"spec | m", true, true},
    {"spec | m | x", true, true},
    {"spec | m | y", false, false},
    {"spec | p | {'port':53,'protocol':'TCP'}", true, true},
    {"spec | p | {'protocol':'TCP','port':53}", true, true},
    {"spec | p | {'port':53,'protocol':'UDP'}", false, false},
    {"spec | p | {'port':53,'protocol':'TCP'} | port", true, true},
    {"spec | p | {'port':53,'protocol':'TCP'} | name", false, false},
    {"spec | p | {'port':54,'protocol':'TCP'} | name", false, true},
    {"spec | p | {'port':54}", true, true}, /* an absent key is a wildcard */
    {"spec | p | {'port':55}", false, false},
    {"spec | l | {'name':'a<b'}", true, true},
    {"spec | l | {'name':'a>b'}", false, false},
    {"spec | l | {'name':'\xc3\xa9'}", true, true},
    {"spec | l | {'name':''}", true, true},
    {"spec | l | {'name':'z'}", false, false},
    {"spec | s | ='x/y'", true, true},
    {"spec | s | ='z'", false, false},
    {"spec | s | =3", true, true},
    {"spec | s | =3.0", true, true},
    {"spec | s | ='3'", false, false},
    {"spec | s | =true", true, true},
    {"spec | i | #1", true, true},
    {"spec | i | #0", false, false},
    {"a.b/c", true, true},
    {"other", false, false},
};

static void test_owns(void **state)
{
    json_auto_t *fields = tree(owned);
    for (size_t i = 0; i < ARRAY_LEN(own_cases); i++) {
        struct kept_path _kept_ p = steps(own_cases[i].path);
        const struct path *last = kept_path_last(&p);
        if ((fields_find(fields, last) != NULL) != own_cases[i].found)
            fail_msg("find %s", own_cases[i].path);
        if (fields_owns(fields, last) != own_cases[i].owns)
            fail_msg("owns %s", own_cases[i].path);
        assert_false(fields_owns(NULL, last));
        assert_null(fields_find(NULL, last));
    }
}

/* Names longer than any buffer. */
static void test_long_names(void **state)
{
    for (size_t n = 240; n < 270; n++) {
        _free_ char *name = xmalloc(n + 1);
        memset(name, 'n', n);
        name[n] = '\0';
        _free_ char *key = xasprintf("f:%s", name);
        json_auto_t *fields = json_object();
        json_put(fields, key, json_object());
        const struct path p = {.name = name};
        assert_non_null(fields_find(fields, &p));
        name[n - 1] = 'm';
        assert_null(fields_find(fields, &p));
    }
}

static void test_child(void **state)
{
    static const struct {
        const char *key;
        int type; /* -1: nobody knows it */
        const char *text;
    } children[] = {
        {"f:a", STEP_MEMBER, "a"},
        {"f:", STEP_MEMBER, "[\"\"]"},
        {"f:f:a", STEP_MEMBER, "[\"f:a\"]"},
        {"k:{\"a\":1}", STEP_KEYS, "[a=1]"},
        {"v:\"x\"", STEP_VALUE, "[=\"x\"]"},
        {"i:12", STEP_INDEX, "[12]"},
        {".", -1, NULL},
        {"", -1, NULL},
        {"k:", -1, NULL},
        {"k:{", -1, NULL},
        {"v:", -1, NULL},
        {"x:1", -1, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        struct fields_child c;
        bool known = fields_child(children[i].key, NULL, &c);
        if (known != (children[i].type >= 0))
            fail_msg("%s", children[i].key);
        if (!known)
            continue;
        assert_int_equal(c.type, children[i].type);
        const struct path p = {.type = c.type, .name = c.name, .value = c.value, .index = c.index};
        _free_ char *text = path_text(&p);
        assert_string_equal(text, children[i].text);
        json_decref(c.value);
    }
}

static void test_whole(void **state)
{
    json_auto_t *leaf = tree("{}"), *dot = tree("{'.':{},'f:a':{}}"), *through = tree("{'f:a':{}}");
    assert_true(fields_whole(leaf));
    assert_true(fields_whole(dot));
    assert_false(fields_whole(through));
}

static void test_shape(void **state)
{
    static const struct {
        const char *node;
        enum shape_kind kind;
    } nodes[] = {
        {NULL, SHAPE_UNKNOWN},
        {"{}", SHAPE_LEAF},
        {"{'.':{}}", SHAPE_LEAF},
        {"{'f:a':{}}", SHAPE_MAP},
        {"{'.':{},'f:a':{}}", SHAPE_MAP},
        {"{'i:0':{}}", SHAPE_MAP},
        {"{'k:{}':{}}", SHAPE_KEYED},
        {"{'.':{},'k:{}':{}}", SHAPE_KEYED},
        {"{'v:1':{}}", SHAPE_SET},
    };
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
        json_auto_t *node = tree(nodes[i].node);
        assert_int_equal(fields_shape.kind(node), nodes[i].kind);
        assert_null(fields_shape.member(node, "none"));
    }
}

struct element_case {
    const char *node, *declared;
    const char *want; /* keys of each declared element, "-" where it is not known */
};

#define K(port, protocol) "'k:{\\\"port\\\":" port ",\\\"protocol\\\":\\\"" protocol "\\\"}':{}"

static const struct element_case element_cases[] = {
    {"{" K("53", "TCP") "," K("53", "UDP") "}", "[{'port':53,'protocol':'UDP'},{'port':53}]",
     "[port=53,protocol=UDP] [port=53,protocol=TCP]"},
    {"{" K("53", "TCP") "," K("53", "UDP") "}", "[{'port':53},{'port':53,'protocol':'TCP'}]",
     "[port=53,protocol=UDP] [port=53,protocol=TCP]"}, /* all keys choose first */
    {"{" K("53", "TCP") "," K("53", "UDP") "}", "[{'port':53},{'port':53}]",
     "[port=53,protocol=TCP] [port=53,protocol=UDP]"}, /* none is given twice */
    {"{" K("53", "TCP") "}", "[{'port':53},{'port':53}]", "[port=53,protocol=TCP] -"},
    {"{" K("53", "TCP") "}", "[{'port':53,'protocol':'TCP'},{'port':53,'protocol':'TCP'}]",
     "[port=53,protocol=TCP] -"},
    {"{" K("53", "TCP") "}", "[{'port':54}]", "-"},
    {"{" K("53", "TCP") "}", "[null,3,'x',{}]", "- - - [port=53,protocol=TCP]"},
    {"{}", "[{'port':53}]", "-"},
    {"{" K("53", "TCP") "}", "[]", ""},
    /* the default is one for all elements, wherever it sorts */
    {"{" K("53", "SCTP") "," K("53", "TCP") "," K("54", "TCP") "}", "[{'port':53},{'port':54}]",
     "[port=53,protocol=TCP] [port=54,protocol=TCP]"},
    {"{" K("53", "TCP") "," K("54", "UDP") "}", "[{'port':53},{'port':54}]",
     "[port=53,protocol=TCP] [port=54,protocol=UDP]"}, /* no default of all: each for itself */
    {"{" K("7", "A") "," K("7", "B") "," K("8", "B") "}", "[{},{'port':8},{'protocol':'A'}]",
     "[port=7,protocol=B] [port=8,protocol=B] [port=7,protocol=A]"},
    {"{" K("7", "B") "," K("8", "A") "," K("8", "B") "}", "[{},{'protocol':'A'},{'port':7}]",
     "[port=8,protocol=B] [port=8,protocol=A] [port=7,protocol=B]"},
    {"{" K("7", "A") "," K("8", "A") "}", "[{'protocol':'A'},{'port':8}]",
     "[port=7,protocol=A] [port=8,protocol=A]"}, /* which has no choice goes first */
    {"{" K("8", "A") "}", "[{},{'port':8}]", "- [port=8,protocol=A]"},
};

static void test_elements(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(element_cases); i++) {
        json_auto_t *node = tree(element_cases[i].node), *list = tree(element_cases[i].declared);
        size_t n = json_array_size(list);
        _free_ struct shape_element *out = xcalloc(n, sizeof(*out));
        struct buf _buf_ seen = BUF_INIT(65536);
        fields_shape.elements(node, list, out);
        for (size_t k = 0; k < n; k++) {
            const struct path p = {.type = STEP_KEYS, .value = out[k].keys};
            _free_ char *text = out[k].node ? path_text(&p) : xstrdup("-");
            buf_addf(&seen, "%s%s", k ? " " : "", text);
            json_decref(out[k].keys);
        }
        if (strcmp(buf_str(&seen), element_cases[i].want) != 0)
            fail_msg("%s: %s", element_cases[i].declared, buf_str(&seen));
    }
}

/* Which element of Git's list is the one with these keys? */
static void test_element(void **state)
{
    static const struct {
        const char *list, *declared; /* list: NULL where we own nothing of it */
        long want;                   /* for [port=53,protocol=UDP]; -1: none */
    } rows[] = {
        {NULL, "[{'port':53}]", 0},
        {"{" K("53", "TCP") "}", "[{'port':53}]", -1},
        {"{" K("54", "TCP") "}", "[{'port':53}]", 0},
        {"{" K("53", "UDP") "}", "[{'port':53}]", 0},
        {"{" K("53", "TCP") "}", "[{'port':53},{'protocol':'UDP','port':53}]", 1},
        {"{" K("53", "TCP") "}", "[{'port':53},{'protocol':'UDP'}]", 1},
        {"{" K("53", "TCP") "," K("53", "UDP") "}", "[{'port':53},{'protocol':'TCP'}]", 0},
        {"{" K("53", "TCP") "," K("53", "UDP") "}", "[{'port':54}]", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *list = rows[i].list ? tree(rows[i].list) : NULL;
        json_auto_t *declared = tree(rows[i].declared);
        json_auto_t *keys = tree("{'port':53,'protocol':'UDP'}");
        const json_t *found = fields_element(list, declared, keys);
        const json_t *want =
            rows[i].want < 0 ? NULL : json_array_get(declared, (size_t)rows[i].want);
        if (found != want)
            fail_msg("%s %s", rows[i].list, rows[i].declared);
    }
}

/* Git leaves the default out of all of them, and has them in another order. */
static void test_many_elements(void **state)
{
    enum { N = 20000 };
    json_auto_t *node = json_object(), *list = json_array();
    for (int i = 0; i < N; i++) {
        _free_ char *key = xasprintf("k:{\"port\":%d,\"protocol\":\"TCP\"}", i);
        json_put(node, key, json_object());
        json_push(list, json_pack("{s:i}", "port", N - 1 - i));
    }
    _free_ struct shape_element *out = xcalloc(N, sizeof(*out));
    fields_shape.elements(node, list, out);
    for (int i = 0; i < N; i++) {
        assert_non_null(out[i].node);
        assert_int_equal(json_integer_value(json_object_get(out[i].keys, "port")), N - 1 - i);
        assert_string_equal(json_str_at(out[i].keys, "protocol", NULL), "TCP");
        json_decref(out[i].keys);
    }
}

static void test_add_element(void **state)
{
    json_auto_t *node = tree("{'.':{}," K("53", "TCP") "}"), *names = fields_key_names(node);
    json_auto_t *keys = tree("{'protocol':'UDP','port':9}"), *none = tree("{'f:a':{}}");
    assert_int_equal(json_object_size(names), 2);
    assert_false(fields_has(node, keys));
    fields_add_element(node, keys);
    assert_true(fields_has(node, keys));
    struct kept_path _kept_ p = steps("{'port':9,'protocol':'UDP'}");
    assert_non_null(fields_find(node, kept_path_last(&p)));
    assert_null(fields_key_names(none));
    assert_false(fields_has(NULL, keys));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hands),         cmocka_unit_test(test_ours),
        cmocka_unit_test(test_owns),          cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_child),         cmocka_unit_test(test_whole),
        cmocka_unit_test(test_shape),         cmocka_unit_test(test_elements),
        cmocka_unit_test(test_element),       cmocka_unit_test(test_add_element),
        cmocka_unit_test(test_many_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
