/*
 * What was open when a process ended, however it ended: a file under stateDir. The next one opens
 * anew what still differs, and clears the rest, so that each `opened` of the log has its `cleared`.
 * Ids and places, no values. What changed in the last ten seconds before a kill may not be in it.
 */
#ifndef HOLDFAST_LEFT_OPEN_H
#define HOLDFAST_LEFT_OPEN_H

#include "agent.h"

/* Reads the file. Then clears what was open of sources that are not followed any more. */
void left_open_read(struct agent *a);

/*
 * All objects of the source were judged, for the first time: clears what was open and is not.
 * `why`: as for tell_sweep.
 */
void left_open_judged(struct follow *f, const char *(*why)(void *ctx, const json_t *object));

/* Writes the file, where a drift was told since. */
void left_open_write(struct agent *a);

#endif
