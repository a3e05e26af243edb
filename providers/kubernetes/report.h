/* Telling what differs of one unit: values hidden where they are secret, who, since when, which
 * line. */
#ifndef HOLDFAST_KUBERNETES_REPORT_H
#define HOLDFAST_KUBERNETES_REPORT_H

#include "providers/kubernetes/internal.h"
#include "providers/kubernetes/who.h"

struct field_report {
    enum drift_class drift_class;
    const struct path *path;
    const json_t *want, *want_normalized, *have; /* NULL: that side is absent */
    const struct who *who;
    bool unjudged;
    bool order; /* want and have are keys: never secret */
};

/* Are these two writings of one secret? (Values below a Secret's data: base64 may be wrapped.) */
bool report_same_secret(const struct unit *unit, const struct path *path, const json_t *a,
                        const json_t *b);

/* Does a rule of the source, or the object's own annotation, cover the difference? */
bool report_ignored(struct kube *k, struct unit *unit, const struct difference *d);

void report_field(struct kube *k, struct unit *unit, const struct field_report *f);

/* A whole-object line. */
void report_missing(struct kube *k, struct unit *unit, bool unjudged);
void report_terminating(struct kube *k, struct unit *unit);
void report_unknown(struct kube *k, struct unit *unit, const char *why);

/* `blocked` for what the server said; reason as SPEC 1. */
void report_blocked(struct kube *k, struct unit *unit, const char *reason, const struct refusal *r);

#endif
