/* known_hosts: which lines are about a host, and which key it may show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/known_hosts.h"

/* What ssh-keygen -H made of "git.example" and of "[git.example]:2222". */
#define HASH_PLAIN "gXLwy0vvUvQTjCdMcxlAUPgmB8Y=|nW1Xe0CfgZEw7JfPmFrpzoZJ8L8="
#define HASH_PORT  "gSn+D019zM0O9u9kn69E3bFIhdo=|VxwbWbMj8lb3ztLNY+bJOELc6fs="

/* "AAAA" and "BBBB" in base64 are keys enough here: \0\0\0 and \4\20A. */
static void hosts(void **state)
{
    static const struct {
        const char *line, *host;
        unsigned port;
        bool match;
    } cases[] = {
        {"git.example ssh-ed25519 AAAA", "git.example", 22, true},
        {"git.example ssh-ed25519 AAAA a comment", "git.example", 22, true},
        {"  git.example\tssh-ed25519  AAAA\r", "git.example", 22, true},
        {"git.example ssh-ed25519 AAAA", "Git.Example", 22, true},
        {"git.example ssh-ed25519 AAAA", "git.example", 2222, false},
        {"[git.example]:2222 ssh-ed25519 AAAA", "git.example", 2222, true},
        {"[git.example]:2222 ssh-ed25519 AAAA", "git.example", 22, false},
        {"[git.example]:22 ssh-ed25519 AAAA", "git.example", 22, false},
        {"a,git.example,b ssh-ed25519 AAAA", "git.example", 22, true},
        {"*.example ssh-ed25519 AAAA", "git.example", 22, true},
        {"*.example ssh-ed25519 AAAA", "example", 22, false},
        {"g?t.example ssh-ed25519 AAAA", "git.example", 22, true},
        {"*.example,!git.example ssh-ed25519 AAAA", "git.example", 22, false},
        {"!git.example,*.example ssh-ed25519 AAAA", "git.example", 22, false},
        {"*.example,!other.example ssh-ed25519 AAAA", "git.example", 22, true},
        {"git.example ssh-ed25519", "git.example", 22, false},
        {"git.example ssh-ed25519 no*base64", "git.example", 22, false},
        {"# git.example ssh-ed25519 AAAA", "git.example", 22, false},
        {"#git.example ssh-ed25519 AAAA", "#git.example", 22, false},
        {"@strange git.example ssh-ed25519 AAAA", "git.example", 22, false},
        {"@revoked git.example ssh-ed25519 AAAA", "git.example", 22, true},
        {"git.example.com ssh-ed25519 AAAA", "git.example", 22, false},
        {"xgit.example ssh-ed25519 AAAA", "git.example", 22, false},
        {"2001:db8::1 ssh-ed25519 AAAA", "2001:db8::1", 22, true},
        {"|1|" HASH_PLAIN " ssh-ed25519 AAAA", "git.example", 22, true},
        {"|1|" HASH_PLAIN " ssh-ed25519 AAAA", "GIT.example", 22, true},
        {"|1|" HASH_PLAIN " ssh-ed25519 AAAA", "git.example", 2222, false},
        {"|1|" HASH_PORT " ssh-ed25519 AAAA", "git.example", 2222, true},
        {"|1|" HASH_PORT " ssh-ed25519 AAAA", "other.example", 2222, false},
        {"|1|nonsense ssh-ed25519 AAAA", "git.example", 22, false},
        {"|1| ssh-ed25519 AAAA", "git.example", 22, false},
        {"", "git.example", 22, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct known_hosts known = {0};
        known_hosts_find(cases[i].line, cases[i].host, cases[i].port, &known);
        if ((known.count == 1) != cases[i].match)
            fail_msg("%s for %s port %u", cases[i].line, cases[i].host, cases[i].port);
        known_hosts_free(&known);
    }
}

static void keys(void **state)
{
    struct known_hosts known = {0};
    known_hosts_find("other ssh-rsa BBBB\n"
                     "\n"
                     "host ssh-ed25519 AAAA\n"
                     "@revoked host ecdsa-sha2-nistp256 BBBB\n"
                     "@cert-authority host ssh-ed25519 CCCC",
                     "host", 22, &known);
    assert_int_equal(known.count, 2);
    assert_true(known.authority);
    assert_int_equal(known.keys[0].line, 3);
    assert_true(known_hosts_has(&known, "ssh-ed25519"));
    assert_false(known_hosts_has(&known, "ecdsa-sha2-nistp256")); /* revoked */
    assert_false(known_hosts_has(&known, "ssh-rsa"));
    assert_int_equal(known_hosts_ask(&known, "\0\0\0", 3), KNOWN_SAME);
    assert_int_equal(known_hosts_ask(&known, "\0\0\0\0", 4), KNOWN_OTHER);
    assert_int_equal(known_hosts_ask(&known, "\4\20A", 3), KNOWN_REVOKED);
    assert_int_equal(known_hosts_ask(&known, "\10\40\202", 3), KNOWN_OTHER); /* the authority's */
    known_hosts_free(&known);
}

/* The same key, allowed in one line and revoked in another, is revoked. */
static void revoked_wins(void **state)
{
    struct known_hosts known = {0};
    known_hosts_find("host ssh-ed25519 AAAA\n@revoked * ssh-ed25519 AAAA\n", "host", 22, &known);
    assert_int_equal(known_hosts_ask(&known, "\0\0\0", 3), KNOWN_REVOKED);
    known_hosts_free(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(keys),
        cmocka_unit_test(revoked_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
