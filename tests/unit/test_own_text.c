/* Texts of the API server about a Secret: what is kept whole, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/alloc.h"
#include "providers/kubernetes/own_text.h"

#define CANNOT                                                                                     \
    "User \"system:serviceaccount:ops:watcher\" cannot patch resource \"secrets\" in API group "   \
    "\"\" "
#define NAMED "secrets \"sec\" is forbidden: "

/* The object is called "sec". */
static const struct {
    const char *message, *want; /* want NULL: nothing is kept; "": all of it */
} cases[] = {
    {NAMED CANNOT "in the namespace \"alpha\"", ""},
    {"secrets is forbidden: " CANNOT "in the namespace \"alpha\"", ""},
    {"secrets is forbidden: " CANNOT "at the cluster scope", ""},
    {NAMED CANNOT "at the cluster scope", ""},
    {NAMED "User \"jane@example.org\" cannot get resource \"secrets\" in API group \"\" in the "
           "namespace \"alpha\"",
     ""},
    {NAMED "exceeded quota: q, requested: secrets=1, used: secrets=0, limited: secrets=0", ""},
    {NAMED "exceeded quota: q, requested: count/secrets=1,secrets=1, used: count/secrets=10,"
           "secrets=10, limited: count/secrets=10,secrets=1k",
     ""},
    {NAMED "unable to create new content in namespace alpha because it is being terminated", ""},
    {"secrets \"sec\" not found", ""},
    {"secrets \"sec\" already exists", ""},
    {"Operation cannot be fulfilled on secrets \"sec\": the object has been modified; please apply "
     "your changes to the latest version and try again",
     ""},
    {"Forbidden: field is immutable when `immutable` is set", ""},
    /* what somebody else adds goes */
    {NAMED CANNOT "in the namespace \"alpha\": RBAC: clusterrole \"CANARY\" not found",
     NAMED CANNOT "in the namespace \"alpha\""},
    {NAMED CANNOT "in the namespace \"alpha\"\nCANARY", NAMED CANNOT "in the namespace \"alpha\""},
    {"Internal error occurred: failed calling webhook \"w.example\": got CANARY",
     "Internal error occurred: failed calling webhook \"w.example\""},
    /* a value in the place of a name, or behind, or before */
    {"secrets \"canary\" is forbidden: " CANNOT "in the namespace \"alpha\"", NULL},
    {"secrets \"sec canary\" not found", NULL},
    {"secrets \"canary\" not found", NULL},
    {"canary \"sec\" not found", NULL},
    {"secrets \"sec\" not found CANARY", NULL},
    {"CANARY secrets \"sec\" not found", NULL},
    {NAMED "User \"a CANARY\" cannot patch resource \"secrets\" in API group \"\" at the cluster "
           "scope",
     NULL},
    {NAMED "User \"Q0FOQVJZ==\" cannot patch resource \"secrets\" in API group \"\" at the cluster "
           "scope",
     NULL},
    {NAMED "User \"a\\\"CANARY\" cannot patch resource \"secrets\" in API group \"\" at the "
           "cluster scope",
     NULL},
    {NAMED "User \"a\" cannot patch resource \"canary\" in API group \"\" at the cluster scope",
     NULL},
    {NAMED CANNOT "in the namespace \"CANARY\"", NULL},
    {NAMED CANNOT "in the namespace \"alpha\" CANARY", NULL},
    {NAMED "exceeded quota: CANARY, requested: secrets=1, used: secrets=0, limited: secrets=0",
     NULL},
    {NAMED "exceeded quota: q, requested: canary=1, used: secrets=0, limited: secrets=0", NULL},
    {NAMED "exceeded quota: q, requested: secrets=canary, used: secrets=0, limited: secrets=0",
     NULL},
    {NAMED "exceeded quota: q, requested: secrets=1, used: secrets=0, limited: secrets=0, CANARY",
     NULL},
    {NAMED "exceeded quota: q, requested: secrets=1234567890123, used: secrets=0, limited: "
           "secrets=0",
     NULL},
    {NAMED "exceeded quota: the value is CANARY", NULL},
    {NAMED "unable to create new content in namespace CANARY because it is being terminated", NULL},
    {NAMED "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: " CANNOT
           "in the namespace \"alpha\"",
     NULL},
    {"admission webhook \"w\" denied the request: secrets \"sec\" not found", NULL},
    {"Forbidden: field is immutable when `CANARY` is set", NULL},
    {"Invalid value: \"CANARY\": field is immutable when `immutable` is set", NULL},
    {"", NULL},
    {"secrets \"sec", NULL},
    {"secrets \"", NULL},
};

static void test_forms(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *got = own_text(cases[i].message, "sec");
        const char *want = cases[i].want && !*cases[i].want ? cases[i].message : cases[i].want;
        if (want ? !got || strcmp(got, want) != 0 : got != NULL)
            fail_msg("%s\n%s", cases[i].message, got ? got : "(nothing)");
    }
}

/* Where the answer does not say what it is about, no name in it is believed. */
static void test_no_name(void **state)
{
    assert_null(own_text("secrets \"sec\" not found", NULL));
    assert_null(own_text("secrets \"\" not found", ""));
    assert_null(own_text("secrets \"A B\" not found", "A B"));
    _free_ char *missing = own_text("namespaces \"beta\" not found", "beta");
    assert_string_equal(missing, "namespaces \"beta\" not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
