/* The agent's log on standard output: one event a line, JSON or for a person, written at once. */
#ifndef HOLDFAST_LOG_H
#define HOLDFAST_LOG_H

#include <jansson.h>
#include <stdbool.h>

#include "core/event.h"
#include "options.h"

/* `output`: OUTPUT_JSON or OUTPUT_TEXT. */
void log_start(enum output output);

/* Where the configuration has several sources, a person is told whose each line is. */
void log_sources(size_t count);

/* Writes an event: the common members, then `members` (borrowed; may be NULL). */
void log_event(enum event_level level, const char *event, const char *source, const char *revision,
               const json_t *members);

/* An error or a note about no place in Git. */
void log_error(const char *source, const char *revision, const char *message);
void log_note(enum event_level level, const char *source, const char *revision,
              const char *message);

/* Did the last write fail? */
bool log_failing(void);

/* Did any write fail? */
bool log_failed(void);

#endif
