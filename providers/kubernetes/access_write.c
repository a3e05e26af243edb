/* Rights as RBAC objects. Every name in them is a DNS name (access_object saw to it). */
#include <string.h>

#include "core/alloc.h"
#include "providers/kubernetes/access.h"

/* Rules of one place (a namespace, or the cluster): items [from, to). */
struct place {
    const struct access *access;
    size_t from, to;
    const char *namespace; /* NULL: the cluster */
};

static void write_head(struct buf *b, const char *kind, const char *namespace, const char *name)
{
    buf_addf(b, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata:\n", kind);
    buf_addf(b, "  name: \"%s\"\n", name);
    if (namespace)
        buf_addf(b, "  namespace: \"%s\"\n", namespace);
    buf_add_str(b, "  labels:\n    app.kubernetes.io/name: holdfast\n");
}

static void write_verbs(struct buf *b, unsigned verbs)
{
    buf_add_str(b, "  verbs: [");
    for (unsigned i = 0, n = 0; i < ACCESS_VERBS; i++) {
        if (verbs & 1U << i)
            buf_addf(b, "%s\"%s\"", n++ ? ", " : "", access_verb_name(i));
    }
    buf_add_str(b, "]\n");
}

static bool same_rule(const struct access_rule *a, const struct access_rule *b)
{
    return !strcmp(a->group, b->group) && a->verbs == b->verbs && a->read_only == b->read_only;
}

/* One rule for the kinds of a group that get the same; `at` is the first of them. */
static void write_rule(struct buf *b, const struct place *p, size_t at)
{
    const struct access_rule *rule = &p->access->items[at];
    if (rule->read_only && p->access->config.report)
        buf_addf(b, "# read only: %s\n", rule->read_only);
    buf_addf(b, "- apiGroups: [\"%s\"]\n  resources: [", rule->group);
    for (size_t i = at, n = 0; i < p->to; i++) {
        if (same_rule(&p->access->items[i], rule))
            buf_addf(b, "%s\"%s\"", n++ ? ", " : "", p->access->items[i].plural);
    }
    buf_add_str(b, "]\n");
    write_verbs(b, rule->verbs);
}

static void write_role(struct buf *b, const struct place *p, const char *name)
{
    write_head(b, p->namespace ? "Role" : "ClusterRole", p->namespace, name);
    buf_add_str(b, "rules:\n");
    for (size_t i = p->from; i < p->to; i++) {
        bool written = false;
        for (size_t k = p->from; k < i; k++)
            written |= same_rule(&p->access->items[k], &p->access->items[i]);
        if (!written)
            write_rule(b, p, i);
    }
}

static void write_binding(struct buf *b, const struct place *p, const char *name,
                          const char *account_namespace, const char *account)
{
    const char *kind = p->namespace ? "Role" : "ClusterRole";
    write_head(b, p->namespace ? "RoleBinding" : "ClusterRoleBinding", p->namespace, name);
    buf_addf(b, "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: %s\n  name: \"%s\"\n",
             kind, name);
    buf_addf(b, "subjects:\n- kind: ServiceAccount\n  name: \"%s\"\n  namespace: \"%s\"\n", account,
             account_namespace);
}

int access_write(struct buf *b, const struct access *a, const char *name,
                 const char *account_namespace, const char *account)
{
    for (size_t i = 0, next; i < a->count; i = next) {
        const char *namespace = a->items[i].namespace;
        for (next = i + 1; next < a->count; next++) {
            const char *other = a->items[next].namespace;
            if (namespace ? !other || strcmp(other, namespace) != 0 : other != NULL)
                break;
        }
        const struct place p = {a, i, next, namespace};
        write_role(b, &p, name);
        write_binding(b, &p, name, account_namespace, account);
    }
    return b->full ? -1 : 0;
}
