/*
 * managedFields and the walks over them. The input is a row of decisions: they make a declared
 * object, a live one and an answer like it, and managedFields that own parts of the live one, or
 * nonsense. A first byte '{' stands for three JSON texts, one a line, in their place.
 */
#include "fuzz.h"

#include <stdio.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/compare.h"
#include "diff/notation.h"
#include "diff/path_index.h"
#include "providers/kubernetes/extra.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/who.h"

#define DEPTH 5

static const char *const names[] = {
    "metadata",
    "spec",
    "labels",
    "annotations",
    "data",
    "containers",
    "name",
    "ports",
    "containerPort",
    "protocol",
    "env",
    "value",
    "status",
    "replicas",
    "stringData",
    "finalizers",
    "resourceVersion",
    "a",
    "b.c/d",
    "",
    "x\ny",
    "kubectl.kubernetes.io/restartedAt",
    "\xc3\xa9~1~0/",
};
static const char *const texts[] = {
    "a",    "b",  "c",   "1Gi",     "1073741824", "x,y]=", "\xc3\xa9\xe2\x80\xae",
    "\"\\", "80", "1.5", "30s",     "0.5m",       "",      "\x1b[2J",
    "1e3",  "-0", "<&>", "default", "100m",       "0.1",   "1h0m0s",
    "+1Ki",
};

/* ---- trees ---- */

static json_t *make(struct choices *c, int depth);

static json_t *make_object(struct choices *c, int depth)
{
    json_t *o = json_object();
    for (uint8_t n = choose(c) % 5; n > 0; n--)
        json_put(o, names[choose(c) % ARRAY_LEN(names)], make(c, depth + 1));
    return o;
}

/* Elements that are objects with a name each, or scalars; a name may stand twice. */
static json_t *make_array(struct choices *c, int depth)
{
    json_t *array = json_array();
    bool keyed = choose(c) & 1;
    for (uint8_t n = choose(c) % 4; n > 0; n--) {
        json_t *element = keyed ? make_object(c, depth + 1) : make(c, DEPTH);
        if (keyed && choose(c) < 200)
            json_put_str(element, "name", texts[choose(c) % ARRAY_LEN(texts)]);
        json_push(array, element);
    }
    return array;
}

static json_t *make_scalar(struct choices *c)
{
    uint8_t n = choose(c);
    switch (n % 6) {
    case 0:
        return json_integer(n / 6);
    case 1:
        return json_real(n / 4.0);
    case 2:
        return json_boolean(n & 64);
    case 3:
        return json_null();
    default:
        return json_string(texts[choose(c) % ARRAY_LEN(texts)]);
    }
}

static json_t *make(struct choices *c, int depth)
{
    uint8_t n = depth < DEPTH ? choose(c) % 5 : 4;
    return n < 2 ? make_object(c, depth) : n < 3 ? make_array(c, depth) : make_scalar(c);
}

/* A tree like this one: most of it the same. */
static json_t *alike(struct choices *c, const json_t *v, int depth)
{
    uint8_t how = choose(c);
    if (how > 235)
        return make(c, depth);
    if (json_is_array(v)) {
        json_t *array = json_array();
        size_t i, at;
        json_t *element;
        json_array_foreach((json_t *)v, i, element)
        {
            if (choose(c) > 230)
                continue;
            at = how > 200 ? 0 : json_array_size(array); /* in the other order */
            json_array_insert_new(array, at, alike(c, element, depth + 1));
        }
        return array;
    }
    if (!json_is_object(v))
        return json_deep_copy(v);
    json_t *o = json_object();
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)v, key, member)
    {
        if (choose(c) <= 230)
            json_put(o, key, alike(c, member, depth + 1));
    }
    if (how > 180)
        json_put(o, names[choose(c) % ARRAY_LEN(names)], make(c, depth + 1));
    return o;
}

/* ---- managedFields ---- */

static json_t *nonsense(struct choices *c)
{
    static const char *const keys[] = {
        ".",
        "f:",
        "f:a",
        "k:{}",
        "k:5",
        "k:",
        "k:{\"name\":\"a\"}",
        "k:{\"name\":1.0,\"a\":null}",
        "v:\"a\"",
        "v:",
        "v:1",
        "i:0",
        "i:99999999999999999999",
        "i:-1",
        "x",
        "f:metadata",
        "k:[]",
        "k:{\"name\":",
        "v:{\"a\":{}}",
        "f:b.c/d",
        "",
    };
    json_t *o = json_object();
    for (uint8_t n = choose(c) % 4; n > 0; n--) {
        json_t *child = choose(c) & 3 ? nonsense(c) : make_scalar(c);
        json_put(o, keys[choose(c) % ARRAY_LEN(keys)], child);
        if (c->at == c->end)
            break;
    }
    return o;
}

static json_t *owned(struct choices *c, const json_t *v);

static void own(json_t *node, const char *prefix, const char *key, json_t *child)
{
    _free_ char *name = xasprintf("%s%s", prefix, key);
    json_put(node, name, child);
}

static json_t *owned_list(struct choices *c, const json_t *v)
{
    json_t *node = json_object();
    bool keyed = json_is_object(json_array_get(v, 0));
    size_t i;
    json_t *element;
    json_array_foreach((json_t *)v, i, element)
    {
        const json_t *name = json_object_get(element, "name");
        if ((keyed && !name) || keyed != json_is_object(element) || choose(c) > 220)
            continue;
        _free_ char *text = json_text(keyed ? name : element, JSON_WRITE_SORTED);
        if (!keyed) {
            own(node, "v:", text, json_object());
            continue;
        }
        _free_ char *keys = xasprintf("{\"name\":%s}", text);
        json_t *child = owned(c, element);
        json_put(child, ".", json_object());
        own(node, "k:", keys, child);
    }
    return node;
}

/* What an entry that owns (most of) the value says. */
static json_t *owned(struct choices *c, const json_t *v)
{
    json_t *node = json_object();
    uint8_t how = choose(c);
    if (how > 240)
        return json_decref(node), nonsense(c);
    if (json_is_array(v) && how < 180)
        return json_decref(node), owned_list(c, v);
    if (!json_is_object(v) || how > 220)
        return node; /* a leaf, or atomic */
    if (how & 1)
        json_put(node, ".", json_object());
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)v, key, member)
    {
        if (choose(c) < 200)
            own(node, "f:", key, owned(c, member));
    }
    return node;
}

static json_t *make_entries(struct choices *c, const json_t *live)
{
    static const char *const managers[] = {"holdfast",   "kubectl-edit",       "kubectl",
                                           "controller", "before-first-apply", ""};
    static const char *const subresources[] = {"", "", "", "status", "scale"};
    json_t *entries = json_array();
    for (uint8_t n = choose(c) % 5; n > 0; n--) {
        json_t *e = json_object();
        uint8_t bits = choose(c);
        json_put_str(e, "manager", managers[choose(c) % ARRAY_LEN(managers)]);
        json_put_str(e, "operation", bits & 1 ? "Apply" : "Update");
        json_put_str(e, "apiVersion", bits & 6 ? "v1" : "v2");
        if (bits & 24)
            json_put_str(e, "time", bits & 8 ? "2026-01-01T00:00:00Z" : "2026-01-02T00:00:00Z");
        json_put_str(e, "subresource", subresources[choose(c) % ARRAY_LEN(subresources)]);
        if (bits < 250)
            json_put(e, "fieldsV1", owned(c, live));
        json_push(entries, e);
    }
    return entries;
}

/* ---- what must hold ---- */

struct trees {
    json_t *declared, *live, *answer, *managed;
    const json_t *ours;
    size_t found;
};

/* One line, and nothing in it that a terminal would obey. */
static void check_path(const struct path *path)
{
    _free_ char *text = path_text(path);
    check(*text);
    for (const char *s = text; *s; s++)
        check((unsigned char)*s >= 0x20 && *s != 0x7f);
}

static void check_who(const struct trees *t, const struct path *path, bool absent)
{
    struct who who;
    who_find(&who, t->managed, "holdfast", "v1", path, absent);
    check(who.by || who.by_reason);
    check(!who.since == !who.since_kind && (!who.since || who.by));
    check(!who.by_all || (json_array_size(who.by_all) > 1 && who.by));
    who_free(&who);
}

static void on_difference(void *ctx, const struct difference *d)
{
    struct trees *t = ctx;
    t->found++;
    check_path(d->path);
    check_who(t, d->path, d->live == NULL);
    check(d->order || d->declared);
}

static void on_rest(void *ctx, const struct path *path, const json_t *live)
{
    check(live != NULL);
    check_path(path);
    check_who(ctx, path, false);
}

static void on_dropped(void *ctx, const struct path *path, const json_t *answer, const json_t *live)
{
    check(live != NULL);
    on_rest(ctx, path, live);
}

static void check_compare(struct trees *t, const void *shape)
{
    const struct comparison c = {.shape_ops = &fields_shape, .ctx = t, .found = on_difference};
    t->found = 0;
    compare_declared(&c, t->declared, t->live, t->live, shape);
    check(t->found == 0); /* the answer is what is live */
    compare_declared(&c, t->declared, t->answer, t->live, shape);
    if (compare_literal(&fields_shape, t->declared, t->live, shape))
        check(t->found == 0); /* live is what Git says */
    check(notation_same(t->declared, t->declared));
    notation_same(t->declared, t->live);
}

/* Behind the resourceVersion: each place once. */
static void check_removes(const json_t *patch)
{
    json_auto_t *once = json_object();
    for (size_t i = 1; i < json_array_size(patch); i++) {
        const char *pointer = json_str_at(json_array_get(patch, i), "path", NULL);
        check(!json_object_get(once, pointer));
        json_put(once, pointer, json_true());
    }
}

/* Each candidate is what it says, and is told once. */
static void check_candidates(struct trees *t, bool secret)
{
    static const char *const hands[] = {"contr*", NULL};
    const struct extra_input in = {.declared = t->declared,
                                   .live = t->live,
                                   .managed_fields = t->managed,
                                   .manager = "holdfast",
                                   .hands = secret ? hands : NULL};
    struct candidates found;
    candidates_find(&in, &found);
    json_auto_t *once = json_object();
    for (size_t i = 0; i < found.count; i++) {
        const struct path *path = kept_path_last(&found.items[i].path);
        _free_ char *text = path_text(path);
        check(path_find(t->live, path) == found.items[i].live);
        check(!json_object_get(once, text));
        json_put(once, text, json_true());
        candidate_rest(path, found.items[i].live, path_find(t->answer, path), found.items[i].atomic,
                       on_rest, t);
    }
    json_auto_t *patch = candidates_patch(&found, t->live);
    check_removes(patch);
    candidates_free(&found);
}

/* The quick way to an element finds what the slow way finds. */
static void check_index(const json_t *node, const json_t *live)
{
    struct path_index _path_index_ index = PATH_INDEX(live);
    const char *key;
    json_t *child;
    json_object_foreach((json_t *)node, key, child)
    {
        struct fields_child c;
        if (!fields_child(key, child, &c))
            continue;
        const struct path step = {
            .type = c.type, .name = c.name, .value = c.value, .index = c.index};
        const json_t *slow = path_step(live, &step);
        check(path_index_step(&index, &step) == slow);
        check_index(child, slow);
        json_decref(c.value);
    }
}

static void check_all(struct trees *t, bool secret)
{
    t->ours = fields_ours(t->managed, "holdfast");
    check_compare(t, t->ours);
    check_compare(t, NULL);
    check_candidates(t, secret);
    const struct dropped_walk walk = {.ours = t->ours,
                                      .manager = "holdfast",
                                      .declared = t->declared,
                                      .answer = t->answer,
                                      .live = t->live,
                                      .secret = secret,
                                      .found = on_dropped,
                                      .ctx = t};
    dropped_find(&walk);
    owned_undeclared(t->ours, t->declared, "holdfast");
    size_t i;
    json_t *entry;
    json_array_foreach(t->managed, i, entry)
    {
        check_index(json_object_get(entry, "fieldsV1"), t->live);
    }
}

static json_t *line(struct choices *c)
{
    const void *end = memchr(c->at, '\n', (size_t)(c->end - c->at));
    size_t len = end ? (size_t)((const uint8_t *)end - c->at) : (size_t)(c->end - c->at);
    json_t *v = json_parse((const char *)c->at, len, "line", NULL);
    c->at += len + (end != NULL);
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices c = {data, data + size};
    struct trees t = {0};
    if (size == 0 || size > 64 * KIB)
        return 0;
    bool secret = data[0] & 1;
    if (data[0] == '{') {
        t.declared = line(&c);
        t.live = line(&c);
        t.answer = line(&c);
        t.managed = json_incref(json_at(t.live, "metadata", "managedFields", NULL));
    } else {
        choose(&c);
        t.declared = make_object(&c, 0);
        t.live = alike(&c, t.declared, 0);
        t.answer = alike(&c, t.live, 0);
        t.managed = make_entries(&c, t.live);
    }
    if (t.declared && t.live)
        check_all(&t, secret);
    json_decref(t.declared);
    json_decref(t.live);
    json_decref(t.answer);
    json_decref(t.managed);
    return 0;
}
