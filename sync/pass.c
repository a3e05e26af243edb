#include "sync/pass.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "diff/text.h"
#include "sync/facts.h"
#include "sync/pass_internal.h"

#define DAY_S          86400.0
#define TOKENS_WAIT_S  0.1
#define VALUE_BYTES    64 /* of a value in a tree, what it holds aside */
#define UNJUDGED_TRIES 4  /* before it is believed that the server may not be asked */
#define RESTLESS_TRIES 20 /* rounds of an object that changes faster than it can be judged */

static const struct action_limits limits = {.rereads = LIMIT_JUDGE_AGAIN};

static int host_load(void *ctx, const struct unit *unit, struct document *out, struct err **err)
{
    const struct pass *p = ctx;
    return desired_load(p->set, unit->index, out, err);
}

static char *host_text(void *ctx, const struct unit *unit, size_t *len)
{
    const struct pass *p = ctx;
    return desired_text(p->set, unit->index, len);
}

void pass_dirty(struct pass *p, struct unit *unit)
{
    if (unit->queued || unit->waiting)
        return; /* its turn comes */
    unit->queued = true;
    if (!unit->due_at)
        unit->due_at = clock_monotonic_ms();
    unit_queue_push(&p->dirty, unit);
    if (!ev_is_active(&p->wake))
        ev_timer_start(p->config.loop, &p->wake);
}

static void host_dirty(void *ctx, struct unit *unit)
{
    pass_dirty(ctx, unit);
}

static void host_moved(void *ctx, struct unit *unit)
{
    struct pass *p = ctx;
    unit->seen_ms = clock_now_ms();
    if (unit->facts.in_flight || unit->queued || unit->waiting)
        return; /* it is on its way */
    later_moved(&p->later, unit);
}

static bool host_known(void *ctx, struct unit *unit)
{
    const struct pass *p = ctx;
    return p->config.known && p->config.known(p->config.ctx, unit);
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
    ((struct unit *)unit)->reported = true;
    json_auto_t *event = drift_event(&object, drift);
    if (p->config.resident)
        json_array_append(p->found, event);
    else
        p->config.drift(p->config.ctx, event);
}

char *pass_object_text(const struct unit *unit)
{
    return unit->namespace ? xasprintf("%s %s/%s", unit->kind, unit->namespace, unit->name)
                           : xasprintf("%s %s", unit->kind, unit->name);
}

json_t *pass_told(const char *file, uint32_t line, uint32_t col, const char *object,
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
    _free_ char *object = unit ? pass_object_text(unit) : NULL;
    json_auto_t *event =
        pass_told(unit ? unit->file : NULL, unit ? unit->line : 0, 0, object, message);
    p->counts.notes++;
    p->config.note(p->config.ctx, event);
}

static void host_error(void *ctx, const struct unit *unit, uint32_t line, const char *message)
{
    struct pass *p = ctx;
    _free_ char *object = unit ? pass_object_text(unit) : NULL;
    uint32_t at = unit ? unit->line : 0;
    json_auto_t *event = pass_told(unit ? unit->file : NULL, line ? line : at, 0, object, message);
    p->counts.errors++;
    p->config.error(p->config.ctx, event);
}

static bool host_older(void *ctx, const struct unit *unit, size_t k, json_t **body,
                       int64_t *replaced_at)
{
    const struct pass *p = ctx;
    return desired_older(p->set, unit->index, p->config.default_namespace, k, body, replaced_at,
                         NULL) > 0;
}

void pass_turn_over(struct pass *p, struct unit *unit)
{
    if (!unit->active)
        return;
    unit->active = false;
    p->active_count--;
    p->active_bytes -= unit->turn_bytes;
}

static void next_waiting(struct pass *p)
{
    struct unit *next = unit_queue_pop(&p->waiting);
    next->waiting = false;
    pass_dirty(p, next);
}

/* About what its tree takes: a place is a byte or two, and stands for a value of the tree. */
static uint32_t turn_bytes(const struct pass *p, const struct unit *unit)
{
    const struct desired *d = &p->set->items[unit->index];
    uint64_t bytes = d->body_len + VALUE_BYTES * (uint64_t)d->places_len;
    return bytes < LIMIT_JUDGED_BYTES ? (uint32_t)bytes : LIMIT_JUDGED_BYTES;
}

/* One at least has its turn, whatever it takes. */
static bool turn_is_free(size_t count, uint64_t bytes, uint32_t more)
{
    return !count || (count < LIMIT_JUDGED_AT_ONCE && bytes + more <= LIMIT_JUDGED_BYTES);
}

/*
 * Those who wait get the turns that are free. Counted anew in each step: one that had a turn, or
 * waited for it, may need none any more.
 */
static void give_turns(struct pass *p)
{
    if (ev_is_active(&p->tokens_wait))
        return; /* what lacks is a token: its timer gives turns */
    uint64_t bytes = p->active_bytes;
    for (size_t n = p->active_count; p->waiting.count; n++) {
        uint32_t more = turn_bytes(p, p->waiting.items[p->waiting.first]);
        if (!turn_is_free(n, bytes, more))
            return;
        bytes += more;
        next_waiting(p);
    }
}

static bool host_ignored(void *ctx, const struct unit *unit, const struct difference *difference,
                         const json_t *declared, const json_t *live)
{
    const struct pass *p = ctx;
    const struct ignore_object object = {unit->group, unit->kind, unit->namespace, unit->name};
    return ignore_covers(p->config.ignore, &object, difference, declared, live,
                         clock_monotonic_ms());
}

static void host_passed_over(void *ctx, const struct unit *unit, const struct path *path,
                             const char *why)
{
    const struct pass *p = ctx;
    _free_ char *field = path_text(path);
    p->config.passed_over(p->config.ctx, unit, field, why);
}

static void host_stands(void *ctx, const struct unit *unit)
{
    const struct pass *p = ctx;
    if (p->config.stands)
        p->config.stands(p->config.ctx, unit);
}

static void unit_done(struct pass *p, struct unit *unit)
{
    unit->facts.concluded = true;
    p->counts.ignored += unit->ignored;
    if (!unit->settled)
        p->left--;
    unit->settled = true;
    if (!unit->reported)
        p->counts.in_sync++;
    pass_turn_over(p, unit);
}

/* A resident pass asks no more than so many questions a second, once all was judged. */
static bool take_token(struct pass *p)
{
    if (!p->config.resident || !p->judged)
        return true;
    int64_t now = clock_monotonic_ms();
    p->tokens += (double)(now - p->tokens_at) * LIMIT_DRY_RUNS_A_SECOND / 1000.0;
    p->tokens_at = now;
    if (p->tokens > LIMIT_DRY_RUNS_A_SECOND)
        p->tokens = LIMIT_DRY_RUNS_A_SECOND;
    if (p->tokens < 1) {
        if (!ev_is_active(&p->tokens_wait)) {
            ev_now_update(p->config.loop);
            ev_timer_set(&p->tokens_wait, TOKENS_WAIT_S, 0.);
            ev_timer_start(p->config.loop, &p->tokens_wait);
        }
        return false;
    }
    p->tokens--;
    return true;
}

static void on_tokens(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct pass *p = w->data;
    for (size_t n = p->waiting.count; n; n--)
        next_waiting(p);
}

/* May this unit ask now? Else it waits until another one is done. */
static bool take_turn(struct pass *p, struct unit *unit)
{
    if (unit->active)
        return true;
    uint32_t bytes = turn_bytes(p, unit);
    if (!turn_is_free(p->active_count, p->active_bytes, bytes) || !take_token(p)) {
        unit->waiting = true;
        unit_queue_push(&p->waiting, unit);
        return false;
    }
    unit->active = true;
    unit->turn_bytes = bytes;
    p->active_count++;
    p->active_bytes += bytes;
    return true;
}

static void forget_facts(struct unit *unit)
{
    const bool in_flight = unit->facts.in_flight;
    unit->facts = (struct facts){.observed = OBSERVED_ABSENT, .in_flight = in_flight};
    unit->facts.stale = in_flight; /* what comes is of before */
}

void pass_read_again(struct pass *p, struct unit *unit)
{
    if (unit->type == NULL || unit->paused)
        return; /* there is nothing to read it by, or nobody asks */
    if (!unit->facts.in_flight)
        p->provider->ops->forget(p->provider, unit);
    memset(unit->projection, 0, sizeof(unit->projection));
    forget_facts(unit);
    later_cancel(&p->later, unit);
    pass_dirty(p, unit);
}

/*
 * What cannot be known now is asked again later; so is what stands on other objects, too. Of what
 * is not known because its collection is not, the collection tells.
 */
static void plan_retry(struct pass *p, struct unit *unit)
{
    bool again = false, unjudged = false;
    size_t i;
    json_t *event;
    json_array_foreach(p->found, i, event)
    {
        unjudged |= json_is_true(json_object_get(event, "unjudged"));
        const char *verdict = json_str_at(event, "verdict", NULL);
        again |= verdict && (!strcmp(verdict, verdict_name(VERDICT_UNKNOWN)) ||
                             !strcmp(verdict, verdict_name(VERDICT_BLOCKED)) ||
                             !strcmp(verdict, verdict_name(VERDICT_MISSING)));
    }
    bool by_collection = observed_by_collection(unit->facts.observed);
    if (by_collection)
        later_cancel(&p->later, unit);
    if ((again && unit->type && !by_collection) || (unjudged && unit->tries < UNJUDGED_TRIES)) {
        unit->tries += unit->tries < 32;
        later_retry(&p->later, unit, LIMIT_JUDGE_RETRY_S, LIMIT_JUDGE_RETRY_MOST_S);
    } else if (!unjudged) {
        unit->tries = 0;
    }
}

/* How long it took, since it was marked and since its first change was seen. */
static void measure(struct unit *unit)
{
    int64_t now = clock_monotonic_ms();
    metrics_judge((double)(now - unit->due_at) / 1000.0);
    if (unit->moved_first)
        metrics_watch_latency((double)(now - unit->moved_first) / 1000.0);
    unit->due_at = unit->moved_first = 0;
}

static void conclude(struct pass *p, struct unit *unit)
{
    measure(unit);
    if (p->found)
        json_array_clear(p->found);
    unit->reported = unit->due = false;
    p->provider->ops->conclude(p->provider, unit);
    if (p->config.resident) {
        p->config.judged(p->config.ctx, unit, p->found);
        plan_retry(p, unit);
    }
    unit_done(p, unit);
}

/* An object that changes faster than it can be judged has no verdict yet. */
static bool restless(struct pass *p, struct unit *unit)
{
    const struct facts *f = &unit->facts;
    if (!p->config.resident || !f->stale || f->rereads < limits.rereads ||
        unit->tries >= RESTLESS_TRIES)
        return false;
    unit->tries++;
    pass_turn_over(p, unit);
    p->provider->ops->forget(p->provider, unit);
    forget_facts(unit);
    later_retry(&p->later, unit, 1, 4);
    return true;
}

static void act(struct pass *p, struct unit *unit)
{
    const struct provider_ops *ops = p->provider->ops;
    const struct action action = next_action(&unit->facts, &limits);
    if (action.type == ACTION_ASK && take_turn(p, unit)) {
        unit->facts.in_flight = true;
        ops->ask(p->provider, unit, action.ask);
    } else if (action.type == ACTION_CONCLUDE && !restless(p, unit)) {
        conclude(p, unit);
    } else if (action.type == ACTION_NOTHING && !unit->facts.in_flight) {
        pass_turn_over(p, unit); /* it waits for something else */
    }
}

/* One step: what is dirty now; what becomes dirty meanwhile is the next step's. */
static void run_dirty(struct pass *p)
{
    for (size_t n = p->dirty.count; n; n--) {
        struct unit *unit = unit_queue_pop(&p->dirty);
        unit->queued = false;
        if (!unit->gone)
            act(p, unit);
        else if (!unit->facts.in_flight)
            pass_unit_free(p, unit);
    }
    give_turns(p);
}

static void set_judged(struct pass *p)
{
    p->told = p->judged = true;
    if (!p->config.resident) {
        ev_prepare_stop(p->config.loop, &p->step);
        ev_timer_stop(p->config.loop, &p->wake);
    }
    p->config.done(p->config.ctx);
}

static void on_step(struct ev_loop *loop, struct ev_prepare *w, int events)
{
    struct pass *p = w->data;
    run_dirty(p);
    if (p->dirty.count)
        ev_timer_start(loop, &p->wake);
    if (p->left == 0 && p->taken && !p->told)
        set_judged(p);
}

static void on_wake(struct ev_loop *loop, struct ev_timer *w, int events)
{
}

/* Its time has come: a change has settled, or a verdict is tried again. */
static void on_due(void *ctx, struct unit *unit)
{
    struct pass *p = ctx;
    if (unit->facts.concluded) /* a retry; a change had put that back */
        pass_read_again(p, unit);
    else
        pass_dirty(p, unit);
}

/* Every object once a day, one after the other. */
static void on_daily(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct pass *p = w->data;
    if (p->count && p->judged) {
        struct unit *unit = p->units[p->daily_next++ % p->count];
        const struct facts *f = &unit->facts;
        bool quiet = f->concluded && !f->in_flight && !unit->queued && !unit->delay;
        if (quiet && f->observed == OBSERVED_PRESENT && !f->terminating)
            p->provider->ops->refresh(p->provider, unit);
    }
    ev_timer_set(w, DAY_S / (double)(p->count ? p->count : 1), 0.);
    ev_timer_start(loop, w);
}

struct pass *pass_new(const struct pass_config *config)
{
    struct pass *p = xcalloc(1, sizeof(*p));
    p->config = *config;
    p->host = (struct host){
        .ctx = p,
        .load = host_load,
        .text = host_text,
        .dirty = host_dirty,
        .moved = config->resident ? host_moved : NULL,
        .known = config->known ? host_known : NULL,
        .report = host_report,
        .note = host_note,
        .error = host_error,
        .older = host_older,
        .ignored = host_ignored,
        .passed_over = config->passed_over ? host_passed_over : NULL,
        .stands = host_stands,
    };
    p->found = config->resident ? json_array() : NULL;
    p->tokens_at = clock_monotonic_ms();
    later_init(&p->later, config->loop, on_due, p);
    ev_prepare_init(&p->step, on_step);
    ev_timer_init(&p->wake, on_wake, 0., 0.);
    ev_timer_init(&p->daily, on_daily, 0., 0.);
    ev_timer_init(&p->tokens_wait, on_tokens, TOKENS_WAIT_S, 0.);
    /* not always the same ones first, where it starts again more often than once a day */
    p->daily_next = (size_t)(random_unit() * (double)UINT32_MAX);
    p->step.data = p->daily.data = p->tokens_wait.data = p;
    return p;
}

const struct host *pass_host(struct pass *pass)
{
    return &pass->host;
}

void pass_provider(struct pass *pass, struct provider *provider)
{
    pass->provider = provider;
}

const struct pass_counts *pass_counts(const struct pass *pass)
{
    return &pass->counts;
}

size_t pass_left(const struct pass *pass)
{
    return pass->left;
}

struct unit *const *pass_units(const struct pass *pass, size_t *count)
{
    *count = pass->count;
    return pass->units;
}

void pass_free(struct pass *p)
{
    if (!p)
        return;
    ev_prepare_stop(p->config.loop, &p->step);
    ev_timer_stop(p->config.loop, &p->wake);
    ev_timer_stop(p->config.loop, &p->daily);
    ev_timer_stop(p->config.loop, &p->tokens_wait);
    p->provider->ops->stop(p->provider);
    while (p->gone.count)
        pass_unit_free(p, p->gone.items[p->gone.first]);
    for (size_t i = 0; i < p->count; i++) {
        p->provider->ops->forget(p->provider, p->units[i]);
        free(p->units[i]);
    }
    free(p->units);
    unit_queue_free(&p->dirty);
    unit_queue_free(&p->waiting);
    unit_queue_free(&p->gone);
    later_free(&p->later);
    json_decref(p->found);
    free(p);
}
