/* The URLs of repositories on the network: what each means, and what is refused in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/err.h"
#include "sync/remote_url.h"

static void network_or_not(void **state)
{
    static const struct {
        const char *url;
        bool network;
    } cases[] = {
        {"https://git.example/a.git", true},
        {"HTTPS://git.example/a.git", true},
        {"ssh://git@git.example/a.git", true},
        {"git@git.example:a.git", true},
        {"git@[::1]:a.git", true},
        {"git://git.example/a", true},
        {"git2+x-y.z://git.example/a", true},
        {"file:///srv/a.git", false},
        {"/srv/a.git", false},
        {"a/b@c:d", false},
        {"./git@host:a", false},
        {"folder", false},
        {"folder:with:colons", false},
        {"a b://c", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (remote_url_is(cases[i].url) != cases[i].network)
            fail_msg("%s", cases[i].url);
    }
}

static void good(void **state)
{
    static const struct {
        const char *url, *want;
    } cases[] = {
        {"https://git.example/ml/infra.git", "1 - git.example 443 /ml/infra.git"},
        {"https://git.example/ml/infra.git/", "1 - git.example 443 /ml/infra.git"},
        {"https://git.example:8443/a%20b", "1 - git.example 8443 /a%20b"},
        {"HTTPS://Git.Example/a", "1 - Git.Example 443 /a"},
        {"https://[2001:db8::1]:444/a", "1 - 2001:db8::1 444 /a"},
        {"https://git.example:/a", "1 - git.example 443 /a"},
        {"http://127.0.0.1:8080/a", "0 - 127.0.0.1 8080 /a"},
        {"http://127.1.2.3/a", "0 - 127.1.2.3 80 /a"},
        {"http://localhost/a", "0 - localhost 80 /a"},
        {"http://[::1]/a", "0 - ::1 80 /a"},
        {"ssh://git@git.example/ml/infra.git", "2 git git.example 22 /ml/infra.git"},
        {"ssh://git.example/a", "2 - git.example 22 /a"},
        {"ssh://git@git.example:2222/~me/a%20b", "2 git git.example 2222 ~me/a b"},
        {"ssh://a%40b@git.example/a", "2 a@b git.example 22 /a"},
        {"git@git.example:ml/infra.git", "2 git git.example 22 ml/infra.git"},
        {"git@git.example:/srv/infra.git", "2 git git.example 22 /srv/infra.git"},
        {"git@[2001:db8::1]:a", "2 git 2001:db8::1 22 a"},
        {"git@git.example:a:b", "2 git git.example 22 a:b"},
        {"https://git.example/a@b", "1 - git.example 443 /a@b"},
        {"https://[2001:db8::1]/a@b", "1 - 2001:db8::1 443 /a@b"},
        {"https://git.example:8443/a%40b", "1 - git.example 8443 /a%40b"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct remote_url u;
        _err_ struct err *err = NULL;
        if (remote_url_parse(cases[i].url, &u, &err))
            fail_msg("%s: %s", cases[i].url, err_message(err));
        _free_ char *have = xasprintf("%d %s %s %u %s", (int)u.scheme, u.user ? u.user : "-",
                                      u.host, u.port, u.path);
        assert_string_equal(have, cases[i].want);
        remote_url_free(&u);
    }
}

static void refused(void **state)
{
    static const char in_url[] = "no user and no password belong in a url, where logs show them: "
                                 "use auth.userFile and auth.passwordFile";
    static const char torn[] = "what stands before the @ looks like a password, and none belongs "
                               "in a url, where logs show it: an @ of a path is written as %40";
    static const char query[] = "? and # have no meaning in a repository's url: write them as %3F "
                                "and %23 where they are part of its name";
    static const struct {
        const char *url, *shown, *want;
    } cases[] = {
        {"https://reader:hunter2@git.example/a", "https://git.example/a", in_url},
        {"https://reader@git.example/a", "https://git.example/a", in_url},
        {"https://a:b@c:hunter2@git.example/a", "https://git.example/a", in_url},
        {"https://reader:hunter2/x@git.example/a", "https://git.example/a", torn},
        {"https://reader:12/hunter2@git.example/a", "https://git.example/a", torn},
        {"https://reader:a?hunter2@git.example/a", "https://git.example/a", torn},
        {"https://reader:a#hunter2@git.example/a", "https://git.example/a", torn},
        {"https://[::1]:12/hunter2@git.example/a", "https://git.example/a", torn},
        {"ssh://git:hunter2/x@git.example/a", "ssh://git.example/a", torn},
        {"https://reader?hunter2@git.example/a", "https://git.example/a", query},
        {"https://git.example/a?private_token=hunter2", "https://git.example/a", query},
        {"https://git.example/a#hunter2", "https://git.example/a", query},
        {"https://reader:x@git.example/a?token=hunter2@b", "https://b", in_url},
        {"git://git.example/a?token=hunter2", "git://git.example/a",
         "a source is https://, ssh:// or file://, or a folder"},
        {"ftp://reader:hunter2@git.example/a", "ftp://git.example/a",
         "a source is https://, ssh:// or file://, or a folder"},
        {"s3://reader:hunter2@git.example/a", "s3://git.example/a",
         "a source is https://, ssh:// or file://, or a folder"},
        {"git://git.example/a", "git://git.example/a",
         "a source is https://, ssh:// or file://, or a folder"},
        {"ssh://git:hunter2@git.example/a", "ssh://git.example/a",
         "no password belongs in a url, where logs show it: use auth.sshKeyFile and "
         "auth.passphraseFile"},
        {"ssh://-oProxyCommand=x@git.example/a", "ssh://git.example/a",
         "the user before the @ is missing or no user"},
        {"ssh://-oProxyCommand=x/a", "ssh://-oProxyCommand=x/a",
         "the url names no host: https://host/path"},
        {"ssh://g%0Ait@git.example/a", "ssh://git.example/a", "a control character in the user"},
        {"ssh://git.example/a%00b", "ssh://git.example/a%00b", "a control character in the path"},
        {"https:///a", "https:///a", "the url names no host: https://host/path"},
        {"https://a_b;c/d", "https://a_b;c/d", "the url names no host: https://host/path"},
        {"https://[::1/a", "https://[::1/a", "the url names no host: https://host/path"},
        {"https://git.example", "https://git.example",
         "the url names no repository behind its host"},
        {"https://git.example/", "https://git.example/",
         "the url names no repository behind its host"},
        {"https://git.example:0/a", "https://git.example:0/a", "\"0\" is no port (1 to 65535)"},
        {"https://git.example:65536/a", "https://git.example:65536/a",
         "\"65536\" is no port (1 to 65535)"},
        {"https://git.example:22x/a", "https://git.example:22x/a",
         "\"22x\" is no port (1 to 65535)"},
        {"http://git.example/a", "http://git.example/a",
         "http:// shows what it carries to everybody on the way and is read from this machine "
         "alone: use https://"},
        {"http://127.0.0.1.example/a", "http://127.0.0.1.example/a",
         "http:// shows what it carries to everybody on the way and is read from this machine "
         "alone: use https://"},
        {"git@git.example:-a", "git@git.example:-a", "a path must not begin with a dash"},
        {"git@git.example:", "git@git.example:", "the url names no repository behind its host"},
        {"@git.example:a", "@git.example:a", "the user before the @ is missing or no user"},
        {"git@[::1]", "git@[::1]", "the url names no host: https://host/path"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct remote_url u;
        _err_ struct err *err = NULL;
        if (remote_url_parse(cases[i].url, &u, &err) == 0)
            fail_msg("%s was taken", cases[i].url);
        _free_ char *want = xasprintf("%s: %s", cases[i].shown, cases[i].want);
        assert_string_equal(err_message(err), want);
        assert_int_equal(err->kind, ERR_USAGE);
        assert_null(strstr(err_message(err), "hunter2"));
        remote_url_free(&u);
    }
}

static void control_characters(void **state)
{
    struct remote_url u;
    _err_ struct err *err = NULL;
    assert_int_equal(remote_url_parse("https://a/b\nc", &u, &err), -1);
    assert_string_equal(err_message(err), "the url has a space or control character at byte 12: "
                                          "write it as %0A");
    remote_url_free(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_or_not),
        cmocka_unit_test(good),
        cmocka_unit_test(refused),
        cmocka_unit_test(control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
