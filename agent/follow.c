/* One source: Git is read each interval, the cluster is watched, what differs is told. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "core/text.h"
#include "ignoring.h"
#include "known.h"
#include "left_open.h"
#include "log.h"
#include "pause.h"
#include "publish.h"
#include "sync/kept.h"

#define HOUR_MS     3600000
#define DAY_MS      (25 * (int64_t)HOUR_MS) /* the daily judgement of all has been by then */
#define MINUTE_MS   60000
#define KEEP_MS     (5 * MINUTE_MS) /* between two times that what was read is kept */
#define SYNC_GAP_MS 1000

static const char *revision_of(const struct follow *f)
{
    return f->set ? f->set->revision : NULL;
}

static void tell_event(void *ctx, enum event_level level, const char *event, const json_t *members)
{
    const struct follow *f = ctx;
    log_event(level, event, f->config->name, revision_of(f), members);
    if (!strcmp(event, "drift")) {
        f->agent->open_changed = true;
        publish_drift(f->agent->publish, f, members);
    }
    if (level == EVENT_ERROR && !json_is_true(json_object_get(members, "reminder")))
        metrics_error("source");
}

/* ---- what the pass tells ---- */

static void on_stands(void *ctx, const struct unit *unit)
{
    struct follow *f = ctx;
    if (!unit->reported && known_before(f, unit))
        known_remember(f, unit);
}

static void on_judged(void *ctx, const struct unit *unit, const json_t *found)
{
    struct follow *f = ctx;
    tell_judged(f->tell, unit, found);
    known_remember(f, unit);
}

static void on_passed_over(void *ctx, const struct unit *unit, const char *field, const char *why)
{
    const struct follow *f = ctx;
    tell_passed_over(f->tell, unit, field, why);
}

static void on_error(void *ctx, const json_t *event)
{
    struct follow *f = ctx;
    tell_problem(f->tell, EVENT_ERROR, event);
}

static void on_note(void *ctx, const json_t *event)
{
    struct follow *f = ctx;
    tell_problem(f->tell, EVENT_INFO, event);
}

/* Of an object that is no unit of the set: `namespace` is the effective one, `file` where it stood.
 */
static const char *not_there(const struct follow *f, const char *group, const char *kind,
                             const char *namespace, const char *name, const char *file)
{
    for (size_t i = 0; i < f->set->count; i++) {
        const struct desired *d = &f->set->items[i];
        const char *ns = d->namespace ? d->namespace : agent_namespace(f->agent);
        if (same_text(d->name, name) && same_text(d->kind, kind) && same_text(d->group, group) &&
            (!namespace || same_text(ns, namespace)))
            return "not compared"; /* an error says why */
    }
    return desired_unread(f->set, file) ? "not compared" : "not in Git";
}

static void on_removed(void *ctx, const struct unit *unit)
{
    struct follow *f = ctx;
    const char *reason = unit->paused ? "paused"
                                      : not_there(f, unit->group, unit->kind, unit->namespace,
                                                  unit->name, unit->file);
    tell_cleared(f->tell, unit, reason);
    tell_unsaid(f->tell, unit);
    known_forget(f, unit);
}

static size_t errors_of(const struct follow *f)
{
    struct tell_counts counts;
    tell_count(f->tell, &counts);
    return counts.errors;
}

static void write_summary(struct follow *f, bool of_set)
{
    json_auto_t *e = follow_summary(f);
    f->summary_at = clock_monotonic_ms();
    f->summary_errors = errors_of(f);
    if (of_set) {
        json_put(e, "requests",
                 json_integer((json_int_t)(http_count(f->agent->http) - f->requests)));
        json_put(e, "seconds", json_real((double)(f->summary_at - f->started_at) / 1000.0));
    }
    log_event(EVENT_INFO, "summary", f->config->name, revision_of(f), e);
}

struct unit *follow_unit(const struct follow *f, const json_t *object)
{
    return pass_find(f->pass, json_str_at(object, "group", NULL), json_str_at(object, "kind", NULL),
                     json_str_at(object, "namespace", NULL), json_str_at(object, "name", NULL));
}

/* Why nothing can be open of the object any more, or NULL: it is compared. */
static const char *why_cleared(void *ctx, const json_t *object)
{
    const struct follow *f = ctx;
    const struct unit *unit = follow_unit(f, object);
    return !unit
               ? not_there(f, json_str_at(object, "group", NULL), json_str_at(object, "kind", NULL),
                           json_str_at(object, "namespace", NULL),
                           json_str_at(object, "name", NULL), NULL)
           : unit->paused ? "paused"
                          : NULL;
}

static void on_judged_all(void *ctx)
{
    struct follow *f = ctx;
    if (f->restarted)
        tell_sweep(f->tell, why_cleared, f);
    f->restarted = false;
    f->judged = true;
    if (!f->undecided) { /* else it comes when what is another source's is known */
        left_open_judged(f, why_cleared);
        if (f->summary_due || errors_of(f) != f->summary_errors)
            write_summary(f, f->summary_due);
        f->summary_due = false;
    }
    agent_judged(f->agent);
    memo_flush(f->agent->memo);
}

/* ---- the desired set ---- */

static void compare(struct follow *f)
{
    f->requests = http_count(f->agent->http);
    tell_taking(f->tell);
    follow_mark_shared(f, true);
    pass_take(f->pass, f->set);
    tell_taken(f->tell);
    f->taken = true;
    if (follow_unserved(f))
        agent_rediscover(f->agent);
}

static void take(struct follow *f)
{
    const bool scalers = follow_scalers_changed(f);
    f->summary_due = true;
    compare(f);
    for (size_t i = 0; i < f->agent->count; i++) {
        struct follow *o = &f->agent->follows[i];
        if (o != f && o->taken && (follow_mark_shared(o, false) || scalers))
            compare(o);
    }
}

/* Of `f` there was news, or none: those that waited for it wait no longer. */
static void decide(const struct follow *f)
{
    for (size_t i = 0; i < f->agent->count; i++) {
        struct follow *o = &f->agent->follows[i];
        if (o != f && o->taken && o->undecided && follow_mark_shared(o, false))
            compare(o);
    }
}

/* Those that another source waits for. */
static void read_wanted(struct agent *a)
{
    for (size_t i = 0; i < a->count; i++) {
        struct follow *f = &a->follows[i];
        if (f->wanted)
            follow_sync(f);
        f->wanted = false;
    }
}

/*
 * Takes what was read and not taken yet, when all sources were read once or could not be: what one
 * of them told of an object that another declares too would be taken back a moment later. One that
 * takes long holds the others up until the first tick.
 */
static void take_waiting(struct agent *a)
{
    if (!a->ticks && !follows_read(a))
        return;
    for (size_t i = 0; i < a->count; i++) {
        struct follow *f = &a->follows[i];
        if (f->pass && f->set && f->read_at && !f->taken)
            take(f);
    }
}

size_t follow_unserved(const struct follow *f)
{
    size_t count, unserved = 0;
    if (!f->pass || !f->taken)
        return 0;
    struct unit *const *units = pass_units(f->pass, &count);
    for (size_t i = 0; i < count; i++)
        unserved += !units[i]->paused && !units[i]->type;
    return unserved;
}

static void on_rediscover(void *ctx)
{
    const struct follow *f = ctx;
    agent_rediscover(f->agent);
}

static void start_pass(struct follow *f)
{
    struct agent *a = f->agent;
    known_fingerprint(f);
    f->pass = pass_new(&(struct pass_config){
        .loop = a->loop,
        .source = f->config->name,
        .default_namespace = agent_namespace(a),
        .ignore = f->ignore,
        .include = f->config->include,
        .mode = source_mode(f->config),
        .resident = true,
        .ctx = f,
        .error = on_error,
        .note = on_note,
        .done = on_judged_all,
        .judged = on_judged,
        .removed = on_removed,
        .known = known_unit,
        .passed_over = on_passed_over,
        .stands = on_stands,
    });
    f->provider = kube_provider_new(&(struct kube_provider_config){
        .loop = a->loop,
        .client = a->client,
        .discovery = a->discovery,
        .host = pass_host(f->pass),
        .default_namespace = agent_namespace(a),
        .field_manager = a->config.kubernetes.field_manager,
        .hands = a->config.kubernetes.hands,
        .hidden_key = a->state->key,
        .follow = true,
        .rediscover = on_rediscover,
        .scalers = follow_scalers_beside,
        .ctx = f,
    });
    pass_provider(f->pass, f->provider);
}

void follow_discovered(struct follow *f)
{
    if (!f->pass) {
        start_pass(f);
        take_waiting(f->agent);
        return;
    }
    kube_provider_discovery(f->provider, f->agent->discovery);
    if (f->taken)
        compare(f);
}

/* ---- reading Git ---- */

static void plan_next(struct follow *f)
{
    ev_timer_stop(f->agent->loop, &f->next);
    ev_now_update(f->agent->loop);
    ev_timer_set(&f->next, pause_s(f->config->interval, f->failures, f->failed_as), 0.);
    ev_timer_start(f->agent->loop, &f->next);
}

/* Told once for each reason, and once an hour while it lasts. */
static void read_failed(struct follow *f, const struct err *err)
{
    int64_t now = clock_monotonic_ms();
    bool told = f->error && !strcmp(f->error, err_message(err)) && now - f->error_at < HOUR_MS;
    metrics_error("git");
    f->failures++;
    f->failed_as = err->kind;
    if (told)
        return;
    free(f->error);
    f->error = xstrdup(err_message(err));
    f->error_at = now;
    char at[CLOCK_TEXT_BYTES];
    clock_rfc3339(f->read_at, at);
    _free_ char *message =
        f->read_at ? xasprintf("%s; what was read at %s is compared meanwhile", f->error, at)
                   : xasprintf("%s; nothing was read of it yet, so nothing is compared", f->error);
    log_error(f->config->name, revision_of(f), message);
}

static void read_worked(struct follow *f)
{
    f->read_at = clock_now_ms();
    f->asked_at = f->started_at;
    f->failures = 0;
    if (!f->error)
        return;
    free(f->error);
    f->error = NULL;
    log_note(EVENT_INFO, f->config->name, revision_of(f), "the source can be read again");
}

static void read_now(struct follow *f);
static void copy_is_free(const struct follow *f);

/* Git cannot be asked, and this process has read nothing yet: the last one had. */
static void take_kept(struct follow *f)
{
    if (!f->kept)
        return;
    f->set = steal(f->kept);
    f->read_at = f->kept_read_at;
    desired_mark_doubled(f->set, agent_namespace(f->agent));
}

static void on_read(struct source_read *read, void *ctx)
{
    struct follow *f = ctx;
    _err_ struct err *err = NULL;
    bool unchanged = source_read_unchanged(read);
    struct desired_set *set = unchanged ? NULL : source_read_take(read, &err);
    const char *note = source_read_note(read);
    if (note && set)
        log_note(EVENT_INFO, f->config->name, revision_of(f), note);
    source_read_free(read);
    f->read = NULL;
    if (unchanged && !f->set)
        set = steal(f->kept); /* it was the base */
    if (!set && !unchanged) {
        take_kept(f);
        read_failed(f, err);
    } else {
        struct desired_set *old = NULL;
        if (unchanged && f->set)
            f->set->restored = false;
        if (set) {
            set->restored = false;
            old = f->set;
            f->set = set;
            f->anew = false;
            desired_mark_doubled(set, agent_namespace(f->agent));
            desired_set_free(steal(f->kept));
        }
        read_worked(f);
        if (f->taken && set)
            take(f);
        desired_set_free(old);
    }
    decide(f);
    plan_next(f);
    take_waiting(f->agent);
    copy_is_free(f);
    if (f->again) {
        f->again = false;
        read_now(f);
    }
    read_wanted(f->agent);
}

/* Is the copy that it reads from being read for another source? */
static bool copy_is_taken(const struct follow *f)
{
    for (size_t i = 0; i < f->agent->count; i++) {
        const struct follow *o = &f->agent->follows[i];
        if (o != f && o->read && source_same_copy(o->config->url, f->config->url))
            return true;
    }
    return false;
}

/*
 * The next of those that wait for the copy, each in its turn. A child that waits for a lock spends
 * its deadline.
 */
static void copy_is_free(const struct follow *f)
{
    const struct agent *a = f->agent;
    size_t self = (size_t)(f - a->follows);
    for (size_t i = 1; i < a->count; i++) {
        struct follow *o = &a->follows[(self + i) % a->count];
        if (o->waits && source_same_copy(o->config->url, f->config->url)) {
            read_now(o);
            return;
        }
    }
}

static struct source_config read_config(const struct follow *f)
{
    const struct config_source *s = f->config;
    const struct config *c = &f->agent->config;
    return (struct source_config){
        .name = s->name,
        .url = s->url,
        .ref = s->ref,
        .path = s->path,
        .include = s->include,
        .exclude = s->exclude,
        .file_bytes = (uint64_t)c->limits.file_bytes,
        .objects = (uint64_t)c->limits.objects,
        .fetch_bytes = (uint64_t)c->limits.fetch_bytes,
        .auth = s->auth,
        .state_dir = f->agent->state->path,
        .deadline = LIMIT_READ_SECONDS,
    };
}

static void read_now(struct follow *f)
{
    ev_timer_stop(f->agent->loop, &f->next);
    f->waits = copy_is_taken(f);
    if (f->waits)
        return;
    f->started_at = clock_monotonic_ms();
    struct source_config config = read_config(f);
    config.base = f->anew ? NULL : f->set ? f->set : f->kept;
    f->read = source_read_start(f->agent->loop, &config, on_read, f);
}

static void on_next(struct ev_loop *loop, struct ev_timer *w, int events)
{
    read_now(w->data);
}

void follow_sync(struct follow *f)
{
    f->failures = 0;
    if (f->read) {
        f->again = true;
        return;
    }
    int64_t since = clock_monotonic_ms() - f->started_at;
    if (since >= SYNC_GAP_MS) {
        read_now(f);
        return;
    }
    ev_timer_stop(f->agent->loop, &f->next);
    ev_timer_set(&f->next, (double)(SYNC_GAP_MS - since) / 1000.0, 0.);
    ev_timer_start(f->agent->loop, &f->next);
}

static void on_idle_rule(void *ctx, const char *rule)
{
    const struct follow *f = ctx;
    log_note(EVENT_INFO, f->config->name, revision_of(f), rule);
}

void follow_tick(struct follow *f, int64_t now)
{
    struct tell_counts counts;
    take_waiting(f->agent);
    if (f->taken) /* what is open of a source that cannot be read any more is not looked at */
        tell_remind(f->tell, now, HOUR_MS);
    if (f->judged && now - f->saved_at >= KEEP_MS) { /* it may be killed */
        f->saved_at = now;
        follow_keep(f);
    }
    if (f->judged && f->config->mode != CONFIG_PAUSED)
        ignore_idle(f->ignore, now, DAY_MS, on_idle_rule, f);
    tell_count(f->tell, &counts);
    double gap =
        f->config->interval * 1000.0 > MINUTE_MS ? f->config->interval * 1000.0 : MINUTE_MS;
    if (f->judged && counts.objects && (double)(now - f->summary_at) >= gap)
        write_summary(f, false);
}

static bool same_list(const char *const *a, const char *const *b)
{
    for (; a && b && *a && *b && !strcmp(*a, *b); a++, b++)
        ;
    return (!a || !*a) && (!b || !*b);
}

/* What was read of the one is what the other asks for. */
static bool same_source(const struct config_source *a, const struct config_source *b)
{
    return same_text(a->url, b->url) && same_text(a->ref, b->ref) && same_text(a->path, b->path) &&
           same_list(a->include, b->include) && same_list(a->exclude, b->exclude);
}

int follow_scope(const struct follow *f, uint8_t scope[DESIRED_DIGEST_BYTES])
{
    const struct source_config config = read_config(f);
    return source_scope(&config, scope, NULL);
}

void follow_keep(struct follow *f)
{
    uint8_t scope[DESIRED_DIGEST_BYTES];
    if (f->set && !follow_scope(f, scope) && !memcmp(scope, f->set->scope, sizeof(scope)))
        kept_write(f->agent->state, KEPT_AGENT, f->set, f->read_at);
}

static void find_kept(struct follow *f)
{
    uint8_t scope[DESIRED_DIGEST_BYTES];
    _free_ char *note = NULL;
    if (follow_scope(f, scope))
        return;
    f->kept = kept_read(f->agent->state, KEPT_AGENT, scope, &f->kept_read_at, &note);
    if (note)
        log_note(EVENT_WARNING, f->config->name, NULL, note);
}

void follow_init(struct follow *f, struct agent *a, const struct config_source *config,
                 struct follow *before)
{
    *f = (struct follow){.agent = a, .config = config, .started_at = clock_monotonic_ms()};
    f->ignore = source_rules(config);
    if (before) {
        f->tell = steal(before->tell);
        f->restarted = true;
        ignore_inherit(f->ignore, before->ignore);
    }
    if (before && same_source(config, before->config)) { /* it stands, also while Git fails */
        f->set = steal(before->set);
        f->read_at = before->read_at;
        f->anew = before->anew;
    }
    if (!f->set)
        find_kept(f);
    if (f->tell)
        tell_moved(f->tell, f);
    else
        f->tell = tell_new(tell_event, f);
    ev_timer_init(&f->next, on_next, 0., 0.);
    f->next.data = f;
    read_now(f);
}

void follow_stop(struct follow *f)
{
    ev_timer_stop(f->agent->loop, &f->next);
    source_read_free(f->read);
    f->read = NULL;
    pass_free(f->pass);
    if (f->provider)
        f->provider->ops->free(f->provider);
    f->pass = NULL;
    f->provider = NULL;
}

void follow_free(struct follow *f)
{
    follow_stop(f);
    desired_set_free(f->set);
    desired_set_free(f->kept);
    tell_free(f->tell);
    ignore_free(f->ignore);
    free(f->error);
}
