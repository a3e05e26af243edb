#include "providers/kubernetes/refusal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/own_text.h"

/* The server's own words after a value: nothing in them can be a part of the object. */
static bool own_words(const char *s)
{
    size_t n = strlen(s);
    return n && n < 300 && !strpbrk(s, "\"'`{}\\");
}

/*
 * Who denies a Secret has seen its values, and says what he likes: only that he denies it is kept.
 * Of all else what stands before the first quote ("illegal base64 data at input byte 4" has none).
 */
static void cut_to_own_words(char *line)
{
    static const char *const denials[] = {" denied request", " denied the request"};
    for (size_t i = 0; i < ARRAY_LEN(denials); i++) {
        char *at = strstr(line, denials[i]);
        if (at) {
            at[strlen(denials[i])] = '\0';
            return;
        }
    }
    line[strcspn(line, "\"`")] = '\0';
}

char *message_safe(const char *message, bool secret)
{
    static const char *const values[] = {"Invalid value: ", "Unsupported value: ",
                                         "Duplicate value: ", "duplicate entries for key "};
    size_t len = strcspn(message, "\r\n");
    const char *got = strstr(message, ", got ");
    if (got && (size_t)(got - message) < len)
        len = (size_t)(got - message);
    _free_ char *line = xstrndup(message, len);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char *at = strstr(line, values[i]);
        if (!at)
            continue;
        size_t keep = (size_t)(at - line) + strlen(values[i]) - 1;
        const char *tail = NULL;
        for (const char *p = line + keep; (p = strstr(p, ": ")); p += 2)
            tail = p + 2;
        line[keep] = '\0';
        if (line[keep - 1] == ':')
            line[keep - 1] = '\0';
        if (tail && own_words(tail) && !secret)
            return xasprintf("%s: %s", line, tail);
        return xstrdup(line);
    }
    if (secret)
        cut_to_own_words(line);
    return steal(line);
}

/* Reads a name up to one of ".[" */
static char *take_name(const char **s)
{
    size_t n = strcspn(*s, ".[");
    char *name = xstrndup(*s, n);
    *s += n;
    return name;
}

/* k="v",k2=3 into an object; false when it is not of that form. */
static json_t *take_keys(const char *inside)
{
    json_t *keys = json_object();
    while (*inside) {
        size_t n = strcspn(inside, "=");
        if (!inside[n] || !n)
            break;
        _free_ char *key = xstrndup(inside, n);
        const char *value = inside + n + 1;
        size_t len = strcspn(value, ",");
        if (*value == '"') {
            const char *end = strchr(value + 1, '"');
            len = end ? (size_t)(end - value) + 1 : len;
        }
        _free_ char *text = xstrndup(value, len);
        json_t *v = json_parse(text, len, "key", NULL);
        json_put(keys, key, v ? v : json_string(text));
        inside = value + len + (value[len] == ',');
    }
    if (json_object_size(keys))
        return keys;
    json_decref(keys);
    return NULL;
}

static const char *take_bracket(const char *s, struct path *step)
{
    const char *end = NULL;
    bool quoted = false;
    for (const char *p = s + 1; *p && !end; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == ']' && !quoted)
            end = p;
    }
    if (!end)
        return NULL;
    _free_ char *inside = xstrndup(s + 1, (size_t)(end - s) - 1);
    if (*inside && strspn(inside, "0123456789") == strlen(inside)) {
        *step = (struct path){.type = STEP_INDEX, .index = strtoul(inside, NULL, 10)};
    } else if (inside[0] == '=') {
        json_t *v = json_parse(inside + 1, strlen(inside + 1), "key", NULL);
        *step = (struct path){.type = STEP_VALUE, .value = v ? v : json_string(inside + 1)};
    } else {
        json_t *keys = take_keys(inside);
        if (keys)
            *step = (struct path){.type = STEP_KEYS, .value = keys};
        else
            *step = (struct path){.type = STEP_MEMBER, .name = steal(inside)};
    }
    return end + 1;
}

void field_parse(const char *text, struct kept_path *out)
{
    size_t cap = 0;
    *out = (struct kept_path){0};
    while (text && *text) {
        struct path step = {0};
        if (*text == '[') {
            text = take_bracket(text, &step);
        } else {
            text += *text == '.';
            step.name = *text && *text != '[' ? take_name(&text) : NULL;
            if (!step.name)
                continue;
        }
        if (!text)
            break;
        out->steps = xgrow(out->steps, &cap, out->count + 1, sizeof(*out->steps));
        out->steps[out->count++] = step;
    }
    for (size_t i = 1; i < out->count; i++)
        out->steps[i].up = &out->steps[i - 1];
}

static bool says(const char *message, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcasestr(message, words[i]))
            return true;
    }
    return false;
}

static bool immutable_words(const char *message)
{
    static const char *const words[] = {"immutable",         "may not be changed",
                                        "cannot be changed", "can not be changed",
                                        "cannot change ",    "may not change once set"};
    const char *updates = strcasestr(message, "updates to ");
    return says(message, words, ARRAY_LEN(words)) || (updates && strstr(updates, " are forbidden"));
}

/* Only the causes' own words count: an object, a field or a value may be called "immutable". */
static bool says_immutable(const json_t *causes)
{
    for (size_t i = 0; i < json_array_size(causes); i++) {
        const char *text = json_str_at(json_array_get(causes, i), "message", NULL);
        const char *at = text ? strstr(text, "Invalid value: ") : NULL;
        for (; at && (at = strstr(at, ": ")); at += 2)
            text = at + 2;
        if (text && immutable_words(text))
            return true;
    }
    return false;
}

/* "create not allowed while ...": a 405 or, as the server's admission says it, a 403. */
#define TERMINATING_KIND "custom resource definition is terminating"

static enum refusal_kind forbidden_kind(const struct kube_answer *a, const json_t *causes)
{
    static const char *const admission[] = {"exceeded quota",    "violates PodSecurity",
                                            "admission webhook", "ValidatingAdmissionPolicy",
                                            "only one ",         "is forbidden: failed quota"};
    for (size_t i = 0; i < json_array_size(causes); i++) {
        const char *reason = json_str_at(json_array_get(causes, i), "reason", NULL);
        if (reason && !strcmp(reason, "NamespaceTerminating"))
            return REFUSAL_TERMINATING;
    }
    if (strstr(a->message, TERMINATING_KIND))
        return REFUSAL_UNSERVED;
    if (strstr(a->message, "because it is being terminated"))
        return REFUSAL_TERMINATING;
    if (says(a->message, admission, ARRAY_LEN(admission)))
        return REFUSAL_DENIED;
    /* "User "x" cannot patch resource ...", or the escalation check of RBAC's own kinds */
    if (strstr(a->message, " cannot ") || strstr(a->message, "attempting to grant RBAC"))
        return REFUSAL_FORBIDDEN;
    return REFUSAL_DENIED;
}

static enum refusal_kind kind_of(const struct kube_answer *a)
{
    static const char *const typed[] = {"failed to create typed", "failed to convert",
                                        "failed to create manager", "failed to update manager"};
    const json_t *causes = json_at(a->object, "details", "causes", NULL);
    const char *what = json_str_at(a->object, "details", "kind", NULL);
    bool any_field = false;
    switch (a->status) {
    case 400:
        return strstr(a->message, "admission webhook") ? REFUSAL_DENIED : REFUSAL_MALFORMED;
    case 403:
        return forbidden_kind(a, causes);
    case 404:
        if (!json_at(a->object, "details", "name", NULL))
            return REFUSAL_UNSERVED; /* no object is what was not found */
        return what && !strcmp(what, "namespaces") ? REFUSAL_NO_NAMESPACE : REFUSAL_NOT_FOUND;
    case 405:
        return strstr(a->message, TERMINATING_KIND) ? REFUSAL_UNSERVED : REFUSAL_UNKNOWN;
    case 409:
        return REFUSAL_CONFLICT;
    case 413:
    case 415:
        return REFUSAL_MALFORMED;
    case 422:
        for (size_t i = 0; i < json_array_size(causes); i++)
            any_field |= json_str_at(json_array_get(causes, i), "field", NULL) != NULL;
        return json_array_size(causes) && !any_field ? REFUSAL_DENIED : REFUSAL_UNPROCESSABLE;
    case 500:
        return !strcmp(a->reason, "InternalError") || !says(a->message, typed, ARRAY_LEN(typed))
                   ? REFUSAL_UNKNOWN
                   : REFUSAL_MALFORMED;
    default:
        return REFUSAL_UNKNOWN;
    }
}

/* ".spec.replica: field not declared in schema" inside a typed patch's message. */
static char *typed_field(const char *message)
{
    for (const char *p = message; (p = strchr(p, '.')); p++) {
        if (p > message && !strchr(" :\n", p[-1]))
            continue;
        bool quoted = false;
        const char *end = p;
        for (; *end && (quoted || !(end[0] == ':' && end[1] == ' ')); end++) {
            if (*end == '"')
                quoted = !quoted;
            else if (!quoted && *end == ' ')
                break;
        }
        if (*end == ':' && end > p + 1)
            return xstrndup(p, (size_t)(end - p));
    }
    return NULL;
}

/* Its message as it may be shown; `start`: where it begins to say why. */
static char *shown(const struct kube_answer *a, const char *start, bool secret)
{
    char *own = secret ? own_text(start, json_str_at(a->object, "details", "name", NULL)) : NULL;
    return own ? own : message_safe(start, secret);
}

static void read_status(struct refusal *out, const struct kube_answer *a, bool secret)
{
    const json_t *causes = json_at(a->object, "details", "causes", NULL);
    const json_t *cause = json_array_get(causes, 0);
    const char *field = json_str_at(cause, "field", NULL);
    const char *message = *a->message        ? a->message
                          : a->status == 404 ? "no such kind is served (any more)"
                                             : "no reason given";
    /* an object's own name may be quoted in front: what follows says why */
    if (field && json_str_at(cause, "message", NULL) && out->kind == REFUSAL_UNPROCESSABLE) {
        _free_ char *why = shown(a, json_str_at(cause, "message", NULL), secret);
        out->message = xasprintf("%s: %s", field, why);
    } else {
        const char *errors = strstr(message, "errors:\n");
        const char *path = strstr(message, "): .");
        const char *start = errors ? errors + strspn(errors + 8, " ") + 8
                            : path ? path + 3
                                   : message;
        out->message = shown(a, start, secret);
    }
    out->field = field ? xstrdup(field) : typed_field(message);
    if (out->field)
        field_parse(out->field, &out->path);
    out->says_immutable = says_immutable(causes);
    out->says_only_some_fields = strstr(message, "may not change fields other than");
}

void refusal_read(struct refusal *out, const struct kube_answer *a, bool secret)
{
    refusal_free(out);
    if (!a->status || a->err) {
        out->kind = REFUSAL_UNKNOWN;
        out->message = xstrdup(err_message(a->err));
        return;
    }
    if (a->status == 401) {
        out->kind = REFUSAL_UNKNOWN;
        out->message = kube_answer_sign_in(a);
        return;
    }
    if (a->status < 300) {
        out->kind = REFUSAL_UNKNOWN;
        out->message = xasprintf("%s answered %ld, and not with a Kubernetes object: is something "
                                 "else answering in its place?",
                                 a->server, a->status);
        return;
    }
    out->kind = kind_of(a);
    read_status(out, a, secret);
    if (out->kind == REFUSAL_UNKNOWN) {
        char *why = out->message;
        out->message = xasprintf("the API server answered %ld: %s", a->status, why);
        free(why);
    }
}

bool refusal_same(const struct refusal *a, const struct refusal *b)
{
    bool field = a->field && b->field ? !strcmp(a->field, b->field) : a->field == b->field;
    return a->kind == b->kind && field && a->message && b->message &&
           !strcmp(a->message, b->message);
}

void refusal_free(struct refusal *r)
{
    free(r->message);
    free(r->field);
    kept_path_free(&r->path);
    *r = (struct refusal){0};
}
