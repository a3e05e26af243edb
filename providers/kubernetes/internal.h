/* What the files of the Kubernetes provider share. */
#ifndef HOLDFAST_KUBERNETES_INTERNAL_H
#define HOLDFAST_KUBERNETES_INTERNAL_H

#include <jansson.h>
#include <string.h>

#include "providers/kubernetes/client.h"
#include "providers/kubernetes/discovery.h"
#include "providers/kubernetes/extra.h"
#include "providers/kubernetes/kubernetes.h"
#include "providers/kubernetes/items.h"
#include "providers/kubernetes/refusal.h"
#include "providers/kubernetes/scaler.h"

struct kube_kind;

struct kube {
    struct provider base;
    struct kube_provider_config config;
    struct unit *units;
    size_t count;
    struct kube_kind *kinds;
    size_t kind_count, kind_cap;
    struct scalers *scalers; /* what HPAs and ScaledObjects hold */
    json_t *crds;            /* declared CRDs: "group/kind" -> {"versions", "namespaced"} */
    json_t *namespaces;      /* declared Namespaces: name -> true */
    struct unit **sorted;    /* by resource, namespace, name */
    size_t scaler_lists;     /* LISTs of scalers under way */
    bool unjudged_told;      /* the note on an account without dry runs */
    bool scalers_known;      /* the scalers' LISTs have ended, the others may begin */
    size_t live_kept;        /* bytes of live texts kept until they are judged */
};

/* What is kept of a unit while it is judged. */
struct kube_unit {
    char *live_text; /* with managedFields; NULL: not kept, read it again */
    size_t live_len;
    struct document document;
    json_t *declared; /* normalised body */
    json_t *live;     /* without managedFields */
    json_t *managed;  /* the managedFields array */
    struct candidates candidates;
    json_t *answers[ASK_COUNT];
    struct refusal refusal; /* of ASK_APPLY */
    struct refusal failure; /* of the last question that failed */
    char *probe_name;       /* the name ASK_CREATE went under */
    bool replicas_held;     /* a scaler holds spec.replicas */
    bool refused_probe;     /* ASK_CREATE says the same as ASK_APPLY: invalid */
    char *unknown;          /* why it could not be read */
};

struct kube_unit *kube_unit_of(struct unit *unit);

/* A Secret of the core group: its values are hidden, and its stringData is folded into data. */
static inline bool kube_is_secret(const struct unit *unit)
{
    return !*unit->group && !strcmp(unit->kind, "Secret");
}

static inline const struct kube_resource *kube_resource_of(const struct unit *unit)
{
    return unit->type;
}

/* normalize.c: the body as it is compared and sent. A new reference. */
json_t *kube_normalize(const struct unit *unit, const struct kube_resource *resource,
                       const json_t *body);

/*
 * literal.c: is the live object word for word what Git says, and nothing else ours or a hand's? The
 * usual case, decided without keeping anything. False means "not known": look closer. *ignored:
 * what the default rule ignores.
 */
bool kube_literal(struct kube *k, const struct unit *unit, const struct item *item,
                  size_t *ignored);

/* observe.c */
void kube_begin(struct provider *p, struct unit *units, size_t count);
void kube_observe(struct provider *p);
/* Writes down a live object (its text): literal check, candidates. */
void kube_observed(struct kube *k, struct unit *unit, const struct item *item);
void kube_kinds_free(struct kube *k);

/* ask.c */
void kube_ask(struct provider *p, struct unit *unit, enum ask what);

/* prepare.c: loads document, declared, live and managed where they are not there yet. */
int kube_prepare(struct kube *k, struct unit *unit, struct err **err);

/* conclude.c */
void kube_conclude(struct provider *p, struct unit *unit);
void kube_unit_forget(struct kube *k, struct unit *unit);

/* Skips what is not compared: spec.replicas under a scaler. `ctx` is a struct kube_unit. */
bool kube_skip(void *ctx, const struct path *path);

#endif
