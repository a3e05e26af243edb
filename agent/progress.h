/*
 * One line on a terminal that says what is going on: rewritten at most ten times a second, erased
 * at the end. Where standard error is no terminal nothing is ever written.
 */
#ifndef HOLDFAST_PROGRESS_H
#define HOLDFAST_PROGRESS_H

struct progress;

/* Never NULL; writes to standard error. */
struct progress *progress_new(void);

/* Shows the text ("comparing 120 of 4000"), cut to the terminal. Too soon after the last: not. */
void progress_set(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Erases the line; before anything else is written to the terminal. */
void progress_clear(struct progress *p);

/* Erases and frees. NULL-safe. */
void progress_free(struct progress *p);

#endif
