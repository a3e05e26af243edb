/* What the files of the Kubernetes provider share. */
#ifndef HOLDFAST_KUBERNETES_INTERNAL_H
#define HOLDFAST_KUBERNETES_INTERNAL_H

#include <ev.h>
#include <jansson.h>
#include <string.h>
#include <sys/queue.h>

#include "providers/kubernetes/client.h"
#include "providers/kubernetes/discovery.h"
#include "providers/kubernetes/extra.h"
#include "providers/kubernetes/kubernetes.h"
#include "providers/kubernetes/items.h"
#include "providers/kubernetes/refusal.h"
#include "providers/kubernetes/scaler.h"

/* A kind that is observed: all units of one resource, sorted by namespace and name. */
struct kube_kind {
    const struct kube_resource *resource;
    struct unit **units; /* a slice of kube.sorted */
    size_t count;
    bool scaler;
};

struct kube_scope;
struct question;
LIST_HEAD(question_list, question);

struct kube {
    struct provider base;
    struct kube_provider_config config;
    struct unit *const *units; /* of the pass */
    size_t count;
    struct kube_kind *kinds;
    size_t kind_count, kind_cap;
    struct kube_scope **scopes; /* what is listed and watched (scopes.c) */
    size_t scope_count, scope_cap;
    struct kube_scope *scope_table; /* the same, by what they are about (scope.h) */
    struct ev_timer update, begin;  /* changes of them that come soon */
    json_t *narrow;                 /* "plural.group namespace": less of it is observed (a 403) */
    size_t narrow_names;            /* objects that are asked for by name then */
    struct ev_timer widen;          /* that is forgotten, and tried anew */
    struct scalers *scalers;        /* what HPAs and ScaledObjects hold */
    json_t *rights;                 /* what the account may ask, by namespace (rights.c) */
    json_t *opened;                 /* where rights have come in this turn */
    bool any_opened;
    struct ev_timer again;          /* denied questions are asked again, so ... */
    unsigned again_tries;           /* ... often without a success */
    size_t turn;                    /* which object is tried next */
    const struct unit *denied_last; /* never looked into: it may be gone */
    json_t *crds;                   /* declared CRDs: "group/kind" -> {"versions", "namespaced"} */
    json_t *namespaces;             /* declared Namespaces: name -> true */
    struct unit **sorted;           /* by resource, namespace, name */
    uint32_t lists;                 /* LISTs begun */
    bool unjudged_told;             /* the note on an account without dry runs */
    size_t scalers_pending;         /* scalers' scopes whose LIST has not ended once */
    size_t live_kept;               /* bytes of live texts kept until they are judged */
    struct question_list questions; /* under way */
};

/* How far the trials of the hands' additions are (trial.h). */
enum trial_step { TRIAL_TOGETHER, TRIAL_RESTORED, TRIAL_ALONE };

struct trial {
    enum trial_step step; /* what is asked, or was asked last */
    size_t at, alone;     /* the candidate that is taken out alone; how many were */
    bool shown;           /* one of them could be */
    bool ruled;           /* ASK_FOLD put in what a rule covers */
    json_t *restored;     /* the answer with Git's values put back */
};

/* What is kept of a unit while it is judged. */
struct kube_unit {
    char *live_text; /* with managedFields; NULL: not kept, read it again */
    size_t live_len;
    struct document document;
    uint8_t digest[UNIT_DIGEST_BYTES]; /* of what Git says */
    json_t *declared;                  /* normalised body */
    json_t *live;                      /* without managedFields */
    json_t *managed;                   /* the managedFields array */
    struct candidates candidates;
    json_t *answers[ASK_COUNT];
    struct trial trial;
    unsigned carried;       /* how far the questions were when answers were carried over last */
    struct refusal refusal; /* of ASK_APPLY */
    struct refusal probe;   /* of ASK_CREATE */
    struct refusal failure; /* of the last question that failed */
    char *probe_name;       /* the name ASK_CREATE went under */
    bool replicas_held;     /* a scaler holds spec.replicas */
    bool refused_probe;     /* ASK_CREATE says the same as ASK_APPLY: invalid */
    char *unknown;          /* why it could not be read */
    uint8_t projection[UNIT_DIGEST_BYTES]; /* of what was observed (projection.c) */
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

/* begin.c */
void kube_begin(struct provider *p, struct unit *const *units, size_t count);

/* observe.c */
void kube_observe(struct provider *p);
void kube_kinds_free(struct kube *k);
struct kube_kind *kube_kind_of(struct kube *k, const struct kube_resource *resource);
/* The unit of the item, or NULL where nobody desires it. */
struct unit *kube_kind_find(const struct kube_kind *kind, const struct item *item);
/* A LIST or a WATCH brought the unit as it is now; a WATCH took it away. */
void kube_item_came(struct kube *k, struct unit *unit, const struct item *item, bool listed);
void kube_item_went(struct kube *k, struct unit *unit, bool listed);
/* Nothing is known of its live object any more: as `observed`, with the reason. */
void kube_item_unknown(struct kube *k, struct unit *unit, enum observed observed, const char *why);
/* Judge it again: something beside it has changed. */
void kube_again(struct kube *k, struct unit *unit);
/* An item of a scaler's kind; `object` NULL: it went. */
void kube_scaler_item(struct kube *k, const struct kube_resource *r, const struct item *item,
                      bool gone);
void kube_scaler_went(struct kube *k, const char *kind, const char *namespace, const char *name);

/* scopes.c: which collections are listed and watched. */
void kube_scopes_update(struct kube *k);
void kube_scopes_stop(struct kube *k);

/* prepare.c. Writes down a live object (its text): literal check, candidates. */
void kube_observed(struct kube *k, struct unit *unit, const struct item *item);
/* Identity of the state that an item shows, as far as a verdict stands on it. */
void kube_state_of(const struct kube *k, const struct unit *unit, const struct item *item,
                   uint8_t out[UNIT_DIGEST_BYTES]);

#define PROJECTION_CONTENT_BYTES (UNIT_DIGEST_BYTES / 2)

/*
 * projection.c: the digest of what a verdict stands on: first its content, the live object without
 * its status (where the kind has that subresource; else Git may declare it) and what every write
 * changes; then our own entry of managedFields and the hands', and which fields others hold. While
 * it stays the same, so does the verdict (DESIGN 5.3 c, and more careful).
 */
void kube_projection(const struct kube *k, const struct unit *unit, const json_t *live,
                     const json_t *managed, uint8_t out[UNIT_DIGEST_BYTES]);

/*
 * probe.c: the object made anew under another name, which tells what the server makes of a body
 * that it refuses to apply. The body to be sent, new; the answer, once it is in the unit, with what
 * only one object can have put back.
 */
json_t *kube_probe_body(struct kube_unit *u);
void kube_probe_answered(const struct kube *k, struct unit *unit);
/* Does Git leave the value at the path to the server in so many words, and has it given one? */
bool kube_left_open(const struct unit *unit, const struct path *path, const json_t *declared,
                    const json_t *live);
/* A shallow copy of the body whose metadata may be changed. */
json_t *kube_body_copy(const struct kube_unit *u, json_t **metadata);

/* ask.c */
void kube_ask(struct provider *p, struct unit *unit, enum ask what);
void kube_refresh(struct provider *p, struct unit *unit);
void kube_questions_cancel(struct kube *k);

/* prepare.c: what hands added, as far as is known now: an answer tells which elements are Git's. */
void kube_candidates_find(struct kube *k, struct unit *unit);

/* rights.c: what the account may ask, as answers have shown it. The question was answered. */
void kube_granted(struct kube *k, struct unit *unit, enum ask what);
/* It was answered 403. Is this right really not there? */
bool kube_really_denied(struct kube *k, struct unit *unit, enum ask what);

/* It was judged: what was not asked this time is denied no more. */
void kube_denied_now(struct unit *unit);

/* prepare.c: loads document, declared, live and managed where they are not there yet. */
int kube_prepare(struct kube *k, struct unit *unit, struct err **err);

/* conclude.c */
void kube_conclude(struct provider *p, struct unit *unit);
void kube_unit_forget(struct kube *k, struct unit *unit);

/* Skips what is not compared: spec.replicas under a scaler. `ctx` is a struct kube_unit. */
bool kube_skip(void *ctx, const struct path *path);

#endif
