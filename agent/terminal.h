/* What the stream that we print to is. */
#ifndef HOLDFAST_TERMINAL_H
#define HOLDFAST_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* A terminal that takes control sequences: not where TERM is "dumb" or not set. */
bool terminal_is(FILE *stream);

/* The same, and colour is welcome: NO_COLOR is not set or empty (no-color.org). */
bool terminal_color(FILE *stream);

/* Columns; 0 for what is no terminal or does not say. */
int terminal_width(FILE *stream);

/*
 * "holdfast: ..." as a line on standard error, harmless whatever is in it: paths and names come
 * from repositories and servers.
 */
void terminal_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
