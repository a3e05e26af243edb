/* What Git declared once, where no Apply entry of ours tells: earlier_find() as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "providers/kubernetes/earlier.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/markers.h"
#include "trees.h"

struct applier {
    const char *manager, *operation, *fields;
};

struct row {
    const char *name, *manager; /* ours; NULL: holdfast */
    const char *declared, *live;
    const char *memory; /* last-applied-configuration, or NULL */
    struct applier entries[3];
    const char *versions[3]; /* their apiVersion is v1 unless they say */
    const char *want;        /* fields; "!" before an extra */
};

#define D(x)   "{'apiVersion':'v1','data':{" x "}}"
#define OWN_AB "{'f:data':{'.':{},'f:a':{},'f:b':{}}}"
#define OWN_A  "{'f:data':{'.':{},'f:a':{}}}"
#define OWN_B  "{'f:data':{'f:b':{}}}"
#define TOOL   "tool", "Update"
#define CSA    "kubectl-client-side-apply", "Update"

static const struct row rows[] = {
    {"dropped, by a tool's update",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'1','b':'2'")},
     "data.b"},
    {"by client-side apply: no addition of a hand",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     D("'a':'1','b':'2'"),
     {{CSA, OWN_AB}},
     {D("'a':'1','b':'2'")},
     "data.b"},
    {"the version before the last one",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'0'"), D("'a':'1','b':'2'")},
     "data.b"},
    {"no version", NULL, D("'a':'1'"), D("'a':'1','b':'2'"), NULL, {{TOOL, OWN_AB}}, {0}, ""},
    {"never in Git",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'0'")},
     ""},
    {"another value",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'3'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'1','b':'2'")},
     ""},
    {"not live",
     NULL,
     D("'a':'1'"),
     D("'a':'1'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'1','b':'2'")},
     ""},
    {"declared still",
     NULL,
     D("'a':'1','b':'2'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'1','b':'2'")},
     ""},
    {"we applied it: our own entry tells",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}, {"holdfast", "Apply", OWN_A}},
     {D("'a':'1','b':'2'")},
     ""},
    {"another one applies it",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}, {"other", "Apply", OWN_B}},
     {D("'a':'1','b':'2'")},
     ""},
    {"a hand's edit that owns little else",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_A}, {"kubectl-edit", "Update", OWN_B}},
     {D("'a':'1','b':'2'")},
     "!data.b"},
    {"who wrote another value did not apply that version",
     NULL,
     D("'a':'1'"),
     D("'a':'0','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}},
     {D("'a':'1','b':'2'")},
     ""},
    {"the memory lacks it: somebody put it back",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     D("'a':'1'"),
     {{CSA, OWN_AB}},
     {D("'a':'1','b':'2'")},
     "!data.b"},
    {"the memory has another value",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     D("'b':'3'"),
     {{CSA, OWN_AB}},
     {D("'a':'1','b':'2'")},
     "!data.b"},
    {"a memory that is no JSON is none",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     "{",
     {{TOOL, OWN_AB}},
     {D("'a':'1','b':'2'")},
     "data.b"},
    {"in another version of the kind",
     NULL,
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{TOOL, OWN_AB}},
     {"{'apiVersion':'v2','data':{'a':'1','b':'2'}}"},
     ""},
    {"as the tool itself: its memory is enough",
     "tool",
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     D("'a':'1','b':'2'"),
     {{TOOL, OWN_AB}},
     {0},
     "data.b"},
    {"as kubectl: its client-side apply",
     "kubectl",
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     D("'a':'1','b':'2'"),
     {{CSA, OWN_AB}},
     {0},
     "data.b"},
    {"as the tool: what it owns is no addition",
     "kubectl",
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     NULL,
     {{CSA, OWN_AB}},
     {0},
     ""},
    {"as another tool: that memory is no proof",
     "other",
     D("'a':'1'"),
     D("'a':'1','b':'2'"),
     D("'a':'1','b':'2'"),
     {{TOOL, OWN_AB}},
     {0},
     ""},
    {"replicas never, nor what the server writes",
     NULL,
     "{'apiVersion':'v1','spec':{'a':1}}",
     "{'spec':{'a':1,'replicas':2},'metadata':{'uid':'x'}}",
     NULL,
     {{TOOL, "{'f:spec':{'f:a':{},'f:replicas':{}},'f:metadata':{'f:uid':{}}}"}},
     {"{'apiVersion':'v1','spec':{'a':1,'replicas':2},'metadata':{'uid':'x'}}"},
     ""},
    {"the highest path",
     NULL,
     "{'apiVersion':'v1','spec':{'a':1,'b':1}}",
     "{'spec':{'a':1,'b':1,'c':{'d':2,'e':3}}}",
     NULL,
     {{TOOL, "{'f:spec':{'f:a':{},'f:b':{},'f:c':{'.':{},'f:d':{},'f:e':{}}}}"}},
     {"{'apiVersion':'v1','spec':{'a':1,'b':1,'c':{'d':2}}}"},
     "spec.c"},
    {"of which another one holds a part",
     NULL,
     "{'apiVersion':'v1','spec':{'a':1,'b':1}}",
     "{'spec':{'a':1,'b':1,'c':{'d':2,'e':3}}}",
     NULL,
     {{TOOL, "{'f:spec':{'f:a':{},'f:b':{},'f:c':{'.':{},'f:d':{}}}}"},
      {"x", "Update", "{'f:spec':{'f:c':{'f:e':{}}}}"}},
     {"{'apiVersion':'v1','spec':{'a':1,'b':1,'c':{'d':2}}}"},
     "spec.c.d"},
    {"an element of a keyed list",
     NULL,
     "{'apiVersion':'v1','l':[{'name':'a'}]}",
     "{'l':[{'name':'a'},{'name':'b','x':1,'default':true}]}",
     NULL,
     {{TOOL, "{'f:l':{'.':{},'k:{\\\"name\\\":\\\"a\\\"}':{'.':{},'f:name':{}},"
             "'k:{\\\"name\\\":\\\"b\\\"}':{'.':{},'f:name':{},'f:x':{},'f:default':{}}}}"}},
     {"{'apiVersion':'v1','l':[{'name':'a'},{'name':'b','x':1}]}"},
     "l[name=b]"},
};

static json_t *managed_of(const struct row *row)
{
    json_t *managed = json_array();
    for (size_t i = 0; i < ARRAY_LEN(row->entries) && row->entries[i].manager; i++) {
        json_t *e = json_object();
        json_put_str(e, "manager", row->entries[i].manager);
        json_put_str(e, "operation", row->entries[i].operation);
        json_put_str(e, "apiVersion", "v1");
        json_put(e, "fieldsV1", tree(row->entries[i].fields));
        json_push(managed, e);
    }
    return managed;
}

static void run(const struct row *row, struct buf *seen)
{
    json_auto_t *declared = tree(row->declared), *live = tree(row->live);
    json_auto_t *managed = managed_of(row);
    struct moved_version versions[3] = {0};
    size_t count = 0;
    for (; count < 3 && row->versions[count]; count++)
        versions[count].declared = tree(row->versions[count]);
    if (row->memory) {
        _free_ char *text = quoted(row->memory);
        json_t *annotations = json_object(), *metadata = json_object();
        json_put_str(annotations, "kubectl.kubernetes.io/last-applied-configuration", text);
        json_put(metadata, "annotations", annotations);
        json_put(live, "metadata", metadata);
    }
    const struct extra_input object = {.declared = declared,
                                       .live = live,
                                       .managed_fields = managed,
                                       .manager = row->manager ? row->manager : "holdfast"};
    const struct earlier_input in = {&object, "v1", versions, count};
    struct candidates c;
    candidates_find(&object, &c);
    earlier_find(&in, &c);
    for (size_t i = 0; i < c.count; i++) {
        _free_ char *field = path_text(kept_path_last(&c.items[i].path));
        buf_addf(seen, "%s%s%s", seen->len ? "; " : "", c.items[i].dropped ? "" : "!", field);
    }
    candidates_free(&c);
    for (size_t i = 0; i < count; i++)
        json_decref(versions[i].declared);
}

static void test_rows(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf _buf_ seen = BUF_INIT(1 * MIB);
        run(&rows[i], &seen);
        if (strcmp(buf_str(&seen), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].name, buf_str(&seen));
    }
}

static void test_markers(void **state)
{
    static const struct {
        const char *manager, *path;
        bool is;
    } marks[] = {
        {"kustomize-controller", "metadata | labels | kustomize.toolkit.fluxcd.io/name", true},
        {"argocd-controller", "metadata | annotations | argocd.argoproj.io/tracking-id", true},
        {"argocd-controller", "metadata | labels | app.kubernetes.io/instance", true},
        {"helm", "metadata | annotations | meta.helm.sh/release-name", true},
        {"holdfast", "metadata | labels | kustomize.toolkit.fluxcd.io/name", false},
        {"kustomize-controller", "metadata | annotations | kustomize.toolkit.fluxcd.io/name",
         false},
        {"kustomize-controller", "metadata | annotations | kustomize.toolkit.fluxcd.io/reconcile",
         false},
        {"kustomize-controller", "metadata | labels | app.kubernetes.io/name", false},
        {"kustomize-controller", "metadata | labels", false},
        {"kustomize-controller", "spec | metadata | labels | app.kubernetes.io/instance", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        struct kept_path _kept_ path = steps(marks[i].path);
        if (marker_is(marks[i].manager, kept_path_last(&path)) != marks[i].is)
            fail_msg("%s: %s", marks[i].manager, marks[i].path);
    }
}

static void test_us(void **state)
{
    static const struct {
        const char *us, *manager, *operation, *subresource;
        bool is, hand;
    } entries[] = {
        {"holdfast", "holdfast", "Apply", "", true, false},
        {"holdfast", "holdfast", "Update", "", false, false},
        {"argocd-controller", "argocd-controller", "Update", "", true, false},
        {"argocd-controller", "argocd-controller", "Update", "scale", false, false},
        {"kubectl-client-side-apply", "kubectl-client-side-apply", "Update", "", true, false},
        {"holdfast", "kubectl-client-side-apply", "Update", "", false, true},
        {"kubectl", "kubectl-client-side-apply", "Update", "", true, false},
        {"kubectl", "kubectl", "Apply", "", true, false},
        {"kubectl", "kubectl", "Update", "", false, true},
        {"kubectl", "kubectl", "Update", "scale", false, true},
        {"kubectl", "kubectl-edit", "Update", "", false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        const struct fields_entry e = {.manager = entries[i].manager,
                                       .operation = entries[i].operation,
                                       .subresource = entries[i].subresource};
        if (fields_is_us(&e, entries[i].us) != entries[i].is ||
            fields_is_hand(&e, entries[i].us, NULL) != entries[i].hand)
            fail_msg("entry %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_markers),
        cmocka_unit_test(test_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
