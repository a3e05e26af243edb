#include "providers/kubernetes/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/nearest.h"
#include "diff/ignore.h"

static void tell(struct kube *k, struct unit *unit, const struct drift *d)
{
    k->config.host->report(k->config.host->ctx, unit, d);
}

static bool is_secret(const struct unit *unit, const struct path *path)
{
    if (!kube_is_secret(unit))
        return false;
    /* the annotation holds the whole Secret once more; an exported manifest declares it */
    if (path_is(path, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration",
                NULL))
        return true;
    while (path->up)
        path = path->up;
    return path->type == STEP_MEMBER &&
           (!strcmp(path->name, "data") || !strcmp(path->name, "stringData"));
}

/* Secrets are compared as decoded bytes, so equal secrets show the same mark. */
static json_t *hide(const struct kube *k, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t len = 0;
    _free_ char *bytes = text ? hash_unbase64(text, json_string_length(value), &len) : NULL;
    if (bytes)
        return drift_hidden(k->config.hidden_key, bytes, len);
    _free_ char *written = json_text(value, JSON_WRITE_SORTED);
    return drift_hidden(k->config.hidden_key, written, strlen(written));
}

bool report_same_secret(const struct unit *unit, const struct path *path, const json_t *a,
                        const json_t *b)
{
    if (!is_secret(unit, path) || !json_is_string(a) || !json_is_string(b))
        return false;
    size_t a_len = 0, b_len = 0;
    _free_ char *x = hash_unbase64(json_string_value(a), json_string_length(a), &a_len);
    _free_ char *y = hash_unbase64(json_string_value(b), json_string_length(b), &b_len);
    return x && y && a_len == b_len && !memcmp(x, y, a_len);
}

static json_t *shown(const struct kube *k, const json_t *value, bool secret)
{
    if (!value)
        return NULL;
    return secret ? hide(k, value) : json_incref((json_t *)value);
}

/* Line of the path in the manifest; a Secret's data may stand there as stringData. */
static uint32_t line_of(const struct kube_unit *u, const struct unit *unit, const struct path *path)
{
    const struct path plain = {.type = STEP_MEMBER, .name = "stringData"};
    if (path->up && !path->up->up && path_is(path->up, "data", NULL) && is_secret(unit, path)) {
        struct path key = *path;
        key.up = &plain;
        if (path_find(u->document.body, &key))
            return document_place(&u->document, &key).line;
    }
    uint32_t line = document_place(&u->document, path).line;
    return line ? line : unit->line;
}

/* Does the service write what Git says in another way? Defaults that it adds do not count. */
static bool written_otherwise(const json_t *want, const json_t *answer)
{
    if (json_is_object(want) && json_is_object(answer)) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)want, key, value)
        {
            if (written_otherwise(value, json_object_get(answer, key)))
                return true;
        }
        return false;
    }
    if (json_is_array(want) && json_is_array(answer) &&
        json_array_size(want) == json_array_size(answer)) {
        for (size_t i = 0; i < json_array_size(want); i++) {
            if (written_otherwise(json_array_get(want, i), json_array_get(answer, i)))
                return true;
        }
        return false;
    }
    return answer && !json_same(want, answer);
}

/* holdfast.dev/ignore; what cannot be read in it is told where Git is read. */
static bool ignored_by_itself(const struct kube_unit *u, const struct unit *unit,
                              const struct difference *d)
{
    const char *lines =
        json_str_at(u->document.body, "metadata", "annotations", "holdfast.dev/ignore", NULL);
    if (!lines)
        return false;
    const struct ignore_object object = {unit->group, unit->kind, unit->namespace, unit->name};
    struct ignore *rules = ignore_new();
    ignore_add_lines(rules, lines);
    bool is = ignore_covers(rules, &object, d, u->declared, u->live, 0);
    ignore_free(rules);
    return is;
}

bool report_ignored(struct kube *k, struct unit *unit, const struct difference *d)
{
    const struct kube_unit *u = kube_unit_of(unit);
    const struct host *host = k->config.host;
    bool is = ignored_by_itself(u, unit, d) ||
              (host->ignored && host->ignored(host->ctx, unit, d, u->declared, u->live));
    if (is && host->passed_over)
        host->passed_over(host->ctx, unit, d->path, "ignored");
    return is;
}

void report_field(struct kube *k, struct unit *unit, const struct field_report *f)
{
    struct kube_unit *u = kube_unit_of(unit);
    bool secret = !f->order && is_secret(unit, f->path);
    bool otherwise = !secret && f->want && written_otherwise(f->want, f->want_normalized);
    json_auto_t *want = shown(k, f->want, secret);
    json_auto_t *have = shown(k, f->have, secret);
    _free_ char *field = path_text(f->path);
    /* Git has no such element: the list, not an element that lacks a key */
    const struct path *at = !f->want && f->path->type == STEP_KEYS ? f->path->up : f->path;
    const struct drift d = {
        .verdict = VERDICT_DRIFTED,
        .drift_class = f->drift_class,
        .field = field,
        .want = want,
        .want_normalized = otherwise ? f->want_normalized : NULL,
        .have = have,
        .by = f->who->by,
        .by_reason = f->who->by_reason,
        .by_all = f->who->by_all,
        .since = f->who->since,
        .since_kind = f->who->since_kind,
        .line = line_of(u, unit, at),
        .unjudged = f->unjudged,
    };
    tell(k, unit, &d);
}

void report_missing(struct kube *k, struct unit *unit, bool unjudged)
{
    const struct drift d = {
        .verdict = VERDICT_MISSING,
        .by_reason = "deleted",
        .line = unit->line,
        .unjudged = unjudged,
    };
    tell(k, unit, &d);
}

void report_terminating(struct kube *k, struct unit *unit)
{
    const json_t *live = kube_unit_of(unit)->live;
    const json_t *finalizers = json_at(live, "metadata", "finalizers", NULL);
    json_auto_t *none = json_array();
    const char *deadline = json_str_at(live, "metadata", "deletionTimestamp", NULL);
    /* the timestamp is when the grace period ends; the deletion was asked for before it */
    json_int_t grace =
        json_integer_value(json_at(live, "metadata", "deletionGracePeriodSeconds", NULL));
    int64_t end;
    char since[CLOCK_TEXT_BYTES] = "";
    if (deadline && clock_parse(deadline, &end) == 0)
        clock_rfc3339((end - grace) * 1000, since);
    const struct drift d = {
        .verdict = VERDICT_TERMINATING,
        .since = *since ? since : NULL,
        .finalizers = finalizers ? finalizers : none,
        .line = unit->line,
    };
    tell(k, unit, &d);
}

void report_unknown(struct kube *k, struct unit *unit, const char *why)
{
    const struct drift d = {
        .verdict = VERDICT_UNKNOWN,
        .message = why ? why : "it could not be read",
        .line = unit->line,
    };
    tell(k, unit, &d);
}

static const char *remedy_for(const char *reason, const struct refusal *r)
{
    if (!strcmp(reason, "immutable"))
        return "this field cannot be changed in place: put the live value into Git, or delete the "
               "object so that it is made anew";
    if (!strcmp(reason, "invalid"))
        return "correct the manifest";
    if (!strcmp(reason, "denied"))
        return "change the manifest or the policy that denies it";
    switch (r->kind) {
    case REFUSAL_TERMINATING:
        return "wait until the namespace is gone, or remove what holds its deletion up";
    case REFUSAL_NO_NAMESPACE:
        return "create the namespace, or put it into the source";
    case REFUSAL_UNSERVED:
        return "wait until the kind's definition (CRD) is gone, or remove what holds its deletion "
               "up; it can then be made anew";
    default:
        return "put the live value into Git, or make the change by the way that the server's "
               "message "
               "names";
    }
}

/* ".spec.replica: field not declared in schema", as a person would say it. */
static char *unknown_field(const struct kube_unit *u, const struct unit *unit,
                           const struct path *path)
{
    _free_ char *field = path_text(path);
    struct nearest near = NEAREST_INIT(path->name);
    const char *sibling;
    json_t *value;
    json_object_foreach(path_find(u->live, path->up), sibling, value) nearest_try(&near, sibling);
    if (!near.best)
        return xasprintf("%s is not a field of %s", field, unit->api_version);
    struct path meant = *path;
    meant.name = near.best;
    _free_ char *other = path_text(&meant);
    return xasprintf("%s is not a field of %s (did you mean %s?)", field, unit->api_version, other);
}

/* Elements are counted in what the change would make: with others' beside ours, it is the list. */
static const struct path *without_index(const struct kube_unit *u, const struct path *path)
{
    const struct path *at = path;
    for (; u->live && path; path = path->up) {
        if (path->type == STEP_INDEX)
            at = path->up;
    }
    return at;
}

/* The server's word, with the line where it named a field that the manifest holds. */
static char *message_with_line(const struct kube_unit *u, const struct unit *unit,
                               const struct refusal *r)
{
    const struct path *path = kept_path_last(&r->path);
    bool unknown =
        path && path->type == STEP_MEMBER && strstr(r->message, "not declared in schema");
    _free_ char *message = unknown ? unknown_field(u, unit, path) : xstrdup(r->message);
    const struct path *at = without_index(u, path);
    uint32_t line = at && u->document.body ? line_of(u, unit, at) : 0;
    if (!line || line == unit->line)
        return steal(message);
    return xasprintf("line %u: %s", line, message);
}

void report_blocked(struct kube *k, struct unit *unit, const char *reason, const struct refusal *r)
{
    _free_ char *message = message_with_line(kube_unit_of(unit), unit, r);
    const struct drift d = {
        .verdict = VERDICT_BLOCKED,
        .reason = reason,
        .remedy = remedy_for(reason, r),
        .message = message,
        .line = unit->line,
    };
    tell(k, unit, &d);
}
