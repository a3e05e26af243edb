#include "ignoring.h"

#include "core/clock.h"

struct ignore *source_rules(const struct config_source *source)
{
    struct ignore *rules = ignore_new();
    for (size_t i = 0; i < source->ignore.count; i++) {
        const struct config_ignore *c = &source->ignore.items[i];
        const struct ignore_rule rule = {c->group, c->kind, c->namespace, c->name, c->fields};
        /* the configuration's own check has refused what cannot be read */
        ignore_add(rules, &rule, clock_monotonic_ms(), NULL);
    }
    return rules;
}

enum order_mode source_mode(const struct config_source *source)
{
    switch (source->mode) {
    case CONFIG_PAUSED:
        return ORDER_MODE_PAUSED;
    case CONFIG_CORRECT:
        return ORDER_MODE_CORRECT;
    default:
        return ORDER_MODE_REPORT;
    }
}
