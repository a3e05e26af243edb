/* Lists as an account knows them that may not ask the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/unjudged.h"
#include "trees.h"

#define K(port, protocol) "'k:{\\\"port\\\":" port ",\\\"protocol\\\":\\\"" protocol "\\\"}':{}"

struct shape_case {
    const char *what;
    bool builtin;
    const char *declared;
    const char *ours, *other; /* children of the list's node; NULL: no such entry */
    const char *want;         /* the keys of each element of Git's, "-" where the list is told */
};

static const struct shape_case cases[] = {
    {"all are there", true, "[{'port':1},{'port':2}]", K("1", "TCP") "," K("2", "TCP"), NULL,
     "[port=1,protocol=TCP] [port=2,protocol=TCP]"},
    {"a protocol is TCP", true, "[{'port':1},{'port':2,'protocol':'UDP'}]", K("2", "UDP"), NULL,
     "[port=1,protocol=TCP] [port=2,protocol=UDP]"},
    {"the twin is another", true, "[{'port':1},{'port':1,'protocol':'UDP'}]", K("1", "UDP"), NULL,
     "[port=1,protocol=TCP] [port=1,protocol=UDP]"},
    {"somebody turned it", true, "[{'port':1}]", NULL, K("1", "UDP"), "[port=1,protocol=TCP]"},
    {"nobody tells the default", false, "[{'port':1},{'port':1,'protocol':'UDP'}]", K("1", "UDP"),
     NULL, "[port=1,protocol=null] [port=1,protocol=UDP]"},
    {"another element tells it", false, "[{'port':1},{'port':2},{'port':1,'protocol':'UDP'}]",
     K("2", "SCTP") "," K("1", "UDP"), NULL,
     "[port=1,protocol=SCTP] [port=2,protocol=SCTP] [port=1,protocol=UDP]"},
    {"never applied by us", false, "[{'port':1}]", NULL, K("1", "UDP"), "[port=1,protocol=UDP]"},
    {"ours tells the default, whatever was added", false, "[{'port':1},{'port':2}]", K("2", "TCP"),
     K("1", "ABC"), "[port=1,protocol=TCP] [port=2,protocol=TCP]"},
    {"no key is known", false, "[{},{'port':2,'protocol':'UDP'}]", K("2", "UDP"), NULL,
     "[port=null,protocol=null] [port=2,protocol=UDP]"},
    {"no objects", true, "['x',{'port':2}]", K("2", "TCP"), NULL, "- [port=2,protocol=TCP]"},
};

static json_t *entry(const char *manager, const char *operation, const char *children)
{
    _free_ char *fields = xasprintf("{'f:l':{%s}}", children);
    json_t *e = json_object();
    json_put_str(e, "manager", manager);
    json_put_str(e, "operation", operation);
    json_put(e, "fieldsV1", tree(fields));
    return e;
}

static void test_shape(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct shape_case *c = &cases[i];
        _free_ char *object = xasprintf("{'l':%s}", c->declared);
        json_auto_t *declared = tree(object), *managed = json_array();
        if (c->ours)
            json_push(managed, entry("holdfast", "Apply", c->ours));
        if (c->other)
            json_push(managed, entry("kubectl-edit", "Update", c->other));
        json_auto_t *shape = unjudged_shape(&(struct unjudged_input){
            .declared = declared,
            .managed_fields = managed,
            .manager = "holdfast",
            .builtin = c->builtin,
        });
        const json_t *list = json_object_get(declared, "l");
        struct shape_element out[4] = {{0}};
        struct buf _buf_ seen = BUF_INIT(65536);
        fields_shape.elements(fields_shape.member(shape, "l"), list, out);
        for (size_t k = 0; k < json_array_size(list); k++) {
            const struct path p = {.type = STEP_KEYS, .value = out[k].keys};
            _free_ char *text = out[k].node ? path_text(&p) : xstrdup("-");
            buf_addf(&seen, "%s%s", k ? " " : "", text);
            json_decref(out[k].keys);
        }
        if (strcmp(buf_str(&seen), c->want) != 0)
            fail_msg("%s: %s", c->what, buf_str(&seen));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
