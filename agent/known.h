/*
 * What was found in sync, of one source, by the memo (sync/memo.h): DESIGN 5.3 a. A verdict stands
 * on the live object, on what Git says of it, and on the fingerprint of all else.
 */
#ifndef HOLDFAST_KNOWN_H
#define HOLDFAST_KNOWN_H

#include <stdbool.h>

#include "agent.h"

/* Of program, cluster, managers and ignore rules: once the agent's configuration is there. */
void known_fingerprint(struct follow *f);

/* Is this unit's state (pass_config's `known`, ctx the follow) known to be in sync? */
bool known_unit(void *ctx, struct unit *unit);

/* Was it known to be, in whatever state? */
bool known_before(const struct follow *f, const struct unit *unit);

/* It was judged. In sync as it is now, it need not be judged again, by the next start neither. */
void known_remember(struct follow *f, const struct unit *unit);

void known_forget(struct follow *f, const struct unit *unit);

/* The memo's slots of the source's units: twice as many as there are units. */
void known_slots(const struct follow *f, uint64_t *out);

#endif
