/* Which additions are defaults: what is asked, and what is told then. The server's part is written
 * down here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "providers/kubernetes/trial.h"
#include "trees.h"

/* The paths that a request changes or takes out, and what comes of it; NULL: it is refused. */
struct step {
    const char *asked, *answer;
};

struct trial_case {
    const char *name;
    const char *declared, *live, *hand; /* hand: what it owns */
    const char *applied;                /* what our apply would make of it; NULL: not asked */
    const char *folded;                 /* what ASK_FOLD answered; NULL: not asked */
    struct step steps[6];
    const char *want; /* what is told */
};

#define OBJECT(spec) "{'metadata':{'resourceVersion':'7'},'spec':" spec "}"
#define SPEC(fields) "{'f:spec':" fields "}"

static const struct trial_case cases[] = {
    {"one that is a default",
     OBJECT("{}"),
     OBJECT("{'a':1}"),
     SPEC("{'f:a':{}}"),
     NULL,
     NULL,
     {{"/spec/a", OBJECT("{'a':1}")}},
     ""},
    {"one that is not",
     OBJECT("{}"),
     OBJECT("{'a':2}"),
     SPEC("{'f:a':{}}"),
     NULL,
     NULL,
     {{"/spec/a", OBJECT("{'a':1}")}},
     "spec.a=2"},
    {"one that cannot be taken out",
     OBJECT("{}"),
     OBJECT("{'a':2}"),
     SPEC("{'f:a':{}}"),
     NULL,
     NULL,
     {{"/spec/a", NULL}},
     ""},
    {"one follows from another",
     OBJECT("{}"),
     OBJECT("{'policy':'p','type':'t'}"),
     SPEC("{'f:policy':{},'f:type':{}}"),
     NULL,
     NULL,
     {{"/spec/type /spec/policy", OBJECT("{'type':'d'}")},
      {"/spec/policy", OBJECT("{'policy':'p','type':'t'}")},
      {"/spec/type /spec/policy", OBJECT("{'type':'d'}")}},
     "spec.type=\"t\""},
    {"each follows from the other: one is told",
     OBJECT("{}"),
     OBJECT("{'new':'x','old':'x'}"),
     SPEC("{'f:new':{},'f:old':{}}"),
     NULL,
     NULL,
     {{"/spec/old /spec/new", OBJECT("{}")},
      {"/spec/new", OBJECT("{'new':'x','old':'x'}")},
      {"/spec/old /spec/new", OBJECT("{}")}},
     "spec.old=\"x\""},
    {"two that have nothing to do with one another",
     OBJECT("{}"),
     OBJECT("{'a':1,'b':2}"),
     SPEC("{'f:a':{},'f:b':{}}"),
     NULL,
     NULL,
     {{"/spec/b /spec/a", OBJECT("{}")},
      {"/spec/a", OBJECT("{'b':2}")},
      {"/spec/b", OBJECT("{'a':1}")}},
     "spec.a=1; spec.b=2"},
    {"elements of lists follow from nothing",
     OBJECT("{}"),
     OBJECT("{'l':[{'name':'x'},{'name':'y'}]}"),
     SPEC("{'f:l':{'k:{\\\"name\\\":\\\"x\\\"}':{'.':{},'f:name':{}},"
          "'k:{\\\"name\\\":\\\"y\\\"}':{'.':{},'f:name':{}}}}"),
     NULL,
     NULL,
     {{"/spec/l/1 /spec/l/0", OBJECT("{}")}},
     "spec.l[name=x]={\"name\":\"x\"}; spec.l[name=y]={\"name\":\"y\"}"},
    {"one that cannot be taken out does not hide the others",
     OBJECT("{}"),
     OBJECT("{'a':1,'b':2}"),
     SPEC("{'f:a':{},'f:b':{}}"),
     NULL,
     NULL,
     {{"/spec/b /spec/a", NULL}, {"/spec/a", NULL}, {"/spec/b", OBJECT("{'a':1}")}},
     "spec.b=2"},
    {"a default of what Git says",
     OBJECT("{'image':'i:latest'}"),
     OBJECT("{'image':'i:1','pull':'Always'}"),
     SPEC("{'f:pull':{}}"),
     OBJECT("{'image':'i:latest','pull':'Always'}"),
     NULL,
     {{"/spec/pull", OBJECT("{'image':'i:1','pull':'IfNotPresent'}")},
      {"=/spec/image /spec/pull", OBJECT("{'image':'i:latest','pull':'Always'}")}},
     ""},
    {"in the way of the change that made it",
     OBJECT("{'unavailable':1}"),
     OBJECT("{'surge':1,'unavailable':0}"),
     SPEC("{'f:surge':{}}"),
     OBJECT("{'surge':1,'unavailable':1}"),
     NULL,
     {{"/spec/surge", NULL},
      {"=/spec/unavailable /spec/surge", OBJECT("{'surge':0,'unavailable':1}")}},
     "spec.surge=1"},
    {"what Git empties is taken out piece by piece",
     OBJECT("{'image':'a','r':{}}"),
     OBJECT("{'image':'b','r':{'limits':1,'requests':2}}"),
     SPEC("{'f:r':{'f:requests':{}}}"),
     OBJECT("{'image':'a','r':{'requests':2}}"),
     NULL,
     {{"/spec/r/requests", OBJECT("{'image':'b','r':{'limits':1}}")},
      {"=/spec/image /spec/r/requests", OBJECT("{'image':'a','r':{'limits':1}}")}},
     "spec.r.requests=2"},
    {"what the values that are put back do not have is not taken out",
     OBJECT("{'m':{'x':1}}"),
     OBJECT("{'m':[1],'n':2}"),
     SPEC("{'f:n':{}}"),
     OBJECT("{'m':{'x':1},'n':2}"),
     NULL,
     {{"/spec/n", OBJECT("{'m':[1]}")}, {"=/spec/m /spec/n", OBJECT("{'m':{'x':1}}")}},
     "spec.n=2"},
    {"in the place of something of Git's",
     OBJECT("{'probe':{'http':'a'}}"),
     OBJECT("{'probe':{'tcp':1}}"),
     SPEC("{'f:probe':{'f:tcp':{}}}"),
     NULL,
     OBJECT("{'probe':{'http':'a'}}"),
     {{"/spec/probe/tcp", NULL}},
     ""},
    {"and what is beside that",
     OBJECT("{'probe':{'http':'a'}}"),
     OBJECT("{'probe':{'failures':9,'tcp':1}}"),
     SPEC("{'f:probe':{'f:failures':{},'f:tcp':{}}}"),
     NULL,
     OBJECT("{'probe':{'failures':3,'http':'a'}}"),
     {{"/spec/probe/tcp /spec/probe/failures", NULL},
      {"/spec/probe/failures", OBJECT("{'probe':{'failures':3,'tcp':1}}")},
      {"/spec/probe/tcp", NULL}},
     "spec.probe.failures=9"},
};

static void note(void *ctx, const struct path *path, const json_t *live)
{
    struct buf *b = ctx;
    _free_ char *name = path_text(path), *value = json_text(live, JSON_WRITE_SORTED);
    buf_addf(b, "%s%s=%s", b->len ? "; " : "", name, value);
}

/* "=/spec/put/in /spec/taken/out", as it stands in the patch. */
static char *asked(const json_t *patch)
{
    struct buf b = BUF_INIT(1 * MIB);
    for (size_t i = 1; i < json_array_size(patch); i++) {
        const json_t *op = json_array_get(patch, i);
        buf_addf(&b, "%s%s%s", b.len ? " " : "",
                 strcmp(json_str_at(op, "op", NULL), "remove") ? "=" : "",
                 json_str_at(op, "path", NULL));
    }
    return buf_take(&b);
}

static void prepare(struct unit *unit, const struct trial_case *c, json_t *managed)
{
    struct kube_unit *u = kube_unit_of(unit);
    u->declared = tree(c->declared);
    u->live = tree(c->live);
    u->managed = managed;
    const struct extra_input in = {
        .declared = u->declared, .live = u->live, .managed_fields = managed, .manager = "holdfast"};
    candidates_find(&in, &u->candidates);
    if (c->applied)
        u->answers[ASK_APPLY] = tree(c->applied);
    if (c->folded)
        u->answers[ASK_FOLD] = tree(c->folded);
}

static void forget(struct unit *unit)
{
    struct kube_unit *u = unit->own;
    json_decref(u->declared);
    json_decref(u->live);
    json_decref(u->trial.restored);
    for (int i = 0; i < ASK_COUNT; i++)
        json_decref(u->answers[i]);
    candidates_free(&u->candidates);
    free(u);
}

static void run(const struct trial_case *c)
{
    json_auto_t *managed = json_array(), *hand = json_object();
    json_put_str(hand, "manager", "kubectl-edit");
    json_put_str(hand, "operation", "Update");
    json_put(hand, "fieldsV1", tree(c->hand));
    json_push(managed, json_incref(hand));
    static const struct host host;
    struct kube k = {.config = {.field_manager = "holdfast", .host = &host}};
    struct unit unit = {.kind = "Thing"};
    prepare(&unit, c, managed);
    const enum answer *fact = &unit.facts.answers[ASK_REMOVE];
    size_t step = 0;
    for (; *fact == ANSWER_NONE; step++) {
        json_auto_t *patch = kube_trial_body(&k, &unit);
        _free_ char *got = asked(patch);
        if (step == ARRAY_LEN(c->steps) || !c->steps[step].asked ||
            strcmp(got, c->steps[step].asked) != 0)
            fail_msg("%s: request %zu: %s", c->name, step, got);
        kube_trial_answered(&unit, c->steps[step].answer ? tree(c->steps[step].answer) : NULL);
    }
    if (step < ARRAY_LEN(c->steps) && c->steps[step].asked)
        fail_msg("%s: not asked: %s", c->name, c->steps[step].asked);
    struct buf _buf_ seen = BUF_INIT(1 * MIB);
    const struct kube_unit *u = unit.own;
    for (size_t i = 0; i < u->candidates.count && *fact == ANSWER_OK; i++)
        kube_trial_rest(u, &u->candidates.items[i], note, &seen);
    if (strcmp(buf_str(&seen), c->want) != 0)
        fail_msg("%s: told: %s", c->name, buf_str(&seen));
    forget(&unit);
}

static void trials(void **state _unused_)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        run(&cases[i]);
}

/* So many that not each can be tried: those are told that were shown to be no default. */
static void many(void **state _unused_)
{
    json_auto_t *managed = json_array(), *live = json_object(), *owned = json_object();
    json_t *spec = json_object(), *fields = json_object(), *hand = json_object();
    const size_t count = 3UL * LIMIT_TRIALS_ALONE;
    for (size_t i = 0; i < count; i++) {
        _free_ char *name = xasprintf("m%zu", i), *field = xasprintf("f:m%zu", i);
        json_put(spec, name, json_integer(1));
        json_put(fields, field, json_object());
    }
    json_put(live, "spec", spec);
    json_put(owned, "f:spec", fields);
    json_put_str(hand, "manager", "kubectl-edit");
    json_put_str(hand, "operation", "Update");
    json_put(hand, "fieldsV1", json_incref(owned));
    json_push(managed, hand);
    for (int refused = 0; refused < 2; refused++) {
        static const struct host host;
        struct kube k = {.config = {.field_manager = "holdfast", .host = &host}};
        struct unit unit = {.kind = "Thing"};
        const struct trial_case c = {.declared = "{}", .live = "{}"};
        prepare(&unit, &c, managed);
        struct kube_unit *u = unit.own;
        json_decref(u->live);
        u->live = json_incref(live);
        const struct extra_input in = {.declared = u->declared,
                                       .live = u->live,
                                       .managed_fields = managed,
                                       .manager = "holdfast"};
        candidates_free(&u->candidates);
        candidates_find(&in, &u->candidates);
        assert_int_equal(u->candidates.count, count);
        size_t requests = 0, told = 0;
        for (; unit.facts.answers[ASK_REMOVE] == ANSWER_NONE; requests++) {
            json_auto_t *patch = kube_trial_body(&k, &unit);
            kube_trial_answered(&unit, refused && !requests ? NULL : tree("{'spec':{}}"));
        }
        assert_int_equal(requests, 1 + LIMIT_TRIALS_ALONE);
        for (size_t i = 0; i < count; i++) {
            struct buf _buf_ seen = BUF_INIT(1 * MIB);
            kube_trial_rest(u, &u->candidates.items[i], note, &seen);
            told += seen.len > 0;
        }
        assert_int_equal(told, refused ? LIMIT_TRIALS_ALONE : count);
        forget(&unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
