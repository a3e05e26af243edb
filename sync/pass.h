/*
 * One pass over a source: desired set and provider in, reports out. Level-triggered: completions
 * only write down facts and mark objects dirty; one step of the loop runs the dirty list.
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
    const struct desired_set *set;
    const char *source;
    const char *default_namespace; /* of objects that name none */
    struct ignore *ignore;         /* rules of the source, or NULL */
    enum order_mode mode;          /* of the whole source */
    void *ctx;
    /* Events in the order in which they become known; members without the common ones. */
    void (*drift)(void *ctx, const json_t *event);
    void (*error)(void *ctx, const json_t *event);
    void (*note)(void *ctx, const json_t *event);
    void (*done)(void *ctx);
};

/* Make the pass, make a provider that talks to pass_host(), then start. Strings are borrowed. */
struct pass *pass_new(const struct pass_config *config);
const struct host *pass_host(struct pass *pass);
void pass_start(struct pass *pass, struct provider *provider);
const struct pass_counts *pass_counts(const struct pass *pass);
size_t pass_left(const struct pass *pass); /* objects not concluded yet */
void pass_free(struct pass *pass);

#endif
