/* What only one Service can have, and Git leaves to the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "providers/kubernetes/internal.h"
#include "trees.h"

static void test_left_open(void **state)
{
    static const struct {
        const char *group, *kind, *path, *declared, *live;
        bool want;
    } rows[] = {
        {"", "Service", "spec | clusterIP", "''", "'10.0.0.1'", true},
        {"", "Service", "spec | clusterIP", "'10.0.0.2'", "'10.0.0.1'", false},
        {"", "Service", "spec | clusterIP", "''", NULL, false},
        {"", "Service", "spec | clusterIPs", "[]", "['10.0.0.1']", true},
        {"", "Service", "spec | healthCheckNodePort", "0", "30001", true},
        {"", "Service", "spec | ports | {'port':80} | nodePort", "0", "30001", true},
        {"", "Service", "spec | ports | {'port':80} | nodePort", "30002", "30001", false},
        {"", "Service", "spec | ports | {'port':80} | targetPort", "0", "80", false},
        {"", "Service", "spec | ports | {'port':80}", "0", "80", false},
        {"", "Service", "spec | nodePort", "0", "80", false},
        {"", "Service", "nodePort", "0", "80", false},
        {"", "Service", "spec | externalName", "''", "'x'", false},
        {"", "Pod", "spec | clusterIP", "''", "'10.0.0.1'", false},
        {"serving.example.com", "Service", "spec | clusterIP", "''", "'10.0.0.1'", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct unit unit = {.group = rows[i].group, .kind = rows[i].kind};
        struct kept_path _kept_ p = steps(rows[i].path);
        json_auto_t *declared = tree(rows[i].declared);
        json_auto_t *live = rows[i].live ? tree(rows[i].live) : NULL;
        if (kube_left_open(&unit, kept_path_last(&p), declared, live) != rows[i].want)
            fail_msg("%s %s: %s", rows[i].kind, rows[i].path, rows[i].declared);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_left_open)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
