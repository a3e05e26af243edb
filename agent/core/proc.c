#include "core/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <ev.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"

#define READ_BYTES (64 * KIB)
#define PIPE_BYTES (1 * MIB)
#define ERRORS_MAX (4 * KIB)
#define EXIT_POLL  0.02 /* seconds, where there is no pidfd */

struct proc {
    struct ev_loop *loop;
    pid_t pid;
    bool running; /* not reaped yet */
    bool timed_out;
    int out_fd, err_fd, pid_fd;
    ev_io out_io, err_io, exit_io;
    ev_child exit_child;
    ev_timer exit_timer;
    ev_timer deadline;
    struct buf errors;
    struct err *err;
    int (*out)(void *ctx, const char *data, size_t len, struct err **err);
    void (*done)(void *ctx, const struct proc_end *end);
    void *ctx;
};

/* What the child needs between fork and exec, where only async-signal-safe calls are allowed. */
struct launch {
    const struct proc_config *config;
    int in, out, err;
    pid_t parent;
};

static void __attribute__((noreturn)) launch_fail(const char *what, const char *name)
{
    const char *reason = strerrordesc_np(errno);
    const char *parts[] = {what, " ", name, ": ", reason ? reason : "failed", "\n"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
            break;
    }
    _exit(127);
}

static void launch_limit(int resource, uint64_t value)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit))
        return;
    if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max)
        limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(resource, &limit);
}

/* The soft limit of open files that we were started with, once it was raised. */
static rlim_t usual_files;

void proc_raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur == files.rlim_max)
        return;
    rlim_t usual = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    if (!setrlimit(RLIMIT_NOFILE, &files))
        usual_files = usual;
}

/* What others wrote may use select, or close all that could be open. */
static void launch_usual_files(void)
{
    struct rlimit files;
    if (!usual_files || getrlimit(RLIMIT_NOFILE, &files))
        return;
    files.rlim_cur = usual_files;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void launch_limits(const struct proc_config *config)
{
    launch_limit(RLIMIT_CORE, 0); /* a core would hold what Git says, secrets included */
    if (config->memory)
        launch_limit(RLIMIT_AS, config->memory);
    if (config->data)
        launch_limit(RLIMIT_DATA, config->data);
    if (config->cpu_seconds)
        launch_limit(RLIMIT_CPU, config->cpu_seconds);
    if (config->files)
        launch_limit(RLIMIT_NOFILE, config->files);
    else
        launch_usual_files();
}

static void launch_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 1; i < NSIG; i++) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigaction(i, &action, NULL); /* fails for SIGKILL and SIGSTOP, which is right */
    }
}

static void __attribute__((noreturn)) launch(const struct launch *l)
{
    static char *const no_env[] = {NULL};
    const struct proc_config *config = l->config;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != l->parent)
        _exit(127); /* the parent died before prctl */
    /* all three are above 2: no dup2 closes one that is still needed */
    if (dup2(l->in, 0) < 0 || dup2(l->out, 1) < 0 || dup2(l->err, 2) < 0)
        _exit(127);
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); /* libraries may have opened without O_CLOEXEC */
    umask(077);
    launch_limits(config);
    launch_signals();
    if (config->dir && chdir(config->dir))
        launch_fail("cannot enter", config->dir);
    execve(config->path, (char *const *)config->argv,
           config->env ? (char *const *)config->env : no_env);
    launch_fail("cannot execute", config->path);
}

/* A pipe whose ends are above 2, so that dup2 in the child cannot hit them. */
static int open_pipe(int ends[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC))
        return -1;
    for (int i = 0; i < 2; i++)
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
    close(low[0]);
    close(low[1]);
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

/* The input lies in memory: nothing to feed, no SIGPIPE, and the child can read it at its pace. */
static int open_input(const struct proc_config *config)
{
    _close_ int fd = memfd_create("input", MFD_CLOEXEC);
    const char *data = config->input;
    for (size_t left = config->input ? config->input_len : 0; fd >= 0 && left;) {
        ssize_t n = write(fd, data, left);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            data += n;
            left -= (size_t)n;
        }
    }
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void stop_watchers(struct proc *proc)
{
    ev_io_stop(proc->loop, &proc->out_io);
    ev_io_stop(proc->loop, &proc->err_io);
    ev_io_stop(proc->loop, &proc->exit_io);
    if (ev_is_default_loop(proc->loop))
        ev_child_stop(proc->loop, &proc->exit_child);
    ev_timer_stop(proc->loop, &proc->exit_timer);
    ev_timer_stop(proc->loop, &proc->deadline);
}

static void kill_group(const struct proc *proc)
{
    kill(-proc->pid, SIGKILL);
    if (proc->running)
        kill(proc->pid, SIGKILL); /* it may not have made its group yet */
}

static void take_output(struct proc *proc, const char *data, size_t len)
{
    if (!proc->out || proc->err)
        return;
    if (proc->out(proc->ctx, data, len, &proc->err)) {
        if (!proc->err)
            err_set(&proc->err, ERR_FATAL, "output refused");
        kill_group(proc);
    }
}

/* One read of standard output (or of standard error). False at its end, or when nothing is there
 * now. */
static bool read_some(struct proc *proc, bool errors)
{
    static char data[READ_BYTES]; /* one thread, and `out` may not come back here */
    ssize_t n;
    do {
        n = read(errors ? proc->err_fd : proc->out_fd, data, sizeof(data));
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        ev_io_stop(proc->loop, errors ? &proc->err_io : &proc->out_io);
        return false;
    }
    size_t len = (size_t)n;
    if (!errors) {
        take_output(proc, data, len);
    } else {
        size_t room = proc->errors.max - proc->errors.len;
        buf_add(&proc->errors, data, len < room ? len : room);
    }
    return true;
}

static void on_output(struct ev_loop *loop, ev_io *io, int events)
{
    struct proc *proc = io->data;
    read_some(proc, io == &proc->err_io);
}

/* A program may say anything on standard error: one line of it, without control characters. */
static char *one_line(const struct buf *text)
{
    struct buf line = BUF_INIT(2 * text->len + 1);
    size_t end = text->len;
    while (end && strchr(" \n\r\t", text->data[end - 1]))
        end--;
    for (size_t i = 0; i < end; i++) {
        unsigned char c = (unsigned char)text->data[i];
        if (c == '\n')
            buf_add_str(&line, "; ");
        else if (c >= 0x20 && c != 0x7f)
            buf_add_char(&line, (char)c);
        else if (c == '\t')
            buf_add_char(&line, ' ');
    }
    return buf_take(&line);
}

/*
 * The child is gone. What it wrote is in the pipes; who else still holds them (a grandchild) is
 * killed, not waited for.
 */
static void finish(struct proc *proc, int status)
{
    kill_group(proc);
    proc->running = false;
    while (read_some(proc, false)) {
    }
    while (read_some(proc, true)) {
    }
    stop_watchers(proc);
    _free_ char *errors = one_line(&proc->errors);
    struct err *err = steal(proc->err);
    struct proc_end end = {
        .timed_out = proc->timed_out,
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .errors = errors,
        .err = err,
    };
    proc->done(proc->ctx, &end); /* proc may be gone after it */
    err_free(err);
}

/* On the default loop libev reaps every child by itself, so its watcher has to be used there. */
static void on_child(struct ev_loop *loop, ev_child *child, int events)
{
    if (WIFEXITED(child->rstatus) || WIFSIGNALED(child->rstatus))
        finish(child->data, child->rstatus);
}

static void reap(struct proc *proc)
{
    int status = 0;
    pid_t pid;
    do {
        pid = waitpid(proc->pid, &status, WNOHANG);
    } while (pid < 0 && errno == EINTR);
    if (pid != 0)
        finish(proc, status);
}

static void on_pidfd(struct ev_loop *loop, ev_io *io, int events)
{
    reap(io->data);
}

static void on_exit_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    reap(timer->data);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct proc *proc = timer->data;
    proc->timed_out = true;
    kill_group(proc);
}

static void watch_exit(struct proc *proc)
{
    if (ev_is_default_loop(proc->loop)) {
        ev_child_set(&proc->exit_child, proc->pid, 0);
        ev_child_start(proc->loop, &proc->exit_child);
        return;
    }
    proc->pid_fd = pidfd_open(proc->pid, 0); /* close-on-exec by itself */
    if (proc->pid_fd >= 0) {
        ev_io_set(&proc->exit_io, proc->pid_fd, EV_READ);
        ev_io_start(proc->loop, &proc->exit_io);
    } else { /* before Linux 5.3, and under valgrind */
        ev_timer_set(&proc->exit_timer, EXIT_POLL, EXIT_POLL);
        ev_timer_start(proc->loop, &proc->exit_timer);
    }
}

static void watch_output(struct proc *proc, ev_io *io, int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ev_io_set(io, fd, EV_READ);
    ev_io_start(proc->loop, io);
}

static struct proc *proc_new(struct ev_loop *loop, const struct proc_config *config)
{
    struct proc *proc = xcalloc(1, sizeof(*proc));
    proc->loop = loop;
    proc->out_fd = proc->err_fd = proc->pid_fd = -1;
    proc->errors = BUF_INIT(config->errors_max ? config->errors_max : ERRORS_MAX);
    proc->out = config->out;
    proc->done = config->done;
    proc->ctx = config->ctx;
    ev_init(&proc->out_io, on_output);
    ev_init(&proc->err_io, on_output);
    ev_init(&proc->exit_io, on_pidfd);
    ev_init(&proc->exit_child, on_child);
    ev_init(&proc->exit_timer, on_exit_timer);
    ev_init(&proc->deadline, on_deadline);
    proc->out_io.data = proc->err_io.data = proc;
    proc->exit_io.data = proc->exit_child.data = proc->exit_timer.data = proc;
    proc->deadline.data = proc;
    return proc;
}

static void watch_deadline(struct proc *proc, double deadline)
{
    if (deadline <= 0)
        return;
    ev_now_update(proc->loop); /* a timer counts from the loop's last turn */
    ev_timer_set(&proc->deadline, deadline, 0.);
    ev_timer_start(proc->loop, &proc->deadline);
}

struct proc *proc_start(struct ev_loop *loop, const struct proc_config *config, struct err **err)
{
    _close_ int in = open_input(config);
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    struct proc *proc = proc_new(loop, config);
    int rc = in < 0 || open_pipe(out) || open_pipe(errors) ? -1 : 0;
    _close_ int out_child = out[1];
    _close_ int err_child = errors[1];
    proc->out_fd = out[0];
    proc->err_fd = errors[0];
    if (rc == 0) {
        fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns; the default works too */
        struct launch l = {config, in, out[1], errors[1], getpid()};
        proc->pid = fork();
        if (proc->pid == 0)
            launch(&l);
    }
    if (rc || proc->pid < 0) {
        err_errno(err, ERR_RETRY, errno, "cannot start %s", config->path);
        proc_free(proc);
        return NULL;
    }
    proc->running = true;
    setpgid(proc->pid, proc->pid); /* whoever comes first, child or parent */
    watch_exit(proc);
    watch_output(proc, &proc->out_io, proc->out_fd);
    watch_output(proc, &proc->err_io, proc->err_fd);
    watch_deadline(proc, config->deadline);
    return proc;
}

void proc_free(struct proc *proc)
{
    if (!proc)
        return;
    if (proc->running) {
        kill_group(proc);
        while (waitpid(proc->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    stop_watchers(proc);
    cleanup_close_(&proc->out_fd);
    cleanup_close_(&proc->err_fd);
    cleanup_close_(&proc->pid_fd);
    buf_free(&proc->errors);
    err_free(proc->err);
    free(proc);
}

int proc_end_error(const struct proc_end *end, const char *what, struct err **err)
{
    const char *sep = end->errors[0] ? ": " : "";
    if (end->err)
        return err_set(err, end->err->kind, "%s: %s", what, end->err->message);
    if (end->timed_out)
        return err_set(err, ERR_RETRY, "%s: not done within its deadline, killed%s%s", what, sep,
                       end->errors);
    if (end->signal == SIGXCPU)
        return err_set(err, ERR_LIMIT, "%s: used up its processor time, killed%s%s", what, sep,
                       end->errors);
    if (end->signal == SIGKILL)
        return err_set(err, ERR_RETRY, "%s: killed from outside (out of memory?)%s%s", what, sep,
                       end->errors);
    if (end->signal)
        return err_set(err, ERR_FATAL, "%s: crashed (%s)%s%s", what, strsignal(end->signal), sep,
                       end->errors);
    if (end->code)
        return err_set(err, ERR_FATAL, "%s: ended with status %d%s%s", what, end->code, sep,
                       end->errors);
    return 0;
}
