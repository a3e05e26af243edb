/* stateDir: made, checked, locked, and its key. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/statedir.h"

static char *base;

static int setup(void **state)
{
    char name[] = "/tmp/holdfast-statedir-XXXXXX";
    base = xstrdup(mkdtemp(name) ? name : "");
    umask(022);
    return *base ? 0 : -1;
}

static int teardown(void **state)
{
    _free_ char *command = xasprintf("rm -rf '%s'", base);
    int rc = system(command);
    free(base);
    return rc;
}

static mode_t mode(const char *dir, const char *name)
{
    _free_ char *path = xasprintf("%s/%s", dir, name);
    struct stat st;
    return stat(path, &st) ? 0 : st.st_mode & 07777;
}

static void made(void **state)
{
    _free_ char *path = xasprintf("%s/a/b/", base);
    struct statedir *dir = statedir_open(path, NULL);
    assert_non_null(dir);
    uint8_t key[STATEDIR_KEY_BYTES], zeros[STATEDIR_KEY_BYTES] = {0};
    memcpy(key, dir->key, sizeof(key));
    assert_memory_not_equal(key, zeros, sizeof(key));
    assert_int_equal(mode(base, "a"), 0700);
    assert_int_equal(mode(dir->path, "."), 0700);
    assert_int_equal(mode(dir->path, "hmac.key"), 0600);
    assert_int_equal(mode(dir->path, "lock"), 0600);
    assert_int_equal(mode(dir->path, "hmac.key.new"), 0);
    assert_true(fcntl(dir->lock, F_GETFD) & FD_CLOEXEC);
    statedir_free(dir);
    dir = statedir_open(path, NULL);
    assert_memory_equal(dir->key, key, sizeof(key)); /* the same each time */
    statedir_free(dir);
    statedir_free(NULL);
}

static void held(void **state)
{
    _free_ char *path = xasprintf("%s/held", base);
    struct statedir *dir = statedir_open(path, NULL);
    _err_ struct err *err = NULL;
    assert_null(statedir_open(path, &err));
    assert_int_equal(err->kind, ERR_CONFLICT);
    _free_ char *want = xasprintf("stateDir %s is held by another holdfast, process %d: stop that "
                                  "one, or give this one a stateDir of its own (--state-dir)",
                                  path, (int)getpid());
    assert_string_equal(err_message(err), want);
    statedir_free(dir);
    dir = statedir_open(path, NULL);
    assert_non_null(dir);
    statedir_free(dir);
}

static void refuses(const char *path, const char *message)
{
    _err_ struct err *err = NULL;
    assert_null(statedir_open(path, &err));
    assert_int_equal(err->kind, ERR_USAGE);
    if (!strstr(err_message(err), message))
        fail_msg("%s", err_message(err));
}

static void not_ours(void **state)
{
    _free_ char *path = xasprintf("%s/open", base);
    mkdir(path, 0755);
    refuses(path, "is open to others (mode 0755): chmod 700 it");
    chmod(path, 0500);
    refuses(path, "cannot be used with mode 0500: chmod 700 it");
    _free_ char *file = xasprintf("%s/file", base);
    close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    refuses(file, "Not a directory");
    _free_ char *below = xasprintf("%s/file/below", base);
    refuses(below, "cannot make");
    if (geteuid() == 0) {
        _free_ char *other = xasprintf("%s/other", base);
        mkdir(other, 0700);
        assert_int_equal(chown(other, 1, 1), 0);
        refuses(other, "belongs to user 1 and we are 0: ");
    }
}

static void bad_key(void **state)
{
    _free_ char *path = xasprintf("%s/key", base);
    statedir_free(statedir_open(path, NULL));
    _free_ char *key = xasprintf("%s/hmac.key", path);
    chmod(key, 0644);
    refuses(path, "closed to others: remove it, a new one is made");
    chmod(key, 0600);
    assert_int_equal(truncate(key, 31), 0);
    refuses(path, "does not have 32 bytes: remove it");
    assert_int_equal(truncate(key, 33), 0);
    refuses(path, "does not have 32 bytes: remove it");
    unlink(key);
    assert_int_equal(symlink("/dev/null", key), 0);
    refuses(path, "cannot read");
    unlink(key);
    _free_ char *left = xasprintf("%s/hmac.key.new", path);
    close(open(left, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)); /* of a kill in between */
    struct statedir *dir = statedir_open(path, NULL);
    assert_non_null(dir);
    assert_int_equal(mode(path, "hmac.key"), 0600);
    statedir_free(dir);
}

static void defaults(void **state)
{
    static const struct {
        const char *xdg, *home, *want;
    } cases[] = {
        {"/x", "/h", "/x/holdfast"},
        {"relative", "/h", "/h/.local/state/holdfast"},
        {"", "/h", "/h/.local/state/holdfast"},
        {NULL, "/h", "/h/.local/state/holdfast"},
        {NULL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _err_ struct err *err = NULL;
        unsetenv("XDG_STATE_HOME");
        unsetenv("HOME");
        if (cases[i].xdg)
            setenv("XDG_STATE_HOME", cases[i].xdg, 1);
        if (cases[i].home)
            setenv("HOME", cases[i].home, 1);
        _free_ char *path = statedir_default(&err);
        if (cases[i].want)
            assert_string_equal(path, cases[i].want);
        else
            assert_non_null(strstr(err_message(err), "--state-dir"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made),    cmocka_unit_test(held),     cmocka_unit_test(not_ours),
        cmocka_unit_test(bad_key), cmocka_unit_test(defaults),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
