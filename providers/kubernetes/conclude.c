#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/compare.h"
#include "diff/notation.h"
#include "providers/kubernetes/builtin.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/history.h"
#include "providers/kubernetes/report.h"
#include "providers/kubernetes/scope.h"
#include "providers/kubernetes/trial.h"
#include "providers/kubernetes/unjudged.h"

/* One telling of a unit's fields. */
struct telling {
    struct kube *k;
    struct unit *unit;
    struct kube_unit *u;
    bool spec_is_notation; /* the answer's generation is the live one's */
    bool unjudged;
    size_t told, in_resources, ignored; /* told: of the declared fields */
    size_t others;                      /* told: dropped and extra */
    json_t *gone;               /* texts of paths that an apply of ours takes away as a whole */
    const char *scalers_unread; /* spec.replicas differs, and may be a scaler's, as this says why */
    bool blocked;               /* told, too */
    struct history history;
};

static bool telling_skip(void *ctx, const struct path *path)
{
    struct telling *t = ctx;
    return (t->spec_is_notation && path_is(path, "spec", NULL)) || kube_skip(t->u, path);
}

static bool ignored(struct telling *t, const struct difference *d)
{
    bool is = report_ignored(t->k, t->unit, d);
    t->ignored += is;
    return is;
}

/* A scaler that nobody could list may hold it: then it is not told as drift. */
static bool perhaps_held(struct telling *t, const struct path *path)
{
    if (!t->unit->namespace || !path_is(path, "spec", "replicas", NULL))
        return false;
    t->scalers_unread = kube_scalers_unread(t->k, t->unit->namespace);
    return t->scalers_unread != NULL;
}

static void who_of(struct telling *t, const struct path *path, bool absent, struct who *who)
{
    who_find(who, t->u->managed, t->k->config.field_manager, t->unit->api_version, path, absent);
    /* where nobody is to be named, a commit may have added it: over a default, or nothing */
    if (who->by_reason && !strcmp(who->by_reason, absent ? "removed" : "no-entry") &&
        history_added(&t->history, t->k, t->unit, path))
        who->by_reason = "git-moved";
}

static bool below_resources(const struct path *path)
{
    for (; path; path = path->up) {
        if (path->type == STEP_MEMBER && !strcmp(path->name, "resources"))
            return true;
    }
    return false;
}

/* Git empties a map or a list of which we own members: each is told as dropped. */
static bool emptied(const struct telling *t, const struct difference *d)
{
    const json_t *ours = fields_ours(t->u->managed, t->k->config.field_manager);
    bool empty = !json_object_size(d->declared) && !json_array_size(d->declared);
    bool left = json_object_size(d->live) || json_array_size(d->live);
    return empty && left && !told_as_a_whole(d->declared, d->live) && !d->order &&
           fields_shape.kind(fields_find(ours, d->path)) > SHAPE_LEAF;
}

/*
 * May the server leave out a zero value at the path? Of a custom resource it keeps what it is
 * given, but for metadata. What we still own nobody took away: then a webhook that converts did.
 */
static bool zeros_left_out(const struct telling *t, const struct path *path)
{
    const json_t *ours = fields_ours(t->u->managed, t->k->config.field_manager);
    const struct path *first = path;
    while (first && first->up)
        first = first->up;
    return builtin_find(t->unit->group, t->unit->kind) ||
           (first && path_is(first, "metadata", NULL)) || fields_owns(ours, path);
}

/* Compared by ourselves: is it only another writing? */
static bool same_unjudged(const struct telling *t, const struct difference *d)
{
    return !d->order &&
           (notation_same_at(d->path, d->declared, d->live, zeros_left_out(t, d->path)) ||
            kube_left_open(t->unit, d->path, d->declared, d->live) ||
            report_same_secret(t->unit, d->path, d->declared, d->live));
}

static void tell_changed(void *ctx, const struct difference *d)
{
    struct telling *t = ctx;
    struct who who = {0};
    if (t->unjudged ? same_unjudged(t, d) : emptied(t, d))
        return;
    if (ignored(t, d) || perhaps_held(t, d->path))
        return;
    if (d->order)
        who.by_reason = "order";
    else
        who_of(t, d->path, !d->live, &who);
    const struct field_report f = {
        .drift_class = CLASS_CHANGED,
        .path = d->path,
        .want = d->declared,
        .want_normalized = t->unjudged ? NULL : d->answer,
        .have = d->live,
        .who = &who,
        .unjudged = t->unjudged,
        .order = d->order,
    };
    report_field(t->k, t->unit, &f);
    t->told++;
    t->in_resources += below_resources(d->path);
    who_free(&who);
}

static void tell_dropped(void *ctx, const struct path *path, const json_t *answer,
                         const json_t *live)
{
    struct telling *t = ctx;
    const struct who who = {.by_reason = "git-moved"};
    _free_ char *text = path_text(path);
    if (t->unit->facts.answers[ASK_APPLY] == ANSWER_OK || path->type != STEP_MEMBER)
        json_put(t->gone, text, json_true());
    if (ignored(t, &(struct difference){.path = path, .live = live}) || perhaps_held(t, path))
        return;
    const struct field_report f = {
        .drift_class = CLASS_DROPPED, .path = path, .have = live, .who = &who};
    report_field(t->k, t->unit, &f);
    t->others++;
}

/* An apply of ours takes it away, with whatever a hand has put inside. */
static bool goes_with_ours(const struct telling *t, const struct path *path)
{
    bool goes = false;
    for (; path && !goes; path = path->up) {
        _free_ char *text = path_text(path);
        goes = json_object_get(t->gone, text) != NULL;
    }
    return goes;
}

static void tell_extra(void *ctx, const struct path *path, const json_t *live)
{
    struct telling *t = ctx;
    struct who who = {0};
    if (goes_with_ours(t, path))
        return;
    if (ignored(t, &(struct difference){.path = path, .live = live}))
        return;
    who_of(t, path, false, &who);
    const struct field_report f = {
        .drift_class = CLASS_EXTRA, .path = path, .have = live, .who = &who};
    report_field(t->k, t->unit, &f);
    t->others++;
    who_free(&who);
}

static void tell_earlier(void *ctx, const struct path *path, const json_t *live)
{
    tell_dropped(ctx, path, NULL, live);
}

static void tell_extras(struct telling *t)
{
    const bool proven = t->unit->facts.answers[ASK_REMOVE] == ANSWER_OK;
    const struct candidates *c = &t->u->candidates;
    for (size_t i = 0; i < c->count; i++) {
        if (proven || c->items[i].certain)
            kube_trial_rest(t->u, &c->items[i], c->items[i].dropped ? tell_earlier : tell_extra, t);
    }
}

static void tell_declared(struct telling *t, const json_t *answer, const json_t *shape)
{
    const struct comparison c = {
        .shape_ops = &fields_shape, .ctx = t, .skip = telling_skip, .found = tell_changed};
    compare_declared(&c, t->u->declared, answer, t->u->live, shape);
}

/* What we own from an earlier commit, and Git no longer declares. */
static void tell_undeclared(struct telling *t, const json_t *answer)
{
    const struct dropped_walk w = {
        .ours = fields_ours(t->u->managed, t->k->config.field_manager),
        .declared = t->u->declared,
        .answer = answer,
        .live = t->u->live,
        .managed_fields = t->u->managed,
        .manager = t->k->config.field_manager,
        .secret = kube_is_secret(t->unit),
        .skip = telling_skip,
        .found = tell_dropped,
        .ctx = t,
    };
    if (w.ours)
        dropped_find(&w);
}

static void conclude_judged(struct telling *t)
{
    const json_t *answer = t->u->answers[ASK_APPLY];
    const char *manager = t->k->config.field_manager;
    const json_t *before = json_at(t->u->live, "metadata", "generation", NULL);
    const json_t *after = json_at(answer, "metadata", "generation", NULL);
    t->spec_is_notation = before && after && json_same(before, after);
    tell_declared(t, answer,
                  fields_ours(json_at(answer, "metadata", "managedFields", NULL), manager));
    tell_undeclared(t, answer);
    tell_extras(t);
}

/* No answer to compare with: compared by ourselves, with the lists as all managers know them. */
static void tell_unjudged(struct telling *t)
{
    const struct unjudged_input in = {
        .declared = t->u->declared,
        .managed_fields = t->u->managed,
        .manager = t->k->config.field_manager,
        .builtin = builtin_find(t->unit->group, t->unit->kind),
    };
    json_auto_t *shape = unjudged_shape(&in);
    t->unjudged = true;
    tell_declared(t, t->u->declared, shape);
}

static void note_unjudged(struct telling *t)
{
    if (!t->k->unjudged_told) {
        t->k->unjudged_told = true;
        t->k->config.host->note(t->k->config.host->ctx, NULL,
                                "this account may not ask the server for dry runs (verb patch): "
                                "such objects are compared without it, and what people added to "
                                "them is not seen");
    }
}

/* We may not ask (SPEC 2). */
static void conclude_unjudged(struct telling *t)
{
    note_unjudged(t);
    tell_unjudged(t);
}

/* Only what people added is open. */
static void conclude_literal(struct telling *t)
{
    if (unit_denied(t->unit, ASK_REMOVE))
        note_unjudged(t);
    tell_extras(t);
}

/* The probe was denied for what it is itself: a quota that is used up says nothing of the body. */
static bool probe_in_the_way(const struct telling *t)
{
    return t->unit->facts.answers[ASK_CREATE] == ANSWER_REFUSED &&
           t->u->probe.kind == REFUSAL_DENIED;
}

static const char *refusal_reason(const struct telling *t)
{
    const struct kube_unit *u = t->u;
    const enum answer probe = t->unit->facts.answers[ASK_CREATE];
    switch (u->refusal.kind) {
    case REFUSAL_MALFORMED:
        return "invalid";
    case REFUSAL_DENIED:
        return "denied";
    case REFUSAL_UNPROCESSABLE:
        break;
    default:
        return "refused";
    }
    if (t->unit->facts.observed == OBSERVED_GONE || u->refused_probe)
        return "invalid";
    if ((probe == ANSWER_OK || probe_in_the_way(t)) && u->refusal.says_immutable)
        return "immutable";
    /* a Pod's resources change in place, by its subresource: not proven immutable */
    if (probe == ANSWER_OK && u->refusal.says_only_some_fields && t->told > t->in_resources)
        return "immutable";
    return "refused";
}

/* The change is refused: what differs by the probe's answer, and why it cannot be put right. */
static void conclude_refused(struct telling *t)
{
    const json_t *created = t->u->answers[ASK_CREATE];
    const json_t *managed = json_at(created, "metadata", "managedFields", NULL);
    if (t->unit->facts.answers[ASK_CREATE] == ANSWER_FAILED) {
        report_unknown(t->k, t->unit,
                       t->u->unknown); /* why it was refused could not be found out */
        return;
    }
    if (created) {
        tell_declared(t, created, json_object_get(json_array_get(managed, 0), "fieldsV1"));
        tell_undeclared(t, created);
    } else if (probe_in_the_way(t)) {
        tell_unjudged(t);
    }
    tell_extras(t);
    /* the body is good, and made anew it would be what is there: then nothing is blocked */
    bool proven = !t->u->candidates.count || t->unit->facts.answers[ASK_REMOVE] == ANSWER_OK;
    bool nothing_left = created && !t->told && (t->ignored || (proven && !t->others));
    t->blocked = t->unit->facts.answers[ASK_FOLD] != ANSWER_OK && !nothing_left;
    if (t->blocked)
        report_blocked(t->k, t->unit, refusal_reason(t), &t->u->refusal);
}

/* A Job that may have finished, and then goes by itself: nothing is said against it. */
static bool told_expired(struct telling *t)
{
    const struct host *host = t->k->config.host;
    if (strcmp(t->unit->group, "batch") != 0 || strcmp(t->unit->kind, "Job") != 0 ||
        !json_at(t->u->declared, "spec", "ttlSecondsAfterFinished", NULL))
        return false;
    host->note(host->ctx, t->unit,
               "the Job is not there: it has ttlSecondsAfterFinished, and may have finished");
    return true;
}

static void tell_missing(struct telling *t, bool unjudged)
{
    if (!told_expired(t))
        report_missing(t->k, t->unit, unjudged);
}

/* Confirmed absent; the server was asked what an apply would do. */
static void conclude_gone(struct telling *t)
{
    const struct refusal *r = &t->u->refusal;
    switch (t->unit->facts.answers[ASK_APPLY]) {
    case ANSWER_OK:
        tell_missing(t, false);
        break;
    case ANSWER_DENIED:
        tell_missing(t, true);
        break;
    case ANSWER_REFUSED:
        if (r->kind == REFUSAL_NO_NAMESPACE && t->unit->namespace &&
            json_object_get(t->k->namespaces, t->unit->namespace))
            tell_missing(t, false);
        else
            report_blocked(t->k, t->unit, refusal_reason(t), r);
        break;
    default: /* whether it could be made is not known; that it is not there is */
        tell_missing(t, true);
    }
}

/* The verdict stands while what it stands on does. */
static void keep_projection(struct telling *t)
{
    const struct facts *f = &t->unit->facts;
    for (int i = 0; i < ASK_COUNT; i++) {
        if (f->answers[i] == ANSWER_FAILED)
            return;
    }
    if (!f->terminating)
        memcpy(t->unit->projection, t->u->projection, sizeof(t->unit->projection));
}

/* Whether what people added could be taken away was asked, and no answer came. */
static bool extras_unknown(const struct telling *t)
{
    const enum answer *answers = t->unit->facts.answers;
    bool told_anyway = t->unit->facts.literal || answers[ASK_APPLY] == ANSWER_OK ||
                       (answers[ASK_APPLY] == ANSWER_REFUSED && answers[ASK_FOLD] == ANSWER_OK);
    if (!told_anyway || answers[ASK_REMOVE] != ANSWER_FAILED)
        return false;
    for (size_t i = 0; i < t->u->candidates.count; i++) {
        if (!t->u->candidates.items[i].certain)
            return true;
    }
    return false;
}

/* spec.replicas differs: judged anew once the scalers are known. */
static void tell_scalers_unread(struct telling *t)
{
    _free_ char *why = xasprintf("spec.replicas differs, and whether a scaler holds it is not "
                                 "known: %s",
                                 t->scalers_unread);
    memset(t->unit->projection, 0, sizeof(t->unit->projection));
    if (!t->blocked)
        report_unknown(t->k, t->unit, why);
}

static void conclude_present(struct telling *t)
{
    const struct facts *f = &t->unit->facts;
    keep_projection(t);
    if (f->terminating)
        report_terminating(t->k, t->unit);
    else if (f->answers[ASK_APPLY] == ANSWER_OK)
        conclude_judged(t);
    else if (f->answers[ASK_APPLY] == ANSWER_DENIED)
        conclude_unjudged(t);
    else if (f->answers[ASK_APPLY] == ANSWER_REFUSED)
        conclude_refused(t);
    else if (f->literal)
        conclude_literal(t);
    else
        report_unknown(t->k, t->unit, t->u->unknown);
    if (extras_unknown(t))
        report_unknown(t->k, t->unit, t->u->unknown);
    else if (t->scalers_unread)
        tell_scalers_unread(t);
}

void kube_conclude(struct provider *p, struct unit *unit)
{
    struct kube *k = (struct kube *)p;
    const struct facts *f = &unit->facts;
    if (f->observed == OBSERVED_PRESENT && f->literal && !f->candidates && !f->terminating)
        return; /* in sync, and nothing was kept */
    struct err _err_ *err = NULL;
    struct kube_unit *u = kube_unit_of(unit);
    json_auto_t *gone = json_object();
    struct telling t = {.k = k, .unit = unit, .u = u, .gone = gone};
    memset(unit->projection, 0, sizeof(unit->projection));
    if (kube_prepare(k, unit, &err))
        report_unknown(k, unit, err_message(err));
    else if (f->stale)
        report_unknown(k, unit,
                       u->unknown ? u->unknown : "it changes faster than it can be judged");
    else if (f->observed == OBSERVED_PRESENT)
        conclude_present(&t);
    else if (f->observed == OBSERVED_GONE)
        conclude_gone(&t);
    else if (f->observed == OBSERVED_UNSERVED)
        report_missing(k, unit, false);
    else if (f->observed == OBSERVED_REFUSED)
        report_blocked(k, unit, "invalid", &u->refusal);
    else
        report_unknown(k, unit, u->unknown);
    unit->ignored = t.ignored + u->candidates.ignored;
    if (!f->stale && (f->observed == OBSERVED_PRESENT || f->observed == OBSERVED_GONE))
        kube_denied_now(unit);
    history_free(&t.history);
    kube_unit_forget(k, unit);
}
