#include "cleared.h"

#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/text.h"

static const char *str(const json_t *event, const char *name)
{
    return json_str_at(event, name, NULL);
}

static bool is_class(const json_t *event, enum drift_class class)
{
    const char *name = str(event, "class");
    return name && !strcmp(name, drift_class_name(class));
}

static bool is_order(const json_t *event)
{
    const char *reason = str(event, "by_reason");
    return reason && !strcmp(reason, "order");
}

static bool is_within(const char *inner, const char *outer)
{
    size_t len = strlen(outer);
    return !strncmp(inner, outer, len) && strchr(".[", inner[len]);
}

bool cleared_related(const char *a, const char *b)
{
    return is_within(a, b) || is_within(b, a);
}

/* The whole object's verdict, where one was found; else NULL. */
static const char *whole(const json_t *found)
{
    size_t i;
    json_t *event;
    json_array_foreach((json_t *)found, i, event)
    {
        const char *verdict = str(event, "verdict");
        if (verdict && strcmp(verdict, verdict_name(VERDICT_DRIFTED)) != 0)
            return verdict;
    }
    return NULL;
}

/* Its fields were compared, though what differs cannot be put right. */
static bool compared_all_the_same(const char *verdict, const json_t *line, const json_t *found)
{
    size_t i;
    json_t *event;
    if (strcmp(verdict, verdict_name(VERDICT_BLOCKED)) != 0 || !is_class(line, CLASS_CHANGED))
        return false;
    json_array_foreach((json_t *)found, i, event)
    {
        if (is_class(event, CLASS_CHANGED))
            return true;
    }
    return false;
}

/* The whole object was told, and now some fields of it are. */
static const char *over(const json_t *line)
{
    static const struct {
        enum verdict verdict;
        const char *words;
    } table[] = {
        {VERDICT_MISSING, "it is there"},
        {VERDICT_TERMINATING, "it is no longer being deleted"},
        {VERDICT_BLOCKED, "it is no longer blocked"},
        {VERDICT_UNKNOWN, "it is known again"},
    };
    const char *verdict = str(line, "verdict");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (same_text(verdict, verdict_name(table[i].verdict)))
            return table[i].words;
    }
    return "it differs in fields";
}

/* The same difference by another path: what holds it, or a part of it. */
static const char *told_elsewhere(const json_t *line, const json_t *found)
{
    size_t i;
    json_t *event;
    const char *field = str(line, "field");
    json_array_foreach((json_t *)found, i, event)
    {
        const char *other = str(event, "field");
        if (other && !is_order(line) && !is_order(event) && cleared_related(field, other))
            return other;
    }
    return NULL;
}

const char *cleared_why(const json_t *line, const char *passed_over, const struct unit *unit,
                        const json_t *found, char **owned)
{
    const char *verdict = whole(found);
    if (verdict && !compared_all_the_same(verdict, line, found))
        return verdict;
    if (!json_array_size(found) && unit->facts.observed == OBSERVED_GONE)
        return "it is not there"; /* and need not be: a note says why */
    if (!str(line, "field"))
        return json_array_size(found) ? over(line) : "in sync";
    const char *other = told_elsewhere(line, found);
    if (other) {
        *owned = xasprintf("told as %s", other);
        return *owned;
    }
    if (passed_over)
        return passed_over;
    const enum answer *answers = unit->facts.answers;
    if (is_class(line, CLASS_CHANGED))
        return "in sync";
    if (answers[ASK_APPLY] == ANSWER_DENIED || answers[ASK_REMOVE] == ANSWER_DENIED)
        return "not seen without dry runs";
    if (answers[ASK_REMOVE] == ANSWER_REFUSED)
        return "no dry run shows it any more";
    return "in sync";
}
