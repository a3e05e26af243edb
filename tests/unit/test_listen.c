/* Addresses to listen at, and sockets that follow one another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "listen.h"

static void addresses(void **state _unused_)
{
    static const char *const wrong[] = {"8080",       "x:1",      "a.example:80",
                                        "::1:80",     "1.2.3.4:", "1.2.3.4:70000",
                                        "1.2.3.4:8o", "[::1]80",  "",
                                        ":-1"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        _err_ struct err *e = NULL;
        assert_int_equal(listen_open(wrong[i], -1, &e), -1);
        assert_int_equal(e->kind, ERR_USAGE);
    }
    static const struct {
        const char *listen, *url;
    } urls[] = {{":8080", "http://127.0.0.1:8080"},        {"0.0.0.0:1", "http://127.0.0.1:1"},
                {"[::]:8080", "http://[::1]:8080"},        {"[::1]:80", "http://[::1]:80"},
                {"10.0.0.1:8080", "http://10.0.0.1:8080"}, {"localhost:9", "http://localhost:9"}};
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        _free_ char *url = listen_url(urls[i].listen, NULL);
        assert_string_equal(url, urls[i].url);
    }
    int fd = listen_open(":0", -1, NULL);
    assert_true(fd >= 0);
    close(fd);
}

/* The old socket stays open, here and perhaps in a child, until the new one is had. */
static void beside(void **state _unused_)
{
    int fd = listen_open("127.0.0.1:0", -1, NULL);
    _free_ char *name = listen_name(fd);
    const char *all = strrchr(name, ':');
    assert_int_equal(listen_open(all, -1, NULL), -1);
    int child = dup(fd), next = listen_open(all, fd, NULL);
    assert_true(next >= 0);
    assert_int_equal(listen_open(all, -1, NULL), -1); /* another program has no part in it */
    assert_int_equal(listen_open(name, -1, NULL), -1);
    close(fd);
    int back = listen_open(name, next, NULL);
    assert_true(back >= 0);
    close(back);
    close(next);
    close(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
