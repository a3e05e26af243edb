/* Exec plugins as child processes: how they are found, what they get, how they may fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>
#include <ftw.h>

#include "providers/kubernetes/exec_plugin.h"
#include "tests/unit/plugin_script.h"

static char dir[] = "/tmp/holdfast-plugin-XXXXXX";

#define GOOD                                                                                       \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" PLUGIN_V1                               \
    "\",\"status\":{\"token\":\"t\"}}'"

struct got {
    unsigned calls;
    char *token, *error;
};

static void done(void *ctx, struct exec_credential *credential, const struct err *err)
{
    struct got *g = ctx;
    g->calls++;
    g->token = credential ? steal(credential->token) : NULL;
    g->error = err ? xstrdup(err->message) : NULL;
}

static struct exec_plugin *plugin(struct ev_loop *loop, struct kube_exec *exec)
{
    exec->api_version = PLUGIN_V1;
    return exec_plugin_new(loop, &(struct kubeconfig){.server = "https://h", .exec = exec});
}

/* Runs it once and answers what came; the error of the start, too. */
static struct got run(struct kube_exec exec)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct exec_plugin *p = plugin(loop, &exec);
    struct got g = {0};
    _err_ struct err *err = NULL;
    if (exec_plugin_run(p, done, &g, &err))
        g.error = xstrdup(err->message);
    else
        ev_run(loop, 0);
    exec_plugin_free(p);
    ev_loop_destroy(loop);
    return g;
}

static void got_clear(struct got *g)
{
    free(g->token);
    free(g->error);
}
#define _got_ __attribute__((cleanup(got_clear)))

static void test_surroundings(void **state)
{
    setenv("PLUGIN_TEST_OURS", "ours", 1);
    setenv("PLUGIN_TEST_BOTH", "ours", 1);
    setenv("KUBERNETES_EXEC_INFO", "somebody else's", 1);
    _free_ char *script = xasprintf("exec 2>%s/seen; echo \"$# $1 $2|$PLUGIN_TEST_OURS|"
                                    "$PLUGIN_TEST_BOTH|$KUBERNETES_EXEC_INFO\" >&2; "
                                    "env | grep -c ^PLUGIN_TEST_BOTH= >&2; cat >&2\n" GOOD,
                                    dir);
    _free_ char *path = plugin_script(dir, "surroundings", script);
    char *args[] = {"a b", "", NULL}, *env[] = {"PLUGIN_TEST_BOTH=its own", NULL};
    _got_ struct got g = run((struct kube_exec){.command = path, .args = args, .env = env});
    _free_ char *seen = plugin_text(dir, "seen");
    assert_int_equal(g.calls, 1);
    assert_string_equal(g.token, "t");
    assert_string_equal(
        seen, "2 a b |ours|its own|{\"kind\":\"ExecCredential\",\"apiVersion\":\"" PLUGIN_V1
              "\",\"spec\":{\"interactive\":false}}\n1\n");
    unsetenv("KUBERNETES_EXEC_INFO");
}

static void test_in_path(void **state)
{
    _free_ char *path = plugin_script(dir, "some-plugin", GOOD);
    _free_ char *old = xstrdup(getenv("PATH")), *with = xasprintf("relative::%s:%s", dir, old);
    char *no_env[] = {NULL};
    setenv("PATH", with, 1);
    _got_ struct got g = run((struct kube_exec){.command = "some-plugin", .env = no_env});
    setenv("PATH", old, 1);
    assert_string_equal(g.token, "t");
    _got_ struct got gone = run((struct kube_exec){.command = "some-plugin", .env = no_env});
    assert_int_equal(gone.calls, 0);
    assert_string_equal(gone.error, "exec plugin some-plugin: not found in PATH: install it, or "
                                    "correct command");
    _got_ struct got hint = run((struct kube_exec){
        .command = "some-plugin", .env = no_env, .install_hint = "Get it from the shop."});
    assert_string_equal(hint.error,
                        "exec plugin some-plugin: not found in PATH: Get it from the shop.");
}

static void test_failures(void **state)
{
    static const struct {
        const char *name, *script, *says;
    } cases[] = {
        {"absent", NULL, "no such file: install it, or correct command"},
        {"status", "echo s3cret >&2; exit 3",
         "ended with status 3: run it by hand to see why (what it writes is not shown here: it may "
         "hold secrets)"},
        {"good-but-status", GOOD "; exit 1", "ended with status 1: "},
        {"signal", "echo s3cret; kill -ABRT $$", "ended by signal 6 (Aborted): "},
        {"hangs", "echo s3cret; exec sleep 1000",
         "no answer within 0.5 s, killed: it may wait for a person: sign in with it by hand first"},
        {"floods", "while :; do echo s3crets3crets3crets3crets3cret; done",
         "its output is larger than 1048576 bytes"},
        {"nonsense", "echo s3cret", "its output is not an ExecCredential in JSON"},
    };
    char *no_env[] = {NULL};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *path = cases[i].script ? plugin_script(dir, cases[i].name, cases[i].script)
                                            : xasprintf("%s/%s", dir, cases[i].name);
        bool hangs = !strcmp(cases[i].name, "hangs");
        _got_ struct got g =
            run((struct kube_exec){.command = path, .env = no_env, .seconds = hangs ? 0.5 : 30});
        _free_ char *begin = xasprintf("exec plugin %s: %s", path, cases[i].says);
        assert_null(g.token);
        if (strncmp(g.error, begin, strlen(begin)) != 0 || strstr(g.error, "s3cret"))
            fail_msg("%s: %s", cases[i].name, g.error);
    }
    _free_ char *plain = plugin_script(dir, "plain", GOOD);
    chmod(plain, 0644);
    _got_ struct got g = run((struct kube_exec){.command = plain, .env = no_env});
    assert_non_null(strstr(g.error, "/plain: not a program that may be executed"));
}

static void test_free_while_it_runs(void **state)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    _free_ char *path = plugin_script(dir, "slow", "exec sleep 1000");
    char *no_env[] = {NULL};
    struct got g = {0};
    struct exec_plugin *p = plugin(loop, &(struct kube_exec){.command = path, .env = no_env});
    assert_int_equal(exec_plugin_run(p, done, &g, NULL), 0);
    ev_run(loop, EVRUN_NOWAIT);
    exec_plugin_free(p);
    ev_run(loop, EVRUN_NOWAIT);
    assert_int_equal(g.calls, 0);
    exec_plugin_free(NULL);
    ev_loop_destroy(loop);
}

static int setup(void **state)
{
    unsetenv("HTTPS_PROXY");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int teardown(void **state)
{
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surroundings),
        cmocka_unit_test(test_in_path),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_free_while_it_runs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
