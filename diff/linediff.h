/* The difference of two texts of several lines, by the longest common subsequence. Pure. */
#ifndef HOLDFAST_DIFF_LINEDIFF_H
#define HOLDFAST_DIFF_LINEDIFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum linediff_kind {
    LINEDIFF_PLACE, /* `number` is the line of `want` at which the next lines begin; no text */
    LINEDIFF_SAME,
    LINEDIFF_WANT, /* stands in `want` only */
    LINEDIFF_HAVE, /* stands in `have` only */
};

/* The text is without its line's end and is no string (len counts); it may be anything. */
struct linediff_line {
    enum linediff_kind kind;
    size_t number;
    const char *text;
    size_t len;
    bool unended; /* the last line, and no newline ends it */
};

/*
 * Tells the lines that differ with `context` equal lines around them, in order, at most `max` lines
 * (place lines not counted). Returns how many lines differ (want's and have's), told or not.
 */
size_t linediff(const json_t *want, const json_t *have, size_t context, size_t max,
                void (*line)(void *ctx, const struct linediff_line *line), void *ctx);

/* Whether both are strings and one of them has several lines: worth a line diff. */
bool linediff_fits(const json_t *want, const json_t *have);

#endif
