/*
 * Two writings of one value, for accounts that may not ask the server (SPEC 2, `unjudged`):
 * quantities (Kubernetes' resource.Quantity), durations (Go's time.Duration), int-or-string, zero
 * values that are not written at all. Only there: everywhere else the server judges.
 */
#ifndef HOLDFAST_DIFF_NOTATION_H
#define HOLDFAST_DIFF_NOTATION_H

#include <jansson.h>
#include <stdbool.h>

#include "diff/path.h"

/* Is everything that `declared` says in `live`, notation aside? `live` may be NULL (absent). */
bool notation_same(const json_t *declared, const json_t *live);

/*
 * The same for the value at `path`: what selects (selector, nodeSelector, …) has no members more;
 * what is a text in every kind (a label, a key of `data`, the value of a variable) has one writing.
 * `zeros`: the service does not write all zero values.
 */
bool notation_same_at(const struct path *path, const json_t *declared, const json_t *live,
                      bool zeros);

#endif
