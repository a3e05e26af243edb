#include "sync/later.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/limits.h"

/* A change is judged after QUICK ms of quiet; one soon after another after SLOW ms of it. */
#define QUICK_MS      40
#define QUICK_MOST_MS 400
#define SLOW_MS       400
#define SLOW_MOST_MS  3000
#define RESTLESS_MS   2000 /* a change so soon after the last one is one of several */

void unit_queue_push(struct unit_queue *q, struct unit *unit)
{
    if (q->first && q->first + q->count == q->cap) {
        memmove(q->items, q->items + q->first, q->count * sizeof(struct unit *));
        q->first = 0;
    }
    q->items = xgrow(q->items, &q->cap, q->first + q->count + 1, sizeof(struct unit *));
    q->items[q->first + q->count++] = unit;
}

struct unit *unit_queue_pop(struct unit_queue *q)
{
    if (!q->count)
        return NULL;
    struct unit *unit = q->items[q->first++];
    if (!--q->count)
        q->first = 0;
    return unit;
}

void unit_queue_take_out(struct unit_queue *q, const struct unit *unit)
{
    for (size_t i = 0; i < q->count; i++) {
        struct unit **at = &q->items[q->first + i];
        if (*at != unit)
            continue;
        memmove(at, at + 1, (q->count - i - 1) * sizeof(*at));
        q->count--;
        return;
    }
}

void unit_queue_sweep(struct unit_queue *q)
{
    size_t kept = 0;
    for (size_t i = 0; i < q->count; i++) {
        struct unit *unit = q->items[q->first + i];
        if (!unit->gone)
            q->items[q->first + kept++] = unit;
    }
    q->count = kept;
}

void unit_queue_free(struct unit_queue *q)
{
    free(q->items);
    *q = (struct unit_queue){0};
}

static int64_t last_of(const struct unit *unit)
{
    return unit->delay == DELAY_QUICK ? unit->moved_first + QUICK_MOST_MS
                                      : unit->moved_first + SLOW_MOST_MS;
}

static int64_t due_at(const struct unit *unit)
{
    int64_t quiet = unit->moved_last + (unit->delay == DELAY_QUICK ? QUICK_MS : SLOW_MS);
    int64_t most = last_of(unit);
    return quiet < most ? quiet : most;
}

/* Queues are short: changes of a moment. The timer goes to the first that is due. */
static void arm(struct later *l, int64_t now)
{
    int64_t first = -1;
    for (int d = DELAY_QUICK; d <= DELAY_SLOW; d++) {
        const struct unit_queue *q = &l->queues[d];
        for (size_t i = 0; i < q->count; i++) {
            int64_t at = due_at(q->items[q->first + i]);
            if (first < 0 || at < first)
                first = at;
            if (i >= 64)
                break; /* older ones are due first or nearly so */
        }
    }
    ev_timer_stop(l->loop, &l->settle);
    if (first < 0)
        return;
    ev_now_update(l->loop);
    ev_timer_set(&l->settle, first > now ? (double)(first - now) / 1000.0 : 0., 0.);
    ev_timer_start(l->loop, &l->settle);
}

static void on_settle(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct later *l = w->data;
    int64_t now = clock_monotonic_ms();
    for (int d = DELAY_QUICK; d <= DELAY_SLOW; d++) {
        struct unit_queue *q = &l->queues[d];
        for (size_t n = q->count; n; n--) {
            struct unit *unit = unit_queue_pop(q);
            if (due_at(unit) > now) {
                unit_queue_push(q, unit);
                continue;
            }
            unit->delay = DELAY_NONE;
            l->due(l->ctx, unit);
        }
    }
    arm(l, now);
}

static void on_retry(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct later *l = w->data;
    struct unit_queue *q = &l->queues[DELAY_RETRY];
    int64_t now = clock_monotonic_ms();
    for (size_t n = q->count; n; n--) {
        struct unit *unit = unit_queue_pop(q);
        if (unit->retry_at > now) {
            unit_queue_push(q, unit);
            continue;
        }
        unit->delay = DELAY_NONE;
        l->due(l->ctx, unit);
    }
    if (!q->count)
        ev_timer_stop(loop, w);
}

void later_init(struct later *l, struct ev_loop *loop, void (*due)(void *ctx, struct unit *unit),
                void *ctx)
{
    *l = (struct later){.loop = loop, .due = due, .ctx = ctx};
    ev_timer_init(&l->settle, on_settle, 0., 0.);
    ev_timer_init(&l->retry, on_retry, 1., 1.);
    l->settle.data = l->retry.data = l;
}

void later_cancel(struct later *l, struct unit *unit)
{
    if (unit->delay)
        unit_queue_take_out(&l->queues[unit->delay], unit);
    unit->delay = DELAY_NONE;
}

void later_moved(struct later *l, struct unit *unit)
{
    int64_t now = clock_monotonic_ms();
    bool restless = unit->moved_last && now - unit->moved_last < RESTLESS_MS;
    if (unit->delay == DELAY_RETRY)
        later_cancel(l, unit);
    if (unit->delay == DELAY_NONE) {
        unit->moved_first = now;
        unit->delay = restless ? DELAY_SLOW : DELAY_QUICK;
        unit_queue_push(&l->queues[unit->delay], unit);
    }
    unit->moved_last = now;
    if (!ev_is_active(&l->settle))
        arm(l, now);
}

void later_retry(struct later *l, struct unit *unit, double first, double most)
{
    unsigned failures = unit->tries ? unit->tries - 1U : 0;
    later_cancel(l, unit);
    unit->retry_at = clock_monotonic_ms() + (int64_t)(1000 * backoff_s(failures, first, most));
    unit->delay = DELAY_RETRY;
    unit_queue_push(&l->queues[DELAY_RETRY], unit);
    if (!ev_is_active(&l->retry)) {
        ev_timer_set(&l->retry, 1., 1.);
        ev_timer_start(l->loop, &l->retry);
    }
}

void later_sweep(struct later *l)
{
    for (int d = 0; d < DELAY_COUNT; d++)
        unit_queue_sweep(&l->queues[d]);
}

void later_free(struct later *l)
{
    ev_timer_stop(l->loop, &l->settle);
    ev_timer_stop(l->loop, &l->retry);
    for (int d = 0; d < DELAY_COUNT; d++)
        unit_queue_free(&l->queues[d]);
}
