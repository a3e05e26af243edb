/* The body as it is compared and sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "providers/kubernetes/internal.h"
#include "trees.h"

enum { STATUS = 1, NO_RESOURCE = 2 };

struct normalize_case {
    const char *name, *group, *kind, *namespace;
    int flags;
    const char *body, *want; /* want NULL: the same */
};

static const struct normalize_case cases[] = {
    {"as it is", "", "ConfigMap", "ml", 0, "{'metadata':{'name':'x','namespace':'ml'},'data':{}}",
     NULL},
    {"the effective namespace", "", "ConfigMap", "ml", 0, "{'metadata':{'name':'x'}}",
     "{'metadata':{'name':'x','namespace':'ml'}}"},
    {"cluster-scoped", "", "Namespace", NULL, 0, "{'metadata':{'name':'x','namespace':'ml'}}",
     "{'metadata':{'name':'x'}}"},
    {"orders to us", "", "ConfigMap", NULL, 0,
     "{'metadata':{'annotations':{'holdfast.dev/mode':'report','a':'b','holdfast.dev/"
     "prune':'false'}}}",
     "{'metadata':{'annotations':{'a':'b'}}}"},
    {"orders only", "", "ConfigMap", NULL, 0,
     "{'metadata':{'annotations':{'holdfast.dev/mode':'report'}}}", "{'metadata':{}}"},
    {"empty annotations stay", "", "ConfigMap", NULL, 0, "{'metadata':{'annotations':{}}}", NULL},
    {"labels are no orders", "", "ConfigMap", NULL, 0,
     "{'metadata':{'labels':{'holdfast.dev/mode':'x'}}}", NULL},
    {"nor is another's name", "", "ConfigMap", NULL, 0,
     "{'metadata':{'annotations':{'holdfast.dev':'x','my.holdfast.dev/x':'y'}}}", NULL},
    {"nor the template's", "apps", "Deployment", NULL, 0,
     "{'metadata':{},'spec':{'template':{'metadata':{'annotations':{'holdfast.dev/mode':'x'}}}}}",
     NULL},
    {"annotations of another type", "", "ConfigMap", NULL, 0, "{'metadata':{'annotations':'x'}}",
     NULL},
    {"status with its subresource", "apps", "Deployment", NULL, STATUS,
     "{'metadata':{},'status':{'a':1}}", "{'metadata':{}}"},
    {"status without", "example.com", "Thing", NULL, 0, "{'metadata':{},'status':{'a':1}}", NULL},
    {"status of a kind not served yet", "example.com", "Thing", NULL, NO_RESOURCE,
     "{'metadata':{},'status':{'a':1}}", "{'metadata':{}}"},
    {"status of a CRD", "apiextensions.k8s.io", "CustomResourceDefinition", NULL, 0,
     "{'metadata':{},'status':{'a':1}}", "{'metadata':{}}"},
    {"stringData", "", "Secret", NULL, 0, "{'metadata':{},'stringData':{'a':'x','b':''}}",
     "{'metadata':{},'data':{'a':'eA==','b':''}}"},
    {"stringData wins", "", "Secret", NULL, 0,
     "{'metadata':{},'data':{'a':'AA==','c':'Yw=='},'stringData':{'a':'x'}}",
     "{'metadata':{},'data':{'a':'eA==','c':'Yw=='}}"},
    {"stringData with UTF-8", "", "Secret", NULL, 0,
     "{'metadata':{},'stringData':{'a':'\xc3\xa9'}}", "{'metadata':{},'data':{'a':'w6k='}}"},
    {"stringData with a NUL", "", "Secret", NULL, 0,
     "{'metadata':{},'stringData':{'a':'x\\u0000y'}}", "{'metadata':{},'data':{'a':'eAB5'}}"},
    {"a wrong type in it is the server's to refuse", "", "Secret", NULL, 0,
     "{'metadata':{},'stringData':{'a':7}}", "{'metadata':{},'data':{'a':7}}"},
    {"stringData of a wrong type", "", "Secret", NULL, 0, "{'metadata':{},'stringData':'x'}", NULL},
    {"data of a wrong type", "", "Secret", NULL, 0, "{'metadata':{},'data':'x'}", NULL},
    {"stringData elsewhere", "", "ConfigMap", NULL, 0, "{'metadata':{},'stringData':{'a':'x'}}",
     NULL},
    {"another group's Secret", "example.com", "Secret", NULL, 0,
     "{'metadata':{},'stringData':{'a':'x'}}", NULL},
    {"rules of an aggregated role", "rbac.authorization.k8s.io", "ClusterRole", NULL, 0,
     "{'metadata':{},'aggregationRule':{},'rules':[]}", "{'metadata':{},'aggregationRule':{}}"},
    {"rules of any other role", "rbac.authorization.k8s.io", "ClusterRole", NULL, 0,
     "{'metadata':{},'rules':[]}", NULL},
};

static void test_normalize(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct normalize_case *c = &cases[i];
        const struct unit unit = {.group = c->group, .kind = c->kind, .namespace = c->namespace};
        const struct kube_resource resource = {.has_status = c->flags & STATUS};
        json_auto_t *body = tree(c->body), *before = tree(c->body);
        json_auto_t *want = tree(c->want ? c->want : c->body);
        json_auto_t *have = kube_normalize(&unit, c->flags & NO_RESOURCE ? NULL : &resource, body);
        if (!json_equal(have, want)) {
            _free_ char *text = json_text(have, JSON_WRITE_SORTED);
            fail_msg("%s: %s", c->name, text);
        }
        /* places are found by walking the body as it was read */
        if (!json_equal(body, before))
            fail_msg("%s: the body itself was changed", c->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_normalize)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
