/* holdfast diff: one source compared once. The core with a beginning and an end. */
#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/http.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/statedir.h"
#include "ignoring.h"
#include "options.h"
#include "providers/kubernetes/kubernetes.h"
#include "progress.h"
#include "reporter.h"
#include "sync/pass.h"
#include "sync/kept.h"
#include "sync/source.h"

struct run {
    const struct options *options;
    struct config config;
    struct config_source adhoc; /* a source that only the command line names */
    const struct config_source *source;
    struct reporter *reporter;
    struct progress *progress;
    struct ev_timer tick; /* the progress line */
    struct statedir *state;
    struct ev_loop *loop;
    struct http *http;
    struct kubeconfig kubeconfig;
    struct kube_client *client;
    struct discovery *discovery;
    struct source_read *read;
    struct desired_set *set;
    struct desired_set *kept; /* what the last run had read, until this one has */
    struct ignore *ignore;
    struct provider *provider;
    struct pass *pass;
    int64_t started_ms, read_ms;
    bool keeps; /* what is read is kept for the next run */
    bool failed;
};

/* What ends the command: told once, the exit status is 2. */
static void fail(struct run *r, const char *message)
{
    progress_clear(r->progress);
    if (!r->failed)
        reporter_error(r->reporter, message);
    r->failed = true;
    if (r->loop)
        ev_break(r->loop, EVBREAK_ALL);
}

static void on_tick(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct run *r = w->data;
    if (!r->set)
        progress_set(r->progress, "reading %s", r->source->name);
    else if (!r->discovery)
        progress_set(r->progress, "asking %s what it serves", r->kubeconfig.server);
    else if (r->pass)
        progress_set(r->progress, "comparing %zu of %zu objects",
                     pass_counts(r->pass)->objects - pass_left(r->pass),
                     pass_counts(r->pass)->objects);
}

static int choose_source(struct run *r, struct err **err)
{
    const char *name = r->options->arg_count ? r->options->args[0] : NULL;
    if (!name && r->config.sources.count == 1) {
        r->source = &r->config.sources.items[0];
    } else if (!name && r->config.sources.count > 1) {
        return err_set(err, ERR_USAGE, "the configuration has %zu sources: name one",
                       r->config.sources.count);
    } else if (name && (r->source = config_find(&r->config, name))) {
        /* by its name in the configuration */
    } else {
        r->source = &r->adhoc;
        return config_place(name ? name : ".", &r->adhoc, err);
    }
    return 0;
}

static const char *default_namespace(const struct run *r)
{
    return options_namespace(r->options, r->config.kubernetes.default_namespace,
                             r->kubeconfig.namespace);
}

static void on_drift(void *ctx, const json_t *event)
{
    struct run *r = ctx;
    reporter_event(r->reporter, EVENT_WARNING, "drift", event);
}

static void on_error(void *ctx, const json_t *event)
{
    struct run *r = ctx;
    reporter_event(r->reporter, EVENT_ERROR, "error", event);
}

static void on_note(void *ctx, const json_t *event)
{
    struct run *r = ctx;
    reporter_event(r->reporter, EVENT_INFO, "note", event);
}

static void on_pass_done(void *ctx)
{
    struct run *r = ctx;
    ev_break(r->loop, EVBREAK_ALL);
}

static void start_pass(struct run *r)
{
    desired_mark_doubled(r->set, default_namespace(r));
    const struct pass_config config = {
        .loop = r->loop,
        .source = r->source->name,
        .default_namespace = default_namespace(r),
        .ignore = r->ignore,
        .include = r->source->include,
        .mode = source_mode(r->source),
        .ctx = r,
        .drift = on_drift,
        .error = on_error,
        .note = on_note,
        .done = on_pass_done,
    };
    r->pass = pass_new(&config);
    const struct kube_provider_config kube = {
        .loop = r->loop,
        .client = r->client,
        .discovery = r->discovery,
        .host = pass_host(r->pass),
        .default_namespace = default_namespace(r),
        .field_manager = r->config.kubernetes.field_manager,
        .hands = r->config.kubernetes.hands,
        .hidden_key = r->state->key,
    };
    r->provider = kube_provider_new(&kube);
    pass_provider(r->pass, r->provider);
    pass_take(r->pass, r->set);
}

/* Git and the cluster are asked at the same time; who comes last starts the comparison. */
static void maybe_start(struct run *r)
{
    if (!r->failed && r->set && r->discovery)
        start_pass(r);
}

static void on_discovery(void *ctx, struct discovery *discovery, const struct err *err)
{
    struct run *r = ctx;
    r->discovery = discovery;
    if (!discovery) {
        fail(r, err_message(err));
        return;
    }
    if (discovery->major < 1 || (discovery->major == 1 && discovery->minor < 30)) {
        _free_ char *message =
            xasprintf("the API server is Kubernetes %s: holdfast needs 1.30 or later",
                      discovery->git_version);
        fail(r, message);
        return;
    }
    maybe_start(r);
}

static void warn(struct run *r, const char *message)
{
    json_auto_t *members = json_object();
    json_put_str(members, "message", message);
    reporter_event(r->reporter, EVENT_WARNING, "note", members);
}

static void on_source(struct source_read *read, void *ctx)
{
    struct run *r = ctx;
    struct err _err_ *err = NULL;
    r->read_ms = clock_now_ms();
    r->set = source_read_unchanged(read) ? steal(r->kept) : source_read_take(read, &err);
    if (!r->set) {
        fail(r, err_message(err));
        return;
    }
    reporter_source(r->reporter, r->source->name, r->set->revision);
    if (source_read_note(read))
        warn(r, source_read_note(read));
    maybe_start(r);
}

/* What was read before of the very same, if anything: it need not be read again. */
static void take_kept(struct run *r, struct source_config *config)
{
    uint8_t scope[KEPT_SCOPE_BYTES];
    _free_ char *note = NULL;
    int64_t read_at;
    r->keeps = source_scope(config, scope, NULL) == 0;
    if (!r->keeps)
        return;
    config->base = r->kept = kept_read(r->state, KEPT_DIFF, scope, &read_at, &note);
    if (note)
        warn(r, note);
}

/* For the next run. */
static void keep(struct run *r)
{
    if (!r->set || !r->keeps)
        return;
    kept_write(r->state, KEPT_DIFF, r->set, r->read_ms);
    kept_newest(r->state, LIMIT_KEPT_FILES);
}

static void start_source(struct run *r)
{
    const struct config_source *s = r->source;
    struct source_config config = {
        .name = s->name,
        .url = s->url,
        .ref = options_first(r->options->ref, s->ref),
        .path = options_first(r->options->path, s->path),
        .include = s->include,
        .exclude = s->exclude,
        .file_bytes = (uint64_t)r->config.limits.file_bytes,
        .objects = (uint64_t)r->config.limits.objects,
        .fetch_bytes = (uint64_t)r->config.limits.fetch_bytes,
        .auth = s->auth,
        .state_dir = r->state->path,
        .deadline = LIMIT_READ_SECONDS,
    };
    take_kept(r, &config);
    r->read = source_read_start(r->loop, &config, on_source, r);
}

static int prepare(struct run *r, struct err **err)
{
    const struct options *o = r->options;
    config_defaults(&r->config);
    if (o->config && config_load(o->config, &r->config, err))
        return -1;
    if (choose_source(r, err))
        return -1;
    reporter_source(r->reporter, r->source->name, NULL);
    r->state = statedir_open(options_first(o->state_dir, r->config.state_dir), err);
    if (!r->state)
        return -1;
    r->ignore = source_rules(r->source);
    const struct kubeconfig_options kube = {
        .file = options_first(o->kubeconfig, r->config.kubernetes.kubeconfig),
        .context = options_first(o->context, r->config.kubernetes.context),
        .as_user = o->as_user,
    };
    if (kubeconfig_load(&kube, &r->kubeconfig, err))
        return -1;
    r->loop = ev_default_loop(EVFLAG_AUTO);
    r->http = http_new(r->loop);
    r->client = kube_client_new(r->http, &r->kubeconfig, err);
    return r->client ? 0 : -1;
}

static void warn_insecure(struct run *r)
{
    _free_ char *message =
        xasprintf("insecure-skip-tls-verify: %s may be anybody, and so may who reads the sign-in; "
                  "give its certificate authority in the kubeconfig",
                  r->kubeconfig.server);
    warn(r, message);
}

/* Settings that are read and checked, and that nothing obeys yet: said, not passed over. */
static void warn_settings(struct run *r)
{
    const struct config_source *s = r->source;
    const struct {
        const char *name;
        bool given;
    } settings[] = {
        {"render", s->render.command != NULL},
        {"prune", s->prune},
    };
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (!settings[i].given)
            continue;
        _free_ char *message = xasprintf("source %s: the setting %s has no effect in this version",
                                         s->name, settings[i].name);
        warn(r, message);
    }
}

static json_t *summary(const struct run *r)
{
    const struct pass_counts *c = pass_counts(r->pass);
    json_t *e = json_object(), *drifted = json_object();
    json_put(drifted, "changed", json_integer((json_int_t)c->classes[CLASS_CHANGED]));
    json_put(drifted, "extra", json_integer((json_int_t)c->classes[CLASS_EXTRA]));
    json_put(drifted, "dropped", json_integer((json_int_t)c->classes[CLASS_DROPPED]));
    json_put(e, "objects", json_integer((json_int_t)c->objects));
    json_put(e, "in_sync", json_integer((json_int_t)c->in_sync));
    json_put(e, "drifted", drifted);
    static const enum verdict whole[] = {VERDICT_MISSING, VERDICT_TERMINATING, VERDICT_BLOCKED,
                                         VERDICT_UNKNOWN};
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        json_put(e, verdict_name(whole[i]), json_integer((json_int_t)c->verdicts[whole[i]]));
    json_put(e, "ignored", json_integer((json_int_t)c->ignored));
    json_put(e, "paused", json_integer((json_int_t)c->paused));
    json_put(e, "errors", json_integer((json_int_t)c->errors));
    json_put(e, "notes", json_integer((json_int_t)c->notes));
    json_put(e, "requests", json_integer((json_int_t)http_count(r->http)));
    json_put(e, "seconds", json_real((double)(clock_monotonic_ms() - r->started_ms) / 1000.0));
    return e;
}

static int exit_status(const struct run *r)
{
    if (r->failed)
        return EXIT_ERROR;
    const struct pass_counts *c = pass_counts(r->pass);
    if (c->errors)
        return EXIT_ERROR;
    if (c->verdicts[VERDICT_BLOCKED] || c->verdicts[VERDICT_UNKNOWN])
        return EXIT_BLOCKED;
    bool drift = c->verdicts[VERDICT_DRIFTED] || c->verdicts[VERDICT_MISSING] ||
                 c->verdicts[VERDICT_TERMINATING];
    return drift ? EXIT_DRIFT : EXIT_IN_SYNC;
}

static void run_free(struct run *r)
{
    pass_free(r->pass);
    if (r->provider)
        r->provider->ops->free(r->provider);
    kube_client_free(r->client);
    http_free(r->http);
    source_read_free(r->read);
    desired_set_free(r->set);
    desired_set_free(r->kept);
    discovery_free(r->discovery);
    kubeconfig_free(&r->kubeconfig);
    if (r->loop)
        ev_loop_destroy(r->loop);
    statedir_free(r->state);
    ignore_free(r->ignore);
    config_free(&r->config);
}

int cmd_diff(const struct options *o)
{
    struct run r = {.options = o, .started_ms = clock_monotonic_ms()};
    struct err _err_ *err = NULL;
    r.reporter = reporter_new(o->output);
    r.progress = progress_new();
    if (prepare(&r, &err)) {
        fail(&r, err_message(err));
    } else {
        if (r.kubeconfig.insecure)
            warn_insecure(&r);
        warn_settings(&r);
        start_source(&r);
        discovery_start(r.client, on_discovery, &r);
        ev_timer_init(&r.tick, on_tick, 0.2, 0.1);
        r.tick.data = &r;
        ev_timer_start(r.loop, &r.tick);
        ev_run(r.loop, 0);
        ev_timer_stop(r.loop, &r.tick);
        progress_clear(r.progress);
        if (!r.failed) {
            json_auto_t *event = summary(&r);
            reporter_event(r.reporter, EVENT_INFO, "summary", event);
        }
    }
    int status = exit_status(&r);
    progress_free(r.progress);
    if (reporter_finish(r.reporter))
        status = EXIT_ERROR;
    keep(&r);
    run_free(&r);
    return status;
}
