/*
 * What the API server means when it says no. tests/golden/refusal/statuses.json holds answers of a
 * real server (1.36); every value that was sent and may not be shown has CANARY in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "golden_cases.h"
#include "providers/kubernetes/refusal.h"
#include "trees.h"

struct refusal_case {
    const char *name; /* in statuses.json */
    bool secret;
    enum refusal_kind kind;
    const char *message; /* its beginning where it ends with "..." */
    const char *field;
    bool immutable, some_fields;
};

static const struct refusal_case cases[] = {
    {"pod_immutable", false, REFUSAL_UNPROCESSABLE,
     "spec: Forbidden: pod updates may not change fields other than "
     "`spec.containers[*].image`,`...",
     "spec", false, true},
    {"pvc_immutable", false, REFUSAL_UNPROCESSABLE,
     "spec: Forbidden: spec is immutable after creation except resources.requests and "
     "volumeAttr...",
     "spec", true, false},
    {"sc_immutable", false, REFUSAL_UNPROCESSABLE, "parameters: Invalid value: field is immutable",
     "parameters", true, false},
    {"job_immutable", false, REFUSAL_UNPROCESSABLE,
     "spec.template: Invalid value: field is immutable", "spec.template", true, false},
    {"sts_immutable", false, REFUSAL_UNPROCESSABLE,
     "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', "
     "'ordinals',...",
     "spec", true, false},
    {"svc_immutable", false, REFUSAL_UNPROCESSABLE,
     "spec.clusterIPs[0]: Invalid value: may not change once set", "spec.clusterIPs[0]", true,
     false},
    {"rb_immutable", false, REFUSAL_UNPROCESSABLE, "roleRef: Invalid value: cannot change roleRef",
     "roleRef", true, false},
    {"dep_selector", false, REFUSAL_UNPROCESSABLE,
     "spec.selector: Invalid value: field is immutable", "spec.selector", true, false},
    {"dep_invalid", false, REFUSAL_UNPROCESSABLE,
     "spec.replicas: Invalid value: must be greater than or equal to 0", "spec.replicas", false,
     false},
    {"typed_value", false, REFUSAL_MALFORMED, ".spec.replicas: expected numeric (int or float)",
     ".spec.replicas", false, false},
    {"typed_unknown", false, REFUSAL_MALFORMED, ".spec.replica: field not declared in schema",
     ".spec.replica", false, false},
    {"typed_several", false, REFUSAL_MALFORMED, ".metadata.labels.a.b/c: expected string",
     ".metadata.labels.a.b/c", false, false},
    {"typed_dup", false, REFUSAL_MALFORMED,
     ".spec.template.spec.containers[name=\"m\"].env: duplicate entries for key",
     ".spec.template.spec.containers[name=\"m\"].env", false, false},
    {"typed_env", false, REFUSAL_MALFORMED,
     ".spec.template.spec.containers[name=\"m\"].env[name=\"a\"].value: expected string",
     ".spec.template.spec.containers[name=\"m\"].env[name=\"a\"].value", false, false},
    {"dep_unsupported", false, REFUSAL_UNPROCESSABLE,
     "spec.template.spec.containers[0].imagePullPolicy: Unsupported value",
     "spec.template.spec.containers[0].imagePullPolicy", false, false},
    {"quantity", false, REFUSAL_MALFORMED,
     "failed to convert new object (/w; apps/v1, Kind=Deployment) to proper version: unable to "
     "c...",
     NULL, false, false},
    {"intstr", false, REFUSAL_UNPROCESSABLE, "spec.strategy.rollingUpdate.maxSurge: Invalid value",
     "spec.strategy.rollingUpdate.maxSurge", false, false},
    {"intstr2", false, REFUSAL_UNPROCESSABLE,
     "spec.template.spec.containers[0].livenessProbe.httpGet.port: Invalid value: must contain "
     "o...",
     "spec.template.spec.containers[0].livenessProbe.httpGet.port", false, false},
    {"label_value", false, REFUSAL_UNPROCESSABLE, "metadata.labels: Invalid value",
     "metadata.labels", false, false},
    {"annotation_key", false, REFUSAL_UNPROCESSABLE, "metadata.annotations: Invalid value",
     "metadata.annotations", false, false},
    {"secret_base64", true, REFUSAL_MALFORMED,
     "failed to convert new object (/sx; /v1, Kind=Secret) to proper version: unable to convert...",
     NULL, false, false},
    {"secret_map", true, REFUSAL_MALFORMED, ".data.pw: expected string", ".data.pw", false, false},
    {"secret_text", true, REFUSAL_MALFORMED, ".data: expected map", ".data", false, false},
    {"secret_number", true, REFUSAL_MALFORMED, ".data.pw: expected string", ".data.pw", false,
     false},
    {"secret_key", true, REFUSAL_UNPROCESSABLE, "data[CANARY x]: Invalid value", "data[CANARY x]",
     false, false},
    {"secret_tls", true, REFUSAL_UNPROCESSABLE, "data[tls.crt]: Required value", "data[tls.crt]",
     false, false},
    {"secret_docker", true, REFUSAL_UNPROCESSABLE, "data[.dockerconfigjson]: Invalid value",
     "data[.dockerconfigjson]", false, false},
    {"secret_immutable", true, REFUSAL_UNPROCESSABLE,
     "data: Forbidden: field is immutable when `immutable` is set", "data", true, false},
    {"secret_bool", true, REFUSAL_MALFORMED, ".immutable: expected boolean", ".immutable", false,
     false},
    {"secret_sd", true, REFUSAL_MALFORMED, ".stringData.a: expected string", ".stringData.a", false,
     false},
    {"secret_type", true, REFUSAL_UNPROCESSABLE, "type: Invalid value", "type", true, false},
    {"yaml_bad", true, REFUSAL_MALFORMED,
     "error decoding YAML: error converting YAML to JSON: yaml: found unexpected end of stream",
     NULL, false, false},
    {"json_bad", true, REFUSAL_MALFORMED,
     "the object provided is unrecognized (must be of type Secret): couldn't get version/kind; "
     "j...",
     NULL, false, false},
    {"create_secret_number", true, REFUSAL_MALFORMED, "Secret in version ", NULL, false, false},
    {"quota", false, REFUSAL_DENIED,
     "secrets \"z\" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=0, "
     "limited: secrets=0",
     NULL, false, false},
    {"quota_pod", false, REFUSAL_DENIED,
     "pods \"p\" is forbidden: failed quota: q: must specify requests.cpu for: m", NULL, false,
     false},
    {"psa", false, REFUSAL_DENIED,
     "pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": "
     "allowPrivilegeEscalation...",
     NULL, false, false},
    {"terminating", false, REFUSAL_TERMINATING,
     "configmaps \"n\" is forbidden: unable to create new content in namespace ut because it is "
     "being terminated",
     "metadata.namespace", false, false},
    {"no_namespace", false, REFUSAL_NO_NAMESPACE, "namespaces \"nowhere\" not found", NULL, false,
     false},
    {"vap_secret", true, REFUSAL_DENIED,
     "secrets \"denied\" is forbidden: ValidatingAdmissionPolicy 'unit' with binding 'unit' denied "
     "request",
     NULL, false, false},
    {"vap_forbidden", true, REFUSAL_DENIED,
     "secrets \"denied2\" is forbidden: ValidatingAdmissionPolicy 'unit' with binding 'unit' "
     "denied request",
     NULL, false, false},
    {"webhook_down", false, REFUSAL_UNKNOWN,
     "the API server answered 500: Internal error occurred: failed calling webhook "
     "\"down.unit.ex...",
     NULL, false, false},
    {"rbac", false, REFUSAL_FORBIDDEN,
     "secrets \"z\" is forbidden: User \"viewer\" cannot patch resource \"secrets\" in API group "
     "\"\" in...",
     NULL, false, false},
    {"escalation", false, REFUSAL_FORBIDDEN,
     "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"viewer\" "
     "(groups=[\"system:authentic...",
     NULL, false, false},
    {"bind", false, REFUSAL_FORBIDDEN,
     "rolebindings.rbac.authorization.k8s.io \"r2\" is forbidden: user \"viewer\" "
     "(groups=[\"system:a...",
     NULL, false, false},
    {"name", false, REFUSAL_MALFORMED, "Name parameter invalid: \"a%b\": may not contain '%'", NULL,
     false, false},
    {"kind_404", false, REFUSAL_UNSERVED, "the server could not find the requested resource", NULL,
     false, false},
    {"conflict", false, REFUSAL_CONFLICT,
     "Operation cannot be fulfilled on deployments.apps \"w\": the object has been modified; "
     "pleas...",
     NULL, false, false},
    {"uid", false, REFUSAL_UNPROCESSABLE, "metadata.uid: Invalid value: field is immutable",
     "metadata.uid", true, false},
};

static struct kube_answer answer_of(const json_t *status)
{
    const char *reason = json_str_at(status, "reason", NULL);
    const char *message = json_str_at(status, "message", NULL);
    return (struct kube_answer){
        .status = (long)json_integer_value(json_object_get(status, "code")),
        .object = status,
        .reason = reason ? reason : "",
        .message = message ? message : "",
    };
}

static bool begins(const char *text, const char *want)
{
    size_t n = strlen(want);
    bool part = n > 3 && !strcmp(want + n - 3, "...");
    return part ? !strncmp(text, want, n - 3) : !strcmp(text, want);
}

static json_t *statuses(void)
{
    size_t len = 0;
    _free_ char *text = golden_file("tests/golden/refusal/statuses.json", &len);
    assert_non_null(text);
    json_t *all = json_parse(text, len, "statuses", NULL);
    assert_non_null(all);
    return all;
}

static void test_real(void **state)
{
    json_auto_t *all = statuses();
    assert_int_equal(json_object_size(all), ARRAY_LEN(cases));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct refusal_case *c = &cases[i];
        const struct kube_answer a = answer_of(json_object_get(all, c->name));
        struct refusal r = {0};
        refusal_read(&r, &a, c->secret);
        if (r.kind != c->kind || !begins(r.message, c->message) ||
            (c->field ? !r.field || strcmp(r.field, c->field) != 0 : r.field != NULL) ||
            r.says_immutable != c->immutable || r.says_only_some_fields != c->some_fields)
            fail_msg("%s: %d, \"%s\", %s, %d %d", c->name, r.kind, r.message,
                     r.field ? r.field : "null", r.says_immutable, r.says_only_some_fields);
        refusal_free(&r);
    }
}

/* Read as a Secret's, no answer shows any part of a value; as another kind's no long one either. */
static void test_no_value(void **state)
{
    json_auto_t *all = statuses();
    const char *name;
    json_t *status;
    json_object_foreach(all, name, status)
    {
        const struct kube_answer a = answer_of(status);
        for (int secret = 0; secret < 2; secret++) {
            struct refusal r = {0};
            refusal_read(&r, &a, secret);
            /* the name of a key is no value, and a policy says of other kinds what it likes */
            bool key = !strcmp(name, "secret_key"), policy = !strcmp(name, "vap_secret");
            bool body = !strcmp(name, "json_bad") && !secret; /* never sent: our JSON ends */
            if (!key && !body && strcasestr(r.message, "canary"))
                fail_msg("%s, %d: %s", name, secret, r.message);
            if (strstr(r.message, "Q0FOQVJZ") && (secret || !policy))
                fail_msg("%s, %d: %s", name, secret, r.message);
            assert_null(strchr(r.message, '\n'));
            refusal_free(&r);
        }
    }
}

/* The server's own words on a Secret are told whole. */
static void test_secret_reasons(void **state)
{
    static const char *const whole[] = {"rbac", "quota", "no_namespace"};
    json_auto_t *all = statuses();
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        const struct kube_answer a = answer_of(json_object_get(all, whole[i]));
        struct refusal r = {0};
        refusal_read(&r, &a, true);
        assert_string_equal(r.message, a.message);
        refusal_free(&r);
    }
}

struct template
{
    const char *text; /* %s: the value */
    bool others;      /* holds for other kinds than Secret too */
};

static const struct template templates[] = {
    {"spec.a: Invalid value: \"%s\": field is immutable", true},
    {"spec.a: Invalid value: \"%s\"", true},
    {"Secret \"x\" is invalid: data[k]: Invalid value: \"%s\": must be short", true},
    {"a: Unsupported value: \"%s\": supported values: \"A\", \"B\"", true},
    {"a: Duplicate value: \"%s\"", true},
    {"a: Duplicate value: {\"name\":\"%s\"}", true},
    {"a: Invalid value: {\"a\":\"%s\",\"b\":[\"%s\"]}: field is immutable", true},
    {"a: Invalid value: core.Spec{A:\"%s\", B:map[string]string{\"k\":\"%s\"}}: no", true},
    {"[a: Invalid value: \"%s\": x, b: Invalid value: \"%s\": y]", true},
    {"a: Invalid value: \"x\": y, b: Invalid value: \"%s\"", true},
    {"failed to create typed patch object (n/x; v1, Kind=Secret): .data: expected map, got &{%s}",
     true},
    {".data.k: expected string, got &value.valueUnstructured{Value:%s}", true},
    {".env: duplicate entries for key [name=\"%s\"]", true},
    {"a\n%s", true},
    {"admission webhook \"w.example\" denied the request: the value is %s", false},
    {"admission webhook \"w.example\" denied the request without explanation %s", false},
    {"ValidatingAdmissionPolicy 'p' with binding 'b' denied request: %s", false},
    {"json: cannot unmarshal string \"%s\" into Go value", false},
    {"cannot parse `%s`", false},
};

static const char *const values[] = {
    "CANARY",
    "x: CANARY",
    "x: y: CANARY",
    "a, got CANARY",
    "Invalid value: CANARY",
    "Invalid value: 1: CANARY: CANARY CANARY",
    "supported values: CANARY",
    "\\\"CANARY\\\": CANARY",
    "denied request CANARY",
    "CANARY\\n: CANARY",
    "{CANARY: CANARY}",
    "duplicate entries for key CANARY",
};

/* Puts the value in for each %s. */
static char *filled(const char *template, const char *value)
{
    struct buf b = BUF_INIT(65536);
    for (const char *at; (at = strstr(template, "%s")); template = at + 2) {
        buf_add(&b, template, (size_t)(at - template));
        buf_add_str(&b, value);
    }
    buf_add_str(&b, template);
    return buf_take(&b);
}

static void test_safe(void **state)
{
    for (size_t t = 0; t < ARRAY_LEN(templates); t++) {
        for (size_t v = 0; v < ARRAY_LEN(values); v++) {
            _free_ char *message = filled(templates[t].text, values[v]);
            _free_ char *secret = message_safe(message, true);
            _free_ char *other = message_safe(message, false);
            if (strstr(secret, "CANARY"))
                fail_msg("%s\n%s", message, secret);
            if (templates[t].others && strstr(other, "CANARY"))
                fail_msg("%s\n%s", message, other);
        }
    }
}

static void test_safe_keeps(void **state)
{
    static const struct {
        const char *message, *secret, *other;
    } kept[] = {
        {"spec.a: Invalid value: -3: must be greater than 0", "spec.a: Invalid value",
         "spec.a: Invalid value: must be greater than 0"},
        {"data: Forbidden: no", "data: Forbidden: no", "data: Forbidden: no"},
        {"illegal base64 data at input byte 4", "illegal base64 data at input byte 4",
         "illegal base64 data at input byte 4"},
        {"admission webhook \"w\" denied the request: no",
         "admission webhook \"w\" denied the request",
         "admission webhook \"w\" denied the request: no"},
        {"exceeded quota: q", "exceeded quota: q", "exceeded quota: q"},
        {"", "", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        _free_ char *secret = message_safe(kept[i].message, true);
        _free_ char *other = message_safe(kept[i].message, false);
        assert_string_equal(secret, kept[i].secret);
        assert_string_equal(other, kept[i].other);
    }
}

/* What is called "immutable" does not make a refusal one: only the server's own words do. */
static void test_immutable(void **state)
{
    static const struct {
        const char *cause;
        bool want;
    } causes[] = {
        {"Invalid value: 'immutable': must be short", false},
        {"Invalid value: {'a':'immutable: immutable'}: must be short", false},
        {"Invalid value: 'x': field is immutable", true},
        {"Forbidden: spec is immutable after creation", true},
        {"Invalid value: 'x': may not be changed", true},
        {"Forbidden: updates to spec for fields other than 'replicas' are forbidden", true},
        {"Forbidden: updates are fine", false},
        {"Required value", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
        json_auto_t *status = tree("{'code':422,'reason':'Invalid',"
                                   "'message':'X \\'immutable\\' is invalid: immutable'}");
        json_t *cause = json_object(), *list = json_array(), *details = json_object();
        json_put_str(cause, "field", "spec.immutable");
        json_put_str(cause, "message", causes[i].cause);
        json_push(list, cause);
        json_put(details, "causes", list);
        json_put(status, "details", details);
        const struct kube_answer a = answer_of(status);
        struct refusal r = {0};
        refusal_read(&r, &a, false);
        if (r.says_immutable != causes[i].want)
            fail_msg("%s", causes[i].cause);
        refusal_free(&r);
    }
}

static void test_field_parse(void **state)
{
    static const struct {
        const char *text, *want; /* SPEC 1 notation */
    } fields[] = {
        {"", ""},
        {"spec", "spec"},
        {".spec.replica", "spec.replica"},
        {"spec.ports[0].name", "spec.ports[0].name"},
        {".spec.containers[name=\"x\"].env", "spec.containers[name=x].env"},
        {".p[port=53,protocol=\"TCP\"].x", "p[port=53,protocol=TCP].x"},
        {".l[name=\"a.b[]\"].x", "l[name=\"a.b[]\"].x"},
        {"data[a.b]", "data[\"a.b\"]"},
        {"metadata.finalizers[=\"x/y\"]", "metadata.finalizers[=\"x/y\"]"},
        {"a[", "a"},
        {"a[\"", "a"},
        {"a..b", "a[\"\"].b"},
        {"a.", "a"},
        {"[0]", "[0]"},
        {"a[]", "a[\"\"]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        struct kept_path _kept_ p = {0};
        field_parse(fields[i].text, &p);
        _free_ char *text = path_text(kept_path_last(&p));
        assert_string_equal(text, fields[i].want);
    }
}

/* Any bytes may come: nothing is read beyond them, and it ends. */
static void test_field_parse_any(void **state)
{
    static const char letters[] = ".[]=\",\\a1 ";
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 50000; round++) {
        char text[12];
        size_t len = 0;
        for (; len < sizeof(text) - 1; len++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            text[len] = letters[(seed >> 33) % (sizeof(letters) - 1)];
        }
        text[len] = '\0';
        _free_ char *copy = xstrndup(text, (seed >> 20) % sizeof(text));
        struct kept_path p;
        field_parse(copy, &p);
        kept_path_free(&p);
    }
}

static void test_same(void **state)
{
    char *no = "no", *field = "a";
    struct refusal a = {REFUSAL_UNPROCESSABLE, no, field, {0}, false, false}, b = a;
    assert_true(refusal_same(&a, &b));
    b.field = NULL;
    assert_false(refusal_same(&a, &b));
    assert_false(refusal_same(&b, &a));
    a.field = NULL;
    assert_true(refusal_same(&a, &b));
    b.kind = REFUSAL_DENIED;
    assert_false(refusal_same(&a, &b));
    b = a;
    b.message = NULL;
    assert_false(refusal_same(&a, &b));
    b.message = "another";
    assert_false(refusal_same(&a, &b));
}

static void test_no_answer(void **state)
{
    struct err _err_ *err = NULL;
    err_set(&err, ERR_RETRY, "connection refused");
    struct refusal r = {0};
    const struct kube_answer none = {.reason = "", .message = "", .err = err};
    refusal_read(&r, &none, false);
    assert_int_equal(r.kind, REFUSAL_UNKNOWN);
    assert_string_equal(r.message, "connection refused");
    static const struct {
        long status;
        enum refusal_kind kind;
    } bare[] = {{400, REFUSAL_MALFORMED}, {401, REFUSAL_UNKNOWN},  {403, REFUSAL_DENIED},
                {404, REFUSAL_UNSERVED},  {409, REFUSAL_CONFLICT}, {413, REFUSAL_MALFORMED},
                {415, REFUSAL_MALFORMED}, {429, REFUSAL_UNKNOWN},  {500, REFUSAL_UNKNOWN},
                {503, REFUSAL_UNKNOWN},   {302, REFUSAL_UNKNOWN},  {422, REFUSAL_UNPROCESSABLE}};
    for (size_t i = 0; i < ARRAY_LEN(bare); i++) { /* no Status in the body */
        const struct kube_answer a = {.status = bare[i].status, .reason = "", .message = ""};
        refusal_read(&r, &a, false);
        if (r.kind != bare[i].kind)
            fail_msg("%ld: %d", bare[i].status, r.kind);
        assert_non_null(r.message);
        if (bare[i].status == 404)
            assert_non_null(strstr(r.message, "no such kind is served"));
        if (bare[i].status == 401) /* not an object's fault: what to do about the sign-in */
            assert_non_null(
                strstr(r.message, "HTTP 401: the API server does not accept the sign-in"));
    }
    refusal_free(&r);
    assert_null(r.message);
}

/* It is the kind that goes, not somebody who denies. */
static void test_kind_goes(void **state)
{
    static const long codes[] = {403, 405};
    struct refusal r = {0};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        const struct kube_answer a = {
            .status = codes[i],
            .reason = "Forbidden",
            .message = "runs.x.example \"one\" is forbidden: create not allowed while custom "
                       "resource definition is terminating"};
        refusal_read(&r, &a, false);
        assert_int_equal(r.kind, REFUSAL_UNSERVED);
    }
    refusal_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_no_value),
        cmocka_unit_test(test_secret_reasons),
        cmocka_unit_test(test_safe),
        cmocka_unit_test(test_safe_keeps),
        cmocka_unit_test(test_field_parse),
        cmocka_unit_test(test_field_parse_any),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_immutable),
        cmocka_unit_test(test_kind_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
