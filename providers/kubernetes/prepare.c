#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/compare.h"
#include "providers/kubernetes/earlier.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/history.h"
#include "providers/kubernetes/internal.h"
#include "providers/kubernetes/report.h"

struct kube_unit *kube_unit_of(struct unit *unit)
{
    if (!unit->own)
        unit->own = xcalloc(1, sizeof(struct kube_unit));
    return unit->own;
}

bool kube_skip(void *ctx, const struct path *path)
{
    const struct kube_unit *u = ctx;
    return u->replicas_held && path_is(path, "spec", "replicas", NULL);
}

static void tell_held(const struct kube *k, const struct unit *unit, const char *scaler)
{
    static const struct path spec = {.type = STEP_MEMBER, .name = "spec"};
    static const struct path replicas = {.up = &spec, .type = STEP_MEMBER, .name = "replicas"};
    const struct host *host = k->config.host;
    _free_ char *why = xasprintf("held by %s", scaler);
    if (host->passed_over)
        host->passed_over(host->ctx, unit, &replicas, why);
}

/* Git, as it is compared and sent. spec.replicas under a scaler is the scaler's. */
static int prepare_declared(struct kube *k, struct unit *unit, struct err **err)
{
    struct kube_unit *u = kube_unit_of(unit);
    if (u->declared)
        return 0;
    if (k->config.host->load(k->config.host->ctx, unit, &u->document, err))
        return -1;
    memcpy(u->digest, unit->digest, sizeof(u->digest));
    u->declared = kube_normalize(unit, kube_resource_of(unit), u->document.body);
    const char *scaler =
        scalers_find(k->scalers, unit->group, unit->kind, unit->namespace, unit->name);
    u->replicas_held = scaler != NULL;
    if (scaler)
        tell_held(k, unit, scaler);
    if (!scaler || !json_at(u->declared, "spec", "replicas", NULL))
        return 0;
    json_t *spec = json_copy(json_object_get(u->declared, "spec"));
    json_object_del(spec, "replicas");
    json_put(u->declared, "spec", spec);
    if (!unit->noted) {
        unit->noted = true;
        _free_ char *text = xasprintf("spec.replicas is held by %s: not compared", scaler);
        k->config.host->note(k->config.host->ctx, unit, text);
    }
    return 0;
}

/* The live object, with managedFields apart: most of its bytes, and looked at only now. */
static int prepare_live(struct unit *unit, struct kube_unit *u, struct err **err)
{
    struct item item;
    if (item_scan(u->live_text, u->live_len, &item))
        return err_set(err, ERR_FATAL, "the API server's object has no metadata");
    struct buf _buf_ text = BUF_INIT(LIMIT_ITEM_BYTES);
    const struct span *cut = &item.managed_member;
    size_t head = cut->len ? (size_t)(cut->data - u->live_text) : u->live_len;
    buf_add(&text, u->live_text, head);
    if (cut->len)
        buf_add(&text, cut->data + cut->len, u->live_len - head - cut->len);
    u->live = json_parse_served(buf_str(&text), text.len, "live object", err);
    if (!u->live)
        return -1;
    u->managed = item.managed_fields.len
                     ? json_parse_served(item.managed_fields.data, item.managed_fields.len,
                                         "managedFields", err)
                     : json_array();
    if (!u->managed)
        return -1;
    /* items of a LIST do not say what they are */
    json_put_str(u->live, "apiVersion", unit->api_version);
    json_put_str(u->live, "kind", unit->kind);
    return 0;
}

/* What a rule covers is not asked for. */
static void drop_ignored(struct kube *k, struct unit *unit, struct candidates *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct difference d = {.path = kept_path_last(&c->items[i].path),
                                     .live = c->items[i].live};
        if (!report_ignored(k, unit, &d)) {
            c->items[kept++] = c->items[i];
            continue;
        }
        candidate_free(&c->items[i]);
        c->ignored++;
    }
    c->count = kept;
}

/* What Git declared before, where no Apply entry of ours tells. */
static void find_earlier(struct kube *k, struct unit *unit, const struct extra_input *in,
                         struct candidates *c)
{
    struct history history = {0};
    if (fields_ours(in->managed_fields, in->manager))
        return;
    history_load(&history, k, unit);
    const struct earlier_input earlier = {in, unit->api_version, history.versions, history.count};
    earlier_find(&earlier, c);
    history_free(&history);
}

/* Our entry as the server makes it of what Git says; NULL before it was asked. */
static const json_t *applied_fields(const struct kube *k, const struct kube_unit *u)
{
    const json_t *answer = u->answers[ASK_APPLY], *probe = u->answers[ASK_CREATE];
    const json_t *made = json_at(probe, "metadata", "managedFields", NULL);
    if (!answer)
        return json_object_get(json_array_get(made, 0), "fieldsV1");
    return fields_ours(json_at(answer, "metadata", "managedFields", NULL), k->config.field_manager);
}

void kube_candidates_find(struct kube *k, struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    const struct extra_input in = {
        .declared = u->declared,
        .live = u->live,
        .managed_fields = u->managed,
        .applied = applied_fields(k, u),
        .manager = k->config.field_manager,
        .hands = k->config.hands,
        .skip = kube_skip,
        .ctx = u,
    };
    candidates_free(&u->candidates);
    candidates_find(&in, &u->candidates);
    find_earlier(k, unit, &in, &u->candidates);
    drop_ignored(k, unit, &u->candidates);
}

int kube_prepare(struct kube *k, struct unit *unit, struct err **err)
{
    struct kube_unit *u = kube_unit_of(unit);
    if (prepare_declared(k, unit, err))
        return -1;
    if (u->live || !u->live_text)
        return 0;
    if (prepare_live(unit, u, err))
        return -1;
    kube_candidates_find(k, unit);
    return 0;
}

/* What was parsed; the texts stay. */
static void unprepare(struct kube_unit *u)
{
    candidates_free(&u->candidates);
    document_free(&u->document);
    json_decref(u->declared);
    json_decref(u->live);
    json_decref(u->managed);
    u->declared = u->live = u->managed = NULL;
    json_decref(u->trial.restored);
    u->trial = (struct trial){0};
    for (int i = 0; i < ASK_COUNT; i++) {
        json_decref(u->answers[i]);
        u->answers[i] = NULL;
    }
}

static void drop_text(struct kube *k, struct kube_unit *u)
{
    if (u->live_text)
        k->live_kept -= u->live_len;
    free(u->live_text);
    u->live_text = NULL;
    u->live_len = 0;
}

/* A verdict that the object alone gives stands on nothing that an earlier one stood on. */
static bool literal(struct kube *k, struct unit *unit, const struct item *item)
{
    if (!kube_literal(k, unit, item, &unit->ignored))
        return false;
    memset(unit->projection, 0, sizeof(unit->projection));
    return true;
}

void kube_observed(struct kube *k, struct unit *unit, const struct item *item)
{
    struct facts *f = &unit->facts;
    const struct host *host = k->config.host;
    /* what is judged anew though nothing changed is not in sync because it was */
    bool known = !unit->due && host->known && host->known(host->ctx, unit);
    unit->ignored = 0;
    if (known || literal(k, unit, item)) {
        f->observed = OBSERVED_PRESENT;
        f->terminating = f->candidates = false;
        f->literal = true;
        unit->denied = unit->doubted = 0; /* there is nothing to ask */
        kube_unit_forget(k, unit);
        return;
    }
    struct kube_unit *u = kube_unit_of(unit);
    struct err _err_ *err = NULL;
    bool asked_for = f->observed == OBSERVED_ABSENT; /* a read of this object */
    unprepare(u);
    drop_text(k, u);
    u->live_text = xstrndup(item->text.data, item->text.len);
    u->live_len = item->text.len;
    k->live_kept += u->live_len;
    if (kube_prepare(k, unit, &err)) {
        f->observed = OBSERVED_FAILED;
        free(u->unknown);
        u->unknown = xstrdup(err_message(err));
        return;
    }
    const json_t *ours = fields_ours(u->managed, k->config.field_manager);
    kube_projection(k, unit, u->live, u->managed, u->projection);
    f->observed = OBSERVED_PRESENT;
    f->terminating = item->terminating;
    f->candidates = u->candidates.count > 0;
    f->literal = !owned_undeclared(ours, u->declared, k->config.field_manager) &&
                 compare_literal(&fields_shape, u->declared, u->live, ours);
    if (f->literal && !f->candidates && !f->terminating) {
        unit->ignored = u->candidates.ignored;
        unit->denied = unit->doubted = 0;
        memset(unit->projection, 0, sizeof(unit->projection));
        kube_unit_forget(k, unit);
        return;
    }
    if (asked_for)
        return;
    /* judged later, when its turn comes: texts are kept up to a limit, trees never */
    unprepare(u);
    if (k->live_kept > LIMIT_LIVE_KEPT) {
        drop_text(k, u);
        f->observed = OBSERVED_ABSENT;
    }
}

void kube_unit_forget(struct kube *k, struct unit *unit)
{
    struct kube_unit *u = unit->own;
    if (!u)
        return;
    unprepare(u);
    drop_text(k, u);
    refusal_free(&u->refusal);
    refusal_free(&u->probe);
    refusal_free(&u->failure);
    free(u->probe_name);
    free(u->unknown);
    free(u);
    unit->own = NULL;
}
