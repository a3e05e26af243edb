#include "sync/left_out.h"

#include <stdbool.h>
#include <string.h>

#include "core/alloc.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static const char *const server_fields[] = {"creationTimestamp", "uid",        "resourceVersion",
                                            "managedFields",     "generation", "selfLink"};

static void tell(struct left_out *out, const struct node *node, bool null)
{
    if (out->count++ == 0) {
        out->line = node->key_line;
        out->col = node->key_col;
    }
    if (out->count > LEFT_OUT_TOLD)
        return;
    if (out->paths.len)
        buf_add_str(&out->paths, ", ");
    node_write_path(&out->paths, node);
    if (null)
        buf_add_str(&out->paths, " (null)");
}

static void take_member(struct node *map, const char *name, struct left_out *out)
{
    struct node *member = node_get(map, name);
    if (!member)
        return;
    tell(out, member, false);
    node_remove(member);
}

/* One pass over the children, whatever their number: node_remove would search for each. */
static void take_nulls(struct node *node, struct left_out *out)
{
    struct node *before = NULL;
    for (struct node *n = node->first, *next; n; n = next) {
        next = n->next;
        if (n->type != NODE_NULL) {
            if (n->type >= NODE_LIST)
                take_nulls(n, out);
            before = n;
            continue;
        }
        if (node->type == NODE_LIST) {
            if (!out->null_element)
                out->null_element = n;
            before = n;
            continue;
        }
        tell(out, n, true);
        if (before)
            before->next = next;
        else
            node->first = next;
        if (node->last == n)
            node->last = before;
        node->count--;
    }
}

void left_out_take(struct node *object, struct left_out *out)
{
    *out = (struct left_out){.paths = BUF_INIT(8192)};
    struct node *metadata = node_get(object, "metadata");
    for (size_t i = 0; i < ARRAY_LEN(server_fields); i++)
        take_member(metadata, server_fields[i], out);
    struct node *annotations = node_get(metadata, "annotations");
    take_member(annotations, LAST_APPLIED, out);
    if (annotations && annotations->type == NODE_MAP && out->count && annotations->count == 0)
        node_remove(annotations);
    take_nulls(object, out);
    if (out->count > LEFT_OUT_TOLD)
        buf_addf(&out->paths, " and %zu more", out->count - LEFT_OUT_TOLD);
}

void left_out_free(struct left_out *out)
{
    buf_free(&out->paths);
}
