/*
 * The report for a person: events in (SPEC 1: drift, error, note, summary), aligned text out. Pure
 * but for writing to the stream: "ago" counts from the events' own time.
 */
#ifndef HOLDFAST_DIFF_REPORT_TEXT_H
#define HOLDFAST_DIFF_REPORT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct report_text;

/*
 * `width`: the terminal's columns; lines that do not fit are then broken after the values. 0: no
 * terminal, one line for each thing that differs, however long. Values are cut to 64 columns in
 * either case (-o json has them whole). `out` is borrowed and must live until the finish.
 */
struct report_text *report_text_new(FILE *out, bool color, int width);

/* Takes a reference to the event. Kinds of events that it does not know are skipped. */
void report_text_add(struct report_text *r, const json_t *event);

/*
 * Writes everything - errors, notes, what differs by namespace and object, summaries - and frees.
 * 0, or -1 when the stream failed. NULL-safe.
 */
int report_text_finish(struct report_text *r);

#endif
