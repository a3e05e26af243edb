/* Which rights a source needs: kinds, scopes, verbs, what is never granted, and the YAML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "providers/kubernetes/access.h"
#include "providers/kubernetes/builtin.h"
#include "tests/unit/trees.h"

struct object {
    const char *group, *version, *kind, *namespace;
};

static struct access *without_cluster(bool report)
{
    return access_new(&(struct access_config){.default_namespace = "default", .report = report});
}

static void add_all(struct access *a, const struct object *objects)
{
    for (const struct object *o = objects; o->kind; o++)
        assert_int_equal(access_object(a, o->group, o->version, o->kind, o->namespace, NULL), 0);
    access_finish(a);
}

/* "ml apps/deployments get,list,watch,patch,create" for each rule, one a line. */
static char *listed(const struct access *a)
{
    struct buf b = BUF_INIT(100000);
    for (size_t i = 0; i < a->count; i++) {
        const struct access_rule *r = &a->items[i];
        buf_addf(&b, "%s %s/%s ", r->namespace ? r->namespace : "*", r->group, r->plural);
        for (unsigned k = 0; k < ACCESS_VERBS; k++) {
            if (r->verbs & 1U << k)
                buf_add_char(&b, access_verb_name(k)[0]);
        }
        buf_add_str(&b, "\n");
    }
    return buf_take(&b);
}

static void check_listed(const struct access *a, const char *expected)
{
    _free_ char *text = listed(a);
    assert_string_equal(text, expected);
}

static void test_report_and_look_only(void **state _unused_)
{
    static const struct object objects[] = {
        {"", "v1", "Namespace", NULL},    {"", "v1", "ConfigMap", "ml"},
        {"", "v1", "ConfigMap", "ml"},    {"", "v1", "ConfigMap", NULL},
        {"", "v1", "Namespace", "noise"}, {0},
    };
    struct access *a = without_cluster(true);
    add_all(a, objects);
    check_listed(a, "* /namespaces glwpc\ndefault /configmaps glwpc\nml /configmaps glwpc\n");
    access_free(a);
    a = without_cluster(false);
    add_all(a, objects);
    check_listed(a, "* /namespaces glw\ndefault /configmaps glw\nml /configmaps glw\n");
    access_free(a);
}

/* Who holds spec.replicas is looked for where something may be scaled, and nowhere else. */
static void test_scalers(void **state _unused_)
{
    static const struct object objects[] = {
        {"apps", "v1", "Deployment", "ml"},
        {"", "v1", "ConfigMap", "texts"},
        {"", "v1", "ReplicationController", "old"},
        {0},
    };
    struct access *a = without_cluster(true);
    add_all(a, objects);
    check_listed(a, "ml apps/deployments glwpc\nml autoscaling/horizontalpodautoscalers glw\n"
                    "old /replicationcontrollers glwpc\n"
                    "old autoscaling/horizontalpodautoscalers glw\ntexts /configmaps glwpc\n");
    access_free(a);
}

static void test_looked_at(void **state _unused_)
{
    static const struct object objects[] = {{"", "v1", "Service", "ml"}, {0}};
    struct access *a = without_cluster(true);
    assert_int_equal(access_looked_at(a, "", "v1", "Service", "ml", NULL), 0);
    assert_int_equal(access_looked_at(a, "apps", "v1", "Deployment", NULL, NULL), 0);
    assert_int_equal(access_looked_at(a, "a.example", "v1", "Thing", NULL, NULL), -1);
    add_all(a, objects);
    check_listed(a, "default apps/deployments glw\nml /services glwpc\n");
    access_free(a);
}

static void test_never_dry_run(void **state _unused_)
{
    static const struct object objects[] = {
        {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", NULL},
        {"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", NULL},
        {"rbac.authorization.k8s.io", "v1", "ClusterRole", NULL},
        {"rbac.authorization.k8s.io", "v1", "RoleBinding", "ml"},
        {0},
    };
    struct access *a = without_cluster(true);
    add_all(a, objects);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->items[i].verbs, ACCESS_READ);
        assert_non_null(a->items[i].read_only);
    }
    assert_int_equal(a->count, 5); /* and the autoscalers of ml */
    access_free(a);
}

#define CRD(group, plural, scope)                                                                  \
    "{'spec':{'group':'" group "','scope':'" scope "','names':{'kind':'Thing','plural':'" plural   \
    "'}}}"

static void test_crds_of_the_source(void **state _unused_)
{
    static const struct {
        const char *crd, *group, *namespace;
        const char *said; /* NULL: taken */
    } cases[] = {
        {CRD("ml.example.com", "things", "Namespaced"), "ml.example.com", "ml", NULL},
        {CRD("ml.example.com", "things", "Cluster"), "ml.example.com", "Wrong!", NULL},
        {CRD("ml.example.com", "*", "Namespaced"), "ml.example.com", "ml", "plural"},
        {CRD("ml.example.com", "pods/exec", "Namespaced"), "ml.example.com", "ml", "plural"},
        {CRD("ml.example.com", "a\\\", \\\"b", "Namespaced"), "ml.example.com", "ml", "plural"},
        {CRD("ml.example.com", "", "Namespaced"), "ml.example.com", "ml", "plural"},
        {CRD("ml.example.com", "-things", "Namespaced"), "ml.example.com", "ml", "plural"},
        {CRD("ml.example.com", "Things", "Namespaced"), "ml.example.com", "ml", "plural"},
        {CRD("*", "things", "Namespaced"), "*", "ml", "group"},
        {CRD("a..b", "things", "Namespaced"), "a..b", "ml", "group"},
        {CRD("a.b", "things", "Namespaced"), "a.b", "*", "namespace"},
        {CRD("a.b", "things", "Namespaced"), "a.b", "a.b", "namespace"},
        /* a group of Kubernetes' own is not the source's to extend */
        {CRD("", "secrets", "Cluster"), "", NULL, "--kubeconfig"},
        {CRD("apps", "deployments", "Cluster"), "apps", NULL, "--kubeconfig"},
        {CRD("authentication.k8s.io", "tokenreviews", "Cluster"), "authentication.k8s.io", NULL,
         "--kubeconfig"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct access *a = without_cluster(true);
        struct err _err_ *err = NULL;
        json_auto_t *crd = tree(cases[i].crd);
        access_crd(a, crd);
        int rc = access_object(a, cases[i].group, "v1", "Thing", cases[i].namespace, &err);
        assert_int_equal(rc, cases[i].said ? -1 : 0);
        if (cases[i].said) {
            assert_int_equal(err->kind, ERR_INVALID);
            assert_non_null(strstr(err->message, cases[i].said));
            assert_int_equal(a->count, 0);
        } else {
            assert_int_equal(a->items[0].verbs, ACCESS_READ | ACCESS_DRY_RUN);
        }
        access_free(a);
    }
}

#define SERVED                                                                                     \
    "{'kind':'APIGroupDiscoveryList','items':[{'metadata':{'name':'metrics.example'},"             \
    "'versions':[{'version':'v1','resources':[" RESOURCE(                                          \
        "gauges", "Gauge") ","                                                                     \
                           "{'resource':'reviews','responseKind':{'kind':'Review'},'scope':'"      \
                           "Cluster','verbs':['create']}"                                          \
                           "]}]},{'metadata':{'name':'ml.example.com'},'versions':[{'version':'"   \
                           "v2','resources':[" RESOURCE("things", "Thing") "]}]}]}"
#define RESOURCE(plural, kind)                                                                     \
    "{'resource':'" plural "','responseKind':{'kind':'" kind                                       \
    "'},'scope':'Namespaced','verbs':['create','get','list','patch','watch']}"

static void test_aggregated(void **state _unused_)
{
    static const char services[] =
        "[{'spec':{'group':'metrics.example','service':{'name':'m'}}},{'spec':{'group':'ml.example."
        "com'}}]";
    struct discovery *d = xcalloc(1, sizeof(*d));
    json_auto_t *list = tree(SERVED), *items = tree(services);
    assert_int_equal(discovery_add_aggregated(d, list), 0);
    discovery_sort(d);
    /* in another version than the one that is served: the right is the same */
    static const struct object objects[] = {
        {"metrics.example", "v1", "Gauge", "ml"}, {"ml.example.com", "v1", "Thing", "ml"}, {0}};
    struct access_config config = {
        .discovery = d, .api_services = items, .default_namespace = "x", .report = true};
    struct access *a = access_new(&config);
    add_all(a, objects);
    check_listed(a, "ml metrics.example/gauges glw\nml ml.example.com/things glwpc\n");
    assert_int_equal(access_object(a, "metrics.example", "v1", "Review", NULL, NULL), -1);
    assert_int_equal(access_object(a, "metrics.example", "v1", "Nothing", NULL, NULL), -1);
    access_free(a);
    /* not known who serves it: no dry runs */
    config.api_services = NULL;
    a = access_new(&config);
    add_all(a, objects);
    check_listed(a, "ml metrics.example/gauges glw\nml ml.example.com/things glw\n");
    access_free(a);
    /* nor of a kind that is still to come in a group that is served; a new group is nobody's yet */
    static const struct object coming[] = {
        {"metrics.example", "v1", "Thing", "ml"}, {"new.example", "v1", "Thing", "ml"}, {0}};
    json_auto_t *served = tree(CRD("metrics.example", "things", "Namespaced"));
    json_auto_t *new = tree(CRD("new.example", "things", "Namespaced"));
    a = access_new(&config);
    access_crd(a, served);
    access_crd(a, new);
    add_all(a, coming);
    check_listed(a, "ml metrics.example/things glw\nml new.example/things glwpc\n");
    access_free(a);
    /* where it is only asked whether they are there, they are asked for */
    config.asking = true;
    a = access_new(&config);
    add_all(a, objects);
    check_listed(a, "ml metrics.example/gauges glwpc\nml ml.example.com/things glwpc\n");
    access_free(a);
    discovery_free(d);
}

static void test_yaml(void **state _unused_)
{
    static const struct object objects[] = {
        {"", "v1", "Namespace", NULL},
        {"rbac.authorization.k8s.io", "v1", "ClusterRole", NULL},
        {"", "v1", "ConfigMap", "ml"},
        {"", "v1", "Secret", "ml"},
        {0},
    };
    struct access *a = without_cluster(true);
    add_all(a, objects);
    struct buf _buf_ b = BUF_INIT(100000);
    assert_int_equal(access_write(&b, a, "agent", "ops", "watcher"), 0);
    static const char role[] = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"
                               "metadata:\n  name: \"agent\"\n  namespace: \"ml\"\n  labels:\n"
                               "    app.kubernetes.io/name: holdfast\nrules:\n- apiGroups: [\"\"]\n"
                               "  resources: [\"configmaps\", \"secrets\"]\n"
                               "  verbs: [\"get\", \"list\", \"watch\", \"patch\", \"create\"]\n"
                               "---\n";
    static const char read_only[] =
        "# read only: a dry run would need every right that is granted there\n"
        "- apiGroups: [\"rbac.authorization.k8s.io\"]\n  resources: [\"clusterroles\"]\n"
        "  verbs: [\"get\", \"list\", \"watch\"]\n";
    static const char subject[] =
        "subjects:\n- kind: ServiceAccount\n  name: \"watcher\"\n  namespace: \"ops\"\n";
    assert_non_null(strstr(b.data, role));
    assert_non_null(strstr(b.data, read_only));
    assert_non_null(strstr(b.data, subject));
    assert_null(strchr(b.data, '*'));
    access_free(a);
    struct buf _buf_ small = BUF_INIT(100);
    a = without_cluster(true);
    add_all(a, objects);
    assert_int_equal(access_write(&small, a, "agent", "ops", "watcher"), -1);
    access_free(a);
}

static void test_names(void **state _unused_)
{
    static const struct {
        const char *text;
        bool label, name;
    } cases[] = {
        {"a", true, true},
        {"a-b9", true, true},
        {"a.b", false, true},
        {"", false, false},
        {".", false, false},
        {"a.", false, false},
        {".a", false, false},
        {"a_b", false, false},
        {"a/b", false, false},
        {"*", false, false},
        {"a b", false, false},
        {"a\n", false, false},
        {"-a", false, false},
        {"a-", false, false},
        {"A", false, false},
        {"9", true, true},
        {"a.-b", false, false},
        {"a\"", false, false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(access_is_label(cases[i].text), cases[i].label);
        assert_int_equal(access_is_name(cases[i].text), cases[i].name);
    }
    for (const struct builtin_kind *k = builtin_kinds; k->kind; k++) {
        assert_true(access_is_label(k->plural));
        assert_true(!*k->group || access_is_name(k->group));
        assert_ptr_equal(builtin_find(k->group, k->kind), k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_and_look_only),
        cmocka_unit_test(test_scalers),
        cmocka_unit_test(test_never_dry_run),
        cmocka_unit_test(test_crds_of_the_source),
        cmocka_unit_test(test_aggregated),
        cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
