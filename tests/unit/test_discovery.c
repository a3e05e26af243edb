/* Discovery from answers like a real server's, aggregated and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/json.h"
#include "providers/kubernetes/discovery.h"
#include "tests/unit/http_server.h"

#define RESOURCE(plural, kind, scope, subs)                                                        \
    "{\"resource\":\"" plural                                                                      \
    "\",\"responseKind\":{\"group\":\"\",\"version\":\"\",\"kind\":\"" kind                        \
    "\"},\"scope\":\"" scope                                                                       \
    "\",\"singularResource\":\"x\",\"verbs\":[\"create\",\"get\",\"list\","                        \
    "\"patch\",\"watch\"],\"subresources\":[" subs "]}"
#define STATUS_SUB                                                                                 \
    "{\"subresource\":\"scale\",\"responseKind\":{\"kind\":\"Scale\"},\"verbs\":[\"get\"]},"       \
    "{\"subresource\":\"status\",\"responseKind\":{\"kind\":\"x\"},\"verbs\":[\"get\"]}"

static const char api[] =
    "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"metadata\":{},"
    "\"items\":[{\"metadata\":{\"creationTimestamp\":null},\"versions\":[{\"version\":\"v1\","
    "\"freshness\":\"Current\",\"resources\":[" RESOURCE(
        "pods", "Pod", "Namespaced",
        STATUS_SUB) "," RESOURCE("namespaces", "Namespace", "Cluster",
                                 "") ",{\"resource\":\"bindings\",\"responseKind\":{\"kind\":"
                                     "\"Binding\"},\"scope\":\"Namespaced\","
                                     "\"verbs\":[\"create\"]}]}]}]}";

static const char apis[] =
    "{\"kind\":\"APIGroupDiscoveryList\",\"apiVersion\":\"apidiscovery.k8s.io/v2\",\"items\":["
    "{\"metadata\":{\"name\":\"autoscaling\"},\"versions\":["
    "{\"version\":\"v2\",\"freshness\":\"Current\",\"resources\":[" RESOURCE(
        "horizontalpodautoscalers", "HorizontalPodAutoscaler", "Namespaced",
        STATUS_SUB) "]},"
                    "{\"version\":\"v1\",\"resources\":[" RESOURCE(
                        "horizontalpodautoscalers", "HorizontalPodAutoscaler", "Namespaced",
                        "") "]}]},"
                            "{\"metadata\":{\"name\":\"apps\"},\"versions\":[{\"version\":\"v1\","
                            "\"resources\":[" RESOURCE(
                                "deployments", "Deployment", "Namespaced",
                                STATUS_SUB) "]}]},"
                                            "{\"metadata\":{\"name\":\"metrics.k8s.io\"},"
                                            "\"versions\":[{\"version\":\"v1beta1\","
                                            "\"freshness\":\"Stale\",\"resources\":[" RESOURCE(
                                                "nodes", "NodeMetrics", "Cluster",
                                                "") "]}]},"
                                                    "{\"metadata\":{\"name\":\"subs.example\"},"
                                                    "\"versions\":[{\"version\":\"v1\","
                                                    "\"resources\":["
                                                    "{\"resource\":\"only\",\"responseKind\":null,"
                                                    "\"subresources\":[]}]}]}]}";

static const char legacy_apis[] =
    "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{\"name\":\"apps\",\"versions\":["
    "{\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}]},{\"name\":\"down.example\",\"versions\":["
    "{\"groupVersion\":\"down.example/v1\",\"version\":\"v1\"}]}]}";
static const char legacy_core[] =
    "{\"kind\":\"APIResourceList\",\"groupVersion\":\"v1\",\"resources\":["
    "{\"name\":\"pods\",\"namespaced\":true,\"kind\":\"Pod\",\"verbs\":[\"get\",\"list\"]},"
    "{\"name\":\"pods/status\",\"namespaced\":true,\"kind\":\"Pod\",\"verbs\":[\"get\"]},"
    "{\"name\":\"namespaces\",\"namespaced\":false,\"kind\":\"Namespace\",\"verbs\":[\"list\"]}]}";
static const char legacy_apps[] =
    "{\"kind\":\"APIResourceList\",\"groupVersion\":\"apps/v1\",\"resources\":["
    "{\"name\":\"deployments\",\"namespaced\":true,\"kind\":\"Deployment\",\"verbs\":[\"patch\","
    "\"create\"]}]}";

static void discovery_freep(struct discovery **d)
{
    discovery_free(*d);
}
#define _discovery_ __attribute__((cleanup(discovery_freep)))

static struct discovery *read_both(void)
{
    struct discovery *d = xcalloc(1, sizeof(*d));
    json_auto_t *a = json_parse(api, strlen(api), "api", NULL);
    json_auto_t *b = json_parse(apis, strlen(apis), "apis", NULL);
    assert_int_equal(discovery_add_aggregated(d, a), 0);
    assert_int_equal(discovery_add_aggregated(d, b), 0);
    discovery_sort(d);
    return d;
}

static void test_aggregated(void **state)
{
    _discovery_ struct discovery *d = read_both();
    const struct kube_resource *pod = discovery_find(d, "", "v1", "Pod");
    assert_int_equal(d->count, 7);
    assert_string_equal(pod->plural, "pods");
    assert_true(pod->namespaced && pod->has_status && pod->can_list && pod->can_patch);
    assert_true(pod->can_create && pod->can_get && !pod->stale);
    const struct kube_resource *ns = discovery_find(d, "", "v1", "Namespace");
    assert_true(!ns->namespaced && !ns->has_status);
    const struct kube_resource *binding = discovery_find(d, "", "v1", "Binding");
    assert_true(binding->can_create && !binding->can_list && !binding->can_get);
    assert_null(discovery_find(d, "", "v2", "Pod"));
    assert_null(discovery_find(d, "apps", "v1", "Pod"));
    assert_null(discovery_find(d, "zzz", "v1", "Zzz"));
    assert_null(discovery_find(d, "", "v1", "Aaa"));
}

static void test_stale(void **state)
{
    _discovery_ struct discovery *d = read_both();
    assert_true(d->incomplete);
    assert_true(discovery_find(d, "metrics.k8s.io", "v1beta1", "NodeMetrics")->stale);
    assert_string_equal(d->stale_groups[0], "metrics.k8s.io/v1beta1");
    assert_null(d->stale_groups[1]);
    assert_true(discovery_is_stale(d, "metrics.k8s.io", "v1beta1"));
    assert_false(discovery_is_stale(d, "apps", "v1"));
}

static void test_names(void **state)
{
    _discovery_ struct discovery *d = read_both();
    _free_ char *hpa = discovery_versions(d, "autoscaling", "HorizontalPodAutoscaler");
    assert_string_equal(hpa, "v2, v1"); /* in the server's order */
    assert_null(discovery_versions(d, "apps", "HorizontalPodAutoscaler"));
    assert_string_equal(discovery_nearest(d, "Deploymnet"), "Deployment");
    assert_string_equal(discovery_nearest(d, "deployment"), "Deployment");
    assert_string_equal(discovery_nearest(d, "Pods"), "Pod");
    assert_null(discovery_nearest(d, "Widget"));
    assert_null(discovery_nearest(d, ""));
    _discovery_ struct discovery *empty = xcalloc(1, sizeof(*empty));
    discovery_sort(empty);
    assert_null(discovery_find(empty, "", "v1", "Pod"));
    assert_null(discovery_versions(empty, "", "Pod"));
    assert_null(discovery_nearest(empty, "Pod"));
}

static void test_paths(void **state)
{
    static const struct {
        const char *group, *version, *kind, *ns, *name, *path;
    } cases[] = {
        {"", "v1", "Pod", NULL, NULL, "/api/v1/pods"},
        {"", "v1", "Pod", "ml", NULL, "/api/v1/namespaces/ml/pods"},
        {"", "v1", "Pod", "ml", "a.b-c", "/api/v1/namespaces/ml/pods/a.b-c"},
        {"", "v1", "Namespace", NULL, "ml", "/api/v1/namespaces/ml"},
        {"apps", "v1", "Deployment", "ml", "x", "/apis/apps/v1/namespaces/ml/deployments/x"},
        {"apps", "v1", "Deployment", "a/b", "../x?y#\xc3\xa9",
         "/apis/apps/v1/namespaces/a%2Fb/deployments/..%2Fx%3Fy%23%C3%A9"},
        {"apps", "v1", "Deployment", NULL, "system:node",
         "/apis/apps/v1/deployments/system%3Anode"},
    };
    _discovery_ struct discovery *d = read_both();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct kube_resource *r =
            discovery_find(d, cases[i].group, cases[i].version, cases[i].kind);
        _free_ char *path = kube_path(r, cases[i].ns, cases[i].name);
        assert_string_equal(path, cases[i].path);
    }
}

static void test_refuses(void **state)
{
    static const char *const cases[] = {"null", "[]",           "{}",
                                        "1",    "{\"kind\":1}", "{\"kind\":\"APIVersions\"}"};
    _discovery_ struct discovery *d = xcalloc(1, sizeof(*d));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_auto_t *v = json_parse(cases[i], strlen(cases[i]), "x", NULL);
        assert_int_equal(discovery_add_aggregated(d, v), -1);
        assert_int_equal(discovery_add_legacy(d, "", "v1", v), -1);
    }
    assert_int_equal(discovery_add_aggregated(d, NULL), -1);
    /* the right kind with rubbish in it */
    json_auto_t *odd =
        json_loads("{\"kind\":\"APIGroupDiscoveryList\",\"items\":[1,{},{\"versions\":"
                   "[{\"resources\":[null,{\"responseKind\":{\"kind\":7}}]}]}]}",
                   0, NULL);
    assert_int_equal(discovery_add_aggregated(d, odd), 0);
    assert_int_equal(d->count, 0);
}

/* The whole way, against a server; count[2] says which one it is. */
enum { AGGREGATED, LEGACY, BROKEN, OTHER };

static void handle(struct server *s, int fd, const struct server_request *r)
{
    unsigned mode = s->count[2];
    const char *body = NULL;
    if (mode == OTHER)
        body = "{\"hello\":1}";
    else if (!strcmp(r->path, "/version"))
        body = "{\"major\":\"1\",\"minor\":\"36+\",\"gitVersion\":\"v1.36.3-eks\"}";
    else if (mode == AGGREGATED && strstr(r->head, "v=v2;as=APIGroupDiscoveryList"))
        body = !strcmp(r->path, "/api") ? api : apis;
    else if (mode == LEGACY && !strcmp(r->path, "/api"))
        body = "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}";
    else if (mode == LEGACY && !strcmp(r->path, "/apis"))
        body = legacy_apis;
    else if (!strcmp(r->path, "/api/v1"))
        body = legacy_core;
    else if (!strcmp(r->path, "/apis/apps/v1"))
        body = legacy_apps;
    if (body)
        server_reply(fd, 200, "Content-Type: application/json\r\n", body, strlen(body));
    else
        server_reply(fd, 500, "", "", 0);
}

struct result {
    struct discovery *found;
    char *error;
    unsigned calls;
};

static void on_found(void *ctx, struct discovery *d, const struct err *err)
{
    struct result *r = ctx;
    r->calls++;
    r->found = d;
    r->error = err ? xstrdup(err->message) : NULL;
}

static struct result discover(unsigned mode)
{
    struct server server = {0};
    server_start(&server, handle);
    server.count[2] = mode;
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct http *http = http_new(loop);
    _free_ char *url = xasprintf("http://127.0.0.1:%d", server.port);
    struct kube_client *client = kube_client_new(http, &(struct kubeconfig){.server = url}, NULL);
    struct result r = {0};
    discovery_start(client, on_found, &r);
    ev_run(loop, 0);
    assert_int_equal(r.calls, 1);
    kube_client_free(client);
    http_free(http);
    ev_loop_destroy(loop);
    server_stop(&server);
    return r;
}

static void test_asks(void **state)
{
    struct result r = discover(AGGREGATED);
    assert_null(r.error);
    assert_int_equal(r.found->major, 1);
    assert_int_equal(r.found->minor, 36);
    assert_string_equal(r.found->git_version, "v1.36.3-eks");
    assert_int_equal(r.found->count, 7);
    discovery_free(r.found);
}

static void test_asks_the_old_form(void **state)
{
    struct result r = discover(LEGACY);
    assert_null(r.error);
    assert_int_equal(r.found->count, 3);
    assert_true(discovery_find(r.found, "", "v1", "Pod")->has_status);
    assert_false(discovery_find(r.found, "", "v1", "Namespace")->namespaced);
    assert_true(discovery_find(r.found, "apps", "v1", "Deployment")->can_patch);
    /* one API service that is down hides none of the others */
    assert_true(r.found->incomplete);
    assert_true(discovery_is_stale(r.found, "down.example", "v1"));
    discovery_free(r.found);
}

static void test_asks_in_vain(void **state)
{
    struct result broken = discover(BROKEN), other = discover(OTHER);
    assert_null(broken.found);
    assert_non_null(strstr(broken.error, "HTTP 500"));
    assert_null(other.found);
    assert_non_null(strstr(other.error, "is this the URL of a Kubernetes API server?"));
    free(broken.error);
    free(other.error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aggregated),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_asks),
        cmocka_unit_test(test_asks_the_old_form),
        cmocka_unit_test(test_asks_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
