/* Why a line that was told is over: the member `cleared` of its last event. Pure. */
#ifndef HOLDFAST_CLEARED_H
#define HOLDFAST_CLEARED_H

#include <jansson.h>
#include <stdbool.h>

#include "providers/provider.h"

/*
 * Of an open line that the judgement `found` of the unit does not have. `passed_over`: why its
 * field is not told though it may differ ("ignored"), or NULL. Static text, or `passed_over`, or
 * written to *owned.
 */
const char *cleared_why(const json_t *line, const char *passed_over, const struct unit *unit,
                        const json_t *found, char **owned);

/* Is the one field the other, or a part of it? */
bool cleared_related(const char *a, const char *b);

#endif
