/*
 * Events: what the program tells scripts, one JSON object a line (SPEC 1). An event is a jansson
 * object that the caller owns; members may be put in any order, they are written in SPEC's.
 */
#ifndef HOLDFAST_CORE_EVENT_H
#define HOLDFAST_CORE_EVENT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

enum event_level { EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

/*
 * A new event with the members common to all: time (now), level, event, source, revision. `source`
 * and `revision` may be NULL (null: a working tree). The caller owns it.
 */
json_t *event_new(enum event_level level, const char *event, const char *source,
                  const char *revision);

/* The same for the moment `ms` (Unix time), so that all events of one report can carry one time. */
json_t *event_new_at(int64_t ms, enum event_level level, const char *event, const char *source,
                     const char *revision);

/*
 * An `error` or (EVENT_INFO) `note` event about a place of Git. file, object and message may be
 * NULL; line and col 0 are written as null.
 */
json_t *event_problem(enum event_level level, const char *source, const char *revision,
                      const char *file, unsigned line, unsigned col, const char *object,
                      const char *message);

/*
 * Writes the event as one line: members in SPEC's order, those that SPEC does not name after them
 * in the order in which they were put. 0, or -1 when the stream failed.
 */
int event_write(FILE *out, const json_t *event);

#endif
