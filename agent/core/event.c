#include "core/event.h"

#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"

/* SPEC 1's order. Nested objects are built in their order by who makes them. */
static const char *const member_order[] = {
    "time",        "level",           "event",    "source",     "revision",  "state",   "cleared",
    "reminder",    "opened",          "id",       "object",     "verdict",   "class",   "field",
    "want",        "want_normalized", "have",     "by",         "by_reason", "by_all",  "since",
    "since_kind",  "reason",          "remedy",   "finalizers", "message",   "file",    "line",
    "col",         "action",          "unjudged", "objects",    "in_sync",   "drifted", "missing",
    "terminating", "blocked",         "unknown",  "ignored",    "errors",    "notes",   "requests",
    "seconds",
};

json_t *event_new_at(int64_t ms, enum event_level level, const char *event, const char *source,
                     const char *revision)
{
    static const char *const levels[] = {"info", "warning", "error"};
    char now[CLOCK_TEXT_BYTES];
    clock_rfc3339(ms, now);
    json_t *e = json_object();
    json_put_str(e, "time", now);
    json_put_str(e, "level", levels[level]);
    json_put_str(e, "event", event);
    json_put_str(e, "source", source);
    json_put_str(e, "revision", revision);
    return e;
}

json_t *event_new(enum event_level level, const char *event, const char *source,
                  const char *revision)
{
    return event_new_at(clock_now_ms(), level, event, source, revision);
}

json_t *event_problem(enum event_level level, const char *source, const char *revision,
                      const char *file, unsigned line, unsigned col, const char *object,
                      const char *message)
{
    json_t *e = event_new(level, level == EVENT_ERROR ? "error" : "note", source, revision);
    json_put_str(e, "file", file);
    json_put(e, "line", line ? json_integer(line) : json_null());
    json_put(e, "col", col ? json_integer(col) : json_null());
    json_put_str(e, "object", object);
    json_put_str(e, "message", message);
    return e;
}

static bool has_place(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(member_order); i++) {
        if (strcmp(key, member_order[i]) == 0)
            return true;
    }
    return false;
}

static void write_member(struct buf *b, const char *key, const json_t *value)
{
    buf_add_char(b, b->len ? ',' : '{');
    json_write_string(b, key, strlen(key));
    buf_add_char(b, ':');
    json_write(b, value, 0);
}

int event_write(FILE *out, const json_t *event)
{
    _buf_ struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(member_order); i++) {
        const json_t *value = json_object_get(event, member_order[i]);
        if (value)
            write_member(&b, member_order[i], value);
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)event, key, value)
    {
        if (!has_place(key))
            write_member(&b, key, value);
    }
    if (!b.len)
        buf_add_char(&b, '{');
    buf_add_str(&b, "}\n");
    return b.full || fwrite(b.data, 1, b.len, out) != b.len ? -1 : 0;
}
