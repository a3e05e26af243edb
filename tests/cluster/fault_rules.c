#include "fault_rules.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

static const char *const names[FAULTS] = {
    [FAULT_NONE] = "none",   [FAULT_STATUS] = "status",     [FAULT_EXPIRED] = "expired",
    [FAULT_END] = "end",     [FAULT_CUT] = "cut",           [FAULT_TLS_CUT] = "tls-cut",
    [FAULT_STALL] = "stall", [FAULT_TRUNCATE] = "truncate", [FAULT_SLOW] = "slow",
    [FAULT_TYPE] = "type",   [FAULT_HTML] = "html",         [FAULT_JSON] = "json",
    [FAULT_DELAY] = "delay",
};

const char *fault_name(enum fault fault)
{
    return names[fault];
}

static void rule_free(struct fault_rule *rule)
{
    free(rule->verbs);
    free(rule->kinds);
    free(rule->name);
}

static bool number(const char *text, unsigned *out)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    *out = (unsigned)n;
    return end != text && !*end && n <= 1000000;
}

static int read_fault(struct fault_rule *rule, const char *word, struct err **err)
{
    unsigned status;
    if (number(word, &status) && status >= 400 && status < 600) {
        rule->fault = FAULT_STATUS;
        rule->status = (int)status;
        return 0;
    }
    for (int i = FAULT_NONE + 1; i < FAULTS; i++) {
        if (i != FAULT_STATUS && !strcmp(word, names[i])) {
            rule->fault = (enum fault)i;
            return 0;
        }
    }
    return err_set(err, ERR_USAGE, "%s is neither a status from 400 to 599 nor a fault", word);
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = xstrdup(text);
}

static int read_setting(struct fault_rule *rule, const char *word, struct err **err)
{
    const struct {
        const char *key;
        char **text;
        unsigned *number;
    } settings[] = {
        {"verb", &rule->verbs, NULL}, {"kind", &rule->kinds, NULL},  {"name", &rule->name, NULL},
        {"from", NULL, &rule->from},  {"to", NULL, &rule->to},       {"at", NULL, &rule->at},
        {"ms", NULL, &rule->ms},      {"bytes", NULL, &rule->bytes},
    };
    unsigned seconds;
    if (!strcmp(word, "running")) {
        rule->running = true;
        return 0;
    }
    if (!strncmp(word, "retry-after=", 12) && number(word + 12, &seconds)) {
        rule->retry_after = seconds;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        size_t len = strlen(settings[i].key);
        if (strncmp(word, settings[i].key, len) != 0 || word[len] != '=')
            continue;
        if (settings[i].text)
            set_text(settings[i].text, word + len + 1);
        else if (!number(word + len + 1, settings[i].number))
            break;
        return 0;
    }
    return err_set(err, ERR_USAGE, "%s is no setting of a fault", word);
}

int fault_rules_add(struct fault_rules *r, const char *text, struct err **err)
{
    struct fault_rule rule = {.retry_after = -1, .from = 1, .at = 50, .ms = 100, .bytes = 1};
    _free_ char *copy = xstrdup(text);
    char *rest = NULL, *word = strtok_r(copy, " ", &rest);
    int rc = word ? read_fault(&rule, word, err) : err_set(err, ERR_USAGE, "no fault is named");
    while (!rc && (word = strtok_r(NULL, " ", &rest)))
        rc = read_setting(&rule, word, err);
    if (!rc && rule.at > 100)
        rc = err_set(err, ERR_USAGE, "at is a part of 100");
    if (rc) {
        rule_free(&rule);
        return -1;
    }
    rule.id = ++r->last_id;
    r->items = xgrow(r->items, &r->cap, r->count + 1, sizeof(*r->items));
    r->items[r->count++] = rule;
    return (int)rule.id;
}

/* Is `word` one of "a,b,c"? NULL lists each. */
static bool lists(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)); at += len) {
        bool begins = at == list || at[-1] == ',';
        if (begins && (!at[len] || at[len] == ','))
            return true;
        if (!len)
            return false;
    }
    return !list;
}

static bool concerns(const struct fault_rule *rule, const struct fault_request *q)
{
    bool watch = !strcmp(q->verb, "watch");
    bool only_watch = rule->fault == FAULT_EXPIRED || rule->fault == FAULT_END;
    return (watch || !only_watch) && lists(rule->verbs, q->verb) && lists(rule->kinds, q->kind) &&
           (!rule->name || (q->name && !strcmp(rule->name, q->name)));
}

/* What seed and number choose: the same each time. */
static struct fault_rule random_rule(const struct fault_rules *r, const struct fault_request *q)
{
    static const struct fault_rule choices[] = {
        {.fault = FAULT_STATUS, .status = 429, .retry_after = 1},
        {.fault = FAULT_STATUS, .status = 429, .retry_after = -1},
        {.fault = FAULT_STATUS, .status = 500, .retry_after = -1},
        {.fault = FAULT_STATUS, .status = 503, .retry_after = -1},
        {.fault = FAULT_STATUS, .status = 409, .retry_after = -1},
        {.fault = FAULT_STATUS, .status = 410, .retry_after = -1},
        {.fault = FAULT_CUT},
        {.fault = FAULT_TLS_CUT},
        {.fault = FAULT_TRUNCATE},
        {.fault = FAULT_SLOW, .ms = 2, .bytes = 64},
        {.fault = FAULT_HTML},
        {.fault = FAULT_DELAY, .ms = 500},
        {.fault = FAULT_EXPIRED},
        {.fault = FAULT_END},
    };
    uint8_t sum[HASH_SHA256_BYTES];
    const uint32_t seeds[2] = {r->seed, q->number};
    hash_sha256(seeds, sizeof(seeds), sum);
    if (((unsigned)sum[0] << 8 | sum[1]) % 100 >= r->percent)
        return (struct fault_rule){0};
    size_t usual = ARRAY_LEN(choices) - (strcmp(q->verb, "watch") != 0 ? 2 : 0);
    struct fault_rule rule = choices[sum[2] % usual];
    rule.at = sum[3] % 100;
    return rule;
}

struct fault_rule fault_rules_decide(struct fault_rules *r, const struct fault_request *q)
{
    struct fault_rule found = {0};
    for (size_t i = 0; i < r->count; i++) {
        struct fault_rule *rule = &r->items[i];
        if (!concerns(rule, q))
            continue;
        unsigned n = ++rule->matched;
        if (!found.id && n >= rule->from && (!rule->to || n <= rule->to))
            found = *rule;
    }
    return found.id || !r->percent ? found : random_rule(r, q);
}

struct fault_rule fault_rules_running(const struct fault_rules *r, const struct fault_request *q,
                                      unsigned after)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].running && r->items[i].id > after && concerns(&r->items[i], q))
            return r->items[i];
    }
    return (struct fault_rule){0};
}

bool fault_rules_has(const struct fault_rules *r, unsigned id)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].id == id)
            return true;
    }
    return !id && r->percent;
}

void fault_rules_clear(struct fault_rules *r)
{
    for (size_t i = 0; i < r->count; i++)
        rule_free(&r->items[i]);
    free(r->items);
    *r = (struct fault_rules){.last_id = r->last_id};
}

/* The next part of a path, owned; NULL at its end. */
static char *part(const char **path)
{
    size_t len = strcspn(*path, "/?");
    if (!len)
        return NULL;
    char *text = xstrndup(*path, len);
    *path += len;
    if (**path == '/')
        (*path)++;
    return text;
}

static const char *verb_of(const char *method, bool named, const char *query)
{
    if (!strcmp(method, "GET"))
        return strstr(query, "watch=true") ? "watch" : named ? "get" : "list";
    return !strcmp(method, "POST")    ? "create"
           : !strcmp(method, "PATCH") ? "patch"
           : !strcmp(method, "PUT")   ? "update"
                                      : "delete";
}

/* One object is listed and watched by its name. */
static char *selected(const char *query)
{
    static const char selector[] = "fieldSelector=metadata.name%3D";
    const char *at = strstr(query, selector);
    at = at ? at + strlen(selector) : NULL;
    return at ? xstrndup(at, strcspn(at, "&")) : NULL;
}

static void read_path(struct fault_request *q, const char *path)
{
    _free_ char *root = part(&path);
    bool api = root && !strcmp(root, "api"), apis = root && !strcmp(root, "apis");
    _free_ char *group = apis ? part(&path) : NULL;
    _free_ char *version = api || group ? part(&path) : NULL;
    q->kind = version ? part(&path) : NULL;
    q->name = q->kind ? part(&path) : NULL;
    char *next = q->name && !strcmp(q->kind, "namespaces") ? part(&path) : NULL;
    if (!next)
        return;
    free(q->kind);
    q->kind = next;
    q->namespace = q->name;
    q->name = part(&path);
}

void fault_request_read(struct fault_request *q, const char *method, const char *target)
{
    if (!strcmp(method, "h2")) { /* what it is stands in a frame that nobody looks into */
        *q = (struct fault_request){.verb = xstrdup("h2"), .kind = xstrdup("")};
        return;
    }
    const char *query = strchr(target, '?');
    query = query ? query : "";
    q->namespace = q->name = NULL;
    read_path(q, target + (*target == '/'));
    q->verb = xstrdup(q->kind ? verb_of(method, q->name != NULL, query) : "discovery");
    q->kind = q->kind ? q->kind : xstrdup("");
    q->name = q->name ? q->name : selected(query);
}

void fault_request_free(struct fault_request *q)
{
    free(q->verb);
    free(q->kind);
    free(q->namespace);
    free(q->name);
}
