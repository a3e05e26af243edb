#include "providers/kubernetes/exec_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/proc.h"

#define BY_HAND "run it by hand to see why (what it writes is not shown here: it may hold secrets)"

extern char **environ;

struct exec_plugin {
    struct ev_loop *loop;
    char *command, *api_version, *install_hint, *name;
    char *info; /* NAME=value */
    char **args, **env;
    double seconds;
    struct proc *proc; /* while it runs */
    struct buf output;
    void (*done)(void *ctx, struct exec_credential *credential, const struct err *err);
    void *ctx;
};

static size_t count_of(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static char **copy_list(char *const *list)
{
    size_t n = count_of(list);
    char **out = xcalloc(n + 1, sizeof(char *));
    for (size_t i = 0; i < n; i++)
        out[i] = xstrdup(list[i]);
    return out;
}

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

static void free_list(char **list)
{
    for (char **s = list; s && *s; s++)
        wipe(*s);
    free(list);
}

struct exec_plugin *exec_plugin_new(struct ev_loop *loop, const struct kubeconfig *config)
{
    const struct kube_exec *exec = config->exec;
    struct exec_plugin *p = xcalloc(1, sizeof(*p));
    _free_ char *info = exec_credential_info(config);
    p->loop = loop;
    p->command = xstrdup(exec->command);
    p->api_version = xstrdup(exec->api_version);
    p->install_hint = xstrdup_null(exec->install_hint);
    p->name = xasprintf("exec plugin %s", exec->command);
    p->info = xasprintf("KUBERNETES_EXEC_INFO=%s", info);
    explicit_bzero(info, strlen(info)); /* a proxy's password may be in it */
    p->args = copy_list(exec->args);
    p->env = copy_list(exec->env);
    p->seconds = exec->seconds > 0 ? exec->seconds : LIMIT_PLUGIN_SECONDS;
    p->output = BUF_INIT(LIMIT_PLUGIN_BYTES);
    return p;
}

const char *exec_plugin_name(const struct exec_plugin *p)
{
    return p->name;
}

static bool is_program(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* The program in PATH; as Go, none that the working directory would decide on. */
static char *in_path(const char *name)
{
    const char *list = getenv("PATH");
    _free_ char *copy = xstrdup(list ? list : "");
    char *rest = copy, *folder;
    while ((folder = strsep(&rest, ":"))) {
        _free_ char *path = xasprintf("%s/%s", folder, name);
        if (*folder == '/' && is_program(path))
            return steal(path);
    }
    return NULL;
}

static int not_found(const struct exec_plugin *p, const char *why, struct err **err)
{
    return err_set(err, ERR_AUTH, "%s: %s%s%s", p->name, why, p->install_hint ? ": " : "",
                   p->install_hint ? p->install_hint : ": install it, or correct command");
}

/* Owned, or NULL with *err. */
static char *find(const struct exec_plugin *p, struct err **err)
{
    if (!strchr(p->command, '/')) {
        char *path = in_path(p->command);
        if (!path)
            not_found(p, "not found in PATH", err);
        return path;
    }
    if (is_program(p->command))
        return xstrdup(p->command);
    not_found(p, access(p->command, F_OK) ? "no such file" : "not a program that may be executed",
              err);
    return NULL;
}

/* Is the variable `entry` ("NAME=value") set again by the plugin's own? */
static bool replaced(const struct exec_plugin *p, const char *entry)
{
    size_t len = strcspn(entry, "=") + 1;
    for (char **own = p->env; *own; own++) {
        if (!strncmp(*own, entry, len))
            return true;
    }
    return !strncmp(p->info, entry, len);
}

/* Our environment, then the plugin's own: pointers only. */
static const char **environment(const struct exec_plugin *p)
{
    const char **env = xcalloc(count_of(environ) + count_of(p->env) + 2, sizeof(char *));
    size_t n = 0;
    for (char **e = environ; e && *e; e++) {
        if (!replaced(p, *e))
            env[n++] = *e;
    }
    for (char **e = p->env; *e; e++)
        env[n++] = *e;
    env[n] = p->info;
    return env;
}

static int on_output(void *ctx, const char *data, size_t len, struct err **err)
{
    struct exec_plugin *p = ctx;
    return buf_add(&p->output, data, len)
               ? err_set(err, ERR_AUTH, "its output is larger than %zu bytes", p->output.max)
               : 0;
}

/* Why it answered nothing. Not proc_end_error(): that tells what it wrote. */
static int ended_badly(const struct exec_plugin *p, const struct proc_end *end, struct err **err)
{
    if (end->err)
        return err_set(err, ERR_AUTH, "%s: %s", p->name, end->err->message);
    if (end->timed_out)
        return err_set(err, ERR_AUTH,
                       "%s: no answer within %g s, killed: it may wait for a person: sign in with "
                       "it by hand first",
                       p->name, p->seconds);
    if (end->signal)
        return err_set(err, ERR_AUTH, "%s: ended by signal %d (%s): " BY_HAND, p->name, end->signal,
                       strsignal(end->signal));
    if (end->code)
        return err_set(err, ERR_AUTH, "%s: ended with status %d: " BY_HAND, p->name, end->code);
    return 0;
}

static void on_end(void *ctx, const struct proc_end *end)
{
    struct exec_plugin *p = ctx;
    struct exec_credential credential = {0};
    _err_ struct err *err = NULL;
    int rc = ended_badly(p, end, &err);
    if (rc == 0 && exec_credential_parse(buf_str(&p->output), p->output.len, p->api_version,
                                         &credential, &err))
        rc = err_wrap(&err, "%s", p->name);
    if (p->output.data)
        explicit_bzero(p->output.data, p->output.cap);
    buf_free(&p->output);
    p->output = BUF_INIT(LIMIT_PLUGIN_BYTES);
    proc_free(steal(p->proc));
    p->done(p->ctx, rc ? NULL : &credential, err); /* p may be gone after it */
    exec_credential_clear(&credential);
}

int exec_plugin_run(struct exec_plugin *p,
                    void (*done)(void *ctx, struct exec_credential *credential,
                                 const struct err *err),
                    void *ctx, struct err **err)
{
    _free_ char *path = find(p, err);
    if (!path)
        return -1;
    size_t args = count_of(p->args);
    _free_ const char **argv = xcalloc(args + 2, sizeof(char *));
    _free_ const char **env = environment(p);
    argv[0] = p->command;
    for (size_t i = 0; i < args; i++)
        argv[i + 1] = p->args[i];
    p->done = done;
    p->ctx = ctx;
    p->proc = proc_start(p->loop,
                         &(struct proc_config){.path = path,
                                               .argv = argv,
                                               .env = env,
                                               .deadline = p->seconds,
                                               .out = on_output,
                                               .done = on_end,
                                               .ctx = p},
                         err);
    return p->proc ? 0 : err_wrap(err, "%s", p->name);
}

void exec_plugin_free(struct exec_plugin *p)
{
    if (!p)
        return;
    proc_free(p->proc);
    if (p->output.data)
        explicit_bzero(p->output.data, p->output.cap);
    buf_free(&p->output);
    free(p->command);
    free(p->api_version);
    free(p->install_hint);
    free(p->name);
    wipe(p->info);
    free_list(p->args);
    free_list(p->env);
    free(p);
}
