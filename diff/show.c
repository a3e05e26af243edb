#include "diff/show.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/text.h"

#define SHORT_REVISION 7

static bool is(const json_t *event, const char *member, const char *value)
{
    const char *s = json_str_at(event, member, NULL);
    return s && strcmp(s, value) == 0;
}

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

char show_sign(const json_t *drift)
{
    static const struct {
        const char *member, *value;
        char sign;
    } signs[] = {
        {"state", "cleared", '='},       {"verdict", "missing", '-'}, {"verdict", "blocked", '!'},
        {"verdict", "unknown", '?'},     {"verdict", "orphan", '+'},  {"class", "extra", '+'},
        {"verdict", "terminating", 'x'}, {"class", "dropped", '-'},
    };
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        if (is(drift, signs[i].member, signs[i].value))
            return signs[i].sign;
    }
    return '~';
}

char *show_object(const json_t *event)
{
    const json_t *object = json_object_get(event, "object");
    if (!json_is_object(object))
        return text_safe_dup(json_string_value(object));
    const char *kind = json_str_at(object, "kind", NULL);
    const char *ns = json_str_at(object, "namespace", NULL);
    if (!kind)
        kind = json_str_at(object, "type", NULL); /* Azure */
    _free_ char *raw = xasprintf("%s %s%s%s", or_empty(kind), or_empty(ns), ns ? "/" : "",
                                 or_empty(json_str_at(object, "name", NULL)));
    return text_safe_dup(raw);
}

char *show_field(const json_t *drift)
{
    return text_safe_dup(json_str_at(drift, "field", NULL));
}

/* Whether a string without quotes can be taken for nothing but itself. */
static bool is_bare(const char *s, size_t len)
{
    static const char *const words[] = {"true", "false", "null", "absent", "want", "have"};
    if (len == 0 || strlen(s) != len || strchr("{[\"(", s[0]))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(s, words[i]) == 0)
            return false;
    }
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        if (*p <= ' ' || *p == '"' || *p == '\\' || *p == 0x7f)
            return false;
    }
    char *end = NULL;
    strtod(s, &end);
    return *end != '\0';
}

/* The stand-ins of SPEC 1 for a value, or NULL. */
static char *stand_in(const json_t *value)
{
    const char *hidden = json_str_at(value, "hidden", NULL);
    if (hidden && json_object_size(value) == 1) {
        _free_ char *safe = text_safe_dup(hidden);
        return xasprintf("(hidden %s)", safe);
    }
    const json_t *bytes = json_object_get(value, "bytes");
    if (!json_is_true(json_object_get(value, "cut")) || !json_is_integer(bytes))
        return NULL;
    _free_ char *digest = text_safe_dup(json_str_at(value, "sha256", NULL));
    return xasprintf("(%lld bytes, sha256 %.8s…)", (long long)json_integer_value(bytes), digest);
}

char *show_value(const json_t *value)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    if (json_is_string(value)) {
        const char *s = json_string_value(value);
        size_t len = json_string_length(value);
        text_safe(&b, s, len, !is_bare(s, len));
        return buf_take(&b);
    }
    char *instead = stand_in(value);
    if (instead)
        return instead;
    /* JSON's own escapes leave the characters that turn text around */
    _free_ char *text = json_text(value, 0);
    text_safe(&b, text, strlen(text), false);
    return buf_take(&b);
}

/* The elements of a reordered list, by their keys: "[A, B]" for a person, not [{"name":"A"}, …]. */
static char *show_keys(const json_t *elements)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    size_t i;
    json_t *keys, *value;
    const char *name, *before = "[";
    json_array_foreach((json_t *)elements, i, keys)
    {
        json_object_foreach(keys, name, value)
        {
            _free_ char *text = show_value(value);
            buf_add_str(&b, before);
            buf_add_str(&b, text);
            before = "/";
        }
        before = ", ";
    }
    buf_add_char(&b, ']');
    return buf_take(&b);
}

void show_sides(const json_t *drift, size_t columns, char **want, char **have)
{
    const json_t *w = json_object_get(drift, "want"), *h = json_object_get(drift, "have");
    const json_t *normal = json_object_get(drift, "want_normalized");
    bool order = is(drift, "by_reason", "order") && json_is_array(w) && json_is_array(h);
    *want = order ? show_keys(w) : w ? show_value(w) : NULL;
    *have = order ? show_keys(h) : h ? show_value(h) : NULL;
    if (*want && *have) {
        text_cut_pair(want, have, columns);
    } else if (*want || *have) {
        char **side = *want ? want : have;
        char *whole = steal(*side);
        *side = text_cut(whole, columns);
        free(whole);
    }
    if (*want && normal) {
        _free_ char *first = steal(*want), *text = show_value(normal);
        _free_ char *second = text_cut(text, columns);
        *want = xasprintf("%s (%s)", first, second);
    }
}

static void add_finalizers(struct buf *b, const json_t *drift)
{
    const json_t *finalizers = json_object_get(drift, "finalizers");
    for (size_t i = 0; i < json_array_size(finalizers); i++) {
        _free_ char *one = text_safe_dup(json_string_value(json_array_get(finalizers, i)));
        buf_addf(b, "%s%s", i ? ", " : " (held by ", one);
    }
    if (json_array_size(finalizers))
        buf_add_char(b, ')');
}

char *show_verdict(const json_t *drift)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    if (is(drift, "state", "cleared")) {
        _free_ char *why = text_safe_dup(json_str_at(drift, "cleared", NULL));
        buf_addf(&b, "cleared%s%s", *why ? ": " : "", why);
        return buf_take(&b);
    }
    _free_ char *verdict = text_safe_dup(json_str_at(drift, "verdict", NULL));
    _free_ char *reason = text_safe_dup(json_str_at(drift, "reason", NULL));
    buf_add_str(&b, verdict);
    if (is(drift, "verdict", "orphan"))
        buf_add_str(&b, " (no longer in Git)");
    if (*reason)
        buf_addf(&b, ": %s", reason);
    add_finalizers(&b, drift);
    return buf_take(&b);
}

/* When, for a person: the hour within two days of the report, else the date. */
static void add_since(struct buf *b, const json_t *drift)
{
    const char *since = json_str_at(drift, "since", NULL);
    const char *time = json_str_at(drift, "time", NULL);
    int64_t then, now;
    if (!since || clock_parse(since, &then))
        return;
    char ago[CLOCK_TEXT_BYTES] = "", stamp[CLOCK_TEXT_BYTES];
    clock_rfc3339(then * 1000, stamp);
    bool recent = time && clock_parse(time, &now) == 0 && now - then < 2 * 86400;
    if (recent)
        clock_ago(then, now, ago);
    if (b->len)
        buf_add_str(b, ", ");
    if (is(drift, "since_kind", "seen"))
        buf_addf(b, "seen %s", recent ? ago : stamp);
    else
        buf_addf(b, "%s%.*s%.*sZ%s%s%s",
                 is(drift, "since_kind", "at-or-before") ? "at or before " : "since ",
                 recent ? 0 : 10, stamp, recent ? 5 : 6, recent ? stamp + 11 : stamp + 10,
                 recent ? " (" : "", ago, recent ? ")" : "");
}

/* by_reason in words; a reason that we do not know stands for itself. */
static const char *reason_words(const char *reason)
{
    static const struct {
        const char *reason, *words;
    } table[] = {
        {"git-moved", "nobody (Git moved on)"},
        {"order", "unknown (reordered)"},
        {"no-entry", "unknown (no entry names anybody)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].reason, reason) == 0)
            return table[i].words;
    }
    return NULL;
}

static void add_others(struct buf *b, const json_t *drift, const char *by)
{
    const json_t *all = json_object_get(drift, "by_all");
    size_t others = 0;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *name = json_string_value(json_array_get(all, i));
        if (!name || strcmp(name, by) == 0)
            continue;
        _free_ char *safe = text_safe_dup(name);
        buf_addf(b, "%s%s", others++ ? ", " : " (also ", safe);
    }
    if (others)
        buf_add_char(b, ')');
}

char *show_who(const json_t *drift)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    const char *by = json_str_at(drift, "by", NULL);
    const char *reason = json_str_at(drift, "by_reason", NULL);
    if (by) {
        text_safe(&b, by, strlen(by), false);
        if (is(drift, "by_reason", "other-version"))
            buf_add_str(&b, " (in another API version)");
        add_others(&b, drift, by);
    } else if (reason) {
        const char *words = reason_words(reason);
        _free_ char *safe = text_safe_dup(reason);
        if (words)
            buf_add_str(&b, words);
        else
            buf_addf(&b, "unknown (%s)", safe);
    }
    add_since(&b, drift);
    return buf_take(&b);
}

char *show_place(const json_t *event)
{
    const json_t *line = json_object_get(event, "line");
    _free_ char *file = text_safe_dup(json_str_at(event, "file", NULL));
    _free_ char *revision = text_safe_dup(json_str_at(event, "revision", NULL));
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    buf_add_str(&b, file);
    if (*file && json_is_integer(line))
        buf_addf(&b, ":%lld", (long long)json_integer_value(line));
    if (*file && *revision)
        buf_addf(&b, " (%.*s)", SHORT_REVISION, revision);
    return buf_take(&b);
}

char *show_problem(const json_t *event)
{
    const json_t *line = json_object_get(event, "line"), *col = json_object_get(event, "col");
    _free_ char *file = text_safe_dup(json_str_at(event, "file", NULL));
    _free_ char *message = text_safe_dup(json_str_at(event, "message", NULL));
    _free_ char *object = show_object(event);
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    buf_add_str(&b, file);
    if (*file && json_integer_value(line) > 0) {
        buf_addf(&b, ":%lld", (long long)json_integer_value(line));
        if (json_integer_value(col) > 0)
            buf_addf(&b, ":%lld", (long long)json_integer_value(col));
    }
    buf_addf(&b, "%s%s: ", *file ? ": " : "", is(event, "event", "error") ? "error" : "note");
    if (*object && strncmp(message, object, strlen(object)) != 0)
        buf_addf(&b, "%s: ", object);
    buf_add_str(&b, message);
    return buf_take(&b);
}

static long long count(const json_t *summary, const char *member)
{
    return (long long)json_integer_value(json_object_get(summary, member));
}

static long long drifted(const json_t *summary)
{
    long long n = 0;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(summary, "drifted"), key, value)
    {
        n += (long long)json_integer_value(value);
    }
    return n;
}

bool show_in_sync(const json_t *summary)
{
    static const char *const bad[] = {"missing", "terminating", "blocked", "unknown", "errors"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (count(summary, bad[i]))
            return false;
    }
    return !drifted(summary);
}

/* "1 object", "2 objects". */
static void add_count(struct buf *b, const char *before, long long n, const char *noun)
{
    buf_addf(b, "%s%lld %s%s", before, n, noun, n == 1 ? "" : "s");
}

static void add_drifted(struct buf *b, const json_t *summary)
{
    long long n = drifted(summary);
    if (!n)
        return;
    add_count(b, ", ", n, "field");
    buf_add_str(b, " drifted");
    const char *separator = " (", *key;
    json_t *value;
    json_object_foreach(json_object_get(summary, "drifted"), key, value)
    {
        if (!json_integer_value(value))
            continue;
        _free_ char *class = text_safe_dup(key);
        buf_addf(b, "%s%lld %s", separator, (long long)json_integer_value(value), class);
        separator = ", ";
    }
    buf_add_char(b, ')');
}

static void add_end(struct buf *b, const json_t *summary)
{
    if (count(summary, "ignored"))
        buf_addf(b, ", %lld ignored", count(summary, "ignored"));
    if (count(summary, "paused"))
        buf_addf(b, ", %lld paused", count(summary, "paused"));
    add_count(b, ", ", count(summary, "requests"), "request");
    buf_addf(b, ", %.2f s", json_number_value(json_object_get(summary, "seconds")));
}

char *show_summary(const json_t *summary)
{
    static const char *const verdicts[] = {"missing", "terminating", "blocked", "unknown"};
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    bool in_sync = show_in_sync(summary);
    long long compared = count(summary, "objects") - count(summary, "paused");
    const char *before = !in_sync ? "" : compared ? "in sync: " : "nothing to compare: ";
    add_count(&b, before, compared, "object");
    if (!in_sync) {
        buf_addf(&b, ": %lld in sync", count(summary, "in_sync"));
        add_drifted(&b, summary);
        for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
            if (count(summary, verdicts[i]))
                buf_addf(&b, ", %lld %s", count(summary, verdicts[i]), verdicts[i]);
        }
        if (count(summary, "errors"))
            add_count(&b, ", ", count(summary, "errors"), "error");
    }
    add_end(&b, summary);
    return buf_take(&b);
}

char *show_export(const json_t *export)
{
    const json_t *value = json_object_get(export, "value");
    _free_ char *ns = text_safe_dup(json_str_at(export, "namespace", NULL));
    _free_ char *name = text_safe_dup(json_str_at(export, "name", NULL));
    _free_ char *raw = json_is_string(value) ? xstrdup(json_string_value(value))
                       : value               ? json_text(value, 0)
                                             : xstrdup("(absent)");
    _free_ char *text = text_safe_dup(raw);
    return xasprintf("%s%s%s = %s", ns, *ns ? "/" : "", name, text);
}

static int order_of(const json_t *a, const json_t *b, const char *parent, const char *member)
{
    const char *x = parent ? json_str_at(a, parent, member, NULL) : json_str_at(a, member, NULL);
    const char *y = parent ? json_str_at(b, parent, member, NULL) : json_str_at(b, member, NULL);
    return strverscmp(or_empty(x), or_empty(y));
}

int show_drift_order(const void *a, const void *b)
{
    static const char *const members[] = {"namespace", "kind", "type", "name", "group", "id"};
    const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        int order = order_of(x, y, "object", members[i]);
        if (order)
            return order;
    }
    int order = order_of(x, y, NULL, "field");
    return order ? order : order_of(x, y, NULL, "id");
}

int show_problem_order(const void *a, const void *b)
{
    static const char *const numbers[] = {"line", "col"};
    const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
    int order =
        strcmp(or_empty(json_str_at(x, "file", NULL)), or_empty(json_str_at(y, "file", NULL)));
    for (size_t i = 0; i < ARRAY_LEN(numbers) && !order; i++) {
        long long m = count(x, numbers[i]), n = count(y, numbers[i]);
        order = (m > n) - (m < n);
    }
    if (order)
        return order;
    _free_ char *p = show_problem(x), *q = show_problem(y);
    return strcmp(p, q);
}
