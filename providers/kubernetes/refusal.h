/* What the API server means when it says no. Pure. kubernetes-measured 3. */
#ifndef HOLDFAST_KUBERNETES_REFUSAL_H
#define HOLDFAST_KUBERNETES_REFUSAL_H

#include <jansson.h>
#include <stdbool.h>

#include "providers/kubernetes/client.h"
#include "providers/kubernetes/extra.h"

enum refusal_kind {
    REFUSAL_NONE,
    REFUSAL_UNPROCESSABLE, /* 422: invalid, or this change is not allowed */
    REFUSAL_MALFORMED,     /* 400, 500 of a typed patch: the manifest's fault */
    REFUSAL_DENIED,        /* a policy, quota, PodSecurity, a webhook's no */
    REFUSAL_FORBIDDEN,     /* RBAC: we may not ask */
    REFUSAL_TERMINATING,   /* the namespace is going away */
    REFUSAL_NO_NAMESPACE,
    REFUSAL_NOT_FOUND,
    REFUSAL_UNSERVED, /* it is the kind that is not there (any more) */
    REFUSAL_CONFLICT, /* 409: computed on another state */
    REFUSAL_UNKNOWN,  /* no usable answer: 5xx, webhook down, network */
};

struct refusal {
    enum refusal_kind kind;
    char *message;         /* safe to print: no value of the object in it */
    char *field;           /* as the server wrote the first cause's field, or NULL */
    struct kept_path path; /* the same, parsed; count 0 where there is none */
    bool says_immutable;
    bool says_only_some_fields; /* a Pod's "may not change fields other than" */
};

/* Reads a failed answer (status not 2xx, or err). `secret`: of a Secret; nothing but the server's
 * own words is kept. */
void refusal_read(struct refusal *out, const struct kube_answer *answer, bool secret);

/* Do both say no for the same reason (kind, field and message)? */
bool refusal_same(const struct refusal *a, const struct refusal *b);

/*
 * A server's field path ("spec.ports[0].name", ".spec.containers[name=\"x\"].env", "data[a.b]") to
 * a path. Empty when it cannot be read.
 */
void field_parse(const char *text, struct kept_path *out);

/* A server's message without the values that it quotes. Owned. */
char *message_safe(const char *message, bool secret);

void refusal_free(struct refusal *r);

#endif
