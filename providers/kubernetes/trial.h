/*
 * Which of the hands' additions are mere defaults? The server is asked by dry-run JSON patches
 * (DESIGN 5.3e), in up to three ways, each a request of its own (ASK_REMOVE, again and again until
 * it has its answer):
 * - all are taken out together. What comes back is a default of the object as it is;
 * - where that is refused, or leaves what may be a default: Git's values are put back, too. What
 *   comes back is a default of what Git says, or follows from it;
 * - where several are left: one after the other is taken out alone. What comes back then follows
 *   from what the others have changed (a Service's externalTrafficPolicy from its type).
 * An addition is one that came back never, and was taken out once at least.
 */
#ifndef HOLDFAST_KUBERNETES_TRIAL_H
#define HOLDFAST_KUBERNETES_TRIAL_H

#include "providers/kubernetes/internal.h"

/* Our values in, the hands' additions and what Git has dropped out: ASK_FOLD's body. New. */
json_t *kube_fold_body(struct kube *k, struct unit *unit);

/* The body of the next request of ASK_REMOVE. New. */
json_t *kube_trial_body(struct kube *k, struct unit *unit);

/*
 * What the server made of it: takes the answer; NULL where it was refused. Sets the fact ASK_REMOVE
 * once nothing is left to be asked.
 */
void kube_trial_answered(struct unit *unit, json_t *answer);

/* The candidates are others: all is asked anew. */
void kube_trial_forget(struct unit *unit);

/* Tells what of the candidate is no default; nothing where that was not shown. */
void kube_trial_rest(const struct kube_unit *u, const struct candidate *c, candidate_found *found,
                     void *ctx);

#endif
