#include "kube_events.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <uthash.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "diff/show.h"
#include "diff/text.h"

#define CONTROLLER    "holdfast.dev/holdfast"
#define NOTE_BYTES    1024 /* events.k8s.io/v1: so much and no more */
#define VALUE_COLUMNS 200

/* An Event that is to be made. */
struct draft {
    char *name; /* of the Event */
    char *body; /* of the POST; NULL once it was sent */
    char *path; /* of the object, while its uid is to be asked for; or NULL */
};

/* One drift that has an Event, or gets one. */
struct item {
    char id[17];
    UT_hash_handle hh;
    TAILQ_ENTRY(item) link; /* in the queue */
    bool queued, posted;
    char *namespace; /* of the Event */
    struct draft draft;
    int64_t began; /* monotonic ms */
    int64_t last;  /* Unix ms */
    unsigned count;
};

TAILQ_HEAD(item_queue, item);

struct kube_events {
    struct kube_events_config config;
    struct item *items; /* by id, the oldest first */
    struct item_queue queue;
    size_t waiting;
    struct kube_call *call;
    struct item *flying; /* what `call` is about */
    struct draft again;  /* of it, where it has begun anew: what is sent if the call fails */
    ev_timer timer;      /* the next token; runs only while something waits */
    double tokens;
    int64_t tokens_at;
    struct kube_events_counts counts;
    bool told_failure, told_left_out;
};

/* ---- the Event ---- */

/* MicroTime has six digits. */
static char *micro_time(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_rfc3339(ms, text);
    text[strcspn(text, "Z")] = '\0';
    return xasprintf("%s000Z", text);
}

static bool is_str(const json_t *object, const char *name, const char *value)
{
    const char *s = json_str_at(object, name, NULL);
    return s && !strcmp(s, value);
}

static const char *reason(const json_t *drift)
{
    static const char *const reasons[][2] = {{"drifted", "Drifted"},
                                             {"missing", "Missing"},
                                             {"terminating", "Terminating"},
                                             {"blocked", "Blocked"}};
    if ((!is_str(drift, "state", "opened") && !is_str(drift, "state", "updated")) ||
        json_is_true(json_object_get(drift, "reminder")))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (is_str(drift, "verdict", reasons[i][0]))
            return reasons[i][1];
    }
    return NULL;
}

/* Not even the keyed hash of a secret value leaves our log. */
static bool is_secret(const json_t *drift)
{
    const json_t *object = json_object_get(drift, "object");
    const char *group = json_str_at(object, "group", NULL);
    return (is_str(object, "kind", "Secret") && (!group || !*group)) ||
           json_at(drift, "want", "hidden", NULL) || json_at(drift, "have", "hidden", NULL);
}

static void add_part(struct buf *b, const char *label, const char *text)
{
    if (text && *text)
        buf_addf(b, "%s%s%s", b->len ? "; " : "", label, text);
}

static void add_field(struct buf *b, const json_t *drift)
{
    char *want_text = NULL, *have_text = NULL;
    _free_ char *field = show_field(drift);
    const char *class = json_str_at(drift, "class", NULL);
    buf_addf(b, "%s: %s", field, class ? class : "drifted");
    if (is_secret(drift)) {
        buf_add_str(b, " (values are not shown)");
        return;
    }
    show_sides(drift, VALUE_COLUMNS, &want_text, &have_text);
    _free_ char *want = want_text, *have = have_text;
    if (want)
        buf_addf(b, ", want %s", want);
    if (have)
        buf_addf(b, ", have %s", have);
}

/* Who and since, as the log says it; "2m ago" would be wrong by the time that it is read. */
static void add_who(struct buf *b, const json_t *drift)
{
    _free_ char *by = text_safe_dup(json_str_at(drift, "by", NULL));
    _free_ char *reason = text_safe_dup(json_str_at(drift, "by_reason", NULL));
    _free_ char *since = text_safe_dup(json_str_at(drift, "since", NULL));
    if (*by)
        buf_addf(b, "; by %s", by);
    else if (*reason)
        buf_addf(b, "; by nobody known (%s)", reason);
    if (*since)
        buf_addf(b, "%s %s%s", *by || *reason ? "," : ";",
                 is_str(drift, "since_kind", "at-or-before") ? "at or before "
                 : is_str(drift, "since_kind", "seen")       ? "seen "
                                                             : "since ",
                 since);
}

/* As the log's line says it, in at most NOTE_BYTES; owned. */
static char *note(const json_t *drift)
{
    _buf_ struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    if (json_str_at(drift, "field", NULL)) {
        add_field(&b, drift);
    } else {
        _free_ char *verdict = show_verdict(drift);
        add_part(&b, "", verdict);
    }
    _free_ char *place = show_place(drift);
    _free_ char *message = text_safe_dup(json_str_at(drift, "message", NULL));
    _free_ char *remedy = text_safe_dup(json_str_at(drift, "remedy", NULL));
    add_part(&b, "", is_secret(drift) ? NULL : message);
    add_part(&b, "remedy: ", remedy);
    add_who(&b, drift);
    add_part(&b, "Git: ", place);
    char *text = buf_take(&b);
    size_t len = strlen(text);
    if (len <= NOTE_BYTES)
        return text;
    len = NOTE_BYTES - strlen("…");
    while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    text[len] = '\0';
    char *cut = xasprintf("%s…", text);
    free(text);
    return cut;
}

static const char *event_namespace(const json_t *drift)
{
    const char *ns = json_str_at(drift, "object", "namespace", NULL);
    return ns && *ns ? ns : "default"; /* the API wants those of cluster-scoped objects there */
}

json_t *kube_events_body(const json_t *drift, const char *api_version, const char *uid,
                         const char *name, int64_t now_ms)
{
    const char *why = reason(drift);
    if (!why)
        return NULL;
    const json_t *object = json_object_get(drift, "object");
    char host[65] = "";
    if (gethostname(host, sizeof(host) - 1) || !*host)
        snprintf(host, sizeof(host), "holdfast");
    _free_ char *time = micro_time(now_ms), *text = note(drift);
    json_t *e = json_object(), *meta = json_object(), *regarding = json_object();
    json_put_str(meta, "name", name);
    json_put_str(meta, "namespace", event_namespace(drift));
    json_put_str(regarding, "apiVersion", api_version);
    json_put(regarding, "kind", json_incref(json_object_get(object, "kind")));
    json_put(regarding, "name", json_incref(json_object_get(object, "name")));
    if (json_str_at(object, "namespace", NULL))
        json_put(regarding, "namespace", json_incref(json_object_get(object, "namespace")));
    if (uid)
        json_put_str(regarding, "uid", uid);
    json_put_str(e, "apiVersion", "events.k8s.io/v1");
    json_put_str(e, "kind", "Event");
    json_put(e, "metadata", meta);
    json_put_str(e, "eventTime", time);
    json_put_str(e, "reportingController", CONTROLLER);
    json_put_str(e, "reportingInstance", host);
    json_put_str(e, "type", "Warning");
    json_put_str(e, "reason", why);
    json_put_str(e, "action", "Compare");
    json_put(e, "regarding", regarding);
    json_put_str(e, "note", text);
    return e;
}

/* ---- what is kept ---- */

static void draft_free(struct draft *d)
{
    free(d->name);
    free(d->body);
    free(d->path);
    *d = (struct draft){0};
}

static void item_free(struct kube_events *e, struct item *item)
{
    HASH_DEL(e->items, item);
    free(item->namespace);
    draft_free(&item->draft);
    free(item);
}

/* Lets go of those whose time is over. */
static void expire(struct kube_events *e)
{
    int64_t before = clock_monotonic_ms() - e->config.series_ms;
    struct item *item, *next;
    HASH_ITER(hh, e->items, item, next)
    {
        if (item->began > before)
            break;
        if (!item->queued && item != e->flying)
            item_free(e, item);
    }
}

static void left_out(struct kube_events *e)
{
    e->counts.left_out++;
    metrics_error("event-left-out");
    if (e->told_left_out)
        return;
    e->told_left_out = true;
    e->config.note(e->config.ctx, "more differs than Kubernetes Events may tell of (one a second): "
                                  "some are left out, the log has them all");
}

/* ---- sending ---- */

static void pump(struct kube_events *e);

/*
 * There is no Event to count up. Without a turn that waits, the next drift begins anew; one that
 * came meanwhile was told of nowhere yet.
 */
static void begin_anew(struct kube_events *e, struct item *item)
{
    if (!item->queued) {
        item_free(e, item);
        return;
    }
    draft_free(&item->draft);
    item->draft = e->again;
    e->again = (struct draft){0};
    item->posted = false;
    item->count = 1;
}

static void on_answer(void *ctx, const struct kube_answer *answer)
{
    struct kube_events *e = ctx;
    struct item *item = steal(e->flying);
    e->call = NULL;
    _free_ char *what = xasprintf("Kubernetes Event in namespace %s", item->namespace);
    _err_ struct err *err = NULL;
    if (kube_answer_err(answer, what, &err) == 0) {
        e->counts.written++;
        item->posted = true;
        e->told_failure = false;
    } else {
        e->counts.failed++;
        metrics_error("event");
        /* gone with its namespace, or expired: the next one begins anew */
        bool silent = answer->status == 404;
        if (!silent && !e->told_failure) {
            e->told_failure = true;
            e->config.note(e->config.ctx, err_message(err));
        }
        if (silent || !item->posted || !item->queued)
            begin_anew(e, item);
    }
    draft_free(&e->again);
    pump(e);
}

static void write_item(struct kube_events *e, struct item *item)
{
    static const char base[] = "/apis/events.k8s.io/v1/namespaces";
    _free_ char *path = NULL, *patch = NULL;
    if (item->draft.body) {
        path = xasprintf("%s/%s/events", base, item->namespace);
    } else {
        _free_ char *last = micro_time(item->last);
        path = xasprintf("%s/%s/events/%s", base, item->namespace, item->draft.name);
        patch =
            xasprintf("{\"series\":{\"count\":%u,\"lastObservedTime\":\"%s\"}}", item->count, last);
    }
    const char *body = item->draft.body ? item->draft.body : patch;
    e->call = kube_send_call(
        e->config.client,
        &(struct kube_request){.method = item->draft.body ? "POST" : "PATCH",
                               .path = path,
                               .content_type = item->draft.body ? "application/json"
                                                                : "application/merge-patch+json",
                               .body = body,
                               .body_len = strlen(body),
                               .done = on_answer,
                               .ctx = e});
    free(steal(item->draft.body));
}

/* Without a uid the Event is found by fewer, and still true. */
static void on_uid(void *ctx, const struct kube_answer *answer)
{
    struct kube_events *e = ctx;
    struct item *item = e->flying;
    const char *uid = json_str_at(answer->object, "metadata", "uid", NULL);
    json_auto_t *body = uid ? json_loads(item->draft.body, 0, NULL) : NULL;
    if (body) {
        json_put_str(json_object_get(body, "regarding"), "uid", uid);
        free(item->draft.body);
        item->draft.body = json_text(body, 0);
    }
    free(steal(item->draft.path));
    write_item(e, item);
}

static void send_item(struct kube_events *e, struct item *item)
{
    e->flying = item;
    if (!item->draft.body || !item->draft.path) {
        write_item(e, item);
        return;
    }
    e->call =
        kube_send_call(e->config.client,
                       &(struct kube_request){
                           .method = "GET",
                           .path = item->draft.path,
                           .accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
                           .done = on_uid,
                           .ctx = e,
                       });
}

/* Sends the next one, if it is allowed; one at a time, so that they come in order. */
static void pump(struct kube_events *e)
{
    struct item *item = TAILQ_FIRST(&e->queue);
    ev_timer_stop(e->config.loop, &e->timer);
    if (!item || e->call)
        return;
    int64_t now = clock_monotonic_ms();
    e->tokens += (double)(now - e->tokens_at) / 1000.0;
    e->tokens_at = now;
    if (e->tokens > LIMIT_EVENTS_BURST)
        e->tokens = LIMIT_EVENTS_BURST;
    if (e->tokens < 1) {
        ev_now_update(e->config.loop);
        ev_timer_set(&e->timer, 1.001 - e->tokens, 0.);
        ev_timer_start(e->config.loop, &e->timer);
        return;
    }
    e->tokens -= 1;
    TAILQ_REMOVE(&e->queue, item, link);
    item->queued = false;
    if (!--e->waiting)
        e->told_left_out = false;
    send_item(e, item);
}

static void on_timer(struct ev_loop *loop _unused_, ev_timer *w, int events _unused_)
{
    pump(w->data);
}

static void enqueue(struct kube_events *e, struct item *item)
{
    item->queued = true;
    e->waiting++;
    TAILQ_INSERT_TAIL(&e->queue, item, link);
    pump(e);
}

/* ---- public ---- */

struct kube_events *kube_events_new(const struct kube_events_config *config)
{
    struct kube_events *e = xcalloc(1, sizeof(*e));
    e->config = *config;
    if (!e->config.series_ms)
        e->config.series_ms = LIMIT_EVENT_SERIES_MS;
    TAILQ_INIT(&e->queue);
    e->tokens = LIMIT_EVENTS_BURST;
    e->tokens_at = clock_monotonic_ms();
    ev_init(&e->timer, on_timer);
    e->timer.data = e;
    return e;
}

static void write_draft(struct draft *d, const struct item *item, const json_t *drift,
                        const char *api_version, const char *path)
{
    draft_free(d);
    d->name = xasprintf("holdfast-%s-%llx", item->id, (unsigned long long)item->last);
    json_auto_t *body = kube_events_body(drift, api_version, NULL, d->name, item->last);
    d->body = json_text(body, 0);
    d->path = xstrdup_null(path);
}

/* What is not sent yet, or failed, or may fail, tells of the newest. */
static void write_newest(struct kube_events *e, struct item *item, const json_t *drift,
                         const char *api_version, const char *path)
{
    bool flying = item == e->flying;
    if (item->draft.body || (!item->posted && !flying)) {
        write_draft(&item->draft, item, drift, api_version, path);
        item->count = 1;
    } else if (flying) {
        write_draft(&e->again, item, drift, api_version, path);
    }
}

void kube_events_drift(struct kube_events *e, const json_t *drift, const char *api_version,
                       const char *path)
{
    const char *id = json_str_at(drift, "id", NULL);
    struct item *item = NULL;
    if (!reason(drift) || !id || strlen(id) >= sizeof(item->id))
        return;
    expire(e);
    HASH_FIND_STR(e->items, id, item);
    bool room = e->waiting < LIMIT_EVENTS_WAITING;
    if (!item && (!room || HASH_COUNT(e->items) >= LIMIT_EVENTS_KEPT)) {
        left_out(e);
        return;
    }
    if (!item) {
        item = xcalloc(1, sizeof(*item));
        snprintf(item->id, sizeof(item->id), "%s", id);
        item->namespace = xstrdup(event_namespace(drift));
        item->began = clock_monotonic_ms();
        HASH_ADD_STR(e->items, id, item);
    }
    item->last = clock_now_ms();
    item->count++;
    bool asking = item == e->flying && item->draft.body; /* for its uid: it is sent right after */
    write_newest(e, item, drift, api_version, path);
    if (!item->queued && !asking && room)
        enqueue(e, item);
}

void kube_events_counts(const struct kube_events *e, struct kube_events_counts *out)
{
    *out = e->counts;
}

void kube_events_free(struct kube_events *e)
{
    if (!e)
        return;
    struct item *item, *next;
    kube_cancel(e->call);
    draft_free(&e->again);
    ev_timer_stop(e->config.loop, &e->timer);
    HASH_ITER(hh, e->items, item, next)
    {
        item_free(e, item);
    }
    free(e);
}
