/*
 * Errors and notes of a source: each text is told once, for as long as it holds. An error is told
 * again once an hour while it lasts, and when it is over. A part of tell.h.
 */
#ifndef HOLDFAST_PROBLEMS_H
#define HOLDFAST_PROBLEMS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "tell.h"

struct problems;

struct problems *problems_new(tell_write *write, void *ctx);
void problems_moved(struct problems *p, void *ctx);
void problems_tell(struct problems *p, enum event_level level, const json_t *members);
/* What was said of the object (pass_object_text) while it was judged is forgotten. */
void problems_unsaid(struct problems *p, const struct unit *unit);
void problems_taking(struct problems *p);
void problems_taken(struct problems *p);
/* The errors are over as nobody looks any more. */
void problems_over(struct problems *p, const char *reason);
void problems_remind(struct problems *p, int64_t now_ms, int64_t after_ms);
void problems_count(const struct problems *p, struct tell_counts *out);
/* The first `most` errors, each with `time`: when it was told first; a new array. */
json_t *problems_errors(const struct problems *p, size_t most);
/* NULL-safe. */
void problems_free(struct problems *p);

#endif
