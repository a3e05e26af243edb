/*
 * How an object is compared where the server may not be asked (SPEC 2, `unjudged`): what its answer
 * would tell of lists is put together from managedFields and from what Git says. Pure.
 */
#ifndef HOLDFAST_KUBERNETES_UNJUDGED_H
#define HOLDFAST_KUBERNETES_UNJUDGED_H

#include <jansson.h>
#include <stdbool.h>

struct unjudged_input {
    const json_t *declared;       /* normalised */
    const json_t *managed_fields; /* of the live object */
    const char *manager;          /* ours */
    bool builtin;                 /* a kind that Kubernetes brings */
};

/*
 * fieldsV1 as all managers together know it, and with the elements of Git's lists that nobody holds
 * any more: the names of their keys are known by the others. A key that Git leaves to its default
 * has the value that the other elements show; in a built-in kind a protocol is TCP; null where
 * nothing tells, so that it is nobody's. Elements that Git does not declare are left out. New.
 */
json_t *unjudged_shape(const struct unjudged_input *in);

#endif
