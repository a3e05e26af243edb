/* Where the events of a command go: JSON Lines as they come, or a report for a person at the end.
 */
#ifndef HOLDFAST_REPORTER_H
#define HOLDFAST_REPORTER_H

#include <jansson.h>

#include "core/event.h"
#include "options.h"

struct reporter;

struct reporter *reporter_new(enum output output);

/* Of which source and revision the events are from now on. Borrowed; NULL is null. */
void reporter_source(struct reporter *r, const char *source, const char *revision);

/* One event: `members` are its own, the common ones are added here. */
void reporter_event(struct reporter *r, enum event_level level, const char *event,
                    const json_t *members);

/* An error about no file: the command as a whole. */
void reporter_error(struct reporter *r, const char *message);

/* Writes what is left. 0, or -1 when standard output failed. NULL-safe. */
int reporter_finish(struct reporter *r);

#endif
