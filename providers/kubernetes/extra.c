#include "providers/kubernetes/extra.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/fields.h"

void kept_path_init(struct kept_path *out, const struct path *path)
{
    out->count = path_depth(path);
    out->steps = xcalloc(out->count, sizeof(*out->steps));
    for (size_t i = out->count; i-- > 0; path = path->up) {
        struct path *s = &out->steps[i];
        *s = *path;
        s->up = i ? &out->steps[i - 1] : NULL;
        s->name = xstrdup_null(path->name);
        s->value = json_incref((json_t *)path->value);
    }
}

const struct path *kept_path_last(const struct kept_path *p)
{
    return p->count ? &p->steps[p->count - 1] : NULL;
}

void kept_path_free(struct kept_path *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free((char *)p->steps[i].name);
        json_decref((json_t *)p->steps[i].value);
    }
    free(p->steps);
    *p = (struct kept_path){0};
}

struct walk {
    const struct extra_input *in;
    const json_t *ours;
    const struct fields_entry *entry;
    struct candidates *out;
};

/* Parts of an object that are never a hand's addition to what we hold (DESIGN 5.3e, SPEC 2). */
static bool never_extra(const struct walk *w, const struct path *path)
{
    static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";
    static const char restarted[] = "kubectl.kubernetes.io/restartedAt";
    if (path_is(path, "status", NULL) || path_is(path, "spec", "replicas", NULL))
        return true;
    if (path->type != STEP_MEMBER || !path->up)
        return false;
    if (path_is(path->up, "metadata", NULL))
        return strcmp(path->name, "labels") && strcmp(path->name, "annotations") &&
               strcmp(path->name, "finalizers") && strcmp(path->name, "ownerReferences");
    if (!strcmp(path->name, restarted) && path->up->type == STEP_MEMBER &&
        !strcmp(path->up->name, "annotations")) {
        w->out->ignored++;
        return true;
    }
    return path_is(path->up, "metadata", "annotations", NULL) &&
           (!strcmp(path->name, last_applied) || !strncmp(path->name, "holdfast.dev/", 13));
}

static bool known_already(const struct candidates *c, const json_t *live)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].live == live)
            return true;
    }
    return false;
}

static void candidate_add(struct walk *w, const struct path *path, const json_t *live)
{
    if (known_already(w->out, live) || fields_find(w->ours, path))
        return;
    struct candidates *c = w->out;
    c->items = xgrow(c->items, &c->cap, c->count + 1, sizeof(*c->items));
    struct candidate *new = &c->items[c->count++];
    kept_path_init(&new->path, path);
    new->live = live;
}

static void walk_hand(struct walk *w, const struct path *up, const json_t *node,
                      const json_t *declared, const json_t *live)
{
    const char *key;
    json_t *child_node;
    json_object_foreach((json_t *)node, key, child_node)
    {
        struct fields_child c;
        if (!fields_child(key, child_node, &c))
            continue;
        struct path step = {
            .up = up, .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const json_t *there = path_step(live, &step);
        const json_t *wanted = declared ? path_step(declared, &step) : NULL;
        if (there && !never_extra(w, &step) && !(w->in->skip && w->in->skip(w->in->ctx, &step))) {
            enum shape_kind kind = fields_shape.kind(child_node);
            bool apart = kind == SHAPE_KEYED || kind == SHAPE_SET ||
                         (path_each_key(&step) && kind == SHAPE_MAP);
            if (wanted || apart || !fields_whole(child_node))
                walk_hand(w, &step, child_node, wanted, there);
            else
                candidate_add(w, &step, there);
        }
        json_decref(c.value);
    }
}

void candidates_find(const struct extra_input *input, struct candidates *out)
{
    *out = (struct candidates){0};
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)input->managed_fields, i, v)
    {
        struct fields_entry e = fields_entry(v);
        if (!fields_is_hand(&e, input->manager, input->hands))
            continue;
        struct walk w = {input, fields_ours(input->managed_fields, input->manager), &e, out};
        walk_hand(&w, NULL, e.fields, input->declared, input->live);
    }
}

/* JSON pointer (RFC 6901) of the path in this object; indices are where the elements are there. */
static void pointer_write(struct buf *b, const json_t *root, const struct path *path)
{
    if (!path)
        return;
    pointer_write(b, root, path->up);
    buf_add_char(b, '/');
    if (path->type == STEP_MEMBER) {
        for (const char *s = path->name; *s; s++) {
            if (*s == '~' || *s == '/')
                buf_add_str(b, *s == '~' ? "~0" : "~1");
            else
                buf_add_char(b, *s);
        }
        return;
    }
    const json_t *list = path_find(root, path->up);
    size_t index = path->index;
    if (path->type == STEP_KEYS)
        path_element(list, path->value, &index);
    else if (path->type == STEP_VALUE)
        path_member(list, path->value, &index);
    buf_addf(b, "%zu", index);
}

void patch_op(json_t *patch, const char *op, const json_t *live, const struct path *path,
              json_t *value)
{
    struct buf _buf_ pointer = BUF_INIT(LIMIT_JSON_BYTES);
    pointer_write(&pointer, live, path);
    json_t *o = json_object();
    json_put_str(o, "op", op);
    json_put_str(o, "path", buf_str(&pointer));
    json_put(o, "value", value);
    json_push(patch, o);
}

/* Later elements of a list go first, so that the indices of the earlier stay right. */
static int later_first(const void *a, const void *b)
{
    const char *p = json_str_at(*(json_t *const *)a, "path", NULL);
    const char *q = json_str_at(*(json_t *const *)b, "path", NULL);
    for (;;) {
        size_t n = strcspn(p, "/"), m = strcspn(q, "/");
        if (n != m || strncmp(p, q, n) != 0) {
            bool digits = n && m && strspn(p, "0123456789") == n && strspn(q, "0123456789") == m;
            if (digits)
                return strtoul(p, NULL, 10) < strtoul(q, NULL, 10) ? 1 : -1;
            return -strcmp(p, q);
        }
        if (!p[n] || !q[m])
            return (p[n] != 0) > (q[m] != 0) ? -1 : 1;
        p += n + 1;
        q += m + 1;
    }
}

json_t *candidates_patch(const struct candidates *c, const json_t *live)
{
    json_auto_t *removes = json_array();
    for (size_t i = 0; i < c->count; i++)
        patch_op(removes, "remove", live, kept_path_last(&c->items[i].path), NULL);
    _free_ json_t **sorted = xcalloc(c->count, sizeof(json_t *));
    for (size_t i = 0; i < c->count; i++)
        sorted[i] = json_array_get(removes, i);
    if (c->count)
        qsort(sorted, c->count, sizeof(*sorted), later_first);

    json_t *patch = json_array();
    const struct path metadata = {.type = STEP_MEMBER, .name = "metadata"};
    const struct path version = {.up = &metadata, .type = STEP_MEMBER, .name = "resourceVersion"};
    patch_op(patch, "replace", live, &version,
             json_incref(json_at(live, "metadata", "resourceVersion", NULL)));
    for (size_t i = 0; i < c->count; i++)
        json_array_append(patch, sorted[i]);
    return patch;
}

bool candidate_is_default(const struct candidate *c, const json_t *answer)
{
    const json_t *back = path_find(answer, kept_path_last(&c->path));
    return back && json_same(back, c->live);
}

void candidates_free(struct candidates *c)
{
    for (size_t i = 0; i < c->count; i++)
        kept_path_free(&c->items[i].path);
    free(c->items);
    *c = (struct candidates){0};
}
