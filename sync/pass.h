/*
 * The comparison of one source: desired set and provider in, reports out. Level-triggered:
 * completions only write down facts and mark objects dirty; one step of the loop runs the dirty
 * list. `holdfast diff` takes one set and ends; the agent's pass is resident: it takes set after
 * set, the provider goes on watching, and each object's verdict is told anew when it changes.
 */
#ifndef HOLDFAST_SYNC_PASS_H
#define HOLDFAST_SYNC_PASS_H

#include <jansson.h>

#include "diff/ignore.h"
#include "providers/provider.h"
#include "sync/desired.h"
#include "sync/orders.h"

struct ev_loop;
struct pass;

struct pass_counts {
    size_t objects, in_sync, classes[CLASS_COUNT], verdicts[VERDICT_COUNT];
    size_t ignored; /* differences that a rule covers */
    size_t paused;  /* objects that are not compared */
    size_t errors, notes;
};

struct pass_config {
    struct ev_loop *loop;
    const char *source;
    const char *default_namespace; /* of objects that name none */
    struct ignore *ignore;         /* rules of the source, or NULL */
    const char *const *include;    /* globs of the source (NULL-terminated), or NULL */
    enum order_mode mode;          /* of the whole source */
    bool resident;
    void *ctx;
    /* Events in the order in which they become known; members without the common ones. */
    void (*drift)(void *ctx, const json_t *event); /* not where it is resident */
    void (*error)(void *ctx, const json_t *event);
    void (*note)(void *ctx, const json_t *event);
    /* Every object of the set has its verdict; resident: once for each set. */
    void (*done)(void *ctx);

    /* Resident only. `found`: the drift events of the unit, an empty array when it is in sync. */
    void (*judged)(void *ctx, const struct unit *unit, const json_t *found);
    /* The judgement does not tell this field (provider.h). May be NULL. */
    void (*passed_over)(void *ctx, const struct unit *unit, const char *field, const char *why);
    /* Its verdict is the same though its state is another (for a memo). May be NULL. */
    void (*stands)(void *ctx, const struct unit *unit);
    /* The unit is not in the new set (its strings are the old set's), or is paused there. */
    void (*removed)(void *ctx, const struct unit *unit);
    /*
     * Is this unit's state known to be in sync (a memo)? Then its projection is that of the verdict
     * again, where there was one. May be NULL.
     */
    bool (*known)(void *ctx, struct unit *unit);
};

/* Strings are borrowed. Make the pass, then a provider that talks to pass_host(), then take. */
struct pass *pass_new(const struct pass_config *config);
const struct host *pass_host(struct pass *pass);
void pass_provider(struct pass *pass, struct provider *provider);

/*
 * Compares this set from now on; it is borrowed until the next one is taken, or pass_free. Objects
 * that say what they said keep their verdicts.
 */
void pass_take(struct pass *pass, const struct desired_set *set);

/* Counts of what was told since the set was taken (not of a resident pass: verdicts, in_sync). */
const struct pass_counts *pass_counts(const struct pass *pass);
size_t pass_left(const struct pass *pass); /* objects of the set without a verdict yet */

/* The unit of this identity (namespace: the effective one), or NULL. */
struct unit *pass_find(const struct pass *pass, const char *group, const char *kind,
                       const char *namespace, const char *name);
/* Units in the set's order. */
struct unit *const *pass_units(const struct pass *pass, size_t *count);

/* As notes and errors name it: "Deployment ml/x"; owned. */
char *pass_object_text(const struct unit *unit);

/* Before the provider is freed: stops it. NULL-safe. */
void pass_free(struct pass *pass);

#endif
