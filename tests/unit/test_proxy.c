/* Which proxy: what the environment says, in Go's way, and what a URL of one may look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/proxy.h"

static void test_excluded(void **state)
{
    static const struct {
        const char *list, *host, *port;
        bool excluded;
    } cases[] = {
        {"", "h", "443", false},
        {"*", "h.example", "443", true},
        {"a.example, h.example", "h.example", "443", true},
        {"H.Example", "h.example", "443", true},
        {"example", "h.example", "443", true},
        {"xample", "h.example", "443", false},
        {".example", "h.example", "443", true},
        {".h.example", "h.example", "443", false},
        {"*.example", "h.example", "443", true},
        {"*.h.example", "h.example", "443", false},
        {"h.example:443", "h.example", "443", true},
        {"h.example:6443", "h.example", "443", false},
        {"10.0.0.0/8", "10.1.2.3", "443", true},
        {"10.0.0.0/8", "11.1.2.3", "443", false},
        {"10.0.0.0/33", "10.0.0.0", "443", false},
        {"10.0.0.0/", "10.0.0.0", "443", false},
        {"0.0.0.0/0", "10.0.0.1", "443", true},
        {"10.1.2.3", "10.1.2.3", "443", true},
        {"10.1.2.3:6443", "10.1.2.3", "443", false},
        {"10.1.2.3:443", "10.1.2.3", "443", true},
        {"2.3", "10.1.2.3", "443", false},
        {"fd00::/8", "fd12::1", "443", true},
        {"fd00::1", "fd00::1", "443", true},
        {"[fd00::1]:443", "fd00::1", "443", true},
        {"[fd00::1]:1", "fd00::1", "443", false},
        {"0.0.0.0/0", "fd00::1", "443", false},
        {":443,,  ,", "h", "443", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (proxy_excluded(cases[i].list, cases[i].host, cases[i].port) != cases[i].excluded)
            fail_msg("%s: %s:%s", cases[i].list, cases[i].host, cases[i].port);
    }
}

static void clear(void)
{
    static const char *const names[] = {"HTTP_PROXY",  "http_proxy", "HTTPS_PROXY",
                                        "https_proxy", "NO_PROXY",   "no_proxy",
                                        "ALL_PROXY",   "all_proxy",  "REQUEST_METHOD"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unsetenv(names[i]);
}

static void expect(const char *url, const char *proxy)
{
    _free_ char *got = proxy_from_env(url);
    if (!proxy)
        assert_null(got);
    else
        assert_string_equal(got, proxy);
}

static void test_environment(void **state)
{
    clear();
    setenv("ALL_PROXY", "http://all", 1); /* Go does not know it */
    expect("https://h.example:1", NULL);
    setenv("https_proxy", "http://lower:1", 1);
    expect("https://h.example:1", "http://lower:1");
    expect("http://h.example:1", NULL);
    setenv("HTTPS_PROXY", "http://upper:1", 1);
    setenv("http_proxy", "plain:2", 1);
    expect("https://h.example:1", "http://upper:1");
    expect("http://h.example:1", "plain:2");
    expect("https://localhost:1", NULL);
    expect("https://127.9.9.9:1", NULL);
    expect("https://[::1]:1", NULL);
    expect("https://[fd00::1]:1", "http://upper:1");
    setenv("no_proxy", "h.example:1,fd00::/16", 1);
    expect("https://H.example:1/x", NULL);
    expect("https://[fd00::1]:1", NULL);
    expect("https://h.example", "http://upper:1");
    setenv("REQUEST_METHOD", "GET", 1);
    expect("http://g.example", NULL);
    clear();
}

static void test_urls(void **state)
{
    static const struct {
        const char *proxy;
        bool valid;
        const char *curl, *shown;
    } cases[] = {
        {"http://p:3128", true, "http://p:3128", "p:3128"},
        {"http://p", true, "http://p:80", "p:80"},
        {"http://p/", true, "http://p:80", "p:80"},
        {"https://p", true, "https://p", "p:443"},
        {"https://u:s3cret@p:1", true, "https://u:s3cret@p:1", "p:1"},
        {"http://u:s3cret@p", true, "http://u:s3cret@p:80", "p:80"},
        {"u:s3cret@p:3128", true, "http://u:s3cret@p:3128", "p:3128"},
        {"p:3128", true, "http://p:3128", "p:3128"},
        {"socks5://p", true, "socks5h://p", "p:1080"},
        {"socks5://u:s3cret@p:9", true, "socks5h://u:s3cret@p:9", "p:9"},
        {"socks5h://p:9", true, "socks5h://p:9", "p:9"},
        {"http://[::1]", true, "http://[::1]:80", "[::1]:80"},
        {"http://[::1]:8", true, "http://[::1]:8", "[::1]:8"},
        {"ftp://p", false, NULL, "p:21"},
        {"socks4://p", false, NULL, NULL},
        {"http://", false, NULL, "(not a URL)"},
        {"http://u:s3cret@p:port", false, NULL, "(not a URL)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *shown = proxy_shown(cases[i].proxy);
        if (proxy_valid(cases[i].proxy) != cases[i].valid || strstr(shown, "s3cret"))
            fail_msg("%s: %s", cases[i].proxy, shown);
        if (cases[i].shown)
            assert_string_equal(shown, cases[i].shown);
        if (cases[i].curl) {
            _free_ char *curl = proxy_for_curl(cases[i].proxy);
            assert_string_equal(curl, cases[i].curl);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_excluded),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
