/*
 * `dropped` where no Apply entry of ours tells: the object was applied by another tool, or by
 * client-side `kubectl apply`. What an earlier revision declared, Git declares no longer, and is
 * live with that value, becomes a candidate (extra.h): the server is asked which are mere defaults.
 * Strict, as nothing here proves that it was Git's value that is live. Pure.
 */
#ifndef HOLDFAST_KUBERNETES_EARLIER_H
#define HOLDFAST_KUBERNETES_EARLIER_H

#include "providers/kubernetes/extra.h"
#include "providers/kubernetes/moved.h"

struct earlier_input {
    const struct extra_input *object;
    const char *api_version;              /* of the manifest */
    const struct moved_version *versions; /* what Git said before, newest first */
    size_t count;
};

/*
 * Adds to what candidates_find found; a path that is there already is then dropped, not extra. A
 * field counts where all of this holds:
 * - an earlier version of the same apiVersion declared it with the value that is live; or the
 *   tool that we report as (kubernetes.fieldManager) noted it in last-applied-configuration;
 * - an Update entry owns it whose manager noted it in last-applied-configuration, or, where there
 *   is no such annotation, owns most of what that version declared, all of it with its values;
 * - nobody owns it by Apply.
 */
void earlier_find(const struct earlier_input *input, struct candidates *out);

#endif
