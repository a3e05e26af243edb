/* `agent --check`: may the account do what the agent needs? */
#ifndef HOLDFAST_CHECK_H
#define HOLDFAST_CHECK_H

struct options;

/*
 * Reads all sources of the configuration, asks by SelfSubjectAccessReview (which changes nothing)
 * for every right that `rbac --report` would print, and prints a table. The exit status: 0, or
 * EXIT_BLOCKED where something may not be read, or EXIT_ERROR (told on standard error) where a
 * source or the cluster could not be read.
 */
int agent_check(const struct options *o);

#endif
