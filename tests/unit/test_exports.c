/* Exports: paths of live objects, told when they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/json.h"
#include "exports.h"

struct log {
    unsigned count;
    char *last; /* the last members, sorted */
};

static void on_changed(void *ctx, const json_t *members)
{
    struct log *log = ctx;
    free(log->last);
    log->last = json_text(members, JSON_WRITE_SORTED);
    log->count++;
}

static struct config_export service(const char *path, const char *fallback)
{
    struct config_export c = {.name = "url", .namespace = "ml", .path = path, .fallback = fallback};
    c.object.api_version = "v1";
    c.object.kind = "Service";
    c.object.name = "model";
    c.to_log = true;
    return c;
}

static void show(struct exports *e, const char *live)
{
    json_auto_t *v = live ? json_parse(live, strlen(live), "live", NULL) : NULL;
    exports_object(e, "", "Service", "ml", "model", v);
}

#define MEMBERS(fallback, value)                                                                   \
    "{\"default\":" fallback ",\"field\":\"status.loadBalancer.ingress[0].hostname\",\"name\":"    \
    "\"url\",\"namespace\":\"ml\",\"object\":{\"group\":\"\",\"kind\":\"Service\",\"name\":"       \
    "\"model\",\"namespace\":\"ml\",\"provider\":\"kubernetes\"},\"value\":" value "}"
#define LIVE(host) "{\"status\":{\"loadBalancer\":{\"ingress\":[{\"hostname\":\"" host "\"}]}}}"

/* Pending, there, the same again, another, gone. */
static void life(void **state _unused_)
{
    struct log log = {0};
    const struct config_export c = service("status.loadBalancer.ingress[0].hostname", "pending...");
    struct exports *e = exports_new(
        &(struct exports_config){.items = &c, .count = 1, .ctx = &log, .changed = on_changed},
        NULL);
    assert_non_null(e);
    json_auto_t *before = exports_status(e);
    _free_ char *text = json_text(before, 0);
    assert_string_equal(text,
                        "[{\"name\":\"url\",\"namespace\":\"ml\",\"value\":\"pending...\","
                        "\"default\":true,\"since\":null,\"message\":\"not looked at yet\"}]");
    show(e, "{\"status\":{\"loadBalancer\":{}}}");
    assert_string_equal(log.last, MEMBERS("true", "\"pending...\""));
    show(e, NULL);
    assert_int_equal(log.count, 1);
    show(e, LIVE("a.example"));
    assert_string_equal(log.last, MEMBERS("false", "\"a.example\""));
    show(e, LIVE("a.example"));
    assert_int_equal(log.count, 2);
    show(e, LIVE("pending...")); /* a value is no default, even where it looks like it */
    assert_string_equal(log.last, MEMBERS("false", "\"pending...\""));
    show(e, NULL);
    assert_string_equal(log.last, MEMBERS("true", "\"pending...\""));
    assert_int_equal(log.count, 4);
    json_auto_t *after = exports_status(e);
    assert_string_equal(json_str_at(json_array_get(after, 0), "message", NULL),
                        "the object is not there");
    assert_non_null(json_str_at(json_array_get(after, 0), "since", NULL));
    exports_free(e);
    free(log.last);
}

static void paths(void **state _unused_)
{
    static const char live[] =
        "{\"metadata\":{\"annotations\":{\"a.b/c\":\"x\"},\"finalizers\":[\"f\",\"g\"]},"
        "\"spec\":{\"ports\":[{\"name\":\"web\",\"port\":80,\"nodePort\":30001},{\"name\":\"tls\","
        "\"port\":443}],\"n\":null}}";
    static const struct {
        const char *path, *value;
    } table[] = {
        {"spec.ports[name=web].nodePort", "30001"},
        {"spec.ports[port=443].name", "\"tls\""},
        {"spec.ports[port=443,name=tls].port", "443"},
        {"spec.ports[port=\"443\"].name", "null"},
        {"spec.ports[name=web].name", "\"web\""},
        {"spec.ports[1].name", "\"tls\""},
        {"spec.ports[2].name", "null"},
        {"/spec/ports/0/port", "80"},
        {"metadata.annotations[\"a.b/c\"]", "\"x\""},
        {"metadata.finalizers[=\"g\"]", "\"g\""},
        {"spec.n", "null"},
        {"spec.ports[name=web]", "{\"name\":\"web\",\"nodePort\":30001,\"port\":80}"},
        {"metadata.name.x", "null"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct log log = {0};
        const struct config_export c = service(table[i].path, NULL);
        struct exports *e = exports_new(
            &(struct exports_config){.items = &c, .count = 1, .ctx = &log, .changed = on_changed},
            NULL);
        assert_non_null(e);
        show(e, live);
        json_auto_t *m = json_parse(log.last, strlen(log.last), "members", NULL);
        _free_ char *value = json_text(json_object_get(m, "value"), JSON_WRITE_SORTED);
        assert_string_equal(value, table[i].value);
        exports_free(e);
        free(log.last);
    }
}

static void wanted(void **state _unused_)
{
    struct config_export c[3] = {service("spec", NULL), service("spec", NULL),
                                 service("spec", NULL)};
    c[1].object.namespace = "other";
    c[2].object.api_version = "apps/v1";
    c[2].object.kind = "Deployment";
    c[2].namespace = NULL;
    struct exports *e = exports_new(
        &(struct exports_config){.items = c, .count = 3, .default_namespace = "def"}, NULL);
    assert_int_equal(exports_count(e), 3);
    assert_string_equal(exports_at(e, 1)->namespace, "other");
    assert_string_equal(exports_at(e, 2)->group, "apps");
    assert_string_equal(exports_at(e, 2)->namespace, "def");
    assert_true(exports_wants(e, "", "Service", "ml", "model"));
    assert_true(exports_wants(e, NULL, "Service", "other", "model"));
    assert_true(exports_wants(e, "apps", "Deployment", "def", "model"));
    assert_true(exports_wants(e, "", "Service", NULL, "model"));
    assert_false(exports_wants(e, "", "Service", "def", "model"));
    assert_false(exports_wants(e, "", "Deployment", "def", "model"));
    assert_false(exports_wants(e, "", "Service", "ml", "model2"));
    exports_object(e, "", "Service", "nobody", "wants", NULL);
    exports_free(e);
}

static void refused(void **state _unused_)
{
    struct config_export c[5];
    for (size_t i = 0; i < ARRAY_LEN(c); i++)
        c[i] = service("spec", NULL);
    c[0].to_log = false;
    c[0].secret.name = "s";
    c[1].to_log = false;
    c[1].config_map.name = "m";
    c[2].object.kind = "Secret";
    c[3].path = "spec.*";
    c[4].path = "spec..x";
    static const char *const says[] = {"spec.to.secret: this version writes nothing",
                                       "spec.to.configMap: this version writes nothing",
                                       "the values of a Secret", "several values",
                                       "path spec..x: "};
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        _err_ struct err *err = NULL;
        assert_null(exports_new(&(struct exports_config){.items = &c[i], .count = 1}, &err));
        assert_int_equal(err->kind, ERR_USAGE);
        assert_non_null(strstr(err->message, says[i]));
        assert_non_null(strstr(err->message, "Export url"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life),
        cmocka_unit_test(paths),
        cmocka_unit_test(wanted),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
