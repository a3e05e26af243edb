/*
 * What is live and not in Git: what a hand owns (candidates for `extra`, DESIGN 5.3e) and what we
 * own from an earlier commit (`dropped`). Pure.
 */
#ifndef HOLDFAST_KUBERNETES_EXTRA_H
#define HOLDFAST_KUBERNETES_EXTRA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "diff/path.h"

/* A path kept beyond the walk that found it. */
struct kept_path {
    struct path *steps; /* steps[n-1] is the last; each points to the one before */
    size_t count;
};

void kept_path_init(struct kept_path *out, const struct path *path);
const struct path *kept_path_last(const struct kept_path *p);
void kept_path_free(struct kept_path *p);

struct candidate {
    struct kept_path path;
    const json_t *live; /* borrowed from the live object */
    json_t *several;    /* all live elements of these keys, where there are several; or NULL */
    bool certain;       /* no default, and no patch of the object itself could take it away */
    bool atomic;        /* a map of which no member is owned by itself: told whole */
    bool dropped;       /* Git declared it once (earlier.h) */
    json_t *alone;      /* trial.h: the answer where it was taken out alone */
    bool follows;       /* it came back then: it follows from other additions */
    bool tried;         /* it was taken out alone, or could not be */
};

struct candidates {
    struct candidate *items;
    size_t count, cap;
    size_t ignored; /* what the default rule ignores: kubectl's restartedAt */
};

struct extra_input {
    const json_t *declared; /* normalised */
    const json_t *live;
    const json_t *managed_fields; /* of the live object */
    const json_t *applied; /* fieldsV1 as an apply of ours leaves it, or NULL: not asked yet */
    const char *manager;   /* ours */
    const char *const *hands;
    bool (*skip)(void *ctx, const struct path *path);
    void *ctx;
};

/*
 * What hands own and Git does not declare, each at its highest owned path that holds nothing
 * declared; one for each element or key where SPEC 1 wants that. What we own, too, is no less a
 * hand's: an apply that no longer names it leaves it. Borrows from input->live.
 */
void candidates_find(const struct extra_input *input, struct candidates *out);

/*
 * The JSON patch (RFC 6902) that asks the server which candidates are mere defaults: `replace` of
 * resourceVersion (409 when it is stale), then `remove` of each that is not certain.
 */
json_t *candidates_patch(const struct candidates *c, const json_t *live);

typedef void candidate_found(void *ctx, const struct path *path, const json_t *live);

/*
 * The same in two steps: the first operation, and the others for several sets, each path once. What
 * operations in between have replaced is as they left it: nothing is removed there that is gone.
 */
void candidates_patch_begin(json_t *patch, const json_t *live);
void candidates_remove(json_t *patch, const struct candidates *const *sets, size_t count,
                       const json_t *live);

/*
 * Tells what of the live value at the path is not `back` with the same value in the answer to such
 * a patch; the rest was a default. Inside maps that come back in part it is told member by member,
 * unless they are atomic.
 */
void candidate_rest(const struct path *path, const json_t *live, const json_t *back, bool atomic,
                    candidate_found *found, void *ctx);
/* The same of a candidate with `several`. */
void candidate_rest_several(const struct candidate *c, const json_t *answer, candidate_found *found,
                            void *ctx);

/* For earlier.h: adds one; then tells each path once, at the top, where several own it. */
struct candidate *candidates_add(struct candidates *c, const struct path *path, const json_t *live);
void candidates_unite(struct candidates *c);

/* A map or a list became something else: a difference of what Git declares, and nothing inside. */
bool told_as_a_whole(const json_t *declared, const json_t *live);

/* An annotation that is never read from Git: kubectl's memory, or an order to us (SPEC 2). */
bool annotation_never_read(const struct path *path);

/* Parts of an object that are never a hand's addition to what we hold (DESIGN 5.3e, SPEC 2). */
bool candidates_never(const struct path *path);

void candidate_free(struct candidate *c);
void candidates_free(struct candidates *c);

/* Appends a JSON patch operation. `value` NULL for remove; takes the reference. */
void patch_op(json_t *patch, const char *op, const json_t *live, const struct path *path,
              json_t *value);

/*
 * Walks our own Apply entry of the live object and tells what Git no longer declares and the answer
 * takes away or resets. `found` gets the path, the answer's and the live value.
 */
struct dropped_walk {
    const json_t *ours; /* fieldsV1 */
    const json_t *declared, *answer, *live;
    const json_t *managed_fields; /* of the live object */
    const char *manager;          /* ours */
    bool secret;                  /* `f:stringData.f:K` counts as `data.K` */
    bool (*skip)(void *ctx, const struct path *path);
    void (*found)(void *ctx, const struct path *path, const json_t *answer, const json_t *live);
    void *ctx;
};

void dropped_find(const struct dropped_walk *w);

/*
 * Does our entry own anything that Git does not declare? (Tier b asks.) The marks of the tool that
 * we report as count for neither: they were in no manifest (markers.h).
 */
bool owned_undeclared(const json_t *ours, const json_t *declared, const char *manager);

#endif
