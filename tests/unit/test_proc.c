/* Child processes: what they say, how they end, and that none is left. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <ev.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/proc.h"

struct run {
    struct ev_loop *loop;
    struct proc *proc;
    struct buf out;
    int done, code, signal;
    bool timed_out;
    char *errors;
    struct err *err; /* as proc_end_error makes it */
};

static int take(void *ctx, const char *data, size_t len, struct err **err)
{
    struct run *run = ctx;
    if (buf_add(&run->out, data, len))
        return err_set(err, ERR_LIMIT, "too much");
    return 0;
}

static void done(void *ctx, const struct proc_end *end)
{
    struct run *run = ctx;
    run->done++;
    run->code = end->code;
    run->signal = end->signal;
    run->timed_out = end->timed_out;
    run->errors = xstrdup(end->errors);
    proc_end_error(end, "it", &run->err);
    proc_free(run->proc);
    run->proc = NULL;
    ev_break(run->loop, EVBREAK_ALL);
}

/* Runs `sh -c script`; the loop is the default one, or another. */
static void run(struct run *r, const char *script, struct proc_config config, bool other)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    _err_ struct err *err = NULL;
    *r = (struct run){.out = BUF_INIT(4 * MIB)};
    r->loop = other ? ev_loop_new(EVFLAG_AUTO) : ev_default_loop(0);
    if (!config.path)
        config.path = "/bin/sh";
    config.argv = argv;
    config.out = take;
    config.done = done;
    config.ctx = r;
    r->proc = proc_start(r->loop, &config, &err);
    assert_non_null(r->proc);
    ev_run(r->loop, 0);
    assert_int_equal(r->done, 1);
    if (other)
        ev_loop_destroy(r->loop);
}

static void run_free(struct run *r)
{
    buf_free(&r->out);
    free(r->errors);
    err_free(r->err);
}

static void says(void **state)
{
    for (int other = 0; other < 2; other++) {
        struct run r;
        run(&r, "cat; printf 'one\\ntwo\\033\\n' >&2; exit 3",
            (struct proc_config){.input = "hello", .input_len = 5}, other);
        assert_string_equal(buf_str(&r.out), "hello");
        assert_string_equal(r.errors, "one; two");
        assert_int_equal(r.code, 3);
        assert_string_equal(err_message(r.err), "it: ended with status 3: one; two");
        run_free(&r);
    }
}

static void says_nothing(void **state)
{
    struct run r;
    run(&r, "cat; env | grep -v -e ^PWD= -e ^SHLVL= -e ^_=; umask; ulimit -c",
        (struct proc_config){0}, false);
    assert_string_equal(buf_str(&r.out), "0077\n0\n");
    assert_null(r.err);
    run_free(&r);
}

static void says_much(void **state)
{
    struct run r;
    run(&r, "head -c 3000000 /dev/zero; head -c 100000 /dev/zero | tr '\\0' x >&2",
        (struct proc_config){.errors_max = 10}, false);
    assert_int_equal(r.out.len, 3000000);
    assert_string_equal(r.errors, "xxxxxxxxxx");
    run_free(&r);
}

static void refused(void **state)
{
    struct run r;
    run(&r, "cat /dev/zero", (struct proc_config){0}, false);
    assert_int_equal(r.signal, SIGKILL);
    assert_string_equal(err_message(r.err), "it: too much");
    assert_int_equal(r.err->kind, ERR_LIMIT);
    run_free(&r);
}

static void deadline(void **state)
{
    for (int other = 0; other < 2; other++) {
        struct run r;
        /* the grandchild holds the pipe: it is killed too, and nobody waits for it */
        run(&r, "sleep 1000 & echo $!; exec sleep 1000", (struct proc_config){.deadline = 0.2},
            other);
        assert_true(r.timed_out);
        assert_int_equal(r.err->kind, ERR_RETRY);
        assert_string_equal(err_message(r.err), "it: not done within its deadline, killed");
        pid_t grandchild = (pid_t)atoi(buf_str(&r.out));
        assert_true(grandchild > 1);
        struct pollfd gone = {.fd = pidfd_open(grandchild, 0), .events = POLLIN};
        assert_true(gone.fd < 0 || poll(&gone, 1, 10000) == 1);
        cleanup_close_(&gone.fd);
        run_free(&r);
    }
}

static void holds_the_pipe(void **state)
{
    struct run r;
    run(&r, "sleep 1000 & echo said", (struct proc_config){0}, false);
    assert_string_equal(buf_str(&r.out), "said\n");
    assert_null(r.err);
    run_free(&r);
}

static void crashes(void **state)
{
    static const struct {
        const char *script, *message;
        enum err_kind kind;
    } cases[] = {
        {"kill -SEGV $$", "it: crashed (Segmentation fault)", ERR_FATAL},
        {"kill -KILL $$", "it: killed from outside (out of memory?)", ERR_RETRY},
        {"kill -XCPU $$", "it: used up its processor time, killed", ERR_LIMIT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run r;
        run(&r, cases[i].script, (struct proc_config){0}, false);
        assert_string_equal(err_message(r.err), cases[i].message);
        assert_int_equal(r.err->kind, cases[i].kind);
        run_free(&r);
    }
}

static void cannot_execute(void **state)
{
    struct run r;
    run(&r, "", (struct proc_config){.path = "/nonexistent/program"}, false);
    assert_int_equal(r.code, 127);
    assert_string_equal(r.errors, "cannot execute /nonexistent/program: No such file or directory");
    run_free(&r);
}

static void never(void *ctx, const struct proc_end *end)
{
    fail();
}

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void freed_early(void **state)
{
    struct ev_loop *loop = ev_default_loop(0);
    int before = open_files();
    const char *const argv[] = {"sleep", "1000", NULL};
    struct proc_config config = {.path = "/bin/sleep", .argv = argv, .done = never};
    struct proc *proc = proc_start(loop, &config, NULL);
    assert_non_null(proc);
    proc_free(proc);
    ev_run(loop, EVRUN_NOWAIT);
    assert_int_equal(open_files(), before);
    proc_free(NULL);
}

/* More for ourselves, and for others what was usual. */
static void raised_files(void **state)
{
    struct rlimit files;
    struct run r;
    if (getenv("LD_PRELOAD"))
        return; /* valgrind keeps some for itself */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    const struct rlimit few = {.rlim_cur = 100, .rlim_max = files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    proc_raise_files();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(files.rlim_cur, files.rlim_max);
    run(&r, "ulimit -Sn", (struct proc_config){0}, false);
    assert_string_equal(buf_str(&r.out), "100\n");
    run_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says),        cmocka_unit_test(says_nothing),
        cmocka_unit_test(says_much),   cmocka_unit_test(refused),
        cmocka_unit_test(deadline),    cmocka_unit_test(holds_the_pipe),
        cmocka_unit_test(crashes),     cmocka_unit_test(cannot_execute),
        cmocka_unit_test(freed_early), cmocka_unit_test(raised_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
