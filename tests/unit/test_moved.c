/* Removed by a hand, or added by a commit that was never applied: moved_added() as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "providers/kubernetes/moved.h"

#define APPLIED "2026-03-01T12:00:00Z"

struct version {
    int after; /* seconds from our last apply to the commit that replaced it */
    const char *body;
};

struct row {
    const char *what;
    const char *now, *live;
    const char *ours; /* fieldsV1 of our entry; NULL: none */
    struct version versions[4];
    bool moved;
};

#define OWNS_A  "{'f:data':{'f:a':{}}}"
#define OWNS_AC "{'f:data':{'f:a':{},'f:c':{}}}"

/* asked for: data.b */
static const struct row rows[] = {
    {"no history", "{'data':{'a':'1','b':'2'}}", "{'data':{'a':'1'}}", OWNS_A, {{0}}, false},
    {"declared as long as we know",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1','b':'2'}}"}, {8, "{'data':{'b':'3'}}"}},
     false},
    {"added after the apply",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1'}}"}},
     true},
    {"added in the second of the apply",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{0, "{'data':{'a':'1'}}"}},
     true},
    {"added before the apply",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{-1, "{'data':{'a':'1'}}"}},
     false},
    {"never applied by us",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     NULL,
     {{9, "{'data':{'a':'1'}}"}},
     false},
    {"added with what is live and ours",
     "{'data':{'a':'1','b':'2','c':'3'}}",
     "{'data':{'a':'1','c':'3'}}",
     OWNS_AC,
     {{9, "{'data':{'a':'1'}}"}},
     false},
    {"changed with what is live and ours",
     "{'data':{'a':'5','b':'2'}}",
     "{'data':{'a':'5'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1'}}"}},
     false},
    {"changed with what is live as it was",
     "{'data':{'a':'5','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1'}}"}},
     true},
    {"added with what is live and not ours",
     "{'data':{'a':'1','b':'2','c':'3'}}",
     "{'data':{'a':'1','c':'3'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1'}}"}},
     true},
    {"changed back to what may have been applied before",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{9, "{'data':{'a':'7'}}"}, {8, "{'data':{'a':'1'}}"}},
     true},
    {"another notation is no change",
     "{'data':{'a':'1Gi','b':'2'}}",
     "{'data':{'a':'1Gi'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1024Mi'}}"}},
     true},
    {"a commit after the one that added it was applied",
     "{'data':{'a':'5','b':'2'}}",
     "{'data':{'a':'5'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1','b':'2'}}"}, {8, "{'data':{'a':'1'}}"}},
     false},
    {"the newest commit that added it counts",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{9, "{'data':{'a':'1'}}"}, {-5, "{'data':{'a':'1','b':'2'}}"}, {-9, "{'data':{'a':'1'}}"}},
     true},
    {"in another version a path means something else",
     "{'data':{'a':'1','b':'2'}}",
     "{'data':{'a':'1'}}",
     OWNS_A,
     {{9, "{'apiVersion':'v2','data':{'a':'1'}}"}, {8, "{'data':{'a':'1'}}"}},
     false},
    {"what is live came by stringData",
     "{'data':{'a':'1','b':'2','c':'3'}}",
     "{'data':{'a':'1','c':'3'}}",
     "{'f:stringData':{'f:a':{},'f:c':{}}}",
     {{9, "{'data':{'a':'1'}}"}},
     false},
};

/* Owned; 'x' stands for "x". */
static json_t *parse(const char *text)
{
    _free_ char *copy = xstrdup(text);
    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    json_t *o = json_parse(copy, strlen(copy), "test", NULL);
    assert_non_null(o);
    if (json_is_object(o) && !json_object_get(o, "apiVersion"))
        json_put_str(o, "apiVersion", "v1");
    return o;
}

static json_t *managed(const char *ours)
{
    json_t *list = parse("[{'manager':'kubectl','operation':'Update','time':'2027-01-01T00:00:00Z',"
                         "'fieldsV1':{'f:data':{}}}]");
    if (ours) {
        json_t *entry = parse("{'manager':'holdfast','operation':'Apply','time':'" APPLIED "'}");
        json_t *fields = parse(ours);
        json_object_del(fields, "apiVersion");
        json_put(entry, "fieldsV1", fields);
        json_push(list, entry);
    }
    return list;
}

static bool decide(const struct row *row, const struct path *path)
{
    struct moved_version versions[ARRAY_LEN(row->versions)];
    json_auto_t *now = parse(row->now), *live = parse(row->live), *list = managed(row->ours);
    int64_t applied;
    size_t count = 0;
    assert_int_equal(clock_parse(APPLIED, &applied), 0);
    for (; count < ARRAY_LEN(versions) && row->versions[count].body; count++)
        versions[count] = (struct moved_version){parse(row->versions[count].body),
                                                 applied + row->versions[count].after};
    const struct moved_input in = {.declared = now,
                                   .live = live,
                                   .managed_fields = list,
                                   .manager = "holdfast",
                                   .versions = versions,
                                   .count = count};
    bool moved = moved_added(&in, path);
    /* the same where answers are kept, at first and again */
    signed char applied_since[ARRAY_LEN(versions)] = {0};
    struct moved_input kept = in;
    kept.applied = applied_since;
    assert_int_equal(moved_added(&kept, path), moved);
    assert_int_equal(moved_added(&kept, path), moved);
    while (count)
        json_decref(versions[--count].declared);
    return moved;
}

static void table(void **state)
{
    const struct path data = {.type = STEP_MEMBER, .name = "data"};
    const struct path b = {.up = &data, .type = STEP_MEMBER, .name = "b"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (decide(&rows[i], &b) != rows[i].moved)
            fail_msg("%s", rows[i].what);
    }
}

/* Elements of keyed lists, whole and atomic values. */
static void lists(void **state)
{
    static const struct row env = {
        .now = "{'env':[{'name':'A','value':'1'},{'name':'B','value':'2'}]}",
        .live = "{'env':[{'name':'A','value':'1'}]}",
        .ours = "{'f:env':{'k:{\\'name\\':\\'A\\'}':{'.':{},'f:name':{},'f:value':{}}}}",
        .versions = {{9, "{'env':[{'name':'A','value':'1'}]}"}},
    };
    static const struct row env_applied = {
        .now = "{'env':[{'name':'A','value':'1'},{'name':'B','value':'2'}]}",
        .live = "{'env':[{'name':'A','value':'1'}]}",
        .ours = "{'f:env':{'k:{\\'name\\':\\'A\\'}':{'.':{},'f:name':{},'f:value':{}}}}",
        .versions = {{9, "{'kept':1}"}},
    };
    static const struct row atomic = {
        .now = "{'selector':{'a':'1'},'env':[{'name':'B'}]}",
        .live = "{'selector':{'a':'1'}}",
        .ours = "{'f:selector':{}}",
        .versions = {{9, "{'selector':{'a':'0'}}"}},
    };
    json_auto_t *keys = json_pack("{s:s}", "name", "B");
    const struct path list = {.type = STEP_MEMBER, .name = "env"};
    const struct path b = {.up = &list, .type = STEP_KEYS, .value = keys};
    assert_true(decide(&env, &b));
    assert_false(decide(&env_applied, &b));
    assert_false(decide(&atomic, &b));
}

#define PORTS_TCP "{'f:ports':{'k:{\\'port\\':53,\\'protocol\\':\\'TCP\\'}':{'.':{},'f:port':{}}}}"

/* asked for: ports[port=53,protocol=UDP] */
static const struct row ports[] = {
    {"a port of another protocol is added",
     "{'ports':[{'port':53},{'port':53,'protocol':'UDP'}]}",
     "{'ports':[{'port':53,'protocol':'TCP'}]}",
     PORTS_TCP,
     {{9, "{'ports':[{'port':53}]}"}},
     true},
    {"the same, and the first went meanwhile",
     "{'ports':[{'port':53},{'port':53,'protocol':'UDP'}]}",
     "{}",
     "{'f:x':{}}",
     {{9, "{'ports':[{'port':53}]}"}},
     true},
    {"both are named whole since",
     "{'ports':[{'port':53,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}",
     "{'ports':[{'port':53,'protocol':'TCP'}]}",
     PORTS_TCP,
     {{9, "{'ports':[{'port':53}]}"}},
     true},
    {"it had no protocol then",
     "{'ports':[{'port':53,'protocol':'UDP'}]}",
     "{}",
     "{'f:x':{}}",
     {{9, "{'ports':[{'port':53}]}"}},
     false},
    {"it was there then",
     "{'ports':[{'port':53},{'port':53,'protocol':'UDP'}]}",
     "{'ports':[{'port':53,'protocol':'TCP'}]}",
     PORTS_TCP,
     {{9, "{'ports':[{'port':53,'protocol':'UDP'},{'port':53}]}"}},
     false},
};

#define RULE(weight, canary)                                                                       \
    "'k:{\\'canary\\':" canary ",\\'weight\\':" weight "}':{'.':{},'f:to':{}}"

/* Asked for: rules[canary=false,weight=W], which somebody removed. Git has not moved. */
static void lacking_keys(void **state)
{
    static const struct {
        int weight;
        const char *ours, *git;
    } removed[] = {
        {0, "{" RULE("5", "false") "," RULE("6", "true") "}",
         "{'rules':[{'weight':5},{'weight':6,'canary':true},{'to':'main'}]}"},
        {5, "{" RULE("0", "false") "," RULE("6", "true") "}",
         "{'rules':[{'to':'main'},{'weight':6,'canary':true},{'weight':5}]}"},
        {5, "{" RULE("0", "false") "}", "{'rules':[{'canary':false},{'weight':5}]}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(removed); i++) {
        json_auto_t *keys = json_pack("{s:b,s:i}", "canary", false, "weight", removed[i].weight);
        const struct path rules = {.type = STEP_MEMBER, .name = "rules"};
        const struct path rule = {.up = &rules, .type = STEP_KEYS, .value = keys};
        _free_ char *ours = xasprintf("{'f:rules':%s}", removed[i].ours);
        const struct row row = {
            .now = removed[i].git, .live = "{}", .ours = ours, .versions = {{9, removed[i].git}}};
        assert_false(decide(&row, &rule));
    }
}

static void protocols(void **state)
{
    json_auto_t *keys = json_pack("{s:i,s:s}", "port", 53, "protocol", "UDP");
    const struct path list = {.type = STEP_MEMBER, .name = "ports"};
    const struct path udp = {.up = &list, .type = STEP_KEYS, .value = keys};
    for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
        if (decide(&ports[i], &udp) != ports[i].moved)
            fail_msg("%s", ports[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(lists),
        cmocka_unit_test(protocols),
        cmocka_unit_test(lacking_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
