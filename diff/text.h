/*
 * Text for a terminal: what may not reach it raw is escaped, widths are columns (wcwidth, in the
 * locale that main set; without one each character counts as one column). Pure.
 */
#ifndef HOLDFAST_DIFF_TEXT_H
#define HOLDFAST_DIFF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/*
 * Appends `s` so that it is harmless and stays on one line: \n \r \t by name, other control
 * characters and bytes that are no UTF-8 as \x1b, characters that turn or hide text (bidi controls,
 * zero widths, line separators, unassigned ones) as \u202e. `quoted`: in double quotes, which and
 * backslashes are then escaped too.
 */
void text_safe(struct buf *b, const char *s, size_t len, bool quoted);

/* The same as an owned string, unquoted; "" for NULL. */
char *text_safe_dup(const char *s);

/* Columns of a safe text. */
size_t text_width(const char *s);

/* The text in at most `columns` columns, its first and last parts around "…". Owned. */
char *text_cut(const char *s, size_t columns);

/*
 * Cuts two texts that differ so that they still differ to the eye: where the ends are equal, around
 * their first difference. Both owned strings are replaced.
 */
void text_cut_pair(char **a, char **b, size_t columns);

#endif
