#include "providers/kubernetes/extra.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/path_index.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/markers.h"

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

/* kubectl rollout restart's mark, an action and no wish: ignored by default. */
static bool restarted_at(const struct path *path)
{
    return path->type == STEP_MEMBER && path->up && path->up->type == STEP_MEMBER &&
           !strcmp(path->name, "kubectl.kubernetes.io/restartedAt") &&
           !strcmp(path->up->name, "annotations");
}

bool annotation_never_read(const struct path *path)
{
    return path->type == STEP_MEMBER && path_is(path->up, "metadata", "annotations", NULL) &&
           (!strcmp(path->name, "kubectl.kubernetes.io/last-applied-configuration") ||
            !strncmp(path->name, "holdfast.dev/", 13));
}

bool candidates_never(const struct path *path)
{
    if (path_is(path, "status", NULL) || path_is(path, "spec", "replicas", NULL))
        return true;
    if (path->type != STEP_MEMBER || !path->up)
        return false;
    if (path_is(path->up, "metadata", NULL))
        return strcmp(path->name, "labels") && strcmp(path->name, "annotations") &&
               strcmp(path->name, "finalizers") && strcmp(path->name, "ownerReferences");
    return restarted_at(path) || annotation_never_read(path);
}

struct candidate *candidates_add(struct candidates *c, const struct path *path, const json_t *live)
{
    c->items = xgrow(c->items, &c->cap, c->count + 1, sizeof(*c->items));
    struct candidate *new = &c->items[c->count++];
    *new = (struct candidate){.live = live};
    kept_path_init(&new->path, path);
    return new;
}

void candidate_free(struct candidate *c)
{
    kept_path_free(&c->path);
    json_decref(c->several);
    json_decref(c->alone);
}

static bool path_among(const json_t *texts, const struct path *path)
{
    _free_ char *text = path_text(path);
    return json_object_get(texts, text) != NULL;
}

/* Two hands may own one path, or one a part of what the other added: told once, at the top. */
void candidates_unite(struct candidates *c)
{
    json_auto_t *once = json_object();
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        _free_ char *text = path_text(kept_path_last(&c->items[i].path));
        const json_t *same = json_object_get(once, text);
        if (same) {
            c->items[json_integer_value(same)].dropped |= c->items[i].dropped;
            candidate_free(&c->items[i]);
            continue;
        }
        json_put(once, text, json_integer((json_int_t)kept));
        c->items[kept++] = c->items[i];
    }
    c->count = kept;
    kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct path *up = kept_path_last(&c->items[i].path)->up;
        while (up && !path_among(once, up))
            up = up->up;
        if (up)
            candidate_free(&c->items[i]);
        else
            c->items[kept++] = c->items[i];
    }
    c->count = kept;
}

/* Git's side of a list or a map. */
struct wanted {
    struct path_index declared;
    json_t *others; /* fields_others(), once it is asked for */
    struct path_index in_others;
};

static void wanted_free(struct wanted *x)
{
    path_index_free(&x->declared);
    path_index_free(&x->in_others);
    json_decref(x->others);
}

/* What Git declares at the step: an element of another's keys is not it. */
static const json_t *wanted_at(const struct walk *w, struct wanted *git, const struct path *step)
{
    const json_t *wanted = path_index_step(&git->declared, step);
    if (!wanted || step->type != STEP_KEYS || path_keys_present(wanted, step->value))
        return wanted;
    /* where a hand changed a default key, our entry of before has lost the element */
    const json_t *list = fields_find(w->in->applied ? w->in->applied : w->ours, step->up);
    if (!list || fields_has(list, step->value))
        return wanted;
    if (!git->others) {
        git->others = fields_others(list, git->declared.value);
        git->in_others = PATH_INDEX(git->others);
    }
    return path_index_step(&git->in_others, step);
}

bool told_as_a_whole(const json_t *declared, const json_t *live)
{
    return json_is_object(declared) != json_is_object(live) ||
           json_is_array(declared) != json_is_array(live);
}

/* A name that had a NUL (json_load_served): no pointer leads there, and no default is there. */
static bool beyond_pointers(const struct path *path)
{
    for (; path; path = path->up) {
        if (path->type == STEP_MEMBER && strstr(path->name, "\xef\xbf\xbd"))
            return true;
    }
    return false;
}

static void walk_hand(struct walk *w, const struct path *up, const json_t *node,
                      const json_t *declared, const json_t *live);

/* Does an entry name something inside the map? Then it is not atomic, whoever owns it empty. */
static bool owned_inside(const struct walk *w, const struct path *path)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)w->in->managed_fields, i, v)
    {
        const char *key;
        json_t *child;
        json_object_foreach((json_t *)fields_find(fields_entry(v).fields, path), key, child)
        {
            if (strcmp(key, ".") != 0)
                return true;
        }
    }
    return false;
}

/* A mark of the tool that we report as, and that a hand has applied with its manifest. */
static bool is_mark(const struct walk *w, const struct path *path)
{
    return marker_is(w->in->manager, path) && w->ours && fields_find(w->ours, path);
}

static void add(struct walk *w, const struct path *step, const json_t *there, json_t *several,
                bool atomic)
{
    struct candidate *new = candidates_add(w->out, step, there);
    new->several = json_incref(several);
    new->atomic = atomic;
    /* a container put into a running Pod (kubectl debug) is always a hand's, and stays */
    new->certain = !strcmp(w->entry->subresource, "ephemeralcontainers") || beyond_pointers(step);
}

/* Labels, data and the elements of lists are told one by one. */
static bool is_apart(const struct path *step, enum shape_kind kind)
{
    return kind == SHAPE_KEYED || kind == SHAPE_SET || (path_each_key(step) && kind == SHAPE_MAP);
}

/*
 * What a hand owns at the step, or below it. `several`: all live elements of the step's keys, where
 * there are several; else NULL.
 */
static void look_at(struct walk *w, const struct path *step, const json_t *node,
                    const json_t *wanted, const json_t *there, json_t *several)
{
    enum shape_kind kind = fields_shape.kind(node);
    if (wanted && (several || told_as_a_whole(wanted, there)))
        return; /* told with what Git declares */
    if (wanted || is_apart(step, kind) || !fields_whole(node)) {
        walk_hand(w, step, node, wanted, there);
        return;
    }
    const bool leaf = kind == SHAPE_LEAF && json_object_size(there) > 0;
    const bool shared = leaf && owned_inside(w, step);
    if (!shared ||
        !path_each_key(step)) /* else it owns that there is a map, others what is in it */
        add(w, step, there, several, leaf && !shared);
}

static void walk_hand(struct walk *w, const struct path *up, const json_t *node,
                      const json_t *declared, const json_t *live)
{
    const char *key;
    json_t *child_node;
    struct path_index _path_index_ in_live = PATH_INDEX(live);
    struct wanted git __attribute__((cleanup(wanted_free))) = {.declared = PATH_INDEX(declared)};
    json_object_foreach((json_t *)node, key, child_node)
    {
        struct fields_child c;
        if (!fields_child(key, child_node, &c))
            continue;
        struct path step = {
            .up = up, .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const json_t *there = path_index_step(&in_live, &step);
        if (there && restarted_at(&step))
            w->out->ignored++;
        json_auto_t *several =
            there && c.type == STEP_KEYS ? path_index_several(&in_live, c.value) : NULL;
        if (there && !candidates_never(&step) && !is_mark(w, &step) &&
            !(w->in->skip && w->in->skip(w->in->ctx, &step)))
            look_at(w, &step, child_node, wanted_at(w, &git, &step), there, several);
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
    candidates_unite(out);
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

/* Indices by their value (they have no leading zeros), names after all indices. */
static int segment_order(const char *p, size_t n, const char *q, size_t m)
{
    bool p_index = n && strspn(p, "0123456789") == n, q_index = m && strspn(q, "0123456789") == m;
    if (p_index != q_index)
        return p_index ? -1 : 1;
    if (p_index && n != m)
        return n < m ? -1 : 1;
    int c = memcmp(p, q, n < m ? n : m);
    return c ? c : n < m ? -1 : n > m;
}

/* Later elements of a list go first, so that the indices of the earlier stay right. */
static int later_first(const void *a, const void *b)
{
    const char *p = json_str_at(*(json_t *const *)a, "path", NULL);
    const char *q = json_str_at(*(json_t *const *)b, "path", NULL);
    for (;;) {
        size_t n = strcspn(p, "/"), m = strcspn(q, "/");
        int c = segment_order(p, n, q, m);
        if (c)
            return -c;
        if (!p[n] || !q[m])
            return (q[m] != 0) - (p[n] != 0);
        p += n + 1;
        q += m + 1;
    }
}

/* A JSON patch can have put in several of the same keys, or of the same value. */
static void remove_all(json_t *patch, const json_t *live, const struct path *path)
{
    const json_t *list = path->up ? path_find(live, path->up) : NULL, *element;
    size_t i, count = json_array_size(patch);
    json_array_foreach((json_t *)list, i, element)
    {
        bool is = path->type == STEP_KEYS ? path_keys_match(element, path->value) &&
                                                path_keys_present(element, path->value)
                                          : json_same(element, path->value);
        const struct path step = {.up = path->up, .type = STEP_INDEX, .index = i};
        if (is)
            patch_op(patch, "remove", live, &step, NULL);
    }
    if (json_array_size(patch) == count)
        patch_op(patch, "remove", live, path, NULL);
}

void candidates_patch_begin(json_t *patch, const json_t *live)
{
    const struct path metadata = {.type = STEP_MEMBER, .name = "metadata"};
    const struct path version = {.up = &metadata, .type = STEP_MEMBER, .name = "resourceVersion"};
    patch_op(patch, "replace", live, &version,
             json_incref(json_at(live, "metadata", "resourceVersion", NULL)));
}

/* Is there what the rest of a pointer names? Not below a list: its indices are others by now. */
static bool is_below(const json_t *value, const char *rest)
{
    while (*rest && json_is_object(value)) {
        size_t len = strcspn(++rest, "/");
        _free_ char *name = xstrndup(rest, len);
        value = strchr(name, '~') ? NULL : json_object_get(value, name);
        rest += len;
    }
    return value && !*rest;
}

/* Has the patch replaced what holds it, by something that does not? */
static bool is_replaced(const json_t *patch, const char *pointer)
{
    size_t i;
    json_t *op;
    json_array_foreach((json_t *)patch, i, op)
    {
        const char *path = json_str_at(op, "path", NULL);
        size_t len = strlen(path);
        if (!strncmp(pointer, path, len) && pointer[len] == '/' &&
            !is_below(json_object_get(op, "value"), pointer + len))
            return true;
    }
    return false;
}

/* Does it go with another one: the same, or what holds it? */
static bool goes_anyway(const json_t *gone, const char *pointer)
{
    _free_ char *up = xstrdup(pointer);
    for (char *slash = up + strlen(up); slash; slash = strrchr(up, '/')) {
        *slash = '\0';
        if (*up && json_object_get(gone, up))
            return true;
    }
    return false;
}

void candidates_remove(json_t *patch, const struct candidates *const *sets, size_t count,
                       const json_t *live)
{
    json_auto_t *removes = json_array(), *gone = json_object();
    for (size_t n = 0; n < count; n++) {
        for (size_t i = 0; i < sets[n]->count; i++) {
            const struct candidate *c = &sets[n]->items[i];
            const struct path *path = kept_path_last(&c->path);
            if (c->certain)
                continue;
            if (path->type == STEP_KEYS || path->type == STEP_VALUE)
                remove_all(removes, live, path);
            else
                patch_op(removes, "remove", live, path, NULL);
        }
    }
    const size_t ops = json_array_size(removes);
    _free_ json_t **sorted = xcalloc(ops, sizeof(json_t *));
    for (size_t i = 0; i < ops; i++)
        sorted[i] = json_array_get(removes, i);
    if (ops)
        qsort(sorted, ops, sizeof(*sorted), later_first);
    for (size_t i = ops; i-- > 0;) { /* what holds others stands behind them */
        const char *pointer = json_str_at(sorted[i], "path", NULL);
        if (goes_anyway(gone, pointer) || is_replaced(patch, pointer))
            sorted[i] = NULL;
        else
            json_put(gone, pointer, json_true());
    }
    for (size_t i = 0; i < ops; i++) {
        if (sorted[i])
            json_array_append(patch, sorted[i]);
    }
}

json_t *candidates_patch(const struct candidates *c, const json_t *live)
{
    json_t *patch = json_array();
    candidates_patch_begin(patch, live);
    candidates_remove(patch, &c, 1, live);
    return patch;
}

/* Is there a default for the value, or for a part of it? An empty map is one for all its members.
 */
static bool came_back(const json_t *live, const json_t *back)
{
    if (!back || json_same(live, back))
        return back != NULL;
    if (!json_is_object(live) || !json_is_object(back))
        return false;
    const char *name;
    json_t *value;
    bool any = json_object_size(back) == 0 && json_object_size(live);
    json_object_foreach((json_t *)live, name, value)
    {
        any |= came_back(value, json_object_get(back, name));
    }
    return any;
}

void candidate_rest(const struct path *path, const json_t *live, const json_t *back, bool atomic,
                    candidate_found *found, void *ctx)
{
    if (back && json_same(live, back))
        return;
    if (atomic || !came_back(live, back)) {
        found(ctx, path, live);
        return;
    }
    const char *name;
    json_t *value;
    bool more = true;
    json_object_foreach((json_t *)live, name, value)
    {
        const struct path step = {.up = path, .type = STEP_MEMBER, .name = name};
        const json_t *member = json_object_get(back, name);
        more &= member && json_same(value, member);
        candidate_rest(&step, value, member, false, found, ctx);
    }
    if (more) /* only the default has more: nothing less than the whole can be told */
        found(ctx, path, live);
}

void candidate_rest_several(const struct candidate *c, const json_t *answer, candidate_found *found,
                            void *ctx)
{
    const struct path *path = kept_path_last(&c->path);
    struct path_index _path_index_ in_answer = PATH_INDEX(path_find(answer, path->up));
    json_auto_t *back = path_index_several(&in_answer, path->value);
    if (!back || !json_same(back, c->several))
        found(ctx, path, c->several);
}

void candidates_free(struct candidates *c)
{
    for (size_t i = 0; i < c->count; i++)
        candidate_free(&c->items[i]);
    free(c->items);
    *c = (struct candidates){0};
}
