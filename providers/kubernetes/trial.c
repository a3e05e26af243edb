#include "providers/kubernetes/trial.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/compare.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/report.h"

/* ---- our values in ---- */

struct fold {
    struct kube *k;
    struct unit *unit;
    bool by_rules; /* what a rule covers stays as it is live */
    bool ruled;    /* a rule covers something */
    json_t *patch;
    const json_t *live;
    json_t *made;              /* texts of lists and maps that the patch has made */
    struct candidates removed; /* what Git has dropped */
};

/* A list or labels that are not there at all: made before anything is put in. */
static void fold_make(struct fold *f, const struct path *path, bool list)
{
    if (!path || path_find(f->live, path))
        return;
    _free_ char *text = path_text(path);
    if (json_object_get(f->made, text))
        return;
    json_put(f->made, text, json_true());
    patch_op(f->patch, "add", f->live, path, list ? json_array() : json_object());
}

static bool covered(struct fold *f, const struct difference *d)
{
    bool is = report_ignored(f->k, f->unit, d);
    f->ruled |= is;
    return is && f->by_rules;
}

/* Git empties it: what is in it is taken out one by one. */
static bool emptied(const struct difference *d)
{
    return !json_object_size(d->declared) && !json_array_size(d->declared) &&
           ((json_is_object(d->declared) && json_is_object(d->live)) ||
            (json_is_array(d->declared) && json_is_array(d->live)));
}

static void fold_difference(void *ctx, const struct difference *d)
{
    struct fold *f = ctx;
    if (d->order || !d->answer || emptied(d) || covered(f, d))
        return;
    json_t *value = json_incref((json_t *)d->answer);
    bool element = d->path->type == STEP_KEYS || d->path->type == STEP_VALUE;
    fold_make(f, d->path->up, element);
    if (d->live || !element) {
        patch_op(f->patch, d->live ? "replace" : "add", f->live, d->path, value);
        return;
    }
    const struct path last = {.up = d->path->up, .type = STEP_MEMBER, .name = "-"};
    patch_op(f->patch, "add", f->live, &last, value);
}

static void fold_dropped(void *ctx, const struct path *path, const json_t *answer _unused_,
                         const json_t *live)
{
    struct fold *f = ctx;
    if (!covered(f, &(struct difference){.path = path, .live = live}))
        candidates_add(&f->removed, path, live);
}

/* `answer`: what the server makes of Git's values; `ours`: their owner's entry in it. */
static json_t *fold(struct kube *k, struct unit *unit, const json_t *answer, const json_t *ours,
                    bool by_rules)
{
    json_auto_t *made = json_object();
    struct kube_unit *u = kube_unit_of(unit);
    struct fold fold = {.k = k,
                        .unit = unit,
                        .by_rules = by_rules,
                        .patch = json_array(),
                        .live = u->live,
                        .made = made};
    candidates_patch_begin(fold.patch, u->live);
    const struct comparison c = {
        .shape_ops = &fields_shape, .ctx = &fold, .found = fold_difference};
    compare_declared(&c, u->declared, answer, u->live, ours);
    const struct dropped_walk w = {
        .ours = fields_ours(u->managed, k->config.field_manager),
        .declared = u->declared,
        .answer = answer,
        .live = u->live,
        .managed_fields = u->managed,
        .manager = k->config.field_manager,
        .found = fold_dropped,
        .ctx = &fold,
    };
    if (w.ours)
        dropped_find(&w);
    const struct candidates *const out[] = {&u->candidates, &fold.removed};
    candidates_remove(fold.patch, out, ARRAY_LEN(out), u->live);
    candidates_free(&fold.removed);
    u->trial.ruled = fold.ruled;
    return fold.patch;
}

json_t *kube_fold_body(struct kube *k, struct unit *unit)
{
    const json_t *created = kube_unit_of(unit)->answers[ASK_CREATE];
    const json_t *managed = json_at(created, "metadata", "managedFields", NULL);
    return fold(k, unit, created, json_object_get(json_array_get(managed, 0), "fieldsV1"), false);
}

/* ---- what is left ---- */

struct chain {
    const json_t *answers[3];
    size_t count, at;
    candidate_found *found;
    void *ctx;
    bool atomic;
};

/* Not back in this answer: in the next ones? */
static void chain_next(void *ctx, const struct path *path, const json_t *live)
{
    struct chain *chain = ctx;
    if (chain->at == chain->count) {
        chain->found(chain->ctx, path, live);
        return;
    }
    const json_t *answer = chain->answers[chain->at++];
    candidate_rest(path, live, path_find(answer, path), chain->atomic, chain_next, chain);
    chain->at--;
}

/*
 * It stands where something of Git's is gone: another handler of a probe, another source of a
 * variable. That Git's own would be taken in its place is no proof that it is no default.
 */
static bool stands_in(const struct kube_unit *u, const struct candidate *c)
{
    const struct path *up = kept_path_last(&c->path)->up;
    const json_t *declared = path_find(u->declared, up), *live = path_find(u->live, up);
    const char *name;
    json_t *value;
    if (!json_is_object(live))
        return false;
    json_object_foreach((json_t *)declared, name, value)
    {
        if (!json_object_get(live, name))
            return true;
    }
    return false;
}

/* Was it taken out once, and is that a proof? */
static bool is_shown(const struct kube_unit *u, const struct candidate *c)
{
    return c->certain || u->answers[ASK_REMOVE] || c->alone ||
           (u->trial.restored && !stands_in(u, c));
}

void kube_trial_rest(const struct kube_unit *u, const struct candidate *c, candidate_found *found,
                     void *ctx)
{
    const struct path *path = kept_path_last(&c->path);
    const json_t *const all[] = {u->answers[ASK_REMOVE], u->trial.restored, c->alone};
    struct chain chain = {.found = found, .ctx = ctx, .atomic = c->atomic};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i])
            chain.answers[chain.count++] = all[i];
    }
    if (!is_shown(u, c))
        return;
    if (c->certain)
        found(ctx, path, c->several ? c->several : c->live);
    else if (c->several)
        candidate_rest_several(c, chain.answers[0], found, ctx);
    else
        chain_next(&chain, path, c->live);
}

static void found_any(void *ctx, const struct path *path _unused_, const json_t *live _unused_)
{
    *(bool *)ctx = true;
}

/* Is it open whether it is a default? */
static bool is_left(const struct kube_unit *u, const struct candidate *c)
{
    bool left = !is_shown(u, c);
    if (!left && !c->certain)
        kube_trial_rest(u, c, found_any, &left);
    return left;
}

/* Labels, data, elements of lists have no defaults that stand on something else in the object. */
static bool may_follow(const struct candidate *c)
{
    const struct path *path = kept_path_last(&c->path);
    return path->type == STEP_MEMBER && !path_each_key(path->up) && !c->several;
}

static size_t left_over(const struct kube_unit *u, bool following)
{
    size_t n = 0;
    for (size_t i = 0; i < u->candidates.count; i++) {
        const struct candidate *c = &u->candidates.items[i];
        n += is_left(u, c) && (!following || may_follow(c));
    }
    return n;
}

/* ---- which question is next ---- */

/* Alone, and without what was found to follow from the others. */
static json_t *alone_body(struct kube_unit *u)
{
    struct candidates out = {0};
    out.items = xcalloc(u->candidates.count, sizeof(*out.items));
    for (size_t i = 0; i < u->candidates.count; i++) {
        const struct candidate *c = &u->candidates.items[i];
        if (i == u->trial.at || c->follows)
            out.items[out.count++] = *c;
    }
    json_t *patch = candidates_patch(&out, u->live);
    free(out.items); /* what is in them is borrowed */
    return patch;
}

json_t *kube_trial_body(struct kube *k, struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    const json_t *answer = u->answers[ASK_APPLY];
    switch (u->trial.step) {
    case TRIAL_TOGETHER:
        break;
    case TRIAL_RESTORED:
        return fold(k, unit, answer,
                    fields_ours(json_at(answer, "metadata", "managedFields", NULL),
                                k->config.field_manager),
                    true);
    case TRIAL_ALONE:
        return alone_body(u);
    }
    return candidates_patch(&u->candidates, u->live);
}

/* The next one to be taken out alone: first those of which nothing was shown, then what may follow
 * from others. False where there is none. */
static bool next_alone(struct kube_unit *u)
{
    struct trial *t = &u->trial;
    for (size_t i = 0; i < 2 * u->candidates.count; i++) {
        const bool first = i < u->candidates.count;
        struct candidate *c = &u->candidates.items[i % u->candidates.count];
        if (c->tried || is_shown(u, c) == first || !is_left(u, c) || (!first && !may_follow(c)))
            continue;
        t->at = i % u->candidates.count;
        c->tried = true;
        return t->alone++ < LIMIT_TRIALS_ALONE;
    }
    return false;
}

/* Of several that are left one may follow from another; where they cannot go together, one may. */
static bool alone_tells(const struct kube_unit *u)
{
    return u->trial.step == TRIAL_ALONE ||
           (u->candidates.count > 1 &&
            left_over(u, u->answers[ASK_REMOVE] != NULL) > (u->answers[ASK_REMOVE] ? 1 : 0));
}

static bool restored_tells(struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    if (u->trial.step != TRIAL_TOGETHER || !left_over(u, u->answers[ASK_REMOVE] != NULL))
        return false;
    if (!u->trial.ruled)
        u->trial.restored = json_incref(u->answers[ASK_FOLD]); /* the very same question */
    return !u->trial.restored && u->answers[ASK_APPLY];
}

static bool plan_next(struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    if (restored_tells(unit)) {
        u->trial.step = TRIAL_RESTORED;
        return true;
    }
    if (!alone_tells(u) || !next_alone(u))
        return false;
    u->trial.step = TRIAL_ALONE;
    return true;
}

static bool came_back_alone(const struct kube_unit *u, const struct candidate *c)
{
    bool left = false;
    const struct path *path = kept_path_last(&c->path);
    candidate_rest(path, c->live, path_find(c->alone, path), c->atomic, found_any, &left);
    return !left && u->candidates.count > 1;
}

void kube_trial_answered(struct unit *unit, json_t *answer)
{
    struct kube_unit *u = kube_unit_of(unit);
    struct trial *t = &u->trial;
    switch (t->step) {
    case TRIAL_TOGETHER:
        u->answers[ASK_REMOVE] = answer;
        break;
    case TRIAL_RESTORED:
        t->restored = answer;
        break;
    case TRIAL_ALONE: {
        struct candidate *c = &u->candidates.items[t->at];
        c->alone = answer;
        c->follows = answer && came_back_alone(u, c);
        t->shown |= answer != NULL;
        break;
    }
    }
    enum answer *fact = &unit->facts.answers[ASK_REMOVE];
    *fact = ANSWER_NONE;
    if (!plan_next(unit))
        *fact = u->answers[ASK_REMOVE] || t->restored || t->shown ? ANSWER_OK : ANSWER_REFUSED;
}

void kube_trial_forget(struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    json_decref(u->trial.restored);
    u->trial = (struct trial){0};
    json_decref(steal(u->answers[ASK_REMOVE]));
    unit->facts.answers[ASK_REMOVE] = ANSWER_NONE;
}
