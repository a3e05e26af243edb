#include "config_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/nearest.h"

/* How the struct of a CONFIG_LIST begins. */
struct list {
    void *items;
    size_t count;
};

void *config_own(struct config *config, void *memory)
{
    config->owned =
        xgrow(config->owned, &config->owned_cap, config->owned_count + 1, sizeof(*config->owned));
    config->owned[config->owned_count++] = memory;
    return memory;
}

void config_fault(struct config_reader *r, uint32_t line, uint32_t col, const char *fmt, ...)
{
    if (r->faults++)
        return;
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    if (line)
        err_set(&r->first, ERR_USAGE, "%s:%u:%u: %s", r->file, line, col, message);
    else
        err_set(&r->first, ERR_USAGE, "%s: %s", r->file, message);
}

/* ---- numbers with units ---- */

struct unit {
    const char *name;
    double factor;
};

/* A number and its unit at *p, which moves past them. */
static int take(const char **p, const struct unit *units, double *sum)
{
    char *end;
    if (**p < '0' || **p > '9')
        return -1;
    double n = strtod(*p, &end);
    if (end != *p + strspn(*p, "0123456789.")) /* strtod takes more: 0x10, 1e3 */
        return -1;
    size_t len = strcspn(end, "0123456789.");
    for (; units->name; units++) {
        if (strlen(units->name) == len && memcmp(units->name, end, len) == 0) {
            *sum += n * units->factor;
            *p = end + len;
            return 0;
        }
    }
    return -1;
}

int config_duration(const char *text, double *seconds)
{
    static const struct unit units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {0}};
    double sum = 0;
    const char *p = text;
    do {
        if (take(&p, units, &sum))
            return -1;
    } while (*p);
    *seconds = sum;
    return 0;
}

int config_size(const char *text, int64_t *bytes)
{
    static const struct unit units[] = {{"B", 1},
                                        {"KiB", 1024.0},
                                        {"MiB", 1048576.0},
                                        {"GiB", 1073741824.0},
                                        {"TiB", 1099511627776.0},
                                        {0}};
    double sum = 0;
    const char *p = text;
    if (take(&p, units, &sum) || *p || sum > 1e18)
        return -1;
    *bytes = (int64_t)sum;
    return 0;
}

/* ---- defaults ---- */

static int choice_of(const struct config_field *f, const char *text)
{
    for (int i = 0; f->choices[i]; i++) {
        if (strcmp(f->choices[i], text) == 0)
            return i;
    }
    return -1;
}

static void fill_one(const struct config_field *f, void *at)
{
    switch (f->type) {
    case CONFIG_BOOL:
        *(bool *)at = strcmp(f->fallback, "true") == 0;
        break;
    case CONFIG_NUMBER:
        *(int64_t *)at = strtoll(f->fallback, NULL, 10);
        break;
    case CONFIG_DURATION:
        config_duration(f->fallback, at);
        break;
    case CONFIG_SIZE:
        config_size(f->fallback, at);
        break;
    case CONFIG_CHOICE:
        *(int *)at = choice_of(f, f->fallback);
        break;
    default:
        *(const char **)at = f->fallback;
        break;
    }
}

void config_fill(struct config *config, const struct config_field *fields, void *out)
{
    for (const struct config_field *f = fields; f->name; f++) {
        void *at = (char *)out + f->offset;
        if (f->type == CONFIG_MAP)
            config_fill(config, f->fields, at);
        else if (f->fallback)
            fill_one(f, at);
    }
}

/* ---- values ---- */

static const char *type_name(enum node_type type)
{
    static const char *const names[] = {
        [NODE_NULL] = "null",       [NODE_BOOL] = "true or false", [NODE_INT] = "a number",
        [NODE_REAL] = "a fraction", [NODE_STRING] = "a string",    [NODE_LIST] = "a list",
        [NODE_MAP] = "a map",
    };
    return names[type];
}

/* The fault "sources[0].interval: …" at the value. */
static void value_fault(struct config_reader *r, const struct node *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void value_fault(struct config_reader *r, const struct node *node, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    _buf_ struct buf path = BUF_INIT(KIB);
    node_write_path(&path, node);
    config_fault(r, node->line, node->col, "%s: %s", buf_str(&path), message);
}

static bool expect(struct config_reader *r, const struct node *node, enum node_type type,
                   const char *wanted)
{
    if (node->type == type)
        return true;
    value_fault(r, node, "%s belongs here, not %s", wanted, type_name(node->type));
    return false;
}

/* The string of a node, owned by the configuration; NULL with a fault. */
static const char *take_string(struct config_reader *r, const struct config_field *f,
                               const struct node *node)
{
    if (!expect(r, node, NODE_STRING, "a string"))
        return NULL;
    const char *s = node->string.data;
    if (strlen(s) != node->string.len || strpbrk(s, "\n\r\033")) {
        value_fault(r, node, "control characters do not belong here");
        return NULL;
    }
    const char *wrong = f->check ? f->check(s) : NULL;
    if (wrong) {
        value_fault(r, node, "%s", wrong);
        return NULL;
    }
    const char *slash = strrchr(r->file, '/');
    if (f->type == CONFIG_FILE && s[0] && s[0] != '/' && slash)
        return config_own(r->config, xasprintf("%.*s/%s", (int)(slash - r->file), r->file, s));
    return config_own(r->config, xstrdup(s));
}

static void take_strings(struct config_reader *r, const struct config_field *f,
                         const struct node *node, const char *const **out)
{
    if (!expect(r, node, NODE_LIST, "a list of strings"))
        return;
    const char **items = config_own(r->config, xcalloc(node->count + 1, sizeof(*items)));
    size_t n = 0;
    for (const struct node *e = node->first; e; e = e->next) {
        const char *s = take_string(r, f, e);
        if (s)
            items[n++] = s;
    }
    *out = items;
}

static void take_choice(struct config_reader *r, const struct config_field *f,
                        const struct node *node, int *out)
{
    const char *s = take_string(r, f, node);
    if (!s)
        return;
    int i = choice_of(f, s);
    if (i >= 0) {
        *out = i;
        return;
    }
    _buf_ struct buf all = BUF_INIT(KIB);
    for (int k = 0; f->choices[k]; k++)
        buf_addf(&all, "%s%s", k ? ", " : "", f->choices[k]);
    const char *near = nearest_of(s, f->choices);
    value_fault(r, node,
                near ? "one of %s belongs here (did you mean %s?)" : "one of %s belongs here",
                buf_str(&all), near);
}

static void take_duration(struct config_reader *r, const struct config_field *f,
                          const struct node *node, double *out)
{
    double seconds;
    const char *s = node_str(node);
    if (!s || config_duration(s, &seconds))
        value_fault(r, node, "a duration belongs here: 90s, 5m, 1h");
    else if (seconds < (double)f->min || (f->max && seconds > (double)f->max))
        value_fault(r, node, "too %s", seconds < (double)f->min ? "short" : "long");
    else
        *out = seconds;
}

static void take_number(struct config_reader *r, const struct config_field *f,
                        const struct node *node, int64_t *out)
{
    int64_t n = 0;
    const char *s = node_str(node);
    if (node->type == NODE_INT)
        n = node->integer;
    else if (f->type == CONFIG_NUMBER)
        return (void)expect(r, node, NODE_INT, "a whole number");
    else if (!s || config_size(s, &n))
        return value_fault(r, node, "a size belongs here: 64KiB, 1MiB, 1GiB");
    if (n < f->min || (f->max && n > f->max))
        return value_fault(r, node, "%lld is too %s", (long long)n, n < f->min ? "small" : "large");
    *out = n;
}

static void take_list(struct config_reader *r, const struct config_field *f,
                      const struct node *node, void *at)
{
    if (!expect(r, node, NODE_LIST, "a list"))
        return;
    struct list list = {.items = config_own(r->config, xcalloc(node->count, f->size))};
    for (const struct node *e = node->first; e; e = e->next) {
        void *item = (char *)list.items + list.count * f->size;
        list.count++;
        config_fill(r->config, f->fields, item);
        config_read_map(r, e, f->fields, item);
    }
    memcpy(at, &list, sizeof(list));
}

static void take_value(struct config_reader *r, const struct config_field *f,
                       const struct node *node, void *at)
{
    const char *s;
    switch (f->type) {
    case CONFIG_STRING:
    case CONFIG_FILE:
        s = take_string(r, f, node);
        if (s)
            *(const char **)at = s;
        break;
    case CONFIG_STRINGS:
        take_strings(r, f, node, at);
        break;
    case CONFIG_BOOL:
        if (expect(r, node, NODE_BOOL, "true or false"))
            *(bool *)at = node->boolean;
        break;
    case CONFIG_NUMBER:
    case CONFIG_SIZE:
        take_number(r, f, node, at);
        break;
    case CONFIG_DURATION:
        take_duration(r, f, node, at);
        break;
    case CONFIG_CHOICE:
        take_choice(r, f, node, at);
        break;
    case CONFIG_MAP:
        config_read_map(r, node, f->fields, at);
        break;
    case CONFIG_LIST:
        take_list(r, f, node, at);
        break;
    }
}

/* ---- maps ---- */

static void unknown_key(struct config_reader *r, const struct node *member,
                        const struct config_field *fields)
{
    struct nearest n = NEAREST_INIT(member->key);
    for (const struct config_field *f = fields; f->name; f++)
        nearest_try(&n, f->name);
    _buf_ struct buf path = BUF_INIT(KIB);
    node_write_path(&path, member);
    config_fault(r, member->key_line, member->key_col,
                 n.best ? "%s is not a setting (did you mean %s?)" : "%s is not a setting",
                 buf_str(&path), n.best);
}

void config_read_map(struct config_reader *r, const struct node *map,
                     const struct config_field *fields, void *out)
{
    if (!expect(r, map, NODE_MAP, "a map"))
        return;
    for (const struct node *member = map->first; member; member = member->next) {
        const struct config_field *f = fields;
        while (f->name && strcmp(f->name, member->key) != 0)
            f++;
        if (!f->name)
            unknown_key(r, member, fields);
        else if (member->type != NODE_NULL) /* `azure:` with nothing below it says nothing */
            take_value(r, f, member, (char *)out + f->offset);
    }
    for (const struct config_field *f = fields; f->name; f++) {
        const struct node *member = node_get(map, f->name);
        if (f->required && (!member || member->type == NODE_NULL))
            value_fault(r, map, "%s is missing", f->name);
    }
}
