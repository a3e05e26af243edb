#include "diff/ignore.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/ignore_path.h"

struct rule {
    char *group, *kind, *namespace, *name; /* globs; NULL: any */
    struct ignore_path *fields;
    size_t field_count;
    char *text;     /* for notes; the same rule has the same text */
    int64_t ms;     /* when it last ignored something, else since when it is in force */
    bool idle_told; /* that it ignores nothing */
};

struct ignore {
    struct rule *items;
    size_t count, cap;
};

/* One step of the place at hand. `path` is NULL below the told difference. */
struct at {
    const struct path *path;
    enum step_type type;
    const char *name;
    const json_t *keys; /* STEP_KEYS, STEP_VALUE */
    size_t index;
    const json_t *want, *have; /* below: the element on each side */
};

struct matching {
    struct ignore *rules;
    const struct ignore_object *object;
    const json_t *declared, *live;
    int64_t now_ms;
    struct at steps[LIMIT_IGNORE_DEPTH];
    size_t count;
};

/* ---- rules ---- */

struct ignore *ignore_new(void)
{
    return xcalloc(1, sizeof(struct ignore));
}

static char *rule_text(const struct ignore_rule *rule)
{
    const char *const names[] = {"group", "kind", "namespace", "name"};
    const char *const values[] = {rule->group, rule->kind, rule->namespace, rule->name};
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    const char *separator = "";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!values[i])
            continue;
        buf_addf(&b, "%s%s %s", separator, names[i], *values[i] ? values[i] : "\"\"");
        separator = ", ";
    }
    if (!b.len)
        buf_add_str(&b, "any object");
    separator = ": ";
    for (const char *const *f = rule->fields; f && *f; f++) {
        buf_addf(&b, "%s%s", separator, *f);
        separator = ", ";
    }
    return buf_take(&b);
}

static void rule_free(struct rule *rule)
{
    for (size_t i = 0; i < rule->field_count; i++)
        ignore_path_free(&rule->fields[i]);
    free(rule->fields);
    free(rule->group);
    free(rule->kind);
    free(rule->namespace);
    free(rule->name);
    free(rule->text);
}

static struct rule *rule_new(struct ignore *rules)
{
    rules->items = xgrow(rules->items, &rules->cap, rules->count + 1, sizeof(*rules->items));
    struct rule *rule = &rules->items[rules->count++];
    *rule = (struct rule){0};
    return rule;
}

/* The fault of the text, or NULL. */
static const char *rule_field(struct rule *rule, const char *text)
{
    struct ignore_path path;
    const char *fault = ignore_path_parse(text, &path);
    if (fault)
        return fault;
    rule->fields = xrealloc(rule->fields, (rule->field_count + 1) * sizeof(*rule->fields));
    rule->fields[rule->field_count++] = path;
    return NULL;
}

int ignore_add(struct ignore *rules, const struct ignore_rule *rule, int64_t now_ms,
               struct err **err)
{
    struct rule *r = rule_new(rules);
    for (const char *const *f = rule->fields; f && *f; f++) {
        const char *fault = rule_field(r, *f);
        if (!fault)
            continue;
        rule_free(r);
        rules->count--;
        return err_set(err, ERR_USAGE, "ignore: %s: %s", *f, fault);
    }
    r->group = xstrdup_null(rule->group);
    r->kind = xstrdup_null(rule->kind);
    r->namespace = xstrdup_null(rule->namespace);
    r->name = xstrdup_null(rule->name);
    r->text = rule_text(rule);
    r->ms = now_ms;
    return 0;
}

/* The next line without spaces around it, owned; NULL at the end. */
static char *next_line(const char **lines)
{
    if (!**lines)
        return NULL;
    size_t len = strcspn(*lines, "\r\n");
    const char *begin = *lines + strspn(*lines, " \t");
    const char *end = *lines + len;
    *lines = end + (*end == '\r' && end[1] == '\n' ? 2 : *end != '\0');
    if (begin > end)
        begin = end;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return xstrndup(begin, (size_t)(end - begin));
}

void ignore_add_lines(struct ignore *rules, const char *lines)
{
    struct rule *r = rule_new(rules);
    r->text = xstrdup("annotation");
    for (;;) {
        _free_ char *line = next_line(&lines);
        if (!line)
            return;
        if (*line)
            rule_field(r, line);
    }
}

size_t ignore_lines_check(const char *lines, const char **fault)
{
    for (size_t n = 1;; n++) {
        _free_ char *line = next_line(&lines);
        if (!line)
            return 0;
        *fault = *line ? ignore_path_check(line) : NULL;
        if (*fault)
            return n;
    }
}

void ignore_free(struct ignore *rules)
{
    for (size_t i = 0; rules && i < rules->count; i++)
        rule_free(&rules->items[i]);
    if (rules)
        free(rules->items);
    free(rules);
}

/* ---- objects ---- */

static bool glob(const char *pattern, const char *text)
{
    return !pattern || fnmatch(pattern, text ? text : "", 0) == 0;
}

static bool is_for(const struct rule *rule, const struct ignore_object *object)
{
    return glob(rule->kind, object->kind) && glob(rule->group, object->group) &&
           glob(rule->namespace, object->namespace) && glob(rule->name, object->name);
}

/* ---- steps ---- */

/* The elements that the step names, on either side. */
static void elements(const struct matching *m, const struct at *at, const json_t *out[2])
{
    out[0] = at->path ? path_find(m->declared, at->path) : at->want;
    out[1] = at->path ? path_find(m->live, at->path) : at->have;
}

/* Does the value say what the rule has for a key: null for any, else [value, written bare?]. */
static bool key_says(const json_t *pair, const json_t *value)
{
    if (json_is_null(pair))
        return value != NULL;
    const json_t *want = json_array_get(pair, 0);
    if (json_is_string(value))
        return json_same(want, value);
    if (!value || json_is_false(json_array_get(pair, 1)))
        return false;
    _free_ char *text = json_text(value, 0); /* 80 is written as it is */
    return !strcmp(text, json_string_value(want));
}

static bool keys_say(const json_t *rule, const json_t *keys)
{
    const char *key;
    json_t *pair;
    json_object_foreach((json_t *)rule, key, pair)
    {
        if (!key_says(pair, json_object_get(keys, key)))
            return false;
    }
    return true;
}

/* The place of a keyed element or of a member of a set: that in Git, where Git has it. */
static bool index_is(const struct matching *m, const struct at *at, size_t index)
{
    if (at->type == STEP_INDEX)
        return at->index == index;
    if (at->type == STEP_MEMBER || !at->path)
        return false;
    const json_t *const roots[] = {m->declared, m->live};
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        const json_t *list = path_find(roots[i], at->path->up);
        size_t is;
        if (at->type == STEP_KEYS ? path_element(list, at->keys, &is)
                                  : path_member(list, at->keys, &is))
            return is == index;
    }
    return false;
}

/* An element of a list whose keys nobody named: both sides must be what the rule says. */
static bool element_is(const struct matching *m, const struct at *at,
                       const struct ignore_step *step)
{
    const json_t *sides[2];
    elements(m, at, sides);
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        if (sides[i] && !(step->type == IGNORE_KEYS
                              ? json_is_object(sides[i]) && keys_say(step->value, sides[i])
                              : json_same(step->value, sides[i])))
            return false;
    }
    return sides[0] || sides[1];
}

static bool step_is(const struct matching *m, size_t i, const struct ignore_step *step)
{
    const struct at *at = &m->steps[i];
    switch (step->type) {
    case IGNORE_ANY:
        return true;
    case IGNORE_MEMBER:
    case IGNORE_TOKEN:
        if (at->type != STEP_MEMBER)
            return step->type == IGNORE_TOKEN && index_is(m, at, step->index);
        if (!strcmp(step->name, at->name))
            return true;
        /* Git may say stringData of what is then compared as data */
        return i == 0 && !strcmp(step->name, "stringData") && !strcmp(at->name, "data") &&
               !strcmp(m->object->kind, "Secret") && !*m->object->group;
    case IGNORE_KEYS:
        return at->type == STEP_KEYS ? keys_say(step->value, at->keys)
                                     : at->type == STEP_INDEX && element_is(m, at, step);
    case IGNORE_VALUE:
        return at->type == STEP_VALUE ? json_same(step->value, at->keys)
                                      : at->type == STEP_INDEX && element_is(m, at, step);
    case IGNORE_INDEX:
        return index_is(m, at, step->index);
    }
    return false;
}

/* Do the steps of both say the same, as far as both go? */
static bool agrees(const struct matching *m, const struct ignore_path *field)
{
    for (size_t i = 0; i < field->count && i < m->count; i++) {
        if (!step_is(m, i, &field->steps[i]))
            return false;
    }
    return true;
}

enum reach { REACH_NONE, REACH_BELOW, REACH_ALL };

/* What the rules say of the place at hand: all of it is ignored, something below may be. */
static enum reach reach(struct matching *m)
{
    enum reach best = REACH_NONE;
    for (size_t r = 0; r < m->rules->count; r++) {
        struct rule *rule = &m->rules->items[r];
        if (!is_for(rule, m->object))
            continue;
        for (size_t f = 0; f < rule->field_count; f++) {
            const struct ignore_path *field = &rule->fields[f];
            if (!agrees(m, field))
                continue;
            if (field->count > m->count) {
                best = best == REACH_NONE ? REACH_BELOW : best;
                continue;
            }
            rule->ms = m->now_ms;
            rule->idle_told = false;
            best = REACH_ALL;
        }
    }
    return best;
}

/* ---- values ---- */

static bool silent(struct matching *m, const json_t *want, const json_t *have);

static bool silent_at(struct matching *m, const struct at *at)
{
    if (m->count == LIMIT_IGNORE_DEPTH)
        return false;
    m->steps[m->count++] = *at;
    bool is = silent(m, at->want, at->have);
    m->count--;
    return is;
}

static bool silent_members(struct matching *m, const json_t *want, const json_t *have)
{
    const char *name;
    json_t *value;
    bool all = true;
    json_object_foreach((json_t *)want, name, value)
    {
        all &= silent_at(m, &(struct at){.type = STEP_MEMBER,
                                         .name = name,
                                         .want = value,
                                         .have = json_object_get(have, name)});
    }
    json_object_foreach((json_t *)have, name, value)
    {
        if (!json_object_get(want, name))
            all &= silent_at(m, &(struct at){.type = STEP_MEMBER, .name = name, .have = value});
    }
    return all;
}

static bool silent_elements(struct matching *m, const json_t *want, const json_t *have)
{
    size_t a = json_array_size(want), b = json_array_size(have);
    bool all = true;
    for (size_t i = 0; i < (a > b ? a : b); i++) {
        all &= silent_at(m, &(struct at){.type = STEP_INDEX,
                                         .index = i,
                                         .want = json_array_get(want, i),
                                         .have = json_array_get(have, i)});
    }
    return all;
}

/* Is there no part, in which both differ, that no rule covers? */
static bool silent(struct matching *m, const json_t *want, const json_t *have)
{
    if (want && have && json_same(want, have))
        return true;
    enum reach is = reach(m);
    if (is != REACH_BELOW)
        return is == REACH_ALL;
    const json_t *one = want ? want : have;
    if (want && have && json_typeof(want) != json_typeof(have))
        return false;
    if (json_is_object(one) && (json_object_size(want) || json_object_size(have)))
        return silent_members(m, want, have);
    if (json_is_array(one) && (json_array_size(want) || json_array_size(have)))
        return silent_elements(m, want, have);
    return false;
}

/* The keys of elements in their order: what is left of both without the ignored ones. */
static bool silent_order(struct matching *m, const struct difference *d)
{
    enum reach is = reach(m);
    if (is != REACH_BELOW || m->count == LIMIT_IGNORE_DEPTH)
        return is == REACH_ALL;
    const json_t *const sides[] = {d->declared, d->live};
    json_auto_t *in_git = json_array(), *in_live = json_array();
    json_t *const left[] = {in_git, in_live};
    for (size_t s = 0; s < ARRAY_LEN(sides); s++) {
        size_t i;
        json_t *keys;
        json_array_foreach((json_t *)sides[s], i, keys)
        {
            const struct path step = {.up = d->path, .type = STEP_KEYS, .value = keys};
            m->steps[m->count++] = (struct at){.path = &step, .type = STEP_KEYS, .keys = keys};
            if (reach(m) != REACH_ALL)
                json_array_append(left[s], keys);
            m->count--;
        }
    }
    return json_same(in_git, in_live);
}

static bool push_path(struct matching *m, const struct path *path)
{
    m->count = path_depth(path);
    if (m->count > LIMIT_IGNORE_DEPTH)
        return false;
    for (size_t i = m->count; i-- > 0; path = path->up)
        m->steps[i] = (struct at){.path = path,
                                  .type = path->type,
                                  .name = path->name,
                                  .keys = path->value,
                                  .index = path->index};
    return true;
}

bool ignore_covers(struct ignore *rules, const struct ignore_object *object,
                   const struct difference *difference, const json_t *declared, const json_t *live,
                   int64_t now_ms)
{
    if (!rules || !rules->count)
        return false;
    struct matching m = {
        .rules = rules, .object = object, .declared = declared, .live = live, .now_ms = now_ms};
    if (!push_path(&m, difference->path))
        return false;
    if (difference->order)
        return silent_order(&m, difference);
    /* as the service writes it: its defaults and its notation are no difference */
    bool answered = difference->answer && difference->live;
    return silent(&m, answered ? difference->answer : difference->declared, difference->live);
}

/* ---- rules that do nothing ---- */

void ignore_idle(struct ignore *rules, int64_t now_ms, int64_t idle_ms,
                 void (*each)(void *ctx, const char *rule), void *ctx)
{
    for (size_t i = 0; rules && i < rules->count; i++) {
        struct rule *rule = &rules->items[i];
        if (rule->idle_told || now_ms - rule->ms < idle_ms)
            continue;
        rule->idle_told = true;
        each(ctx, rule->text);
    }
}

void ignore_inherit(struct ignore *rules, const struct ignore *before)
{
    for (size_t i = 0; rules && before && i < rules->count; i++) {
        for (size_t k = 0; k < before->count; k++) {
            if (strcmp(rules->items[i].text, before->items[k].text) != 0)
                continue;
            rules->items[i].ms = before->items[k].ms;
            rules->items[i].idle_told = before->items[k].idle_told;
        }
    }
}
