/*
 * What the agent tells beside its log: Kubernetes Events on what differs (kubernetes.events), and
 * Exports, for whose objects it keeps a watch of their own each, as Git may not declare them.
 */
#ifndef HOLDFAST_PUBLISH_H
#define HOLDFAST_PUBLISH_H

#include <jansson.h>

#include "agent.h"

/* Whether the configuration's Exports can be had: -1 with *err (ERR_USAGE). */
int publish_check(const struct config *config, struct err **err);

/* Of the agent's configuration and client, which must stay until publish_free. */
struct publish *publish_new(struct agent *a);

/* The agent's discovery is another: what was not served may be now. */
void publish_discovered(struct publish *p);

/* How many Exports name a kind that the cluster did not serve then. */
size_t publish_lacking(const struct publish *p);

/* A drift event of the source is written; `members` without the common ones. */
void publish_drift(struct publish *p, const struct follow *f, const json_t *members);

/* `exports` of /status; a new reference. */
json_t *publish_exports(const struct publish *p);

/* NULL-safe. */
void publish_free(struct publish *p);

#endif
