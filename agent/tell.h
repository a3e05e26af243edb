/*
 * The life of drift (DESIGN 9): each thing that differs is told once when it opens, again when what
 * is told of it changes, once an hour while it stays, and once when it is cleared. One of these for
 * each source; what is open outlives a pass, a commit, and a new configuration.
 */
#ifndef HOLDFAST_TELL_H
#define HOLDFAST_TELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "providers/provider.h"

struct tell;

struct tell_counts {
    size_t objects;              /* that differ in any way */
    size_t classes[CLASS_COUNT]; /* fields */
    size_t verdicts[VERDICT_COUNT];
    size_t errors, notes; /* of the set as it is now */
};

/*
 * Writes an event of the source; `members` are its own, borrowed. `unit` is whose drift it is, or
 * NULL.
 */
typedef void tell_write(void *ctx, enum event_level level, const char *event,
                        const json_t *members);

struct tell *tell_new(tell_write *write, void *ctx);

/* Events go there from now on. */
void tell_moved(struct tell *t, void *ctx);

/* What a judgement found: drift events without state, an empty array when it is in sync. */
void tell_judged(struct tell *t, const struct unit *unit, const json_t *found);

/*
 * The judgement that is under way does not tell a field of the unit, though it may differ: `why` is
 * what its line is cleared with ("ignored"). Before tell_judged.
 */
void tell_passed_over(struct tell *t, const struct unit *unit, const char *field, const char *why);

/* What is open of the unit is cleared, for this reason ("not in Git"). */
void tell_cleared(struct tell *t, const struct unit *unit, const char *reason);

/* Everything that is open is cleared, and errors are over. */
void tell_clear_all(struct tell *t, const char *reason);

/* Clears what is open of objects for which `why` gives a reason. */
void tell_sweep(struct tell *t, const char *(*why)(void *ctx, const json_t *object), void *ctx);

/*
 * An error or a note of the source: each text once, for as long as it holds. What is told between
 * tell_taking and tell_taken stands in the set that is taken; what stood in the one before and does
 * not any more is forgotten, and of an error a note says that it is over.
 */
void tell_problem(struct tell *t, enum event_level level, const json_t *members);
/* The unit is compared no longer: what was said of it while it was judged is forgotten. */
void tell_unsaid(struct tell *t, const struct unit *unit);
void tell_taking(struct tell *t);
void tell_taken(struct tell *t);

/* What was told last more than `after_ms` before `now_ms` (monotonic) is told again. */
void tell_remind(struct tell *t, int64_t now_ms, int64_t after_ms);

void tell_count(const struct tell *t, struct tell_counts *out);
/* The first `most` errors, each with `time`: when it was told first; a new array. */
json_t *tell_errors(const struct tell *t, size_t most);
/* The open events, each with its state and, as `time`, when it was opened; a new array. */
json_t *tell_open(const struct tell *t);

/* NULL-safe. Tells nothing. */
void tell_free(struct tell *t);

/* What a drift event is about and where, without values: what a cleared line says of it. New. */
json_t *tell_place(const json_t *event);

#endif
