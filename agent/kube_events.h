/*
 * Kubernetes Events (events.k8s.io/v1) on objects that differ, so that `kubectl describe` shows it:
 * `kubernetes.events: true`. They are all that holdfast writes in report mode, and need a right of
 * their own (deploy/kubernetes/components/events: create and patch events).
 *
 * One Event for each drift that is opened or updated: type Warning, reason Drifted, Missing,
 * Terminating or Blocked, the note as in the log, nothing of a Secret. What is unknown is no
 * Event. The same drift within ten minutes counts the first Event up (series) instead of making
 * another. One a second after a burst of 25; what does not fit into the queue is left out and
 * counted. A failure is told once, until one succeeds again.
 */
#ifndef HOLDFAST_KUBE_EVENTS_H
#define HOLDFAST_KUBE_EVENTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/kubernetes/client.h"

struct ev_loop;
struct kube_events;

struct kube_events_config {
    struct kube_client *client; /* must outlive it */
    struct ev_loop *loop;
    void *ctx;
    void (*note)(void *ctx, const char *message); /* what an operator should know */
    int64_t series_ms;                            /* 0: LIMIT_EVENT_SERIES_MS; for tests */
};

struct kube_events_counts {
    uint64_t written, failed, left_out;
};

struct kube_events *kube_events_new(const struct kube_events_config *config);

/*
 * Takes a whole drift event (SPEC 1, redacted, `time` and `revision` included); those with another
 * state or verdict are passed over. `path` is the object's, NULL where it is not
 * there: its uid is asked for (metadata alone) before a new Event, as `kubectl describe` finds
 * Events by it.
 */
void kube_events_drift(struct kube_events *e, const json_t *drift, const char *api_version,
                       const char *path);

void kube_events_counts(const struct kube_events *e, struct kube_events_counts *out);

/* What waits is not sent any more. NULL-safe. */
void kube_events_free(struct kube_events *e);

/* The body of an Event, as it is POSTed; for tests. New reference, or NULL: none is due. */
json_t *kube_events_body(const json_t *drift, const char *api_version, const char *uid,
                         const char *name, int64_t now_ms);

#endif
