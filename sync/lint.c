#include "sync/lint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/lint_tables.h"

/* One object, or one autoscaler's target; identity is group, kind, namespace and name. */
struct seen {
    char *id;     /* the four, separated by newlines, which no name holds */
    char *object; /* "Deployment ml/x" */
    char *file;
    uint32_t line, col;
    size_t number; /* in the order of reading */
};

struct seens {
    struct seen *items;
    size_t count, cap;
};

struct lint {
    char *default_namespace;
    struct seens objects;
    struct seens scaled;  /* objects that declare spec.replicas; the place is that line */
    struct seens targets; /* what an autoscaler in the source scales; `object` is the autoscaler */
};

static void tell(const struct manifest_sink *sink, enum problem_level level, const char *file,
                 uint32_t line, uint32_t col, const char *object, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
static void tell(const struct manifest_sink *sink, enum problem_level level, const char *file,
                 uint32_t line, uint32_t col, const char *object, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    struct problem p = {.level = level,
                        .file = file,
                        .line = line,
                        .col = col,
                        .object = object,
                        .message = message};
    sink->problem(sink->ctx, &p);
}

static char *object_name(const struct manifest *m)
{
    return xasprintf("%s %s%s%s", m->kind, m->namespace ? m->namespace : "",
                     m->namespace ? "/" : "", m->name);
}

/* The group of "group/version"; "" for the core group. */
static size_t group_len(const char *api_version)
{
    const char *slash = strchr(api_version, '/');
    return slash ? (size_t)(slash - api_version) : 0;
}

static char *identity(const struct lint *lint, const char *api_version, const char *kind,
                      const char *ns, const char *name)
{
    return xasprintf("%.*s\n%s\n%s\n%s", (int)group_len(api_version), api_version, kind,
                     ns ? ns : lint->default_namespace, name);
}

/* Takes `id` and `object`. */
static void remember(struct seens *seens, char *id, char *object, const char *file, uint32_t line,
                     uint32_t col)
{
    seens->items = xgrow(seens->items, &seens->cap, seens->count + 1, sizeof(*seens->items));
    seens->items[seens->count] = (struct seen){
        .id = id,
        .object = object,
        .file = xstrdup(file),
        .line = line,
        .col = col,
        .number = seens->count,
    };
    seens->count++;
}

/* ---- one object ---- */

static void check_version(const char *file, const struct manifest *m, const char *object,
                          const struct manifest_sink *sink)
{
    const struct node *at = node_get(m->root, "apiVersion");
    uint32_t line = at ? at->line : m->line, col = at ? at->col : m->col;
    for (size_t i = 0; i < ARRAY_LEN(lint_gone); i++) {
        const struct lint_gone *g = &lint_gone[i];
        if (strcmp(g->api_version, m->api_version) != 0 ||
            (g->kind && strcmp(g->kind, m->kind) != 0))
            continue;
        if (g->instead)
            tell(sink, PROBLEM_ERROR, file, line, col, object,
                 "%s is not served since Kubernetes %s: write %s", g->api_version, g->since,
                 g->instead);
        else
            tell(sink, PROBLEM_ERROR, file, line, col, object,
                 "%s is not served since Kubernetes %s and nothing replaces it: label namespaces "
                 "for Pod Security Admission",
                 m->kind, g->since);
        return;
    }
}

static void check_storage_class(const char *file, const struct manifest *m, const char *object,
                                const struct manifest_sink *sink)
{
    const struct node *node = node_get(m->root, "provisioner");
    const char *name = node_str(node);
    for (size_t i = 0; name && i < ARRAY_LEN(lint_provisioners); i++) {
        const struct lint_provisioner *p = &lint_provisioners[i];
        if (strcmp(p->name, name) != 0)
            continue;
        if (p->driver)
            tell(
                sink, PROBLEM_NOTE, file, node->line, node->col, object,
                "the provisioner %s is no longer part of Kubernetes: the CSI driver %s replaces it",
                name, p->driver);
        else
            tell(sink, PROBLEM_NOTE, file, node->line, node->col, object,
                 "the provisioner %s is no longer part of Kubernetes, and no driver replaces it",
                 name);
    }
}

static void check_secret(const char *file, const struct manifest *m, const char *object,
                         const struct manifest_sink *sink)
{
    static const char *const members[] = {"data", "stringData"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct node *node = node_get(m->root, members[i]);
        if (!node || !node->count)
            continue;
        tell(sink, PROBLEM_NOTE, file, node->key_line, node->key_col, object,
             "the values of this Secret stand in Git for everybody who can read it (%s)",
             members[i]);
        return;
    }
}

/* ---- between objects ---- */

static void remember_target(struct lint *lint, const char *file, const struct manifest *m,
                            const char *object)
{
    const struct node *ref = node_get(node_get(m->root, "spec"), "scaleTargetRef");
    const char *version = node_str(node_get(ref, "apiVersion"));
    const char *kind = node_str(node_get(ref, "kind"));
    const char *name = node_str(node_get(ref, "name"));
    if (!name)
        return;
    /* KEDA's ScaledObject may leave both out: a Deployment is then meant */
    char *id = identity(lint, version ? version : "apps/v1", kind ? kind : "Deployment",
                        m->namespace, name);
    remember(&lint->targets, id, xstrdup(object), file, m->line, m->col);
}

static bool is_group(const struct manifest *m, const char *group)
{
    size_t n = group_len(m->api_version);
    return strlen(group) == n && memcmp(group, m->api_version, n) == 0;
}

void lint_add(struct lint *lint, const char *file, const struct manifest *m,
              const struct manifest_sink *sink)
{
    _free_ char *object = object_name(m);
    check_version(file, m, object, sink);
    if (is_group(m, "storage.k8s.io") && strcmp(m->kind, "StorageClass") == 0)
        check_storage_class(file, m, object, sink);
    if (is_group(m, "") && strcmp(m->kind, "Secret") == 0)
        check_secret(file, m, object, sink);
    if ((is_group(m, "autoscaling") && strcmp(m->kind, "HorizontalPodAutoscaler") == 0) ||
        (is_group(m, "keda.sh") && strcmp(m->kind, "ScaledObject") == 0))
        remember_target(lint, file, m, object);
    const struct node *replicas = node_get(node_get(m->root, "spec"), "replicas");
    if (replicas && replicas->type != NODE_NULL)
        remember(&lint->scaled, identity(lint, m->api_version, m->kind, m->namespace, m->name),
                 xstrdup(object), file, replicas->key_line, replicas->key_col);
    remember(&lint->objects, identity(lint, m->api_version, m->kind, m->namespace, m->name),
             steal(object), file, m->line, m->col);
}

static int seen_order(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static void sort(struct seens *seens)
{
    if (seens->count)
        qsort(seens->items, seens->count, sizeof(*seens->items), seen_order);
}

/* A file that was named twice is read twice; that doubles nothing. */
static bool same_place(const struct seen *a, const struct seen *b)
{
    return a->line == b->line && a->col == b->col && strcmp(a->file, b->file) == 0;
}

/* Each of a group of equals names the first of the others. */
static void tell_doubled(const struct seens *objects, const struct manifest_sink *sink)
{
    for (size_t i = 0, first = 0; i < objects->count; i++) {
        const struct seen *s = &objects->items[i];
        if (strcmp(s->id, objects->items[first].id) != 0)
            first = i;
        const struct seen *other = &objects->items[first];
        if (i == first)
            other = i + 1 < objects->count ? s + 1 : NULL;
        if (!other || strcmp(s->id, other->id) != 0 || same_place(s, other))
            continue;
        tell(sink, PROBLEM_ERROR, s->file, s->line, s->col, s->object,
             "the same object stands at %s:%u too: one of the two must go", other->file,
             other->line);
    }
}

static int find_order(const void *key, const void *item)
{
    return strcmp(key, ((const struct seen *)item)->id);
}

static void tell_scaled(const struct lint *lint, const struct manifest_sink *sink)
{
    for (size_t i = 0; lint->targets.count && i < lint->scaled.count; i++) {
        const struct seen *s = &lint->scaled.items[i];
        const struct seen *by =
            bsearch(s->id, lint->targets.items, lint->targets.count, sizeof(*by), find_order);
        if (by)
            tell(sink, PROBLEM_NOTE, s->file, s->line, s->col, s->object,
                 "spec.replicas belongs to %s (%s:%u): leave it out, an apply would scale back",
                 by->object, by->file, by->line);
    }
}

static void seens_free(struct seens *seens)
{
    for (size_t i = 0; i < seens->count; i++) {
        free(seens->items[i].id);
        free(seens->items[i].object);
        free(seens->items[i].file);
    }
    free(seens->items);
}

struct lint *lint_new(const char *default_namespace)
{
    struct lint *lint = xcalloc(1, sizeof(*lint));
    lint->default_namespace = xstrdup(default_namespace);
    return lint;
}

void lint_finish(struct lint *lint, const struct manifest_sink *sink)
{
    if (!lint)
        return;
    sort(&lint->objects);
    sort(&lint->targets);
    tell_doubled(&lint->objects, sink);
    tell_scaled(lint, sink);
    seens_free(&lint->objects);
    seens_free(&lint->scaled);
    seens_free(&lint->targets);
    free(lint->default_namespace);
    free(lint);
}
