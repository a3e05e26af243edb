/* The events of one report by kind, in the order in which a person reads them. Pure. */
#ifndef HOLDFAST_DIFF_EVENTS_H
#define HOLDFAST_DIFF_EVENTS_H

#include <jansson.h>
#include <stddef.h>

enum events_kind {
    EVENTS_DRIFT,
    EVENTS_ERROR,
    EVENTS_NOTE,
    EVENTS_SUMMARY,
    EVENTS_EXPORT,
    EVENTS_KINDS
};

/* Zero it to begin. */
struct events {
    struct events_list {
        json_t **items; /* owned references */
        size_t count, cap;
    } lists[EVENTS_KINDS];
};

/* Takes a reference; an event of no kind above is skipped. */
void events_add(struct events *events, const json_t *event);

/* Drift by namespace and object, errors and notes by file and line; summaries as they came. */
void events_sort(struct events *events);

size_t events_count(const struct events *events, enum events_kind kind);
const json_t *events_at(const struct events *events, enum events_kind kind, size_t index);
void events_free(struct events *events);

#endif
