/*
 * Units that wait for a time, not for an answer: changes that settle, verdicts that are tried
 * again, and the daily judgement. Part of a pass (sync/pass.h), for sync/ alone.
 */
#ifndef HOLDFAST_SYNC_LATER_H
#define HOLDFAST_SYNC_LATER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "providers/provider.h"

enum delay {
    DELAY_NONE,
    DELAY_QUICK, /* a change: others may follow at once */
    DELAY_SLOW,  /* an object that changes and changes */
    DELAY_RETRY, /* no verdict: tried again later */
    DELAY_COUNT,
};

/* A queue of units, oldest first. Zeroed is empty. */
struct unit_queue {
    struct unit **items;
    size_t first, count, cap; /* items[first .. first + count) */
};

void unit_queue_push(struct unit_queue *q, struct unit *unit);
struct unit *unit_queue_pop(struct unit_queue *q); /* NULL when it is empty */
void unit_queue_take_out(struct unit_queue *q, const struct unit *unit);
void unit_queue_sweep(struct unit_queue *q); /* takes out units that are gone */
void unit_queue_free(struct unit_queue *q);

struct later {
    struct ev_loop *loop;
    void *ctx;
    void (*due)(void *ctx, struct unit *unit); /* its time has come */
    struct unit_queue queues[DELAY_COUNT];
    struct ev_timer settle, retry;
};

void later_init(struct later *l, struct ev_loop *loop, void (*due)(void *ctx, struct unit *unit),
                void *ctx);

/* A change was seen: due when it has been quiet for a moment, and at the latest after a while. */
void later_moved(struct later *l, struct unit *unit);

/*
 * It could not be judged: due again after a pause in seconds, to the second, that grows with
 * unit->tries (backoff_s). A change that is seen meanwhile makes it due as any other.
 */
void later_retry(struct later *l, struct unit *unit, double first, double most);

/* Takes it out of where it waits. */
void later_cancel(struct later *l, struct unit *unit);

void later_sweep(struct later *l);
void later_free(struct later *l);

#endif
