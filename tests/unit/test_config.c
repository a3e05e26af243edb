/* holdfast.yaml: what is read, and what is said of what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "config.h"
#include "core/alloc.h"

#define HEAD "apiVersion: holdfast.dev/v1\nkind: Config\n"

/* The example of SPEC 4, with values where it has dots. */
static const char whole[] = HEAD
    "stateDir: /var/lib/holdfast\n"
    "sources:\n"
    "- name: ml-infra\n"
    "  url: https://git.example/ml/infra.git\n"
    "  ref: main\n"
    "  path: clusters/prod\n"
    "  include: [\"**/*.yaml\"]\n"
    "  exclude: []\n"
    "  interval: 1m30s\n"
    "  mode: correct\n"
    "  prune: true\n"
    "  guard: {objects: 7, percent: 30}\n"
    "  auth: {userFile: user, passwordFile: /run/secrets/password, proxy: \"http://proxy:3128\"}\n"
    "  render: {command: [kustomize, build, .], timeout: 45s, network: true}\n"
    "  ignore:\n"
    "  - {group: apps, kind: Deployment, namespace: ml, name: \"*\", fields: [spec.replicas, "
    "\"/a\"]}\n"
    "- name: other\n"
    "  url: ../manifests\n"
    "kubernetes: {kubeconfig: kube, context: c, defaultNamespace: ml, hands: [k9s], events: true}\n"
    "azure: {cloud: public, subscription: s, bulkRead: false, activityLog: true}\n"
    "http: {listen: \"127.0.0.1:8080\", tokenFile: /run/token}\n"
    "limits: {fetchBytes: 2GiB, fileBytes: 64KiB, objects: 5000}\n"
    "---\n"
    "apiVersion: holdfast.dev/v1\n"
    "kind: Export\n"
    "metadata: {name: model-url, namespace: ml}\n"
    "spec:\n"
    "  from: {object: {apiVersion: v1, kind: Service, name: ml-model}, path: \"status.x\"}\n"
    "  default: \"pending...\"\n"
    "  to: {log: true}\n";

static void test_whole(void **state _unused_)
{
    struct config c;
    _err_ struct err *err = NULL;
    int rc = config_parse("etc/holdfast.yaml", whole, strlen(whole), &c, &err);
    if (rc)
        fail_msg("%s", err_message(err));
    assert_string_equal(c.state_dir, "/var/lib/holdfast");
    assert_int_equal(c.sources.count, 2);
    const struct config_source *s = config_find(&c, "ml-infra");
    assert_non_null(s);
    assert_string_equal(s->url, "https://git.example/ml/infra.git");
    assert_string_equal(s->ref, "main");
    assert_string_equal(s->path, "clusters/prod");
    assert_string_equal(s->include[0], "**/*.yaml");
    assert_null(s->include[1]);
    assert_null(s->exclude[0]);
    assert_true(s->interval > 89.9 && s->interval < 90.1);
    assert_int_equal(s->mode, CONFIG_CORRECT);
    assert_true(s->prune);
    assert_int_equal(s->guard.objects, 7);
    assert_int_equal(s->guard.percent, 30);
    assert_string_equal(s->auth.user_file, "etc/user");
    assert_string_equal(s->auth.password_file, "/run/secrets/password");
    assert_string_equal(s->render.command[1], "build");
    assert_true(s->render.network);
    assert_int_equal(s->ignore.count, 1);
    assert_string_equal(s->ignore.items[0].kind, "Deployment");
    assert_string_equal(s->ignore.items[0].fields[1], "/a");
    const struct config_source *other = config_find(&c, "other");
    assert_string_equal(other->url, "etc/../manifests");
    assert_int_equal(other->mode, CONFIG_REPORT);
    assert_int_equal(other->guard.objects, 10);
    assert_true(other->interval > 59.9 && other->interval < 60.1);
    assert_string_equal(c.kubernetes.kubeconfig, "etc/kube");
    assert_string_equal(c.kubernetes.field_manager, "holdfast");
    assert_string_equal(c.kubernetes.hands[0], "k9s");
    assert_true(c.kubernetes.events);
    assert_false(c.azure.bulk_read);
    assert_true(c.azure.activity_log);
    assert_string_equal(c.http.listen, "127.0.0.1:8080");
    assert_int_equal(c.limits.fetch_bytes, 2147483648);
    assert_int_equal(c.limits.file_bytes, 65536);
    assert_int_equal(c.limits.objects, 5000);
    assert_int_equal(c.export_count, 1);
    assert_string_equal(c.exports[0].object.kind, "Service");
    assert_string_equal(c.exports[0].fallback, "pending...");
    assert_true(c.exports[0].to_log);
    config_free(&c);
}

static void test_defaults(void **state _unused_)
{
    struct config c;
    config_defaults(&c);
    assert_int_equal(c.sources.count, 0);
    assert_null(c.state_dir);
    assert_string_equal(c.kubernetes.field_manager, "holdfast");
    assert_true(c.azure.bulk_read);
    assert_int_equal(c.limits.fetch_bytes, 1073741824);
    assert_int_equal(c.limits.file_bytes, 1048576);
    assert_int_equal(c.limits.objects, 100000);
    config_free(&c);
}

#define SOURCE "sources:\n- name: a\n  url: /x\n"
#define EXPORT                                                                                     \
    "---\napiVersion: holdfast.dev/v1\nkind: Export\nmetadata: {name: e}\nspec:\n"                 \
    "  from: {object: {apiVersion: v1, kind: Service, name: s}, path: status}\n"

static const struct fault {
    const char *text, *said;
} faults[] = {
    {"", "x.yaml: no document of kind Config in it"},
    {"kind: Config\n", "x.yaml:1:1: a document begins with apiVersion: holdfast.dev/v1 and kind"},
    {"apiVersion: holdfast.dev/v2\nkind: Config\n", "x.yaml:1:13: apiVersion: this program knows"},
    {"apiVersion: holdfast.dev/v1\nkind: Konfig\n", "x.yaml:2:7: kind: Config or Export belongs "
                                                    "here (did you mean Config?)"},
    {HEAD "stateDri: /x\n", "x.yaml:3:1: stateDri is not a setting (did you mean stateDir?)"},
    {HEAD "zzz: 1\n", "x.yaml:3:1: zzz is not a setting"},
    {HEAD SOURCE "  intervall: 1m\n", "x.yaml:6:3: sources[0].intervall is not a setting (did you "
                                      "mean interval?)"},
    {HEAD SOURCE "  interval: 60\n", "x.yaml:6:13: sources[0].interval: a duration belongs here"},
    {HEAD SOURCE "  interval: 500ms\n", "x.yaml:6:13: sources[0].interval: too short"},
    {HEAD SOURCE "  mode: corect\n", "sources[0].mode: one of report, correct, paused belongs here "
                                     "(did you mean correct?)"},
    {HEAD SOURCE "  prune: 1\n", "sources[0].prune: true or false belongs here, not a number"},
    {HEAD SOURCE "  include: \"*\"\n", "a list of strings belongs here, not a string"},
    {HEAD SOURCE "  include: [\"[\"]\n", "sources[0].include[0]: not a glob"},
    {HEAD SOURCE "  guard: {percent: 101}\n", "sources[0].guard.percent: 101 is too large"},
    {HEAD SOURCE "  ignore: [{kind: A}]\n", "sources[0].ignore[0]: fields is missing"},
    {HEAD SOURCE "  ignore:\n  - kind: A\n    fields: [spec.a, spec..b]\n",
     "x.yaml:8:22: sources[0].ignore[0].fields[1]: a step is empty"},
    {HEAD SOURCE "  ignore: [{fields: [/spec/a~b]}]\n",
     "x.yaml:6:22: sources[0].ignore[0].fields[0]: in a JSON pointer \"~\" is written ~0"},
    {HEAD SOURCE "- name: a\n  url: /y\n", "x.yaml:6:3: two sources are called a"},
    {HEAD "sources:\n- name: a\n  url: https://me:pass/word@git.example/x.git\n",
     "x.yaml:5:8: sources[0].url: https://git.example/x.git: what stands before the @ looks like"},
    {HEAD SOURCE "- name: b\n  url: https://git.example/x.git?private_token=word\n",
     "x.yaml:7:8: sources[1].url: https://git.example/x.git: ? and # have no meaning"},
    {HEAD "sources:\n- name: a\n  url: https://word@git.example/x.git\n",
     "x.yaml:5:8: sources[0].url: https://git.example/x.git: no user and no password belong"},
    {HEAD "sources:\n- name: a\n  url: oauth2:word@git.example/x.git\n",
     "x.yaml:5:8: sources[0].url: a password may stand before the @, so it is not shown"},
    {HEAD "sources: [{url: /x}]\n", "sources[0]: name is missing"},
    {HEAD "sources: [{name: \"a b\", url: /x}]\n", "a name has letters, digits"},
    {HEAD "sources: {}\n", "sources: a list belongs here, not a map"},
    {HEAD "limits: {fileBytes: 1MB}\n", "limits.fileBytes: a size belongs here"},
    {HEAD "http: {listen: \"8080\"}\n", "http.listen: ADDRESS:PORT belongs here"},
    {HEAD "http: {listen: \"myhost:8080\"}\n",
     "x.yaml:3:16: http.listen: an address belongs here, not a name"},
    {HEAD "http: {listen: \"::1:8080\"}\n", "http.listen: ADDRESS:PORT belongs here, as"},
    {HEAD "zzz: 1\nyyy: 2\n", "x.yaml:3:1: zzz is not a setting (and 1 more fault)"},
    {HEAD "---\n" HEAD, "x.yaml:4:1: a second document of kind Config"},
    {HEAD EXPORT "  to: {}\n", "spec.to: one of log: true, secret, configMap belongs here"},
    {HEAD EXPORT "  to: {secret: {name: a}}\n", "spec.to.secret: key is missing"},
    {HEAD "a: [\n", "x.yaml:"},
};

static void test_faults(void **state _unused_)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct config c;
        _err_ struct err *err = NULL;
        int rc = config_parse("x.yaml", faults[i].text, strlen(faults[i].text), &c, &err);
        assert_int_equal(rc, -1);
        assert_int_equal(err->kind, ERR_USAGE);
        if (!strstr(err->message, faults[i].said) || strstr(err->message, "word@") ||
            strstr(err->message, "=word"))
            fail_msg("%s\nsaid: %s\nnot:  %s", faults[i].text, err->message, faults[i].said);
    }
}

static void test_empty_sections(void **state _unused_)
{
    static const char text[] = HEAD "azure:\nhttp: {}\nsources: []\n";
    struct config c;
    assert_int_equal(config_parse("x.yaml", text, strlen(text), &c, NULL), 0);
    assert_true(c.azure.bulk_read);
    config_free(&c);
}

static void test_absent_file(void **state _unused_)
{
    struct config c;
    _err_ struct err *err = NULL;
    assert_int_equal(config_load("no/such/holdfast.yaml", &c, &err), -1);
    assert_string_equal(err->message, "no/such/holdfast.yaml: No such file or directory");
    config_free(&c);
}

static void test_units(void **state _unused_)
{
    static const struct {
        const char *text;
        double seconds; /* negative: none */
    } durations[] = {
        {"90s", 90},  {"5m", 300}, {"1h", 3600},  {"1h30m", 5400}, {"250ms", 0.25},
        {"1.5m", 90}, {"", -1},    {"5", -1},     {"5x", -1},      {"-5s", -1},
        {"s", -1},    {"1m ", -1}, {"0x10s", -1}, {"1e3s", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        double seconds = -1;
        int rc = config_duration(durations[i].text, &seconds);
        assert_int_equal(rc, durations[i].seconds < 0 ? -1 : 0);
        assert_true(seconds == durations[i].seconds);
    }
    int64_t bytes;
    assert_int_equal(config_size("1.5KiB", &bytes), 0);
    assert_int_equal(bytes, 1536);
    assert_int_equal(config_size("3B", &bytes), 0);
    assert_int_equal(bytes, 3);
    assert_int_equal(config_size("1GB", &bytes), -1);
    assert_int_equal(config_size("1GiB1B", &bytes), -1);
    assert_int_equal(config_size("99999999TiB", &bytes), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),       cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_empty_sections),
        cmocka_unit_test(test_absent_file), cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
