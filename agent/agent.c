/* The agent begins, ends, takes up a new configuration, and asks what the cluster serves. */
#include "agent.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "core/version.h"
#include "known.h"
#include "left_open.h"
#include "log.h"
#include "publish.h"
#include "sync/kept.h"
#include "terminal.h"

#define TICK_S            10
#define TICKS_CALM        3 /* after so many, half of the discoveries are forgotten */
#define HOUR_MS           3600000
#define STUCK_S           2 /* a log that nobody reads does not keep the process alive for longer */
#define DISCOVER_SOON_S   0.2
#define DISCOVER_MOST_S   300.0
#define DISCOVER_OLD_S    300 /* a server that is too old is asked again so often */
#define DISCOVER_FAILED_S 30.0
#define UNREADY_TRIES     10 /* one that is never ready is asked all the same */

static struct agent *running; /* for the signal handler */

const char *agent_namespace(const struct agent *a)
{
    return options_namespace(a->options, a->config.kubernetes.default_namespace,
                             a->kubeconfig.namespace);
}

/* ---- what the cluster serves ---- */

static void discover_in(struct agent *a, double seconds)
{
    ev_timer_stop(a->loop, &a->discover);
    ev_now_update(a->loop);
    ev_timer_set(&a->discover, seconds, 0.);
    ev_timer_start(a->loop, &a->discover);
}

void agent_rediscover(struct agent *a)
{
    if (a->discovering)
        a->discover_again = true;
    else {
        double soon = backoff_s(a->discoveries, DISCOVER_SOON_S, DISCOVER_MOST_S);
        if (!ev_is_active(&a->discover) || ev_timer_remaining(a->loop, &a->discover) > soon)
            discover_in(a, soon);
    }
}

static size_t unserved(const struct agent *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++)
        n += follow_unserved(&a->follows[i]);
    return n + publish_lacking(a->publish);
}

/* Once for each reason, and once an hour while it lasts. */
static void discovery_failed(struct agent *a, const char *why)
{
    int64_t now = clock_monotonic_ms();
    metrics_error("discovery");
    bool told = a->discovery_error && !strcmp(a->discovery_error, why) &&
                now - a->discovery_error_at < HOUR_MS;
    if (told)
        return;
    free(a->discovery_error);
    a->discovery_error = xstrdup(why);
    a->discovery_error_at = now;
    _free_ char *message =
        xasprintf("%s; %s", why,
                  a->discovery ? "what the cluster served before is compared meanwhile"
                               : "nothing is compared until the cluster can be asked");
    log_error(NULL, NULL, message);
}

static void discovery_worked(struct agent *a, struct discovery *found)
{
    struct discovery *old = a->discovery;
    size_t before = unserved(a);
    a->discovery = found;
    a->discovery_failures = 0;
    if (a->discovery_error)
        log_note(EVENT_INFO, NULL, NULL, "the cluster can be asked again what it serves");
    free(a->discovery_error);
    a->discovery_error = NULL;
    for (size_t i = 0; i < a->count; i++)
        follow_discovered(&a->follows[i]);
    publish_discovered(a->publish);
    discovery_free(old);
    size_t now = unserved(a);
    bool lacking = now || found->incomplete;
    a->unknown_rounds = lacking && now == before ? a->unknown_rounds + 1 : 0;
    if (lacking)
        discover_in(a, backoff_s(a->unknown_rounds, 5, DISCOVER_MOST_S));
}

static void on_discovery(void *ctx, struct discovery *found, const struct err *err)
{
    struct agent *a = ctx;
    a->discovering = false;
    a->ask = NULL;
    bool old = found && (found->major < 1 || (found->major == 1 && found->minor < 30));
    if (old) {
        _free_ char *message = xasprintf(
            "the API server is Kubernetes %s: holdfast needs 1.30 or later", found->git_version);
        discovery_failed(a, message);
        discovery_free(found);
        discover_in(a, DISCOVER_OLD_S);
    } else if (!found) {
        discovery_failed(a, err_message(err));
        discover_in(a, backoff_s(a->discovery_failures++, 0.5, DISCOVER_FAILED_S));
    } else {
        discovery_worked(a, found);
    }
    if (a->discover_again) {
        a->discover_again = false;
        agent_rediscover(a);
    }
}

/*
 * A server that has just begun does not serve all kinds at once, and says so itself. Where nobody
 * answers, discovery would find the same a moment later, or such a server.
 */
static void on_readiness(void *ctx, const struct kube_answer *answer)
{
    struct agent *a = ctx;
    _err_ struct err *err = NULL;
    bool unready = answer->status == 500 || answer->status == 503;
    if (unready && a->unready++ < UNREADY_TRIES)
        err_set(&err, ERR_RETRY,
                "GET /readyz: %s (kubeconfig context %s): HTTP %ld: the API server is not ready",
                answer->server, answer->context, answer->status);
    else if (!answer->status)
        kube_answer_err(answer, "GET /readyz", &err);
    if (!err) {
        a->unready = 0;
        a->ask = discovery_start(a->client, on_discovery, a);
        return;
    }
    on_discovery(a, NULL, err);
}

static void on_discover(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct agent *a = w->data;
    if (a->discovering)
        return;
    a->discovering = true;
    a->discoveries++;
    kube_send(a->client, &(struct kube_request){
                             .method = "GET", .path = "/readyz", .done = on_readiness, .ctx = a});
}

/* ---- the configuration ---- */

static int load_config(const struct options *o, struct config *config, struct err **err)
{
    config_defaults(config);
    if (config_load(o->config, config, err))
        return -1;
    if (!config->sources.count) {
        err_set(err, ERR_USAGE, "%s: it has no sources", o->config);
        config_free(config);
        return -1;
    }
    if (publish_check(config, err)) {
        config_free(config);
        return err_wrap(err, "%s", o->config);
    }
    return 0;
}

static const char *state_dir(const struct options *o, const struct config *config)
{
    return options_first(o->state_dir, config->state_dir);
}

static int load_kubeconfig(const struct agent *a, const struct config *config,
                           struct kubeconfig *out, struct err **err)
{
    const struct kubeconfig_options kube = {
        .file = options_first(a->options->kubeconfig, config->kubernetes.kubeconfig),
        .context = options_first(a->options->context, config->kubernetes.context),
        .as_user = a->options->as_user,
    };
    return kubeconfig_load(&kube, out, err);
}

static void warn_settings(const struct agent *a)
{
    if (a->kubeconfig.insecure) {
        _free_ char *message = xasprintf(
            "insecure-skip-tls-verify: %s may be anybody, and so may who reads the sign-in; give "
            "its certificate authority in the kubeconfig",
            a->kubeconfig.server);
        log_note(EVENT_WARNING, NULL, NULL, message);
    }
    for (size_t i = 0; i < a->config.sources.count; i++) {
        const struct config_source *s = &a->config.sources.items[i];
        if (s->render.command)
            log_note(EVENT_WARNING, s->name, NULL,
                     "the setting render has no effect in this version");
        if (s->prune)
            log_note(EVENT_WARNING, s->name, NULL,
                     "the setting prune has no effect in this version");
    }
}

static struct follow *find_follow(struct follow *follows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(follows[i].config->name, name))
            return &follows[i];
    }
    return NULL;
}

/* Follows for the sources; those of `before` with the same name hand over what they know. */
static void make_follows(struct agent *a, struct follow *before, size_t before_count)
{
    a->count = a->config.sources.count;
    log_sources(a->count);
    a->follows = xcalloc(a->count, sizeof(*a->follows));
    for (size_t i = 0; i < a->count; i++) {
        const struct config_source *s = &a->config.sources.items[i];
        follow_init(&a->follows[i], a, s, find_follow(before, before_count, s->name));
    }
}

static void on_answer(void *ctx, const char *verb, long code, double seconds)
{
    metrics_request(verb, code, seconds);
}

static int connect_cluster(struct agent *a, struct err **err)
{
    a->client = kube_client_new(a->http, &a->kubeconfig, err);
    if (a->client)
        kube_client_on_answer(a->client, on_answer, NULL);
    return a->client ? 0 : -1;
}

/* What was read of sources that are not followed so any more. */
static void drop_kept(const struct agent *a)
{
    uint8_t(*scopes)[KEPT_SCOPE_BYTES] = xcalloc(a->count + 1, sizeof(*scopes));
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++)
        n += follow_scope(&a->follows[i], scopes[n]) == 0;
    kept_only(a->state, scopes, n);
    free(scopes);
}

/* Everything that stands on the old configuration goes; what is open, and what was read, stays. */
static void take_up(struct agent *a, struct config *config, struct kubeconfig *kubeconfig,
                    struct kube_client *client)
{
    struct follow *before = a->follows;
    size_t count = a->count;
    struct config old = a->config;
    _free_ char *namespace = xstrdup(agent_namespace(a));
    for (size_t i = 0; i < count; i++)
        follow_stop(&before[i]);
    publish_free(a->publish);
    kube_client_free(a->client);
    kubeconfig_free(&a->kubeconfig);
    discovery_free(a->discovery);
    discovery_abandon(steal(a->ask));
    a->discovery = NULL;
    a->discovering = a->discover_again = a->swept = false;
    a->config = *config;
    a->kubeconfig = *kubeconfig;
    a->client = client;
    kube_client_on_answer(client, on_answer, NULL);
    a->publish = publish_new(a);
    a->ticks = 0;
    ev_timer_again(a->loop, &a->tick);
    for (size_t i = 0; i < count; i++)
        before[i].anew |= strcmp(namespace, agent_namespace(a)) != 0;
    make_follows(a, before, count);
    drop_kept(a);
    for (size_t i = 0; i < count; i++) {
        if (before[i].tell)
            tell_clear_all(before[i].tell, "not followed");
        follow_free(&before[i]);
    }
    free(before);
    config_free(&old);
    discover_in(a, 0);
}

/* The folder is held from the beginning to the end. */
static void warn_state_dir(const struct agent *a)
{
    const char *dir = state_dir(a->options, &a->config), *held = a->state_dir;
    bool same = dir ? (held && !strcmp(dir, held)) || !strcmp(dir, a->state->path) : !held;
    if (same)
        return;
    _free_ char *message =
        xasprintf("another stateDir takes a restart: it is still %s", a->state->path);
    log_note(EVENT_WARNING, NULL, NULL, message);
}

static void on_hup(struct ev_loop *loop, struct ev_signal *w, int events)
{
    struct agent *a = w->data;
    _err_ struct err *err = NULL;
    struct config config;
    struct kubeconfig kubeconfig = {0};
    struct kube_client *client = NULL;
    bool parsed = load_config(a->options, &config, &err) == 0;
    if (parsed && load_kubeconfig(a, &config, &kubeconfig, &err) == 0)
        client = kube_client_new(a->http, &kubeconfig, &err);
    if (!client) {
        kubeconfig_free(&kubeconfig);
        if (parsed)
            config_free(&config);
        _free_ char *message =
            xasprintf("%s; the configuration from before stays in force", err_message(err));
        log_error(NULL, NULL, message);
        return;
    }
    /* before the sources begin to read: their children hold our sockets until they are others */
    if (agent_listen(a, &config, &err))
        log_error(NULL, NULL, err_message(err));
    take_up(a, &config, &kubeconfig, client);
    log_note(EVENT_INFO, NULL, NULL, "the configuration was read again");
    warn_state_dir(a);
    warn_settings(a);
}

void agent_judged(struct agent *a)
{
    size_t total = 0, n = 0, count;
    for (size_t i = 0; i < a->count; i++) {
        if (a->swept || !a->follows[i].judged)
            return;
        pass_units(a->follows[i].pass, &count);
        total += 2 * count;
    }
    _free_ uint64_t *slots = xcalloc(total + 1, sizeof(*slots));
    for (size_t i = 0; i < a->count; i++) {
        known_slots(&a->follows[i], slots + n);
        pass_units(a->follows[i].pass, &count);
        n += 2 * count;
    }
    memo_keep(a->memo, slots, total);
    a->swept = true;
}

/* ---- the process ---- */

/*
 * What is allocated stays the same for months, where it lies does not: pages that only hold what
 * was freed go back to the machine (a millisecond), or the process would grow by their number.
 */
static void give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct agent *a = w->data;
    int64_t now = clock_monotonic_ms();
    if (++a->ticks % TICKS_CALM == 0 && a->discoveries)
        a->discoveries /= 2;
    for (size_t i = 0; i < a->count; i++)
        follow_tick(&a->follows[i], now);
    memo_flush(a->memo);
    left_open_write(a);
    give_back();
}

static void on_term(struct ev_loop *loop, struct ev_async *w, int events)
{
    ev_break(loop, EVBREAK_ALL);
}

/* By a handler: as the first process of a container, the default action would be none. */
static void stuck_signal(int number)
{
    _exit(EXIT_ERROR);
}

/* Async-signal-safe. Where the loop hangs in a write that nobody reads, the alarm ends it. */
static void end_signal(int number)
{
    alarm(STUCK_S);
    if (running)
        ev_async_send(running->loop, &running->term);
}

static void catch_signals(struct agent *a)
{
    const struct sigaction end = {.sa_handler = end_signal, .sa_flags = SA_RESTART};
    const struct sigaction stuck = {.sa_handler = stuck_signal};
    running = a;
    ev_async_init(&a->term, on_term);
    ev_async_start(a->loop, &a->term);
    ev_signal_init(&a->hup, on_hup, SIGHUP);
    a->hup.data = a;
    ev_signal_start(a->loop, &a->hup);
    sigaction(SIGALRM, &stuck, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
}

static int prepare(struct agent *a, struct err **err)
{
    if (load_config(a->options, &a->config, err))
        return -1;
    a->state_dir = xstrdup_null(state_dir(a->options, &a->config));
    a->state = statedir_open(a->state_dir, err);
    if (!a->state || load_kubeconfig(a, &a->config, &a->kubeconfig, err))
        return -1;
    a->loop = ev_default_loop(EVFLAG_AUTO);
    a->http = http_new(a->loop);
    ev_timer_init(&a->discover, on_discover, 0., 0.);
    ev_timer_init(&a->tick, on_tick, TICK_S, TICK_S);
    a->discover.data = a->tick.data = a;
    return connect_cluster(a, err) || agent_listen(a, &a->config, err) ? -1 : 0;
}

/* Copies of what was followed once. */
static void drop_copies(const struct agent *a)
{
    size_t count = a->config.sources.count;
    _free_ const char **urls = xcalloc(count, sizeof(*urls));
    for (size_t i = 0; i < count; i++)
        urls[i] = a->config.sources.items[i].url;
    source_keep_only(a->state->path, urls, count);
}

static void start(struct agent *a)
{
    _free_ char *note = NULL;
    _free_ char *begun =
        xasprintf("holdfast %s follows %zu %s", holdfast_version(), a->config.sources.count,
                  a->config.sources.count == 1 ? "source" : "sources");
    log_note(EVENT_INFO, NULL, NULL, begun);
    a->memo = memo_open(a->state->fd, &note);
    if (note)
        log_note(EVENT_WARNING, NULL, NULL, note);
    warn_settings(a);
    a->publish = publish_new(a);
    drop_copies(a);
    make_follows(a, NULL, 0);
    left_open_read(a);
    drop_kept(a);
    ev_timer_start(a->loop, &a->tick);
    discover_in(a, 0);
}

static void agent_end(struct agent *a)
{
    endpoints_free(a->endpoints);
    if (a->left_open)
        left_open_write(a);
    json_decref(a->left_open);
    for (size_t i = 0; i < a->count; i++) {
        follow_keep(&a->follows[i]);
        follow_free(&a->follows[i]);
    }
    free(a->follows);
    publish_free(a->publish);
    kube_client_free(a->client);
    http_free(a->http);
    discovery_free(a->discovery);
    discovery_abandon(a->ask);
    memo_free(a->memo);
    kubeconfig_free(&a->kubeconfig);
    statedir_free(a->state);
    if (a->loop)
        ev_loop_destroy(a->loop);
    config_free(&a->config);
    free(a->discovery_error);
    free(a->state_dir);
}

int agent_run(const struct options *o)
{
    struct agent a = {.options = o, .started_ms = clock_now_ms()};
    _err_ struct err *err = NULL;
    int status = EXIT_SUCCESS;
    log_start(o->output);
    if (prepare(&a, &err)) {
        terminal_error("%s", err_message(err));
        status = EXIT_ERROR;
    } else {
        catch_signals(&a);
        start(&a);
        ev_run(a.loop, 0);
        log_note(EVENT_INFO, NULL, NULL, "holdfast ends");
        /* nothing is written any more that could hang; what follows may be slow where the machine
         * is */
        alarm(0);
        if (log_failed())
            status = EXIT_ERROR;
    }
    running = NULL;
    agent_end(&a);
    return status;
}
