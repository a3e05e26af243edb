/*
 * Who holds spec.replicas: HorizontalPodAutoscalers and KEDA's ScaledObjects, live or in Git (SPEC
 * 2).
 */
#ifndef HOLDFAST_KUBERNETES_SCALER_H
#define HOLDFAST_KUBERNETES_SCALER_H

#include <jansson.h>
#include <stdbool.h>

struct scalers;

struct scalers *scalers_new(void);

/* Where a scaler stands: the same one may stand in both. */
enum scaler_origin { SCALER_GIT, SCALER_LIVE };

/* What a scaler targets. */
struct scaler_target {
    char *group, *kind, *namespace, *name; /* owned; NULL: nothing */
};

/*
 * Writes down the target of the HPA or ScaledObject `name`; `object` NULL: it is gone. 1 when that
 * changed anything: *before and *after (both to be freed) are what it targeted and targets now.
 */
int scalers_set(struct scalers *s, enum scaler_origin origin, const char *kind,
                const char *namespace, const char *name, const json_t *object,
                struct scaler_target *before, struct scaler_target *after);
void scaler_target_free(struct scaler_target *t);

/* Forgets all of one origin. */
void scalers_clear(struct scalers *s, enum scaler_origin origin);

/* Calls `each` for all live scalers of the kind in the namespace (NULL: any), by name. */
void scalers_live(const struct scalers *s, const char *kind, const char *namespace,
                  void (*each)(void *ctx, const char *namespace, const char *name), void *ctx);

/* The scaler that targets this workload ("HorizontalPodAutoscaler ml/x"), or NULL. */
const char *scalers_find(const struct scalers *s, const char *group, const char *kind,
                         const char *namespace, const char *name);

bool scaler_kind(const char *group, const char *kind);

void scalers_free(struct scalers *s);

#endif
