/* Certificates in files: checked, read again, and never half a pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "providers/kubernetes/tls_files.h"
#include "tests/unit/certificates.h"

static char dir[] = "/tmp/holdfast-tls-XXXXXX";
static char *certs[2], *keys[2];

static int setup(void **state)
{
    if (!mkdtemp(dir))
        return -1;
    for (int i = 0; i < 2; i++)
        certificate_make(3600, &certs[i], &keys[i]);
    return 0;
}

static int teardown(void **state)
{
    for (int i = 0; i < 2; i++) {
        free(certs[i]);
        free(keys[i]);
    }
    return rmdir(dir);
}

static char *put(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", dir, name);
    _free_ char *next = xasprintf("%s.new", path);
    FILE *f = fopen(next, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(rename(next, path), 0);
    return path;
}

static void test_rotation(void **state)
{
    _free_ char *ca = put("ca", certs[0]), *cert = put("cert", certs[0]),
                *key = put("key", keys[0]);
    struct kubeconfig config = {.ca_file = ca,
                                .ca_pem = certs[0],
                                .cert_file = cert,
                                .cert_pem = certs[0],
                                .key_file = key,
                                .key_pem = keys[0]};
    struct tls_files *t = tls_files_new(&config, NULL);
    assert_non_null(t);
    assert_false(tls_files_refresh(t));
    free(put("cert", certs[1])); /* the key comes a moment later */
    assert_false(tls_files_refresh(t));
    assert_string_equal(tls_files_cert(t), certs[0]);
    assert_non_null(strstr(tls_files_problem(t), "does not belong"));
    free(put("key", keys[1]));
    assert_true(tls_files_refresh(t));
    assert_string_equal(tls_files_cert(t), certs[1]);
    assert_string_equal(tls_files_key(t), keys[1]);
    assert_null(tls_files_problem(t));
    assert_false(tls_files_refresh(t));
    free(put("key", keys[1])); /* written again, the same: nothing to connect anew for */
    assert_false(tls_files_refresh(t));

    free(put("ca", "")); /* being written */
    assert_false(tls_files_refresh(t));
    assert_string_equal(tls_files_ca(t), certs[0]);
    free(put("ca", certs[1]));
    assert_true(tls_files_refresh(t));
    assert_string_equal(tls_files_ca(t), certs[1]);
    unlink(ca);
    assert_false(tls_files_refresh(t));
    assert_non_null(strstr(tls_files_problem(t), "No such file"));
    free(put("ca", certs[1]));
    assert_false(tls_files_refresh(t));
    assert_null(tls_files_problem(t));
    assert_string_equal(tls_files_cert_name(t), cert);
    tls_files_free(t);
    unlink(ca);
    unlink(cert);
    unlink(key);
}

static void test_refused(void **state)
{
    static char encrypted[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                              "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw\n"
                              "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAAAAAAAAAAAAAAAAAAAAAAEgZAA\n"
                              "-----END ENCRYPTED PRIVATE KEY-----\n";
    const struct {
        struct kubeconfig config;
        const char *says;
    } cases[] = {
        {{.ca_pem = "s3cret"}, "certificate-authority has no certificate in PEM"},
        {{.cert_pem = "s3cret", .key_pem = keys[0]}, "the client certificate is not one in PEM"},
        {{.cert_pem = certs[0], .key_pem = "s3cret"}, "the client key is not one in PEM"},
        {{.cert_pem = certs[0], .key_pem = encrypted}, "without a passphrase"},
        {{.cert_pem = certs[0], .key_pem = keys[1]}, "does not belong to the client certificate"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _err_ struct err *err = NULL;
        assert_null(tls_files_new(&cases[i].config, &err));
        assert_int_equal(err->kind, ERR_USAGE);
        if (!strstr(err->message, cases[i].says) || strstr(err->message, "s3cret"))
            fail_msg("%s", err->message);
    }
    struct tls_files *none = tls_files_new(&(struct kubeconfig){0}, NULL);
    assert_null(tls_files_ca(none));
    assert_null(tls_files_cert(none));
    assert_false(tls_files_refresh(none));
    tls_files_free(none);
    tls_files_free(NULL);
}

static void test_until(void **state)
{
    char *cert, *key;
    int64_t until = 0, now = time(NULL);
    certificate_make(-60, &cert, &key);
    assert_int_equal(tls_pair_check(cert, key, &until, NULL), 0);
    assert_in_range(until, now - 70, now - 50);
    free(cert);
    free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_until),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
