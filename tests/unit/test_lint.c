/* The rules of lint: manifests in, problems out, through the same reading as a source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "sync/lint.h"

struct run {
    struct lint *lint;
    struct manifest_sink sink;
    struct buf told;
};

static void on_object(void *ctx, const char *file, const struct manifest *manifest)
{
    struct run *run = ctx;
    lint_add(run->lint, file, manifest, &run->sink);
}

static void on_problem(void *ctx, const struct problem *p)
{
    struct run *run = ctx;
    buf_addf(&run->told, "%s:%u:%u: %s: %s: %s\n", p->file, p->line, p->col,
             p->level == PROBLEM_ERROR ? "error" : "note", p->object, p->message);
}

/* What lint says of the texts, which are files a.yaml, b.yaml. Owned. */
static char *linted(const char *a, const char *b)
{
    struct run run = {.lint = lint_new("default"), .told = BUF_INIT(MIB)};
    run.sink = (struct manifest_sink){.ctx = &run, .object = on_object, .problem = on_problem};
    manifest_read("a.yaml", a, strlen(a), &run.sink);
    if (b)
        manifest_read("b.yaml", b, strlen(b), &run.sink);
    lint_finish(run.lint, &run.sink);
    return buf_take(&run.told);
}

#define OBJECT(version, kind, meta) "apiVersion: " version "\nkind: " kind "\nmetadata: " meta "\n"

static void test_alone(void **state _unused_)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {OBJECT("apps/v1", "Deployment", "{name: x}"), ""},
        {OBJECT("autoscaling/v2beta2", "HorizontalPodAutoscaler", "{name: x, namespace: ml}"),
         "a.yaml:1:13: error: HorizontalPodAutoscaler ml/x: autoscaling/v2beta2 is not served "
         "since "
         "Kubernetes 1.26: write autoscaling/v2\n"},
        {OBJECT("batch/v1beta1", "CronJob", "{name: x}"),
         "a.yaml:1:13: error: CronJob x: batch/v1beta1 is not served since Kubernetes 1.25: write "
         "batch/v1\n"},
        {OBJECT("policy/v1beta1", "PodSecurityPolicy", "{name: x}"),
         "a.yaml:1:13: error: PodSecurityPolicy x: PodSecurityPolicy is not served since "
         "Kubernetes "
         "1.25 and nothing replaces it: label namespaces for Pod Security Admission\n"},
        {OBJECT("extensions/v1beta1", "Ingress", "{name: x}"),
         "a.yaml:1:13: error: Ingress x: extensions/v1beta1 is not served since Kubernetes 1.22: "
         "write networking.k8s.io/v1\n"},
        /* versions that only look gone: newer kinds live in them */
        {OBJECT("networking.k8s.io/v1beta1", "ServiceCIDR", "{name: x}"), ""},
        {OBJECT("storage.k8s.io/v1beta1", "VolumeAttributesClass", "{name: x}"), ""},
        {OBJECT("storage.k8s.io/v1", "StorageClass",
                "{name: x}") "provisioner: kubernetes.io/gce-pd\n",
         "a.yaml:4:14: note: StorageClass x: the provisioner kubernetes.io/gce-pd is no longer "
         "part "
         "of Kubernetes: the CSI driver pd.csi.storage.gke.io replaces it\n"},
        {OBJECT("storage.k8s.io/v1", "StorageClass", "{name: x}") "provisioner: ebs.csi.aws.com\n",
         ""},
        {OBJECT("v1", "Secret", "{name: x}") "data: {a: c2VjcmV0}\n",
         "a.yaml:4:1: note: Secret x: the values of this Secret stand in Git for everybody who can "
         "read it (data)\n"},
        {OBJECT("v1", "Secret", "{name: x}") "type: Opaque\ndata: {}\n", ""},
        {OBJECT("example.com/v1", "Secret", "{name: x}") "data: {a: b}\n", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *told = linted(cases[i].text, NULL);
        assert_string_equal(told, cases[i].said);
    }
}

static void test_doubled(void **state _unused_)
{
    _free_ char *told = linted(OBJECT("v1", "ConfigMap", "{name: x}") "---\n" OBJECT(
                                   "v1", "ConfigMap", "{name: x, namespace: other}"),
                               OBJECT("v1", "ConfigMap", "{name: x, namespace: default}"));
    assert_string_equal(
        told, "a.yaml:1:1: error: ConfigMap x: the same object stands at b.yaml:1 too: "
              "one of the two must go\n"
              "b.yaml:1:1: error: ConfigMap default/x: the same object stands at a.yaml:1 "
              "too: one of the two must go\n");
    /* another group is another object; another version is the same */
    _free_ char *groups =
        linted(OBJECT("a.example/v1", "X", "{name: x}"), OBJECT("b.example/v1", "X", "{name: x}"));
    assert_string_equal(groups, "");
    _free_ char *versions =
        linted(OBJECT("a.example/v1", "X", "{name: x}"), OBJECT("a.example/v2", "X", "{name: x}"));
    assert_non_null(strstr(versions, "the same object stands at b.yaml:1 too"));
}

static void test_autoscaled(void **state _unused_)
{
    static const char web[] =
        OBJECT("apps/v1", "Deployment", "{name: web, namespace: ml}") "spec:\n  replicas: 3\n";
    static const char hpa[] =
        OBJECT("autoscaling/v2", "HorizontalPodAutoscaler",
               "{name: up, namespace: ml}") "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: "
                                            "Deployment, name: web}}\n";
    static const char keda[] = OBJECT("keda.sh/v1alpha1", "ScaledObject",
                                      "{name: up, namespace: ml}") "spec: {scaleTargetRef: {name: "
                                                                   "web}}\n";
    static const char elsewhere[] =
        OBJECT("autoscaling/v2", "HorizontalPodAutoscaler",
               "{name: up}") "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "
                             "web}}\n";
    _free_ char *by_hpa = linted(web, hpa), *by_keda = linted(web, keda);
    _free_ char *none = linted(web, elsewhere);
    assert_string_equal(by_hpa, "a.yaml:5:3: note: Deployment ml/web: spec.replicas belongs to "
                                "HorizontalPodAutoscaler ml/up (b.yaml:1): leave it out, an apply "
                                "would scale back\n");
    assert_string_equal(by_keda,
                        "a.yaml:5:3: note: Deployment ml/web: spec.replicas belongs to "
                        "ScaledObject ml/up (b.yaml:1): leave it out, an apply would scale "
                        "back\n");
    assert_string_equal(none, "");
}

/* No value of a Secret may be in anything that lint says. */
static void test_no_value(void **state _unused_)
{
    _free_ char *told = linted(OBJECT("v1", "Secret", "{name: x}") "stringData: {a: hunter2}\n",
                               OBJECT("v1", "Secret", "{name: x}") "stringData: {a: hunter2}\n");
    assert_null(strstr(told, "hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_autoscaled),
        cmocka_unit_test(test_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
