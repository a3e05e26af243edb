/* Two writings of one value, where no server may be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "diff/notation.h"
#include "trees.h"

struct notation_case {
    const char *declared, *live; /* live NULL: absent */
    bool same;
};

static const struct notation_case cases[] = {
    /* quantities */
    {"'1Gi'", "'1073741824'", true},
    {"'1024Mi'", "'1Gi'", true},
    {"'0.5'", "'500m'", true},
    {"0.5", "'500m'", true},
    {"8", "'8'", true},
    {"'1000m'", "'1'", true},
    {"'1e3'", "'1k'", true},
    {"0.1", "'100m'", true},
    {"'1e-3'", "'1m'", true},
    {"'1E-3'", "'1000u'", true},
    {"'1000000000n'", "'1'", true},
    {"'16Ei'", "'18446744073709551616'", false}, /* longer than is kept: told */
    {"'1e400'", "'1e400k'", false},
    {"'1e99'", "'1e100'", false},
    {"'1e20'", "'100E'", true},
    {"'1e9999'", "'1'", false},
    {"'1e'", "'1'", false},
    {"'-0'", "'0'", true},
    {"'-5'", "'5'", false},
    {"'1.2.3'", "'1.23'", false},
    {"'-'", "'0'", false},
    {"'.'", "'0'", false},
    {"'99999999999999999999999999999999999999999'", "'1'", false},
    {"0.7", "'700m'", true},
    {"'0.000003'", "'3u'", true},
    {"'1.1Gi'", "'1181116006400m'", true},
    {"'1099511627777'", "'1Ti'", false},
    {"'12E6'", "'12M'", true},
    {"'1E'", "'1000P'", true},
    {"'+1'", "'1'", true},
    {"'-1'", "-1", true},
    {"'.5'", "'500m'", true},
    {"'1.'", "'1'", true},
    {"'0'", "0", true},
    {"'1Gi'", "'1G'", false},
    {"'1Gi'", "'1Mi'", false},
    {"'500m'", "'501m'", false},
    {"'1Ki'", "'1ki'", false},
    {"'1gi'", "'1Gi'", false},
    {"'9007199254740993'", "'9007199254740992'", false},
    {"9007199254740993", "9007199254740992", false},
    /* texts that only look like numbers */
    {"'1.10'", "'1.1'", false},
    {"'1.0'", "'1.00'", false},
    {"'0x10'", "'16'", false},
    {"'inf'", "'infinity'", false},
    {"'nan'", "'NaN'", false},
    {"' 1'", "'1'", false},
    {"'1 '", "'1'", false},
    {"''", "'0'", false},
    {"'v1'", "'v1.0'", false},
    {"true", "'true'", false},
    {"1", "true", false},
    {"null", "0", false},
    {"null", "null", true},
    /* durations */
    {"'60s'", "'1m0s'", true},
    {"'90m'", "'1h30m0s'", true},
    {"'1500ms'", "'1.5s'", true},
    {"'1h'", "'60m'", true},
    {"'60s'", "'61s'", false},
    {"'1h2m3.5s'", "'3723500ms'", true},
    {"'1us1ns'", "'1001ns'", true},
    {"'999999h'", "'999998h60m'", true},
    {"'-1s'", "'-1000ms'", false},
    {"'1m'", "'1'", false},
    {"'1h-'", "'1h'", false},
    {"'s'", "'0s'", false},
    {"'1d'", "'24h'", false},
    /* zero values that are not written */
    {"false", NULL, true},
    {"0", NULL, true},
    {"''", NULL, true},
    {"{}", NULL, true},
    {"[]", NULL, true},
    {"null", NULL, false},
    {"true", NULL, false},
    {"'0'", NULL, false},
    {"[0]", NULL, false},
    {"{'a':0}", NULL, false},
    /* maps: what Git says is there; lists: all of it */
    {"{'a':{'cpu':'1000m'}}", "{'a':{'cpu':'1','memory':'1Gi'},'b':2}", true},
    {"{'a':1,'hostNetwork':false}", "{'a':1}", true},
    {"{'a':1,'b':2}", "{'a':1}", false},
    {"[{'cpu':8}]", "[{'cpu':'8','x':1}]", true},
    {"[1,2]", "[1]", false},
    {"[1,2]", "[2,1]", false},
    {"[8080]", "['8080']", true},
    {"['60s']", "['1m']", false},
    {"['1000m']", "['1']", false},
    {"[]", "{}", false},
    {"{}", "{'a':1}", true},
    /* but what selects by labels is the whole of it */
    {"{'selector':{'app':'a'}}", "{'selector':{'app':'a','track':'b'}}", false},
    {"{'selector':{'app':'a'}}", "{'selector':{'app':'a'},'type':'ClusterIP'}", true},
    {"[{'podSelector':{}}]", "[{'podSelector':{'matchLabels':{'app':'a'}}}]", false},
    {"{'matchLabels':{'app':'a'}}", "{'matchLabels':{'app':'a'}}", true},
    {"{'fieldRef':{'fieldPath':'a'}}", "{'fieldRef':{'apiVersion':'v1','fieldPath':'a'}}", true},
    {"'1'", "{'a':1}", false},
    {"'abc'", "'abc'", true},
    {"'abc'", "'abd'", false},
};

static void test_same(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_auto_t *declared = tree(cases[i].declared), *live = tree(cases[i].live);
        if (notation_same(declared, live) != cases[i].same)
            fail_msg("%s and %s", cases[i].declared, cases[i].live ? cases[i].live : "absent");
    }
}

/* What is a text in every kind, and where zero values are not written. */
static void test_same_at(void **state)
{
    static const struct {
        const char *path, *declared, *live;
        bool zeros, want;
    } rows[] = {
        {"metadata | labels | a", "'1.0'", "'1'", true, false},
        {"metadata | labels | a", "''", NULL, true, false},
        {"spec | template | metadata | annotations | a.b/c", "'1.0'", "'1'", true, false},
        {"data | a", "'1.0'", "'1'", true, false},
        {"data | a", "''", NULL, true, false},
        {"data", "{}", NULL, true, true},
        {"data | a | b", "'1.0'", "'1'", true, true},
        {"spec | env | {'name':'A'} | value", "'1.0'", "'1'", true, false},
        {"spec | env | {'name':'A'} | value", "''", NULL, true, true},
        {"spec | env | {'name':'A'} | value", "''", NULL, false, false},
        {"spec | env | {'name':'A'} | value", "'1'", NULL, true, false},
        {"spec | metrics | {'type':'x'} | value", "'1.0'", "'1'", true, true},
        {"spec | value", "'1.0'", "'1'", true, true},
        {"l | {'name':'x'}", "{'name':'x','a':0}", "{'name':'x'}", true, true},
        {"l | {'name':'x'}", "{'name':'x','a':0}", "{'name':'x'}", false, false},
        {"l", "[{'a':{'b':false}}]", "[{'a':{}}]", true, true},
        {"l", "[{'a':{'b':false}}]", "[{'a':{}}]", false, false},
        {"l", "[{'a':{'b':false}}]", "[{'a':{'b':false,'c':1}}]", false, true},
        {"spec | paused", "false", NULL, true, true},
        {"spec | paused", "false", NULL, false, false},
        {"spec | selector", "{'a':'1'}", "{'a':'1','b':'2'}", true, false},
        {"", "{'a':0}", "{}", true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct kept_path _kept_ p = steps(rows[i].path);
        json_auto_t *declared = tree(rows[i].declared);
        json_auto_t *live = rows[i].live ? tree(rows[i].live) : NULL;
        if (notation_same_at(kept_path_last(&p), declared, live, rows[i].zeros) != rows[i].want)
            fail_msg("%s %s", rows[i].path, rows[i].declared);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_same_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
