/* ExecCredential: what a plugin is told, what it may answer, and what is said about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "providers/kubernetes/exec_credential.h"
#include "tests/unit/certificates.h"

#define V1   "client.authentication.k8s.io/v1"
#define HEAD "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\""

static void test_info(void **state)
{
    struct kube_exec exec = {.command = "x", .api_version = V1};
    struct kubeconfig config = {.server = "https://h:1", .exec = &exec};
    unsetenv("HTTPS_PROXY");
    unsetenv("https_proxy");
    _free_ char *plain = exec_credential_info(&config);
    assert_string_equal(plain, HEAD ",\"spec\":{\"interactive\":false}}");
    exec.cluster_info = true;
    _free_ char *little = exec_credential_info(&config);
    assert_string_equal(
        little, HEAD ",\"spec\":{\"cluster\":{\"server\":\"https://h:1\"},\"interactive\":false}}");
    json_auto_t *settings = json_pack("{s:s}", "audience", "a");
    exec.cluster_config = settings;
    config.ca_pem = "CA";
    config.insecure = true;
    config.tls_server_name = "n";
    config.proxy = "socks5://p";
    _free_ char *all = exec_credential_info(&config);
    assert_string_equal(all, HEAD ",\"spec\":{\"cluster\":{\"server\":\"https://h:1\","
                                  "\"tls-server-name\":\"n\",\"insecure-skip-tls-verify\":true,"
                                  "\"certificate-authority-data\":\"Q0E=\","
                                  "\"proxy-url\":\"socks5://p\",\"config\":{\"audience\":\"a\"}},"
                                  "\"interactive\":false}}");
}

static void test_token(void **state)
{
    struct exec_credential c;
    static const char text[] =
        HEAD ",\"status\":{\"token\":\"t\",\"expirationTimestamp\":\"2026-01-01T00:00:00Z\"}}\n";
    assert_int_equal(exec_credential_parse(text, strlen(text), V1, &c, NULL), 0);
    assert_string_equal(c.token, "t");
    assert_null(c.cert_pem);
    assert_int_equal(c.expires, 1767225600);
    exec_credential_clear(&c);
}

static void test_certificate(void **state)
{
    struct exec_credential c;
    _err_ struct err *err = NULL;
    char *cert, *key, *other_cert, *other_key;
    certificate_make(3600, &cert, &key);
    certificate_make(3600, &other_cert, &other_key);
    json_auto_t *good =
        json_pack("{s:s, s:s, s:{s:s, s:s}}", "kind", "ExecCredential", "apiVersion", V1, "status",
                  "clientCertificateData", cert, "clientKeyData", key);
    json_auto_t *mixed =
        json_pack("{s:s, s:s, s:{s:s, s:s}}", "kind", "ExecCredential", "apiVersion", V1, "status",
                  "clientCertificateData", cert, "clientKeyData", other_key);
    _free_ char *text = json_text(good, 0), *wrong = json_text(mixed, 0);
    assert_int_equal(exec_credential_parse(text, strlen(text), V1, &c, NULL), 0);
    assert_string_equal(c.cert_pem, cert);
    assert_string_equal(c.key_pem, key);
    assert_null(c.token);
    assert_int_equal(c.expires, 0);
    exec_credential_clear(&c);
    assert_int_equal(exec_credential_parse(wrong, strlen(wrong), V1, &c, &err), -1);
    assert_string_equal(err->message, "the client key does not belong to the client certificate");
    exec_credential_clear(&c);
    free(cert);
    free(key);
    free(other_cert);
    free(other_key);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "its output is not an ExecCredential in JSON"},
        {"s3cret", "its output is not an ExecCredential in JSON"},
        {"{\"token\": \"s3cret\"", "its output is not an ExecCredential in JSON"},
        {"[]", "its output is not an ExecCredential in JSON"},
        {"{\"kind\":\"Status\",\"apiVersion\":\"" V1 "\"}", "its output is not an ExecCredential"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "beta1\"}",
         "it answers " V1 "beta1, and the kubeconfig says " V1 ": write " V1
         "beta1 into the user's exec"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"s3cret\"}",
         "its output has another apiVersion than " V1},
        {HEAD "}", "its ExecCredential has no status"},
        {HEAD ",\"status\":\"s3cret\"}", "its ExecCredential has no status"},
        {HEAD ",\"status\":{}}", "has neither a token nor a certificate"},
        {HEAD ",\"status\":{\"token\":\"\"}}", "has neither a token nor a certificate"},
        {HEAD ",\"status\":{\"token\":7}}", "has neither a token nor a certificate"},
        {HEAD ",\"status\":{\"clientKeyData\":\"s3cret\"}}", "has only one of certificate and key"},
        {HEAD ",\"status\":{\"token\":\"t\",\"clientCertificateData\":\"s3cret\"}}",
         "has only one of certificate and key"},
        {HEAD ",\"status\":{\"token\":\"s3cret\\r\\nX: y\"}}", "its token has a control character"},
        {HEAD ",\"status\":{\"token\":\"t\",\"expirationTimestamp\":\"s3cret\"}}",
         "its expirationTimestamp is not a time"},
        {HEAD ",\"status\":{\"clientCertificateData\":\"s3cret\",\"clientKeyData\":\"s3cret\"}}",
         "the client certificate is not one in PEM"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exec_credential c;
        _err_ struct err *err = NULL;
        const char *text = cases[i].text;
        assert_int_equal(exec_credential_parse(text, strlen(text), V1, &c, &err), -1);
        assert_int_equal(err->kind, ERR_AUTH);
        if (!strstr(err->message, cases[i].says) || strstr(err->message, "s3cret"))
            fail_msg("%s: %s", text, err->message);
        exec_credential_clear(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
