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

/* Writes down the target of an HPA or ScaledObject; anything else is left alone. */
void scalers_add(struct scalers *s, const char *kind, const char *namespace, const json_t *object);

/* The scaler that targets this workload ("HorizontalPodAutoscaler ml/x"), or NULL. */
const char *scalers_find(const struct scalers *s, const char *group, const char *kind,
                         const char *namespace, const char *name);

bool scaler_kind(const char *group, const char *kind);

void scalers_free(struct scalers *s);

#endif
