#include "sync/pass.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/text.h"
#include "sync/facts.h"

struct pass {
    struct pass_config config;
    struct provider *provider;
    struct host host;
    struct unit *units;
    bool *queued, *reported, *active;
    size_t *dirty; /* indices of units, oldest first */
    size_t dirty_count, left, count;
    /* Units that wait for their turn to ask: what is kept of a unit while it is judged is bounded.
     */
    size_t *waiting;
    size_t waiting_first, waiting_count, active_count;
    struct pass_counts counts;
    struct ev_prepare step;
    struct ev_timer wake; /* keeps the loop from sleeping while units are dirty */
};

static const struct action_limits limits = {.rereads = LIMIT_JUDGE_AGAIN};

static size_t index_of(const struct pass *p, const struct unit *unit)
{
    return (size_t)(unit - p->units);
}

static int host_load(void *ctx, const struct unit *unit, struct document *out, struct err **err)
{
    const struct pass *p = ctx;
    return desired_load(p->config.set, unit->index, out, err);
}

static char *host_text(void *ctx, const struct unit *unit, size_t *len)
{
    const struct pass *p = ctx;
    return desired_text(p->config.set, unit->index, len);
}

static void host_dirty(void *ctx, struct unit *unit)
{
    struct pass *p = ctx;
    size_t i = index_of(p, unit);
    if (p->queued[i])
        return;
    p->queued[i] = true;
    p->dirty[p->dirty_count++] = i;
    if (!ev_is_active(&p->wake))
        ev_timer_start(p->config.loop, &p->wake);
}

static void host_report(void *ctx, const struct unit *unit, const struct drift *drift)
{
    struct pass *p = ctx;
    const struct drift_object object = {
        .source = p->config.source,
        .provider = p->provider->ops->name,
        .group = unit->group,
        .kind = unit->kind,
        .namespace = unit->namespace,
        .name = unit->name,
        .file = unit->file,
    };
    p->counts.verdicts[drift->verdict]++;
    p->counts.classes[drift->drift_class]++;
    p->reported[index_of(p, unit)] = true;
    json_auto_t *event = drift_event(&object, drift);
    p->config.drift(p->config.ctx, event);
}

/* "Deployment ml/x" */
static char *object_text(const char *kind, const char *namespace, const char *name)
{
    return namespace ? xasprintf("%s %s/%s", kind, namespace, name)
                     : xasprintf("%s %s", kind, name);
}

static json_t *told(const char *file, uint32_t line, uint32_t col, const char *object,
                    const char *message)
{
    json_t *event = json_object();
    _free_ char *name = file ? text_safe_dup(file) : NULL; /* a name in Git need not be UTF-8 */
    json_put_str(event, "file", name);
    json_put(event, "line", line ? json_integer(line) : json_null());
    if (col)
        json_put(event, "col", json_integer(col));
    if (object)
        json_put_str(event, "object", object);
    json_put_str(event, "message", message);
    return event;
}

static void host_note(void *ctx, const struct unit *unit, const char *message)
{
    struct pass *p = ctx;
    _free_ char *object = unit ? object_text(unit->kind, unit->namespace, unit->name) : NULL;
    json_auto_t *event = told(unit ? unit->file : NULL, unit ? unit->line : 0, 0, object, message);
    p->counts.notes++;
    p->config.note(p->config.ctx, event);
}

static void host_error(void *ctx, const struct unit *unit, uint32_t line, const char *message)
{
    struct pass *p = ctx;
    _free_ char *object = unit ? object_text(unit->kind, unit->namespace, unit->name) : NULL;
    json_auto_t *event = told(unit ? unit->file : NULL,
                              line   ? line
                              : unit ? unit->line
                                     : 0,
                              0, object, message);
    p->counts.errors++;
    p->config.error(p->config.ctx, event);
}

static bool host_older(void *ctx, const struct unit *unit, size_t k, json_t **body,
                       int64_t *replaced_at)
{
    const struct pass *p = ctx;
    return desired_older(p->config.set, unit->index, p->config.default_namespace, k, body,
                         replaced_at, NULL) > 0;
}

static bool host_ignored(void *ctx, const struct unit *unit, const struct difference *difference,
                         const json_t *declared, const json_t *live)
{
    const struct pass *p = ctx;
    const struct ignore_object object = {unit->group, unit->kind, unit->namespace, unit->name};
    return ignore_covers(p->config.ignore, &object, difference, declared, live,
                         clock_monotonic_ms());
}

static void unit_done(struct pass *p, struct unit *unit)
{
    size_t i = index_of(p, unit);
    unit->facts.concluded = true;
    p->left--;
    p->counts.ignored += unit->ignored;
    if (!p->reported[i])
        p->counts.in_sync++;
    if (!p->active[i])
        return;
    p->active[i] = false;
    p->active_count--;
    if (p->waiting_first < p->waiting_count)
        host_dirty(p, &p->units[p->waiting[p->waiting_first++]]);
}

/* May this unit ask now? Else it waits until another one is done. */
static bool take_turn(struct pass *p, struct unit *unit)
{
    size_t i = index_of(p, unit);
    if (p->active[i])
        return true;
    if (p->active_count == LIMIT_JUDGED_AT_ONCE) {
        p->waiting[p->waiting_count++] = i;
        return false;
    }
    p->active[i] = true;
    p->active_count++;
    return true;
}

static void act(struct pass *p, struct unit *unit)
{
    const struct provider_ops *ops = p->provider->ops;
    const struct action action = next_action(&unit->facts, &limits);
    if (action.type == ACTION_ASK && take_turn(p, unit)) {
        unit->facts.in_flight = true;
        ops->ask(p->provider, unit, action.ask);
    } else if (action.type == ACTION_CONCLUDE) {
        ops->conclude(p->provider, unit);
        unit_done(p, unit);
    }
}

/* One step: what is dirty now; what becomes dirty meanwhile is the next step's. */
static void run_dirty(struct pass *p)
{
    size_t n = p->dirty_count;
    for (size_t i = 0; i < n; i++) {
        size_t index = p->dirty[i];
        p->queued[index] = false;
        act(p, &p->units[index]);
    }
    p->dirty_count -= n;
    memmove(p->dirty, p->dirty + n, p->dirty_count * sizeof(*p->dirty));
}

static void on_step(struct ev_loop *loop, struct ev_prepare *w, int events)
{
    struct pass *p = w->data;
    run_dirty(p);
    if (p->dirty_count)
        ev_timer_start(loop, &p->wake);
    if (p->left == 0) {
        ev_prepare_stop(loop, w);
        ev_timer_stop(loop, &p->wake);
        p->config.done(p->config.ctx);
    }
}

static void on_wake(struct ev_loop *loop, struct ev_timer *w, int events)
{
}

struct pass *pass_new(const struct pass_config *config)
{
    struct pass *p = xcalloc(1, sizeof(*p));
    p->config = *config;
    p->host = (struct host){p,         host_load,  host_text,  host_dirty,  host_report,
                            host_note, host_error, host_older, host_ignored};
    const struct desired_set *set = config->set;
    p->units = xcalloc(set->count, sizeof(*p->units));
    p->queued = xcalloc(set->count, sizeof(*p->queued));
    p->reported = xcalloc(set->count, sizeof(*p->reported));
    p->active = xcalloc(set->count, sizeof(*p->active));
    p->waiting = xcalloc(set->count, sizeof(*p->waiting));
    p->dirty = xcalloc(2 * set->count, sizeof(*p->dirty));
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        if (d->doubled)
            continue;
        p->units[p->count++] = (struct unit){
            .api_version = d->api_version,
            .group = d->group,
            .version = d->version,
            .kind = d->kind,
            .name = d->name,
            .namespace = d->namespace,
            .file = d->file,
            .line = d->line,
            .index = i,
            /* known to the provider, as others may need it, and not compared */
            .facts.concluded = config->mode == ORDER_MODE_PAUSED || d->mode == ORDER_MODE_PAUSED,
        };
    }
    return p;
}

const struct host *pass_host(struct pass *pass)
{
    return &pass->host;
}

static void tell_problems(struct pass *p)
{
    for (size_t i = 0; i < p->config.set->problem_count; i++) {
        const struct problem *problem = &p->config.set->problems[i];
        json_auto_t *event =
            told(problem->file, problem->line, problem->col, problem->object, problem->message);
        if (problem->level == PROBLEM_ERROR) {
            p->counts.errors++;
            p->config.error(p->config.ctx, event);
        } else {
            p->counts.notes++;
            p->config.note(p->config.ctx, event);
        }
    }
}

/* What an order says that this version does not do, and a source that is not compared. */
static void tell_orders(struct pass *p)
{
    const struct unit *first = NULL;
    for (size_t i = 0; i < p->count; i++) {
        p->counts.paused += p->units[i].facts.concluded;
        if (!first && p->config.set->items[p->units[i].index].mode == ORDER_MODE_CORRECT)
            first = &p->units[i];
    }
    if (p->config.mode == ORDER_MODE_PAUSED)
        host_note(p, NULL, "the source is paused (mode: paused): nothing of it is compared");
    else if (p->config.mode == ORDER_MODE_CORRECT)
        host_note(p, NULL, "mode: correct: this version of holdfast only reports");
    else if (first)
        host_note(p, first, "holdfast.dev/mode: correct: this version of holdfast only reports");
}

void pass_start(struct pass *p, struct provider *provider)
{
    const struct provider_ops *ops = provider->ops;
    p->provider = provider;
    ev_prepare_init(&p->step, on_step);
    ev_timer_init(&p->wake, on_wake, 0., 0.);
    p->step.data = p;
    tell_problems(p);
    tell_orders(p);
    ops->begin(p->provider, p->units, p->count);
    p->counts.objects = p->count;
    for (size_t i = 0; i < p->count; i++) {
        if (p->units[i].facts.concluded)
            continue;
        p->left++;
        if (p->units[i].facts.observed != OBSERVED_NOT_YET)
            host_dirty(p, &p->units[i]);
    }
    ev_prepare_start(p->config.loop, &p->step);
    ops->observe(p->provider);
    if (!p->left && !ev_is_active(&p->wake)) /* nothing to do: end in the next turn */
        ev_timer_start(p->config.loop, &p->wake);
}

const struct pass_counts *pass_counts(const struct pass *pass)
{
    return &pass->counts;
}

size_t pass_left(const struct pass *pass)
{
    return pass->left;
}

void pass_free(struct pass *p)
{
    if (!p)
        return;
    ev_prepare_stop(p->config.loop, &p->step);
    ev_timer_stop(p->config.loop, &p->wake);
    free(p->units);
    free(p->queued);
    free(p->reported);
    free(p->active);
    free(p->waiting);
    free(p->dirty);
    free(p);
}
