#include "sync/yaml_merge.h"

static void take(const struct yaml_merge *merge, struct node *map, struct node *from)
{
    for (struct node *n = from->first, *next; n; n = next) {
        next = n->next;
        const struct node *has = keys_member(merge->keys, map, n->key, n->key_len);
        if (!has) {
            node_append(map, n);
            keys_added(merge->keys, n);
        }
    }
}

/* The explicit members that a map of `value` names too and that stand before `<<`. */
static void tell(const struct yaml_merge *merge, const struct node *map, const struct node *from)
{
    for (const struct node *n = from->first; n; n = n->next) {
        const struct node *has = keys_member(merge->keys, map, n->key, n->key_len);
        if (has && (has->key_line < merge->line ||
                    (has->key_line == merge->line && has->key_col < merge->col)))
            merge->overridden(merge->ctx, has);
    }
}

int yaml_merge(const struct yaml_merge *merge, struct node *map, struct node *value)
{
    if (value->type == NODE_MAP) {
        tell(merge, map, value);
        take(merge, map, value);
        return 0;
    }
    if (value->type != NODE_LIST)
        return -1;
    for (const struct node *n = value->first; n; n = n->next) {
        if (n->type != NODE_MAP)
            return -1;
    }
    for (const struct node *n = value->first; n; n = n->next)
        tell(merge, map, n);
    for (struct node *n = value->first, *next; n; n = next) {
        next = n->next;
        take(merge, map, n);
    }
    return 0;
}
