#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/internal.h"
#include "providers/kubernetes/trial.h"

#define APPLY_TYPE "application/apply-patch+yaml"
#define PATCH_TYPE "application/json-patch+json"

/* One question under way. */
struct question {
    LIST_ENTRY(question) link;
    struct kube_call *call;
    bool fresh;  /* of kube_refresh: nothing was seen to change */
    bool again;  /* a read of what changed while it was judged */
    bool listed; /* the object may not be read by itself: a LIST of its name was asked for */
    struct kube *k;
    struct unit *unit;
    enum ask what;
};

static const char *version_of(const json_t *object)
{
    const char *s = json_str_at(object, "metadata", "resourceVersion", NULL);
    return s ? s : "";
}

static void set_unknown(struct unit *unit, const char *why)
{
    struct kube_unit *u = kube_unit_of(unit);
    free(u->unknown);
    u->unknown = xstrdup(why);
}

/* It is told only where it comes again and again. */
static void set_conflict(struct unit *unit, const char *why)
{
    _free_ char *text = xasprintf("the API server answered 409 again and again: %s", why);
    set_unknown(unit, text);
}

/* How far the questions are. */
static unsigned progress(const struct facts *f, const struct kube_unit *u)
{
    unsigned n = (unsigned)u->trial.step + (unsigned)u->trial.alone;
    for (int i = 0; i < ASK_COUNT; i++)
        n += f->answers[i] == ANSWER_OK || f->answers[i] == ANSWER_REFUSED;
    return n;
}

static bool same_candidates(const struct candidates *a, const struct candidates *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        _free_ char *x = path_text(kept_path_last(&a->items[i].path));
        _free_ char *y = path_text(kept_path_last(&b->items[i].path));
        if (strcmp(x, y) != 0)
            return false;
    }
    return true;
}

/* Is all there as it was that a verdict stands on, what Git says included? */
static bool is_the_same(const struct kube_unit *u, const struct kube_unit *old)
{
    return unit_digest_set(u->projection) &&
           !memcmp(u->projection, old->projection, sizeof(u->projection)) &&
           !memcmp(u->digest, old->digest, sizeof(u->digest)) &&
           u->replicas_held == old->replicas_held &&
           json_same(json_at(u->live, "metadata", "generation", NULL),
                     json_at(old->live, "metadata", "generation", NULL));
}

/* The trials go on where they are, if they are about the same. */
static void carry_trials(struct unit *unit, struct kube_unit *old)
{
    struct kube_unit *u = unit->own;
    if (!same_candidates(&u->candidates, &old->candidates)) {
        kube_trial_forget(unit);
        return;
    }
    for (size_t i = 0; i < u->candidates.count; i++) {
        struct candidate *c = &u->candidates.items[i], *was = &old->candidates.items[i];
        c->alone = steal(was->alone);
        c->follows = was->follows;
        c->tried = was->tried;
    }
    u->trial = old->trial;
    old->trial = (struct trial){0};
}

/*
 * It has changed meanwhile, but nothing that a verdict stands on, as where a controller writes its
 * status: the answers stand. Each that comes between two changes brings the judgement forward.
 */
static void carry_over(struct kube *k, struct unit *unit, struct kube_unit *old,
                       const struct facts *before)
{
    struct facts *f = &unit->facts;
    struct kube_unit *u = unit->own;
    if (f->observed != OBSERVED_PRESENT || !u)
        return;
    u->carried = old->carried;
    if (!is_the_same(u, old))
        return;
    for (int i = 0; i < ASK_COUNT; i++) {
        u->answers[i] = steal(old->answers[i]);
        if (before->answers[i] == ANSWER_OK || before->answers[i] == ANSWER_REFUSED)
            f->answers[i] = before->answers[i];
    }
    f->probeable = before->probeable;
    u->refusal = old->refusal;
    u->probe = old->probe;
    u->failure = old->failure;
    old->refusal = old->probe = old->failure = (struct refusal){0};
    u->probe_name = steal(old->probe_name);
    u->refused_probe = old->refused_probe;
    if (f->candidates) {
        kube_candidates_find(k, unit); /* by the answers */
        f->candidates = u->candidates.count > 0;
    }
    carry_trials(unit, old);
    if (progress(f, u) > u->carried)
        f->rereads = 0;
    u->carried = progress(f, u);
}

/* The object as it is now. What was known of it begins anew, where it is another one. */
static void read_answered(struct kube *k, struct unit *unit, bool again,
                          const struct kube_answer *a)
{
    struct facts *f = &unit->facts;
    struct item item;
    struct refusal r = {0};
    struct unit was = {.own = unit->own, .facts = *f};
    unit->own = NULL;
    memset(f->answers, 0, sizeof(f->answers));
    memset(unit->state, 0, sizeof(unit->state));
    f->observed = OBSERVED_ABSENT;
    if (a->status == 200 && !a->err && !item_scan(a->body, a->body_len, &item)) {
        kube_state_of(k, unit, &item, unit->state);
        kube_observed(k, unit, &item);
        if (again && was.own)
            carry_over(k, unit, was.own, &was.facts);
    } else {
        refusal_read(&r, a, kube_is_secret(unit));
        if (a->status == 404) {
            f->observed = OBSERVED_GONE;
        } else if (r.kind == REFUSAL_MALFORMED) {
            f->observed = OBSERVED_REFUSED;
            refusal_free(&kube_unit_of(unit)->refusal);
            kube_unit_of(unit)->refusal = r;
            r = (struct refusal){0};
        } else {
            /* a 403 is no reason to give up: a server that has just begun knows no rights */
            f->observed = OBSERVED_FAILED;
            set_unknown(unit, r.message);
        }
        refusal_free(&r);
    }
    kube_unit_forget(k, &was);
}

static void on_sought(void *ctx, const struct item *item)
{
    const struct question *q = ctx;
    const struct span *name = &item->name;
    if (name->len == strlen(q->unit->name) && !memcmp(name->data, q->unit->name, name->len)) {
        kube_state_of(q->k, q->unit, item, q->unit->state);
        kube_observed(q->k, q->unit, item);
    }
}

/* The LIST of its name: it is there, or it is not. Else it is as the read of itself left it. */
static void list_answered(struct question *q, const struct kube_answer *a)
{
    struct facts *f = &q->unit->facts;
    _free_ char *why = steal(kube_unit_of(q->unit)->unknown);
    _free_ char *more = NULL, *version = NULL;
    kube_unit_forget(q->k, q->unit);
    f->observed = OBSERVED_ABSENT;
    struct items_parser *p = items_parser_new(on_sought, q);
    bool whole = a->status == 200 && !a->err && !items_parser_feed(p, a->body, a->body_len, NULL) &&
                 !items_parser_end(p, &more, &version, NULL);
    items_parser_free(p);
    if (whole && !more && f->observed == OBSERVED_ABSENT) {
        f->observed = OBSERVED_GONE;
    } else if (!whole) {
        kube_unit_forget(q->k, q->unit);
        f->observed = OBSERVED_FAILED;
        set_unknown(q->unit, why ? why : "it could not be read");
    }
}

static enum answer failed(struct kube *k, struct unit *unit, enum ask what, const struct refusal *r)
{
    switch (r->kind) {
    case REFUSAL_CONFLICT:
        set_conflict(unit, r->message);
        unit->facts.stale = true;
        unit->facts.rereads++; /* a refusal costs double: it may be no change that is behind it */
        return ANSWER_NONE;
    case REFUSAL_FORBIDDEN:
        if (kube_really_denied(k, unit, what))
            return ANSWER_DENIED;
        set_unknown(unit, r->message);
        unit->facts.stale = true; /* asked again soon; what was said of it stands until then */
        unit->facts.rereads = LIMIT_JUDGE_AGAIN;
        return ANSWER_NONE;
    case REFUSAL_UNKNOWN:
        set_unknown(unit, r->message);
        return ANSWER_FAILED;
    case REFUSAL_NOT_FOUND:
        if (what != ASK_CREATE && unit->facts.observed == OBSERVED_PRESENT) {
            unit->facts.stale = true; /* gone meanwhile */
            return ANSWER_NONE;
        }
        return ANSWER_REFUSED;
    default:
        return ANSWER_REFUSED;
    }
}

static void question_refused(const struct question *q, struct kube_unit *u,
                             const struct kube_answer *a)
{
    struct facts *f = &q->unit->facts;
    if (f->stale)
        return; /* what was asked about is no more */
    struct refusal *r = q->what == ASK_APPLY    ? &u->refusal
                        : q->what == ASK_CREATE ? &u->probe
                                                : &u->failure;
    refusal_free(r);
    refusal_read(r, a, kube_is_secret(q->unit));
    f->answers[q->what] = q->what == ASK_REMOVE && a->status == 405
                              ? ANSWER_DENIED /* nothing of this kind can be patched */
                              : failed(q->k, q->unit, q->what, r);
    if (q->what == ASK_APPLY)
        f->probeable = r->kind == REFUSAL_UNPROCESSABLE && f->observed == OBSERVED_PRESENT &&
                       strcmp(q->unit->kind, "CustomResourceDefinition") != 0 &&
                       strcmp(q->unit->kind, "APIService") != 0;
    if (q->what == ASK_CREATE)
        u->refused_probe = refusal_same(&u->refusal, r);
    if (q->what == ASK_REMOVE && f->answers[ASK_REMOVE] == ANSWER_REFUSED)
        kube_trial_answered(q->unit, NULL);
}

static void question_answered(const struct question *q, struct kube_unit *u,
                              const struct kube_answer *a)
{
    struct facts *f = &q->unit->facts;
    bool moved = q->what == ASK_APPLY && f->observed == OBSERVED_PRESENT &&
                 strcmp(version_of(a->object), version_of(u->live)) != 0;
    bool appeared = q->what == ASK_APPLY && f->observed == OBSERVED_GONE && a->status == 200;
    if (moved || appeared || f->stale) {
        f->stale = true;
        return;
    }
    f->answers[q->what] = ANSWER_OK;
    q->unit->going_s = 0;
    kube_granted(q->k, q->unit, q->what);
    json_t *answer = json_deep_copy(a->object);
    if (q->what == ASK_REMOVE) {
        kube_trial_answered(q->unit, answer);
        return;
    }
    u->answers[q->what] = answer;
    if (q->what == ASK_CREATE)
        kube_probe_answered(q->k, q->unit);
    if (u->live && f->candidates && (q->what == ASK_APPLY || q->what == ASK_CREATE)) {
        kube_candidates_find(q->k, q->unit);
        f->candidates = u->candidates.count > 0;
        kube_trial_forget(q->unit); /* it was about others */
    }
}

/* Is the content of the answer that of the live object when it was judged? */
static bool answer_stands(const struct kube *k, const struct unit *unit, const json_t *answer)
{
    uint8_t projection[UNIT_DIGEST_BYTES];
    kube_projection(k, unit, answer, NULL, projection);
    return !memcmp(projection, unit->projection, PROJECTION_CONTENT_BYTES);
}

/*
 * Would our apply change anything, though the watch saw nothing? The answer stands for the live
 * object: it has that one's version, and is what the last verdict stood on. One that is literally
 * as Git says stays so; of what a rule hides, no digest tells.
 */
static bool still_so(struct kube *k, struct unit *unit, const json_t *answer,
                     const struct item *item)
{
    uint8_t state[UNIT_DIGEST_BYTES];
    size_t ignored = 0;
    kube_state_of(k, unit, item, state);
    if (memcmp(state, unit->state, sizeof(state)) != 0)
        return false;
    if (!unit->reported && !unit_digest_set(unit->projection))
        return true;
    return answer_stands(k, unit, answer) ||
           (!unit->reported && unit->ignored && kube_literal(k, unit, item, &ignored));
}

static void refreshed(const struct question *q, const struct kube_answer *a)
{
    struct kube *k = q->k;
    struct unit *unit = q->unit;
    struct facts *f = &unit->facts;
    struct item item;
    f->concluded = true;
    /* one that is made (201) is not there: it is read then */
    bool good =
        a->status >= 200 && a->status < 300 && !a->err && !item_scan(a->body, a->body_len, &item);
    if (good && !f->stale && !unit->denied && still_so(k, unit, a->object, &item))
        return;
    if (!good && !f->stale && a->status != 404)
        return; /* it says nothing of the object; another day does */
    f->stale = false;
    unit->due = true;
    kube_again(k, unit);
}

/* A kind that is being deleted is gone in a moment, unless something holds that up: is it so? */
static bool held_up(struct unit *unit)
{
    const uint32_t now = (uint32_t)(clock_monotonic_ms() / 1000);
    if (!unit->going_s)
        unit->going_s = now ? now : 1;
    return now - unit->going_s >= LIMIT_KIND_GOES_S;
}

/*
 * It is not the object that is not there but its kind: asked what is served, the unit is resolved
 * and observed anew.
 */
static bool kind_went(const struct question *q, const struct kube_answer *a)
{
    struct kube *k = q->k;
    struct refusal r = {0};
    if (!k->config.rediscover || a->err ||
        (a->status != 403 && a->status != 404 && a->status != 405))
        return false;
    refusal_read(&r, a, true);
    bool went = r.kind == REFUSAL_UNSERVED;
    refusal_free(&r);
    if (!went || (a->status != 404 && held_up(q->unit)))
        return false;
    kube_unit_forget(k, q->unit);
    q->unit->facts = (struct facts){0};
    memset(q->unit->state, 0, sizeof(q->unit->state));
    k->config.rediscover(k->config.ctx);
    return true;
}

/* An object; whatever else says 200 on the way (a portal, a gateway) is no answer of the server. */
static bool answers_object(const struct kube_answer *a)
{
    return a->status >= 200 && a->status < 300 && !a->err &&
           json_str_at(a->object, "metadata", "name", NULL);
}

static void send_question(struct question *q, const char *method, const char *path,
                          const char *type, json_t *body);

/* An account may list and not get: a LIST of just that name says as much. */
static bool ask_list(struct question *q, const struct kube_answer *a)
{
    const struct unit *unit = q->unit;
    if (q->what != ASK_READ || q->listed || a->status != 403 ||
        unit->facts.observed != OBSERVED_FAILED)
        return false;
    _free_ char *collection = kube_path(kube_resource_of(unit), unit->namespace, NULL);
    struct buf b = BUF_INIT(LIMIT_HEADER_BYTES);
    buf_addf(&b, "%s?fieldSelector=metadata.name%%3D", collection);
    kube_add_escaped(&b, unit->name);
    _free_ char *path = buf_take(&b);
    q->listed = q->unit->facts.in_flight = true;
    send_question(q, "GET", path, NULL, NULL);
    return true;
}

static void on_answer(void *ctx, const struct kube_answer *a)
{
    struct question *q = ctx;
    struct kube_unit *u = kube_unit_of(q->unit);
    q->unit->facts.in_flight = false;
    LIST_REMOVE(q, link);
    if (q->unit->gone)
        ; /* nobody wants to know */
    else if (!q->unit->type)
        q->unit->facts.stale = false; /* its kind went meanwhile, which says all there is to say */
    else if (kind_went(q, a))
        ; /* what is served now tells */
    else if (q->fresh)
        refreshed(q, a);
    else if (q->listed)
        list_answered(q, a);
    else if (q->what == ASK_READ)
        read_answered(q->k, q->unit, q->again, a);
    else if (answers_object(a))
        question_answered(q, u, a);
    else
        question_refused(q, u, a);
    if (!q->unit->gone && q->unit->type && ask_list(q, a))
        return;
    q->k->config.host->dirty(q->k->config.host->ctx, q->unit);
    free(q);
}

static json_t *apply_body(const struct kube *k, const struct kube_unit *u)
{
    json_t *metadata;
    json_t *body = kube_body_copy(u, &metadata);
    /* "create if absent" becomes 409 when the object went away meanwhile */
    json_put(metadata, "uid", json_incref(json_at(u->live, "metadata", "uid", NULL)));
    const json_t *ours = fields_ours(u->managed, k->config.field_manager);
    json_t *spec = json_object_get(body, "spec");
    if (u->replicas_held && json_is_object(spec) && json_at(ours, "f:spec", "f:replicas", NULL)) {
        /* leaving out what we own would reset it (kubernetes-measured 3) */
        spec = json_copy(spec);
        json_put(spec, "replicas", json_incref(json_at(u->live, "spec", "replicas", NULL)));
        json_put(body, "spec", spec);
    }
    return body;
}

static void send_question(struct question *q, const char *method, const char *path,
                          const char *type, json_t *body)
{
    _free_ char *text = body ? json_text(body, 0) : NULL;
    json_decref(body);
    const struct kube_request request = {
        .method = method,
        .path = path,
        .content_type = type,
        .body = text,
        .body_len = text ? strlen(text) : 0,
        .done = on_answer,
        .ctx = q,
    };
    q->call = kube_send_call(q->k->config.client, &request);
    LIST_INSERT_HEAD(&q->k->questions, q, link);
}

void kube_questions_cancel(struct kube *k)
{
    struct question *q;
    while ((q = LIST_FIRST(&k->questions))) {
        LIST_REMOVE(q, link);
        kube_cancel(q->call);
        q->unit->facts.in_flight = false;
        free(q);
    }
}

/* The path with a query; the manager's name is a person's choice. */
static char *dry_run(const struct kube *k, const char *path)
{
    struct buf b = BUF_INIT(LIMIT_HEADER_BYTES);
    buf_addf(&b, "%s?dryRun=All&fieldManager=", path);
    kube_add_escaped(&b, k->config.field_manager);
    return buf_take(&b);
}

void kube_ask(struct provider *p, struct unit *unit, enum ask what)
{
    struct kube *k = (struct kube *)p;
    struct err _err_ *err = NULL;
    struct kube_unit *u = kube_unit_of(unit);
    const struct kube_resource *r = kube_resource_of(unit);
    if (what != ASK_READ && kube_prepare(k, unit, &err)) {
        set_unknown(unit, err_message(err));
        unit->facts.in_flight = false;
        unit->facts.observed = OBSERVED_FAILED;
        k->config.host->dirty(k->config.host->ctx, unit);
        return;
    }
    const bool again = what == ASK_READ && unit->facts.stale;
    if (what == ASK_READ) { /* it is as the answer says, but for what changes from here on */
        unit->facts.rereads += unit->facts.stale;
        unit->facts.stale = false;
        unit->facts.observed = OBSERVED_ABSENT;
    }
    struct question *q = xcalloc(1, sizeof(*q));
    *q = (struct question){.k = k, .unit = unit, .what = what, .again = again};
    _free_ char *object = kube_path(r, unit->namespace, unit->name);
    _free_ char *collection = kube_path(r, unit->namespace, NULL);
    _free_ char *dry = dry_run(k, what == ASK_CREATE ? collection : object);
    _free_ char *apply = xasprintf("%s&force=true", dry);
    switch (what) {
    case ASK_APPLY:
        send_question(q, "PATCH", apply, APPLY_TYPE, apply_body(k, u));
        break;
    case ASK_CREATE:
        send_question(q, "POST", dry, "application/json", kube_probe_body(u));
        break;
    case ASK_FOLD:
        send_question(q, "PATCH", dry, PATCH_TYPE, kube_fold_body(k, unit));
        break;
    case ASK_REMOVE:
        send_question(q, "PATCH", dry, PATCH_TYPE, kube_trial_body(k, unit));
        break;
    default:
        send_question(q, "GET", object, NULL, NULL);
        break;
    }
}

/* An in-sync object once a day: webhooks and defaults change, too. Without a read of the object. */
void kube_refresh(struct provider *p, struct unit *unit)
{
    struct kube *k = (struct kube *)p;
    struct err _err_ *err = NULL;
    if (!unit->type || unit->facts.in_flight)
        return;
    if (kube_prepare(k, unit, &err)) {
        kube_unit_forget(k, unit);
        return;
    }
    struct question *q = xcalloc(1, sizeof(*q));
    *q = (struct question){.k = k, .unit = unit, .what = ASK_APPLY, .fresh = true};
    _free_ char *object = kube_path(kube_resource_of(unit), unit->namespace, unit->name);
    _free_ char *dry = dry_run(k, object);
    _free_ char *apply = xasprintf("%s&force=true", dry);
    unit->facts.in_flight = true;
    unit->facts.concluded = false;
    send_question(q, "PATCH", apply, APPLY_TYPE, json_incref(kube_unit_of(unit)->declared));
    kube_unit_forget(k, unit);
}
