/* What is live and not in Git: candidates, the patch that asks about them, what it tells, dropped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "providers/kubernetes/trial.h"
#include "trees.h"

static void note(void *ctx, const struct path *path, const json_t *live)
{
    struct buf *b = ctx;
    _free_ char *field = path_text(path);
    buf_addf(b, "%s%s", b->len ? "; " : "", field);
    if (live) {
        _free_ char *value = json_text(live, JSON_WRITE_SORTED);
        buf_addf(b, "=%s", value);
    }
}

struct candidate_case {
    const char *name, *declared, *live;
    const char *ours, *hand, *hand2; /* fieldsV1 */
    const char *want;                /* fields, in the order in which they were found */
};

#define PORT(protocol)                                                                             \
    "'k:{\\\"port\\\":53,\\\"protocol\\\":\\\"" protocol                                           \
    "\\\"}':{'.':{},'f:port':{},'f:protocol':{}}"
#define OWN_CONTAINER "'.':{},'f:name':{},'f:image':{}"

static const struct candidate_case candidate_cases[] = {
    {"a leaf beside ours", "{'spec':{'a':1}}", "{'spec':{'a':1,'b':2}}", "{'f:spec':{'f:a':{}}}",
     "{'f:spec':{'f:b':{}}}", NULL, "spec.b"},
    {"the highest path that is the hand's", "{'spec':{'a':1}}",
     "{'spec':{'a':1,'b':{'c':{'d':2}}}}", NULL,
     "{'f:spec':{'f:b':{'.':{},'f:c':{'.':{},'f:d':{}}}}}", NULL, "spec.b"},
    {"not the map that it only reaches through", "{'spec':{'a':1}}",
     "{'spec':{'a':1,'b':{'c':{'d':2}}}}", NULL, "{'f:spec':{'f:b':{'f:c':{'f:d':{}}}}}", NULL,
     "spec.b.c.d"},
    {"below a part that Git declares", "{'spec':{'b':{'x':1}}}", "{'spec':{'b':{'x':1,'y':2}}}",
     NULL, "{'f:spec':{'f:b':{'.':{},'f:x':{},'f:y':{}}}}", NULL, "spec.b.y"},
    {"nothing inside what was a text", "{'spec':{'b':'x'}}", "{'spec':{'b':{'y':2}}}", NULL,
     "{'f:spec':{'f:b':{'.':{},'f:y':{}}}}", NULL, ""},
    {"nothing inside what was a list", "{'spec':{'b':[]}}", "{'spec':{'b':{'y':2}}}", NULL,
     "{'f:spec':{'f:b':{'.':{},'f:y':{}}}}", NULL, ""},
    {"equal singletons are two things", "{}", "{'spec':{'hostPID':true,'hostIPC':true,'n':null}}",
     NULL, "{'f:spec':{'f:hostPID':{},'f:hostIPC':{},'f:n':{}}}", NULL,
     "spec.hostPID; spec.hostIPC; spec.n"},
    {"two hands on one path: once", "{}", "{'spec':{'a':1}}", NULL, "{'f:spec':{'f:a':{}}}",
     "{'f:spec':{'f:a':{}}}", "spec.a"},
    {"one hand inside the other's: the outer", "{}", "{'l':[{'name':'x','value':'2'}]}", NULL,
     "{'f:l':{'k:{\\\"name\\\":\\\"x\\\"}':{'f:value':{}}}}",
     "{'f:l':{'k:{\\\"name\\\":\\\"x\\\"}':{'.':{},'f:name':{}}}}", "l[name=x]"},
    {"the same, the outer first", "{}", "{'l':[{'name':'x','value':'2'}]}", NULL,
     "{'f:l':{'k:{\\\"name\\\":\\\"x\\\"}':{'.':{},'f:name':{}}}}",
     "{'f:l':{'k:{\\\"name\\\":\\\"x\\\"}':{'f:value':{}}}}", "l[name=x]"},
    {"what we own too is no less a hand's", "{}", "{'spec':{'a':1}}", "{'f:spec':{'f:a':{}}}",
     "{'f:spec':{'f:a':{}}}", NULL, "spec.a"},
    {"what is owned and not there", "{}", "{'spec':{}}", NULL, "{'f:spec':{'f:gone':{}}}", NULL,
     ""},
    {"a keyed list apart, also a new one", "{}", "{'l':[{'name':'b'},{'name':'a'}]}", NULL,
     "{'f:l':{'.':{},'k:{\\\"name\\\":\\\"a\\\"}':{'.':{},'f:name':{}},"
     "'k:{\\\"name\\\":\\\"b\\\"}':{'.':{},'f:name':{}}}}",
     NULL, "l[name=a]; l[name=b]"},
    {"into a list that Git declares empty", "{'l':[]}", "{'l':[{'name':'a'}]}", "{'f:l':{}}",
     "{'f:l':{'k:{\\\"name\\\":\\\"a\\\"}':{'.':{},'f:name':{}}}}", NULL, "l[name=a]"},
    {"wildcard keys: Git's element is the hand's", "{'p':[{'port':53}]}",
     "{'p':[{'port':53,'protocol':'TCP','name':'x'}]}", NULL,
     "{'f:p':{'k:{\\\"port\\\":53,\\\"protocol\\\":\\\"TCP\\\"}':{'.':{},'f:port':{},'f:name':{}}}"
     "}",
     NULL, "p[port=53,protocol=TCP].name"},
    {"a wildcard that is another element of ours", "{'p':[{'port':53}]}",
     "{'p':[{'port':53,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}",
     "{'f:p':{" PORT("TCP") "}}", "{'f:p':{" PORT("UDP") "}}", NULL, "p[port=53,protocol=UDP]"},
    {"a wildcard beside an element of ours that Git names whole",
     "{'p':[{'port':53,'protocol':'UDP'},{'port':53}]}",
     "{'p':[{'port':53,'protocol':'UDP'},{'port':53,'protocol':'TCP','name':'x'}]}",
     "{'f:p':{" PORT("UDP") "}}",
     "{'f:p':{'k:{\\\"port\\\":53,\\\"protocol\\\":\\\"TCP\\\"}':{'.':{},'f:port':{},'f:name':{}}}"
     "}",
     NULL, "p[port=53,protocol=TCP].name"},
    {"a set apart", "{'metadata':{'finalizers':['x/a']}}",
     "{'metadata':{'finalizers':['x/a','x/b']}}", NULL,
     "{'f:metadata':{'f:finalizers':{'.':{},'v:\\\"x/a\\\"':{},'v:\\\"x/b\\\"':{}}}}", NULL,
     "metadata.finalizers[=\"x/b\"]"},
    {"an atomic list whole", "{}", "{'args':['a','b']}", NULL, "{'f:args':{}}", NULL, "args"},
    {"labels one by one", "{}", "{'metadata':{'labels':{'a':'1','b.c/d':'2'}}}", NULL,
     "{'f:metadata':{'f:labels':{'.':{},'f:a':{},'f:b.c/d':{}}}}", NULL,
     "metadata.labels.a; metadata.labels[\"b.c/d\"]"},
    {"an empty map in which others own something", "{}",
     "{'metadata':{'annotations':{'a':'1'},'labels':{'b':'2'}}}", NULL,
     "{'f:metadata':{'f:annotations':{},'f:labels':{'.':{}}}}",
     "{'f:metadata':{'f:annotations':{'.':{},'f:a':{}},'f:labels':{'f:b':{}}}}",
     "metadata.annotations.a; metadata.labels.b"},
    {"data one by one", "{}", "{'data':{'10':'1','k':'2'}}", NULL,
     "{'f:data':{'.':{},'f:10':{},'f:k':{}}}", NULL, "data.10; data.k"},
    {"data of something inside whole", "{}", "{'spec':{'data':{'k':'2'}}}", NULL,
     "{'f:spec':{'f:data':{'.':{},'f:k':{}}}}", NULL, "spec.data"},
    {"never: status, replicas, our orders, kubectl's memory", "{}",
     "{'status':{'a':1},'spec':{'replicas':3},'metadata':{'name':'x','generateName':'y',"
     "'annotations':{'holdfast.dev/mode':'report','a':'b',"
     "'kubectl.kubernetes.io/last-applied-configuration':'{}'}}}",
     NULL,
     "{'f:status':{'f:a':{}},'f:spec':{'f:replicas':{}},'f:metadata':{'f:name':{},"
     "'f:generateName':{},'f:annotations':{'f:holdfast.dev/mode':{},'f:a':{},"
     "'f:kubectl.kubernetes.io/last-applied-configuration':{}}}}",
     NULL, "metadata.annotations.a"},
    {"never: a restart", "{}",
     "{'spec':{'template':{'metadata':{'annotations':"
     "{'kubectl.kubernetes.io/restartedAt':'now','x':'y'}}}}}",
     NULL,
     "{'f:spec':{'f:template':{'f:metadata':{'f:annotations':{'.':{},"
     "'f:kubectl.kubernetes.io/restartedAt':{},'f:x':{}}}}}}",
     NULL, "spec.template.metadata.annotations.x"},
    {"replicas elsewhere is a field like any other", "{}", "{'spec':{'pool':{'replicas':3}}}", NULL,
     "{'f:spec':{'f:pool':{'f:replicas':{}}}}", NULL, "spec.pool.replicas"},
    {"nothing is known of odd members", "{}", "{'a':1}", NULL,
     "{'a':{},'k:not json':{},'v:':{},'.':{},'f:a':{}}", NULL, "a"},
};

static json_t *entry(const char *manager, const char *operation, const char *fields)
{
    json_t *e = json_object();
    json_put_str(e, "manager", manager);
    json_put_str(e, "operation", operation);
    json_put(e, "fieldsV1", tree(fields));
    return e;
}

static void test_candidates(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(candidate_cases); i++) {
        const struct candidate_case *c = &candidate_cases[i];
        json_auto_t *declared = tree(c->declared), *live = tree(c->live), *managed = json_array();
        if (c->ours)
            json_push(managed, entry("holdfast", "Apply", c->ours));
        json_push(managed, entry("kubectl-edit", "Update", c->hand));
        if (c->hand2)
            json_push(managed, entry("kubectl-set", "Update", c->hand2));
        json_push(managed, entry("some-operator", "Update", "{'f:spec':{'f:a':{},'f:z':{}}}"));
        const struct extra_input in = {
            .declared = declared, .live = live, .managed_fields = managed, .manager = "holdfast"};
        struct candidates found;
        candidates_find(&in, &found);
        struct buf _buf_ seen = BUF_INIT(1 * MIB);
        for (size_t k = 0; k < found.count; k++)
            note(&seen, kept_path_last(&found.items[k].path), NULL);
        if (strcmp(buf_str(&seen), c->want) != 0)
            fail_msg("%s: %s", c->name, buf_str(&seen));
        candidates_free(&found);
    }
}

/* A hand turned the protocol that Git leaves to its default: an answer knows which port is Git's.
 */
static void test_turned_default(void **state)
{
    static const struct {
        const char *applied, *want;
    } rows[] = {
        {NULL, "p[port=53,protocol=UDP].protocol"},
        {"{'f:p':{" PORT("TCP") "}}", "p[port=53,protocol=UDP]"},
        {"{'f:p':{" PORT("UDP") "}}", "p[port=53,protocol=UDP].protocol"},
    };
    json_auto_t *declared = tree("{'p':[{'port':53}]}"), *managed = json_array();
    json_auto_t *live = tree("{'p':[{'port':53,'protocol':'UDP'}]}");
    json_push(managed, entry("holdfast", "Apply", "{'f:x':{}}"));
    json_push(managed, entry("kubectl-patch", "Update", "{'f:p':{" PORT("UDP") "}}"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *applied = rows[i].applied ? tree(rows[i].applied) : NULL;
        const struct extra_input in = {.declared = declared,
                                       .live = live,
                                       .managed_fields = managed,
                                       .applied = applied,
                                       .manager = "holdfast"};
        struct candidates c;
        candidates_find(&in, &c);
        assert_int_equal(c.count, 1);
        _free_ char *text = path_text(kept_path_last(&c.items[0].path));
        assert_string_equal(text, rows[i].want);
        candidates_free(&c);
    }
}

/* ---- the patch ---------------------------------------------------------------------------------
 */

static const char patched[] =
    "{'metadata':{'resourceVersion':'7'},'data':{'10':'','9':'','1b':'','01':'','a/b~c':''},"
    "'spec':{'l':[{'name':'a','env':[{'name':'x'},{'name':'y'},{'name':'z'}]},{'name':'b'},"
    "{'name':'c'},{'name':'d'},{'name':'e'},{'name':'f'},{'name':'g'},{'name':'h'},{'name':'i'},"
    "{'name':'j'},{'name':'k'}],'s':['p','q','r'],'i':[0,1,2],'t':['u','v','u'],"
    "'m':[{'name':'o'},{'name':'n','value':'1'},{'name':'p'},{'name':'n','value':'2'}]}}";

struct patch_case {
    const char *name;
    const char *paths[8];
    const char *want; /* the removed pointers in their order */
};

static const struct patch_case patch_cases[] = {
    {"none", {NULL}, ""},
    {"escapes", {"data | a/b~c"}, "/data/a~1b~0c"},
    {"later elements first, by number",
     {"spec | l | {'name':'b'}", "spec | l | {'name':'k'}", "spec | l | {'name':'c'}"},
     "/spec/l/10 /spec/l/2 /spec/l/1"},
    {"inner goes with outer, once",
     {"spec | l | {'name':'a'}", "spec | l | {'name':'a'} | env | {'name':'x'}",
      "spec | l | {'name':'a'} | env | {'name':'z'}", "spec | l | {'name':'a'}",
      "spec | l | {'name':'k'}"},
     "/spec/l/10 /spec/l/0"},
    {"an earlier element's inside does not move with a later one",
     {"spec | l | {'name':'a'} | env | {'name':'y'}", "spec | l | {'name':'d'}"},
     "/spec/l/3 /spec/l/0/env/1"},
    {"sets and indices",
     {"spec | s | ='p'", "spec | s | ='r'", "spec | i | #1"},
     "/spec/s/2 /spec/s/0 /spec/i/1"},
    {"all elements of the same keys, all members of one value",
     {"spec | m | {'name':'n'}", "spec | m | {'name':'o'}", "spec | t | ='u'"},
     "/spec/t/2 /spec/t/0 /spec/m/3 /spec/m/1 /spec/m/0"},
    {"names that look like numbers",
     {"data | 10", "data | 9", "data | 1b", "data | 01", "spec | l | {'name':'b'}",
      "spec | l | {'name':'k'}"},
     "/spec/l/10 /spec/l/1 /data/1b /data/10 /data/01 /data/9"},
};

static struct candidates candidates_of(const char *const *paths, const json_t *live)
{
    struct candidates c = {0};
    for (size_t i = 0; i < 8 && paths[i]; i++) {
        c.items = xgrow(c.items, &c.cap, c.count + 1, sizeof(*c.items));
        struct candidate *item = &c.items[c.count++];
        *item = (struct candidate){.path = steps(paths[i])};
        item->live = path_find(live, kept_path_last(&item->path));
    }
    return c;
}

static void test_patch(void **state)
{
    json_auto_t *live = tree(patched);
    for (size_t i = 0; i < ARRAY_LEN(patch_cases); i++) {
        const struct patch_case *c = &patch_cases[i];
        struct candidates candidates = candidates_of(c->paths, live);
        json_auto_t *patch = candidates_patch(&candidates, live);
        struct buf _buf_ seen = BUF_INIT(1 * MIB);
        _free_ char *first = json_text(json_array_get(patch, 0), JSON_WRITE_SORTED);
        assert_string_equal(
            first, "{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}");
        for (size_t k = 1; k < json_array_size(patch); k++) {
            const json_t *op = json_array_get(patch, k);
            assert_string_equal(json_str_at(op, "op", NULL), "remove");
            assert_null(json_object_get(op, "value"));
            buf_addf(&seen, "%s%s", seen.len ? " " : "", json_str_at(op, "path", NULL));
        }
        if (strcmp(buf_str(&seen), c->want) != 0)
            fail_msg("%s: %s", c->name, buf_str(&seen));
        candidates_free(&candidates);
    }
}

/* Any order of the candidates gives the same patch: sorting is by a total order. */
static void test_patch_order(void **state)
{
    json_auto_t *live = json_object(), *data = json_object(), *want = NULL;
    static const char *const names[] = {"10", "9",   "1b", "01", "1", "001", "0x1", "a",
                                        "",   "100", "1/", "~",  "2", "b",   "20",  "3c"};
    enum { N = ARRAY_LEN(names) };
    for (size_t i = 0; i < N; i++)
        json_put_str(data, names[i], "v");
    json_put(live, "data", json_incref(data));
    uint64_t seed = 88172645463325252u;
    size_t order[N];
    for (size_t i = 0; i < N; i++)
        order[i] = i;
    for (int round = 0; round < 200; round++) {
        struct candidates c = {.items = xcalloc(N, sizeof(struct candidate)), .count = N};
        for (size_t i = 0; i < N; i++) {
            const struct path up = {.name = "data"}, p = {.up = &up, .name = names[order[i]]};
            kept_path_init(&c.items[i].path, &p);
        }
        json_auto_t *patch = candidates_patch(&c, live);
        if (!want)
            want = json_incref(patch);
        assert_true(json_equal(patch, want));
        candidates_free(&c);
        for (size_t i = N - 1; i > 0; i--) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            size_t k = seed % (i + 1), t = order[i];
            order[i] = order[k];
            order[k] = t;
        }
    }
}

struct rest_case {
    const char *name, *live, *answer, *path, *want;
};

static const struct rest_case rest_cases[] = {
    {"it stays away", "{'a':{'b':1}}", "{}", "a | b", "a.b=1"},
    {"a default comes back", "{'a':{'b':1}}", "{'a':{'b':1}}", "a | b", ""},
    {"another default comes back", "{'a':{'b':1}}", "{'a':{'b':2}}", "a | b", "a.b=1"},
    {"1 and 1.0", "{'a':1}", "{'a':1.0}", "a", ""},
    {"a map comes back empty", "{'sc':{'runAsUser':0}}", "{'sc':{}}", "sc", "sc.runAsUser=0"},
    {"a map comes back in part", "{'s':{'type':'R','x':{'m':1,'n':2}}}",
     "{'s':{'type':'R','x':{'m':3,'n':2}}}", "s", "s.x.m=1"},
    {"a map with nothing of it", "{'s':{'x':{'m':1,'n':2}}}", "{'s':{'x':{'m':3,'n':4,'o':5}}}",
     "s", "s={\"x\":{\"m\":1,\"n\":2}}"},
    {"a part of a part", "{'s':{'x':{'m':1,'n':2},'y':{'o':1}}}",
     "{'s':{'x':{'m':1,'n':3},'y':{'o':2}}}", "s", "s.x.n=2; s.y={\"o\":1}"},
    {"a member has more", "{'s':{'x':{'m':1}}}", "{'s':{'x':{'m':1,'n':3}}}", "s", "s.x={\"m\":1}"},
    {"a map comes back with more", "{'s':{}}", "{'s':{'x':1}}", "s", "s={}"},
    {"an element is away", "{'l':[{'name':'x','value':'1'}]}", "{'l':[]}", "l | {'name':'x'}",
     "l[name=x]={\"name\":\"x\",\"value\":\"1\"}"},
    {"lists are one", "{'l':[1,2]}", "{'l':[1]}", "l", "l=[1,2]"},
};

/* By the one answer. */
static void rest_of(const struct candidate *c, json_t *answer, struct buf *seen)
{
    struct kube_unit u = {.answers[ASK_REMOVE] = answer};
    kube_trial_rest(&u, c, note, seen);
}

static void test_rest(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rest_cases); i++) {
        const struct rest_case *c = &rest_cases[i];
        json_auto_t *live = tree(c->live), *answer = tree(c->answer);
        struct candidate candidate = {.path = steps(c->path)};
        candidate.live = path_find(live, kept_path_last(&candidate.path));
        struct buf _buf_ seen = BUF_INIT(1 * MIB);
        rest_of(&candidate, answer, &seen);
        if (strcmp(buf_str(&seen), c->want) != 0)
            fail_msg("%s: %s", c->name, buf_str(&seen));
        kept_path_free(&candidate.path);
    }
}

/* Added twice: told with both, unless the server puts both back. */
static void test_added_twice(void **state)
{
    static const char both[] = "{'l':[{'name':'a','value':'1'},{'name':'a','value':'2'}]}";
    static const struct {
        const char *answer, *want;
    } rows[] = {
        {"{}", "l[name=a]=[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"a\",\"value\":\"2\"}]"},
        {"{'l':[{'name':'a','value':'1'}]}",
         "l[name=a]=[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"a\",\"value\":\"2\"}]"},
        {both, ""},
    };
    json_auto_t *none = json_object(), *live = tree(both), *managed = json_array();
    json_push(managed,
              entry("kubectl-patch", "Update", "{'f:l':{'k:{\\\"name\\\":\\\"a\\\"}':{}}}"));
    const struct extra_input in = {
        .declared = none, .live = live, .managed_fields = managed, .manager = "holdfast"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *answer = tree(rows[i].answer);
        struct buf _buf_ seen = BUF_INIT(1 * MIB);
        struct candidates c;
        candidates_find(&in, &c);
        assert_int_equal(c.count, 1);
        rest_of(&c.items[0], answer, &seen);
        assert_string_equal(buf_str(&seen), rows[i].want);
        candidates_free(&c);
    }
}

/* ---- dropped -----------------------------------------------------------------------------------
 */

struct dropped_case {
    const char *name, *ours, *declared, *answer, *live;
    bool secret, undeclared;
    const char *want;
};

static const struct dropped_case dropped_cases[] = {
    {"taken away", "{'f:spec':{'f:a':{},'f:b':{}}}", "{'spec':{'a':1}}", "{'spec':{'a':1}}",
     "{'spec':{'a':1,'b':2}}", false, true, "spec.b=2"},
    {"reset to a default", "{'f:spec':{'f:a':{},'f:b':{}}}", "{'spec':{'a':1}}",
     "{'spec':{'a':1,'b':0}}", "{'spec':{'a':1,'b':2}}", false, true, "spec.b=2"},
    {"a default that comes back", "{'f:spec':{'f:a':{},'f:b':{}}}", "{'spec':{'a':1}}",
     "{'spec':{'a':1,'b':2}}", "{'spec':{'a':1,'b':2}}", false, true, ""},
    {"declared still", "{'f:spec':{'f:a':{}}}", "{'spec':{'a':1}}", "{'spec':{}}",
     "{'spec':{'a':1}}", false, false, ""},
    {"gone already", "{'f:spec':{'f:b':{}}}", "{'spec':{}}", "{'spec':{}}", "{'spec':{}}", false,
     true, ""},
    {"a whole map", "{'f:b':{'f:x':{},'f:y':{}}}", "{}", "{}", "{'b':{'x':1,'y':2}}", false, true,
     "b={\"x\":1,\"y\":2}"},
    {"nothing inside what becomes a text", "{'f:b':{'f:x':{}}}", "{'b':'t'}", "{'b':'t'}",
     "{'b':{'x':1}}", false, true, ""},
    {"a part of a map that stays", "{'f:b':{'f:x':{}}}", "{}", "{'b':{'y':2}}",
     "{'b':{'x':1,'y':2}}", false, true, "b.x=1"},
    {"elements one by one",
     "{'f:l':{'k:{\\\"name\\\":\\\"a\\\"}':{'.':{},'f:name':{}},"
     "'k:{\\\"name\\\":\\\"b\\\"}':{'.':{},'f:name':{}}}}",
     "{'l':[{'name':'a'}]}", "{'l':[{'name':'a'}]}", "{'l':[{'name':'b'},{'name':'a'}]}", false,
     true, "l[name=b]={\"name\":\"b\"}"},
    {"an element beside one that lacks a key", "{'f:p':{" PORT("TCP") "," PORT("UDP") "}}",
     "{'p':[{'port':53}]}", "{'p':[{'port':53,'protocol':'TCP'}]}",
     "{'p':[{'port':53,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}", false, true,
     "p[port=53,protocol=UDP]={\"port\":53,\"protocol\":\"UDP\"}"},
    {"all elements", "{'f:l':{'k:{\\\"name\\\":\\\"a\\\"}':{'.':{},'f:name':{}}}}", "{}", "{}",
     "{'l':[{'name':'a'}]}", false, true, "l[name=a]={\"name\":\"a\"}"},
    {"a member of a set", "{'f:s':{'v:\\\"x\\\"':{},'v:\\\"y\\\"':{}}}", "{'s':['x']}",
     "{'s':['x']}", "{'s':['x','y']}", false, true, "s[=\"y\"]=\"y\""},
    {"labels one by one", "{'f:metadata':{'f:labels':{'f:a':{},'f:b':{}}}}", "{'metadata':{}}",
     "{'metadata':{}}", "{'metadata':{'labels':{'a':'1','b':'2'}}}", false, true,
     "metadata.labels.a=\"1\"; metadata.labels.b=\"2\""},
    {"kubectl's memory, which is never read from Git",
     "{'f:metadata':{'f:annotations':{'f:kubectl.kubernetes.io/last-applied-configuration':{},"
     "'f:a':{}}}}",
     "{'metadata':{}}", "{'metadata':{}}",
     "{'metadata':{'annotations':{'kubectl.kubernetes.io/last-applied-configuration':'{}',"
     "'a':'b'}}}",
     false, true, "metadata.annotations.a=\"b\""},
    {"what Flux marks its objects with, and no other name of its group",
     "{'f:metadata':{'f:labels':{'f:kustomize.toolkit.fluxcd.io/name':{},"
     "'f:kustomize.toolkit.fluxcd.io/namespace':{}},"
     "'f:annotations':{'f:kustomize.toolkit.fluxcd.io/prune':{}}}}",
     "{'metadata':{}}", "{'metadata':{}}",
     "{'metadata':{'labels':{'kustomize.toolkit.fluxcd.io/name':'a',"
     "'kustomize.toolkit.fluxcd.io/namespace':'b'},"
     "'annotations':{'kustomize.toolkit.fluxcd.io/prune':'disabled'}}}",
     false, true, "metadata.annotations[\"kustomize.toolkit.fluxcd.io/prune\"]=\"disabled\""},
    {"marks alone: nothing to judge",
     "{'f:metadata':{'f:labels':{'.':{},'f:argocd.argoproj.io/instance':{}},"
     "'f:annotations':{'f:argocd.argoproj.io/tracking-id':{},'f:a':{}}},'f:data':{'f:k':{}}}",
     "{'metadata':{'annotations':{'a':'b'}},'data':{'k':'1'}}",
     "{'metadata':{'annotations':{'a':'b'}},'data':{'k':'1'}}",
     "{'metadata':{'labels':{'argocd.argoproj.io/instance':'a'},"
     "'annotations':{'argocd.argoproj.io/tracking-id':'x','a':'b'}},'data':{'k':'1'}}",
     false, false, ""},
    {"a key once sent as stringData", "{'f:stringData':{'f:old':{},'f:new':{}}}",
     "{'data':{'new':'eA=='}}", "{'data':{'new':'eA==','old':'eQ=='}}",
     "{'data':{'new':'eA==','old':'eQ=='}}", true, true, "data.old=\"eQ==\""},
    {"stringData elsewhere is a name like any other", "{'f:stringData':{'f:old':{}}}", "{}", "{}",
     "{'data':{'old':'eQ=='}}", false, true, ""},
};

static void note_dropped(void *ctx, const struct path *path, const json_t *answer,
                         const json_t *live)
{
    note(ctx, path, live);
}

static void test_dropped(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(dropped_cases); i++) {
        const struct dropped_case *c = &dropped_cases[i];
        json_auto_t *ours = tree(c->ours), *declared = tree(c->declared);
        json_auto_t *answer = tree(c->answer), *live = tree(c->live);
        struct buf _buf_ seen = BUF_INIT(1 * MIB);
        const struct dropped_walk w = {.ours = ours,
                                       .manager = "kustomize-controller",
                                       .declared = declared,
                                       .answer = answer,
                                       .live = live,
                                       .secret = c->secret,
                                       .found = note_dropped,
                                       .ctx = &seen};
        dropped_find(&w);
        if (strcmp(buf_str(&seen), c->want) != 0)
            fail_msg("%s: %s", c->name, buf_str(&seen));
        if (owned_undeclared(ours, declared, "kustomize-controller") != c->undeclared)
            fail_msg("%s: owned_undeclared", c->name);
    }
}

static bool skip_spec(void *ctx, const struct path *path)
{
    return path_is(path, "spec", NULL);
}

/* A container put into a running Pod: told whatever the server says of the others. */
static void test_certain(void **state)
{
    json_auto_t *none = json_object(), *managed = json_array();
    json_auto_t *live = tree("{'metadata':{'resourceVersion':'7'},'spec':{'a':1,"
                             "'ephemeralContainers':[{'name':'look'}]}}");
    json_t *debug =
        entry("kubectl-debug", "Update",
              "{'f:spec':{'f:ephemeralContainers':{'.':{},'k:{\\\"name\\\":\\\"look\\\"}':"
              "{'.':{},'f:name':{}}}}}");
    json_put_str(debug, "subresource", "ephemeralcontainers");
    json_push(managed, debug);
    json_push(managed, entry("kubectl-edit", "Update", "{'f:spec':{'f:a':{}}}"));
    const struct extra_input in = {
        .declared = none, .live = live, .managed_fields = managed, .manager = "holdfast"};
    struct candidates c;
    candidates_find(&in, &c);
    assert_int_equal(c.count, 2);
    assert_true(c.items[0].certain);
    assert_false(c.items[1].certain);
    json_auto_t *patch = candidates_patch(&c, live);
    assert_int_equal(json_array_size(patch), 2);
    assert_string_equal(json_str_at(json_array_get(patch, 1), "path", NULL), "/spec/a");
    struct buf _buf_ seen = BUF_INIT(1 * MIB);
    for (size_t i = 0; i < c.count; i++) /* an answer that has all of it back */
        rest_of(&c.items[i], live, &seen);
    assert_string_equal(buf_str(&seen), "spec.ephemeralContainers[name=look]={\"name\":\"look\"}");
    candidates_free(&c);
}

static void test_skip(void **state)
{
    json_auto_t *ours = tree("{'f:spec':{'f:a':{}},'f:x':{}}"), *none = json_object();
    json_auto_t *live = tree("{'spec':{'a':1},'x':2}"), *managed = json_array();
    struct buf _buf_ seen = BUF_INIT(1 * MIB);
    const struct dropped_walk w = {.ours = ours,
                                   .manager = "holdfast",
                                   .declared = none,
                                   .answer = none,
                                   .live = live,
                                   .skip = skip_spec,
                                   .found = note_dropped,
                                   .ctx = &seen};
    dropped_find(&w);
    assert_string_equal(buf_str(&seen), "x=2");
    json_push(managed, entry("kubectl", "Update", "{'f:spec':{'f:a':{}},'f:x':{}}"));
    const struct extra_input in = {.declared = none,
                                   .live = live,
                                   .managed_fields = managed,
                                   .manager = "holdfast",
                                   .skip = skip_spec};
    struct candidates c;
    candidates_find(&in, &c);
    assert_int_equal(c.count, 1);
    assert_string_equal(kept_path_last(&c.items[0].path)->name, "x");
    candidates_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_candidates),  cmocka_unit_test(test_turned_default),
        cmocka_unit_test(test_patch),       cmocka_unit_test(test_patch_order),
        cmocka_unit_test(test_added_twice), cmocka_unit_test(test_rest),
        cmocka_unit_test(test_dropped),     cmocka_unit_test(test_skip),
        cmocka_unit_test(test_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
