/* Who holds spec.replicas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "providers/kubernetes/scaler.h"
#include "trees.h"

struct scaler_case {
    const char *name, *kind, *namespace, *object;
    const char *target[4]; /* group, kind, namespace, name of the workload */
    const char *want;      /* NULL: nobody holds it */
};

#define HPA      "HorizontalPodAutoscaler"
#define REF(ref) "{'metadata':{'name':'x'},'spec':{'scaleTargetRef':" ref "}}"
#define WEB      REF("{'apiVersion':'apps/v1','kind':'Deployment','name':'web'}")

static const struct scaler_case cases[] = {
    {"an HPA", HPA, "ml", WEB, {"apps", "Deployment", "ml", "web"}, HPA " ml/x"},
    {"another name", HPA, "ml", WEB, {"apps", "Deployment", "ml", "web2"}, NULL},
    {"another namespace", HPA, "ml", WEB, {"apps", "Deployment", "prod", "web"}, NULL},
    {"another kind", HPA, "ml", WEB, {"apps", "StatefulSet", "ml", "web"}, NULL},
    {"another group", HPA, "ml", WEB, {"", "Deployment", "ml", "web"}, NULL},
    {"no namespace", HPA, "ml", WEB, {"apps", "Deployment", NULL, "web"}, NULL},
    {"any version of the group",
     HPA,
     "ml",
     REF("{'apiVersion':'apps/v1beta2','kind':'Deployment','name':'web'}"),
     {"apps", "Deployment", "ml", "web"},
     HPA " ml/x"},
    {"a custom resource",
     HPA,
     "ml",
     REF("{'apiVersion':'ray.io/v1','kind':'RayCluster','name':'r'}"),
     {"ray.io", "RayCluster", "ml", "r"},
     HPA " ml/x"},
    {"the core group",
     HPA,
     "ml",
     REF("{'apiVersion':'v1','kind':'ReplicationController','name':'rc'}"),
     {"", "ReplicationController", "ml", "rc"},
     HPA " ml/x"},
    {"an HPA without apiVersion means the core group",
     HPA,
     "ml",
     REF("{'kind':'ReplicationController','name':'rc'}"),
     {"", "ReplicationController", "ml", "rc"},
     HPA " ml/x"},
    {"and no other",
     HPA,
     "ml",
     REF("{'kind':'Deployment','name':'web'}"),
     {"apps", "Deployment", "ml", "web"},
     NULL},
    {"an HPA without kind",
     HPA,
     "ml",
     REF("{'apiVersion':'apps/v1','name':'web'}"),
     {"apps", "Deployment", "ml", "web"},
     NULL},
    {"a ScaledObject's defaults",
     "ScaledObject",
     "ml",
     REF("{'name':'web'}"),
     {"apps", "Deployment", "ml", "web"},
     "ScaledObject ml/x"},
    {"a ScaledObject that says its target",
     "ScaledObject",
     "ml",
     REF("{'apiVersion':'apps/v1','kind':'StatefulSet','name':'db'}"),
     {"apps", "StatefulSet", "ml", "db"},
     "ScaledObject ml/x"},
    {"no target",
     HPA,
     "ml",
     "{'metadata':{'name':'x'},'spec':{}}",
     {"apps", "Deployment", "ml", "web"},
     NULL},
    {"a target that is a text", HPA, "ml", REF("'web'"), {"apps", "Deployment", "ml", "web"}, NULL},
    {"no name of its own",
     HPA,
     "ml",
     "{'spec':{'scaleTargetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'web'}}}",
     {"apps", "Deployment", "ml", "web"},
     NULL},
    {"no namespace of its own", HPA, NULL, WEB, {"apps", "Deployment", "ml", "web"}, NULL},
};

static int set(struct scalers *s, enum scaler_origin origin, const char *kind,
               const char *namespace, const json_t *object)
{
    struct scaler_target before, after;
    int rc = scalers_set(s, origin, kind, namespace, json_str_at(object, "metadata", "name", NULL),
                         object, &before, &after);
    scaler_target_free(&before);
    scaler_target_free(&after);
    return rc;
}

static const char *web(const struct scalers *s)
{
    return scalers_find(s, "apps", "Deployment", "ml", "web");
}

static void count_live(void *ctx, const char *namespace, const char *name)
{
    assert_string_equal(namespace, "ml");
    assert_string_equal(name, "x");
    ++*(int *)ctx;
}

/* A scaler that stands in Git and in the cluster, is aimed elsewhere, and goes. */
static void test_origins(void **state)
{
    struct scalers *s = scalers_new();
    json_auto_t *at_web = tree(WEB);
    json_auto_t *at_db = tree(REF("{'apiVersion':'apps/v1','kind':'Deployment','name':'db'}"));
    int live = 0;
    assert_int_equal(set(s, SCALER_GIT, HPA, "ml", at_web), 1);
    assert_int_equal(set(s, SCALER_LIVE, HPA, "ml", at_web), 1);
    assert_int_equal(set(s, SCALER_LIVE, HPA, "ml", at_web), 0);
    scalers_live(s, HPA, "ml", count_live, &live);
    scalers_live(s, HPA, "other", count_live, &live);
    scalers_live(s, "ScaledObject", NULL, count_live, &live);
    assert_int_equal(live, 1);
    scalers_clear(s, SCALER_GIT);
    assert_string_equal(web(s), "HorizontalPodAutoscaler ml/x");

    struct scaler_target before, after;
    assert_int_equal(scalers_set(s, SCALER_LIVE, HPA, "ml", "x", at_db, &before, &after), 1);
    assert_string_equal(before.name, "web");
    assert_string_equal(before.group, "apps");
    assert_string_equal(after.name, "db");
    assert_null(web(s));
    scaler_target_free(&before);
    scaler_target_free(&after);
    assert_int_equal(scalers_set(s, SCALER_LIVE, HPA, "ml", "x", NULL, &before, &after), 1);
    assert_string_equal(before.name, "db");
    assert_null(after.name);
    assert_null(scalers_find(s, "apps", "Deployment", "ml", "db"));
    scaler_target_free(&before);
    scaler_target_free(&after);
    scalers_free(s);
}

static void test_find(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct scaler_case *c = &cases[i];
        struct scalers *s = scalers_new();
        json_auto_t *object = tree(c->object);
        set(s, SCALER_LIVE, c->kind, c->namespace, object);
        const char *found = scalers_find(s, c->target[0], c->target[1], c->target[2], c->target[3]);
        if (c->want ? !found || strcmp(found, c->want) != 0 : found != NULL)
            fail_msg("%s: %s", c->name, found ? found : "nobody");
        scalers_free(s);
    }
}

static void test_kind(void **state)
{
    assert_true(scaler_kind("autoscaling", HPA));
    assert_true(scaler_kind("keda.sh", "ScaledObject"));
    assert_false(scaler_kind("keda.sh", "ScaledJob"));
    assert_false(scaler_kind("autoscaling.k8s.io", "VerticalPodAutoscaler"));
    assert_false(scaler_kind("", HPA));
    scalers_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
