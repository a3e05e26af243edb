/* What pass.c and pass_take.c share. */
#ifndef HOLDFAST_SYNC_PASS_INTERNAL_H
#define HOLDFAST_SYNC_PASS_INTERNAL_H

#include <ev.h>

#include "sync/later.h"
#include "sync/pass.h"

struct pass {
    struct pass_config config;
    const struct desired_set *set;
    struct provider *provider;
    struct host host;
    struct unit **units; /* owned; in the set's order */
    size_t count, left;
    struct unit_queue dirty;
    /* Units that wait for their turn to ask: what is kept of a unit while it is judged is bounded.
     */
    struct unit_queue waiting;
    size_t active_count;
    uint64_t active_bytes;  /* what they take (turn_bytes) */
    struct unit_queue gone; /* removed ones whose last answer has not come */
    struct later later;
    struct pass_counts counts;
    json_t *found; /* resident: what the unit that is concluded now brought */
    struct ev_prepare step;
    struct ev_timer wake;  /* keeps the loop from sleeping while units are dirty */
    struct ev_timer daily; /* the next judgement of one that nothing was seen of */
    size_t daily_next;
    double tokens; /* of questions that may be asked now */
    int64_t tokens_at;
    struct ev_timer tokens_wait;
    bool taken;  /* a set */
    bool judged; /* all of a set, at least once */
    bool told;   /* that the set is judged */
};

/* Marks it; runs in the next step. */
void pass_dirty(struct pass *p, struct unit *unit);

/* It asks nothing more for now: another one may. */
void pass_turn_over(struct pass *p, struct unit *unit);

/* Nothing is under way for it and no queue holds it. */
void pass_unit_free(struct pass *p, struct unit *unit);

/* Everything that is known of its live object is forgotten; it is read again. */
void pass_read_again(struct pass *p, struct unit *unit);

/* {file, line, col, object, message}: the members of an error or a note. New reference. */
json_t *pass_told(const char *file, uint32_t line, uint32_t col, const char *object,
                  const char *message);

#endif
