#include "sync/orders.h"

#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/nearest.h"
#include "diff/ignore.h"

#define PREFIX "holdfast.dev/"

static const char *const names[] = {"mode", "prune", "ignore", "depends-on", "recreate", NULL};
static const char *const modes[] = {"report", "correct", "paused", NULL};
static const char *const booleans[] = {"true", "false", NULL};

enum order_mode orders_mode(const void *body, size_t len)
{
    static const char key[] = "\"" PREFIX "mode\":";
    if (!memmem(body, len, key, sizeof(key) - 1))
        return ORDER_MODE_NONE;
    /* a Pod template, or a text, may hold it too */
    json_auto_t *root = json_parse(body, len, "manifest", NULL);
    const char *mode = json_str_at(root, "metadata", "annotations", PREFIX "mode", NULL);
    for (size_t i = 0; mode && modes[i]; i++) {
        if (!strcmp(mode, modes[i]))
            return (enum order_mode)(ORDER_MODE_REPORT + i);
    }
    return ORDER_MODE_NONE;
}

struct check {
    orders_tell *tell;
    void *ctx;
    const struct node *node;
};

static void tell(const struct check *c, enum problem_level level, bool key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void tell(const struct check *c, enum problem_level level, bool key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    c->tell(c->ctx, level, key ? c->node->key_line : c->node->line,
            key ? c->node->key_col : c->node->col, message);
}

static void check_choice(const struct check *c, const char *name, const char *value,
                         const char *const *choices)
{
    struct buf _buf_ all = BUF_INIT(KIB);
    for (size_t i = 0; choices[i]; i++) {
        if (!strcmp(value, choices[i]))
            return;
        buf_addf(&all, "%s%s", i ? ", " : "", choices[i]);
    }
    const char *near = nearest_of(value, choices);
    tell(c, PROBLEM_ERROR, false,
         near ? PREFIX "%s: one of %s belongs here (did you mean %s?)"
              : PREFIX "%s: one of %s belongs here",
         name, buf_str(&all), near);
}

static void check_ignore(const struct check *c, const char *value)
{
    const char *fault;
    size_t line = ignore_lines_check(value, &fault);
    if (line)
        tell(c, PROBLEM_ERROR, false, PREFIX "ignore: its line %zu: %s", line, fault);
}

static void check_unknown(const struct check *c, const char *name)
{
    struct buf _buf_ shown = BUF_INIT(KIB);
    node_write_name(&shown, name, strlen(name));
    const char *near = nearest_of(name, names);
    if (near)
        tell(c, PROBLEM_ERROR, true,
             PREFIX "%s is no order to holdfast (did you mean " PREFIX "%s?)", buf_str(&shown),
             near);
    else
        tell(c, PROBLEM_NOTE, true,
             PREFIX "%s is no order that this version of holdfast knows: passed over",
             buf_str(&shown));
}

static void check_order(const struct check *c, const char *name)
{
    const char *value = node_str(c->node);
    size_t known = 0;
    while (names[known] && strcmp(name, names[known]) != 0)
        known++;
    if (!names[known])
        check_unknown(c, name);
    else if (!value)
        tell(c, PROBLEM_ERROR, false,
             PREFIX "%s is not a string, as annotations are: quote its value", name);
    else if (!strcmp(name, "mode"))
        check_choice(c, name, value, modes);
    else if (!strcmp(name, "prune"))
        check_choice(c, name, value, booleans);
    else if (!strcmp(name, "ignore"))
        check_ignore(c, value);
}

void orders_check(const struct node *root, orders_tell *tell_one, void *ctx)
{
    const struct node *annotations = node_get(node_get(root, "metadata"), "annotations");
    if (!annotations || annotations->type != NODE_MAP)
        return;
    for (const struct node *n = annotations->first; n; n = n->next) {
        const struct check c = {tell_one, ctx, n};
        if (!strncmp(n->key, PREFIX, strlen(PREFIX)))
            check_order(&c, n->key + strlen(PREFIX));
    }
}
