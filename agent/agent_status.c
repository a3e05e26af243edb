/* How it stands: the summary, the endpoints' answers, the gauges. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "core/version.h"
#include "log.h"
#include "publish.h"
#include "sync/git_url.h"
#include "sync/origin.h"

static json_t *number(size_t n)
{
    return json_integer((json_int_t)n);
}

/* An error says of them why nothing is known: they are not in sync. */
static size_t unlooked(const struct follow *f)
{
    size_t count, n = 0;
    struct unit *const *units = pass_units(f->pass, &count);
    for (size_t i = 0; i < count; i++)
        n += !units[i]->type && !units[i]->paused && !units[i]->reported;
    return n;
}

json_t *follow_summary(const struct follow *f)
{
    static const enum verdict whole[] = {VERDICT_MISSING, VERDICT_TERMINATING, VERDICT_BLOCKED,
                                         VERDICT_UNKNOWN};
    struct tell_counts c;
    const struct pass_counts *p = pass_counts(f->pass);
    json_t *e = json_object(), *drifted = json_object();
    tell_count(f->tell, &c);
    size_t compared = p->objects - p->paused - unlooked(f);
    for (int i = CLASS_NONE + 1; i < CLASS_COUNT; i++)
        json_put(drifted, drift_class_name(i), number(c.classes[i]));
    json_put(e, "objects", number(p->objects));
    json_put(e, "in_sync", number(compared > c.objects ? compared - c.objects : 0));
    json_put(e, "drifted", drifted);
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        json_put(e, verdict_name(whole[i]), number(c.verdicts[whole[i]]));
    size_t count, ignored = 0;
    struct unit *const *units = pass_units(f->pass, &count);
    for (size_t i = 0; i < count; i++)
        ignored += units[i]->paused ? 0 : units[i]->ignored;
    json_put(e, "ignored", number(ignored));
    json_put(e, "paused", number(p->paused));
    json_put(e, "errors", number(c.errors));
    json_put(e, "notes", number(c.notes));
    return e;
}

static void put_time(json_t *o, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_rfc3339(ms, text);
    json_put_str(o, name, ms ? text : NULL);
}

static json_t *drift_counts(const struct follow *f)
{
    static const enum verdict whole[] = {VERDICT_MISSING, VERDICT_TERMINATING, VERDICT_BLOCKED,
                                         VERDICT_UNKNOWN};
    struct tell_counts c;
    json_t *o = json_object();
    tell_count(f->tell, &c);
    for (int i = CLASS_NONE + 1; i < CLASS_COUNT; i++)
        json_put(o, drift_class_name(i), number(c.classes[i]));
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        json_put(o, verdict_name(whole[i]), number(c.verdicts[whole[i]]));
    return o;
}

/* Objects that are compared without the server, or whose additions are not seen. */
static size_t unjudged(const struct follow *f)
{
    size_t count, n = 0;
    struct unit *const *units = pass_units(f->pass, &count);
    for (size_t i = 0; i < count; i++)
        n += !units[i]->paused &&
             (unit_denied(units[i], ASK_APPLY) || unit_denied(units[i], ASK_REMOVE));
    return n;
}

static json_t *source_status(const struct follow *f)
{
    json_t *o = json_object();
    json_put_str(o, "name", f->config->name);
    _free_ char *url = origin_clean_url(f->config->url);
    json_put_str(o, "url", url);
    json_put_str(o, "ref", f->config->ref);
    json_put_str(o, "revision", f->set ? f->set->revision : NULL);
    put_time(o, "commitTime", f->set ? f->set->commit_time * 1000 : 0);
    put_time(o, "read", f->read_at);
    json_put_str(o, "readError", f->error);
    json_put(o, "ready", json_boolean(f->judged));
    json_t *drift = drift_counts(f);
    json_auto_t *summary = f->judged ? follow_summary(f) : NULL;
    json_put(drift, "ignored",
             summary ? json_incref(json_object_get(summary, "ignored")) : json_integer(0));
    json_put(o, "paused",
             summary ? json_incref(json_object_get(summary, "paused")) : json_integer(0));
    json_put(o, "objects",
             summary ? json_incref(json_object_get(summary, "objects")) : json_integer(0));
    json_put(o, "inSync",
             summary ? json_incref(json_object_get(summary, "in_sync")) : json_integer(0));
    json_put(o, "unjudged", number(f->judged ? unjudged(f) : 0));
    json_put(o, "drift", drift);
    struct tell_counts counts;
    tell_count(f->tell, &counts);
    json_put(o, "errors", number(counts.errors));
    json_put(o, "problems", tell_errors(f->tell, LIMIT_STATUS_ERRORS));
    json_t *open = json_array();
    json_auto_t *all = tell_open(f->tell);
    for (size_t i = 0; i < json_array_size(all) && i < LIMIT_STATUS_OPEN; i++)
        json_array_append(open, json_array_get(all, i));
    json_put(o, "open", open);
    return o;
}

static void add_kinds(json_t *kinds, const struct follow *f)
{
    size_t i;
    json_t *scope;
    json_auto_t *scopes = f->provider ? kube_provider_scopes(f->provider) : NULL;
    json_array_foreach(scopes, i, scope)
    {
        json_put_str(scope, "source", f->config->name);
        json_array_append(kinds, scope);
    }
}

static json_t *on_status(void *ctx)
{
    const struct agent *a = ctx;
    json_t *o = json_object(), *sources = json_array(), *kinds = json_array();
    json_put_str(o, "version", holdfast_version());
    put_time(o, "started", a->started_ms);
    put_time(o, "time", clock_now_ms());
    json_put_str(o, "clusterError", a->discovery_error);
    for (size_t i = 0; i < a->count; i++) {
        json_push(sources, source_status(&a->follows[i]));
        add_kinds(kinds, &a->follows[i]);
    }
    json_put(o, "sources", sources);
    json_put(o, "kinds", kinds);
    json_put(o, "exports", publish_exports(a->publish));
    return o;
}

static bool on_healthy(void *ctx)
{
    return !log_failing();
}

static bool on_ready(void *ctx, struct buf *why)
{
    const struct agent *a = ctx;
    bool ready = true;
    for (size_t i = 0; i < a->count; i++) {
        const struct follow *f = &a->follows[i];
        _free_ char *scope = NULL;
        if (!f->read_at && f->error) /* it names the source */
            buf_addf(why, "%s\n", f->error);
        else if (!f->read_at)
            buf_addf(why, "source %s: is not read\n", f->config->name);
        else if (!f->pass)
            buf_addf(why, "source %s: %s\n", f->config->name,
                     a->discovery_error ? a->discovery_error : "the cluster was not asked yet");
        else if (!kube_provider_listed(f->provider, &scope))
            buf_addf(why, "source %s: %s\n", f->config->name, scope);
        else if (!f->judged)
            buf_addf(why, "source %s: %zu objects are not judged yet\n", f->config->name,
                     pass_left(f->pass));
        else
            continue;
        ready = false;
    }
    return ready;
}

static void tally_open(struct metrics_tally *tally, const struct follow *f)
{
    size_t i;
    json_t *event;
    json_auto_t *open = tell_open(f->tell);
    json_array_foreach(open, i, event)
    {
        const char *class = json_str_at(event, "class", NULL);
        const char *const labels[] = {f->config->name,
                                      json_str_at(event, "object", "namespace", NULL),
                                      json_str_at(event, "object", "kind", NULL),
                                      class ? class : json_str_at(event, "verdict", NULL)};
        metrics_tally_add(tally, 1, labels);
    }
}

static void on_metrics(void *ctx, struct buf *out)
{
    const struct agent *a = ctx;
    struct metrics_tally open = {.labels = {"source", "namespace", "kind", "class"}};
    for (size_t i = 0; i < a->count; i++)
        tally_open(&open, &a->follows[i]);
    metrics_family(out, "holdfast_open_drift", "gauge", "What differs now.");
    metrics_tally_write(&open, "holdfast_open_drift", out);
    metrics_tally_free(&open);
    metrics_family(out, "holdfast_source_ready", "gauge", "Whether all of the source was judged.");
    for (size_t i = 0; i < a->count; i++)
        metrics_sample(out, "holdfast_source_ready", a->follows[i].judged, "source",
                       a->follows[i].config->name, NULL);
    metrics_family(out, "holdfast_source_errors", "gauge",
                   "What cannot be read from the source, and is not compared.");
    for (size_t i = 0; i < a->count; i++) {
        struct tell_counts counts;
        tell_count(a->follows[i].tell, &counts);
        metrics_sample(out, "holdfast_source_errors", (double)counts.errors, "source",
                       a->follows[i].config->name, NULL);
    }
    metrics_family(out, "holdfast_source_revision_info", "gauge", "The commit that is compared.");
    for (size_t i = 0; i < a->count; i++) {
        const struct follow *f = &a->follows[i];
        if (f->set)
            metrics_sample(out, "holdfast_source_revision_info", 1, "source", f->config->name,
                           "revision", f->set->revision, NULL);
    }
    metrics_family(out, "holdfast_source_revision_age_seconds", "gauge",
                   "Since that commit was made.");
    for (size_t i = 0; i < a->count; i++) {
        const struct follow *f = &a->follows[i];
        if (f->set && f->set->commit_time)
            metrics_sample(out, "holdfast_source_revision_age_seconds",
                           (double)clock_now_ms() / 1000.0 - (double)f->set->commit_time, "source",
                           f->config->name, NULL);
    }
    metrics_family(out, "holdfast_source_read_seconds", "gauge",
                   "Since Git was last asked with success.");
    for (size_t i = 0; i < a->count; i++) {
        const struct follow *f = &a->follows[i];
        if (f->read_at)
            metrics_sample(out, "holdfast_source_read_seconds",
                           (double)(clock_now_ms() - f->read_at) / 1000.0, "source",
                           f->config->name, NULL);
    }
}

/* Is the source's repository one of these? */
static bool is_one_of(const struct follow *f, const char *const *urls)
{
    for (; *urls; urls++) {
        if (git_url_same(f->config->url, *urls))
            return true;
    }
    return false;
}

/* "main" and "refs/heads/main" are one; a source without a ref follows whatever HEAD is. */
static bool same_ref(const char *mine, const char *pushed)
{
    if (!mine || !pushed || !strcmp(mine, pushed))
        return true;
    const char *name = strrchr(pushed, '/');
    bool full = !strncmp(pushed, "refs/heads/", 11) || !strncmp(pushed, "refs/tags/", 10);
    if (full)
        name = pushed + (pushed[5] == 'h' ? 11 : 10);
    return name && !strcmp(mine, name);
}

static size_t on_sync(void *ctx, const char *source, const char *const *urls, const char *ref)
{
    struct agent *a = ctx;
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++) {
        struct follow *f = &a->follows[i];
        bool meant = source ? !strcmp(source, f->config->name)
                     : urls ? is_one_of(f, urls) && same_ref(f->config->ref, ref)
                            : true;
        if (!meant)
            continue;
        follow_sync(f);
        n++;
    }
    return n;
}

static void on_told(void *ctx, const char *message)
{
    log_note(EVENT_WARNING, NULL, NULL, message);
}

/* Our own socket may be in the way, as that of 127.0.0.1:8080 is of :8080. */
static const struct endpoints *in_the_way(const struct agent *a, const char *listen)
{
    bool same_port = a->endpoints &&
                     !strcmp(strrchr(endpoints_address(a->endpoints), ':'), strrchr(listen, ':'));
    return same_port ? a->endpoints : NULL;
}

static struct endpoints *make_endpoints(struct agent *a, const struct config *config,
                                        struct err **err)
{
    const char *listen = config->http.listen;
    return endpoints_new(&(struct endpoints_config){.loop = a->loop,
                                                    .listen = listen,
                                                    .beside = in_the_way(a, listen),
                                                    .token_file = config->http.token_file,
                                                    .ctx = a,
                                                    .healthy = on_healthy,
                                                    .ready = on_ready,
                                                    .status = on_status,
                                                    .metrics = on_metrics,
                                                    .sync = on_sync,
                                                    .told = on_told},
                         err);
}

/*
 * The same address is not opened anew: a child that has just begun may still hold the old socket,
 * and the address with it. Another one is had before the old one goes.
 */
int agent_listen(struct agent *a, const struct config *config, struct err **err)
{
    const char *listen = config->http.listen;
    if (a->endpoints && listen && endpoints_made_for(a->endpoints, listen)) {
        endpoints_token_file(a->endpoints, config->http.token_file);
        return 0;
    }
    _err_ struct err *why = NULL;
    struct endpoints *now = listen ? make_endpoints(a, config, &why) : NULL;
    if (!why) {
        endpoints_free(a->endpoints);
        a->endpoints = now;
        return 0;
    }
    if (!a->endpoints)
        return err_move(err, &why);
    endpoints_token_file(a->endpoints, config->http.token_file);
    return err_set(err, why->kind, "%s; the endpoints stay at %s until a restart or another SIGHUP",
                   err_message(why), endpoints_address(a->endpoints));
}
