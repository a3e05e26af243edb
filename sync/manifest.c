#include "sync/manifest.h"

#include <string.h>

#include "core/alloc.h"
#include "core/nearest.h"
#include "sync/documents.h"
#include "sync/json_text.h"
#include "sync/left_out.h"
#include "sync/names.h"
#include "sync/orders.h"

#define OUR_GROUP "holdfast.dev/"

struct reading {
    const char *file;
    const struct manifest_sink *sink;
    struct arena *arena;
    struct yaml_reader *yaml;
    struct keys keys;
    struct buf object; /* of the document at hand, or empty */
};

static void tell(struct reading *r, enum problem_level level, uint32_t line, uint32_t col,
                 const char *message)
{
    if (!r->sink->problem)
        return;
    const struct problem problem = {.level = level,
                                    .file = r->file,
                                    .line = line,
                                    .col = col,
                                    .object = r->object.len ? r->object.data : NULL,
                                    .message = message};
    r->sink->problem(r->sink->ctx, &problem);
}

static void tell_error(struct reading *r, const struct parse_error *err)
{
    tell(r, PROBLEM_ERROR, err->line, err->col, err->message);
}

static void tell_note(void *ctx, uint32_t line, uint32_t col, const char *message)
{
    tell(ctx, PROBLEM_NOTE, line, col, message);
}

static void wrong_value(struct reading *r, const struct node *node, const char *message)
{
    tell(r, PROBLEM_ERROR, node->line, node->col, message);
}

static void wrong_key(struct reading *r, const struct node *node, const char *message)
{
    tell(r, PROBLEM_ERROR, node->key_line, node->key_col, message);
}

static const char *type_name(enum node_type type)
{
    static const char *const names[] = {"null",     "a boolean", "a number", "a number",
                                        "a string", "a list",    "a map"};
    return names[type];
}

static bool known_name(const char *key)
{
    static const char *const known[] = {"apiVersion", "kind",      "metadata", "spec",
                                        "data",       "namespace", "labels",   "status"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(key, known[i]) == 0)
            return true;
    }
    return false;
}

/* A key that was probably meant to be `name`. */
static const struct node *near_miss(const struct node *map, const char *name)
{
    if (!map || map->type != NODE_MAP)
        return NULL;
    struct nearest nearest = NEAREST_INIT(name);
    for (const struct node *n = map->first; n; n = n->next)
        nearest_try(&nearest, known_name(n->key) ? NULL : n->key);
    for (const struct node *n = map->first; n && nearest.best; n = n->next) {
        if (n->key == nearest.best)
            return n;
    }
    return NULL;
}

/* A key that was meant to be indented. */
static const struct node *hard_space(const struct node *map)
{
    for (const struct node *n = map ? map->first : NULL; n && map->type == NODE_MAP; n = n->next) {
        if (strncmp(n->key, "\xc2\xa0", 2) == 0)
            return n;
    }
    return NULL;
}

/* `name` is not in `map`, whose place stands for it unless a key looks like a slip. */
static void tell_absent(struct reading *r, const struct node *root, const struct node *map,
                        const char *path, const char *name, const char *remedy)
{
    _buf_ struct buf message = BUF_INIT(1024);
    const struct node *space = hard_space(root);
    const struct node *near = near_miss(map, name);
    if (space) {
        buf_addf(&message,
                 "no %s, and a key that begins with a no-break space (U+00A0), which does not "
                 "indent: type the space again",
                 path);
        wrong_key(r, space, buf_str(&message));
        return;
    }
    if (near) {
        buf_addf(&message, "no %s, but a key \"", path);
        node_write_name(&message, near->key, near->key_len);
        buf_addf(&message, "\": did you mean %s?", name);
        wrong_key(r, near, buf_str(&message));
        return;
    }
    buf_addf(&message, "no %s: %s", path, remedy);
    wrong_value(r, map ? map : root, buf_str(&message));
}

static bool has_control(const struct node *string)
{
    for (size_t i = 0; i < string->string.len; i++) {
        unsigned char c = (unsigned char)string->string.data[i];
        if (c < 0x20 || c == 0x7f)
            return true;
    }
    return false;
}

/*
 * A member that must be a string that is not empty, and is there; `wrong` says what else is wrong
 * with it. False: told.
 */
static bool good_string(struct reading *r, const struct node *node, const char *path,
                        const char *(*wrong)(const char *text))
{
    _buf_ struct buf message = BUF_INIT(256);
    const char *why = NULL;
    if (node->type != NODE_STRING)
        buf_addf(&message, "%s is %s, not a string: %s", path, type_name(node->type),
                 node->type == NODE_NULL    ? "give it a value"
                 : node->type < NODE_STRING ? "quote it"
                                            : "write a string");
    else if (node->string.len == 0)
        buf_addf(&message, "%s is empty: give it a value", path);
    else if (has_control(node))
        buf_addf(&message, "%s holds a control character: remove it", path);
    else if ((why = wrong(node->string.data)))
        buf_addf(&message, "%s %s", path, why);
    if (!message.len)
        return true;
    wrong_value(r, node, buf_str(&message));
    return false;
}

/* apiVersion and kind of the document. False: told. */
static bool read_type(struct reading *r, const struct node *root, struct manifest *m)
{
    static const char *const remedy = "every document of a source is an object, and needs one "
                                      "(a file that is none is left out by `exclude`)";
    const struct node *version = node_get(root, "apiVersion"), *kind = node_get(root, "kind");
    bool good = true;
    if (!version && !kind && !near_miss(root, "apiVersion") && !near_miss(root, "kind"))
        tell_absent(r, root, root, "apiVersion and no kind", "apiVersion", remedy);
    else if (!version)
        tell_absent(r, root, root, "apiVersion", "apiVersion", remedy);
    else
        good = good_string(r, version, "apiVersion", names_wrong_api_version);
    if (!kind && (version || near_miss(root, "kind")))
        tell_absent(r, root, root, "kind", "kind", remedy);
    else if (kind)
        good = good_string(r, kind, "kind", names_wrong_kind) && good;
    m->api_version = node_str(version);
    m->kind = node_str(kind);
    return version && kind && good;
}

static void tell_no_name(struct reading *r, const struct node *root, const struct node *metadata)
{
    if (!metadata) {
        tell_absent(r, root, root, "metadata.name", "metadata", "give the object a name");
        return;
    }
    const struct node *generate = node_get(metadata, "generateName");
    if (generate)
        wrong_key(r, generate,
                  "generateName makes a new object each time, which nothing can be "
                  "compared with: give it metadata.name");
    else
        tell_absent(r, root, metadata, "metadata.name", "name", "give the object a name");
}

/* metadata.name and metadata.namespace. False: told. */
static bool read_name(struct reading *r, const struct node *root, struct manifest *m)
{
    const struct node *metadata = node_get(root, "metadata");
    if (metadata && metadata->type != NODE_MAP && metadata->type != NODE_NULL) {
        wrong_value(r, metadata, "metadata is no map: write name and namespace below it");
        return false;
    }
    const struct node *name = node_get(metadata, "name");
    if (!name) {
        tell_no_name(r, root, metadata);
        return false;
    }
    if (!good_string(r, name, "metadata.name", names_wrong_name))
        return false;
    const struct node *space = node_get(metadata, "namespace");
    bool named = space && space->type != NODE_NULL &&
                 !(space->type == NODE_STRING && space->string.len == 0);
    if (named && !good_string(r, space, "metadata.namespace", names_wrong_namespace))
        return false;
    m->name = name->string.data;
    m->namespace = named ? space->string.data : NULL;
    return true;
}

static void set_object(struct reading *r, const struct manifest *m)
{
    buf_clear(&r->object);
    node_write_name(&r->object, m->kind, strlen(m->kind));
    buf_add_char(&r->object, ' ');
    if (m->namespace) {
        buf_add_str(&r->object, m->namespace);
        buf_add_char(&r->object, '/');
    }
    buf_add_str(&r->object, m->name);
}

static void tell_order(void *ctx, enum problem_level level, uint32_t line, uint32_t col,
                       const char *message)
{
    tell(ctx, level, line, col, message);
}

/* A definition's names stand in the URLs of its objects. False: told. */
static bool good_crd(struct reading *r, const struct manifest *m)
{
    const char *path, *wrong;
    if (strncmp(m->api_version, "apiextensions.k8s.io/", 21) != 0 ||
        strcmp(m->kind, "CustomResourceDefinition") != 0)
        return true;
    const struct node *node = names_wrong_crd(m->root, &path, &wrong);
    if (!node)
        return true;
    _buf_ struct buf message = BUF_INIT(256);
    buf_addf(&message, "%s %s", path, wrong);
    wrong_value(r, node, buf_str(&message));
    return false;
}

/* What is left is an object for the sink, or has an error. */
static void read_object(struct reading *r, struct node *root)
{
    struct manifest m = {.line = root->line, .col = root->col, .root = root};
    if (!read_type(r, root, &m) || !read_name(r, root, &m))
        return;
    set_object(r, &m);
    if (!good_crd(r, &m))
        return;
    struct left_out left;
    left_out_take(root, &left);
    _buf_ struct buf message = BUF_INIT(8192);
    if (left.count) {
        buf_addf(&message, "left out, as Git cannot say it: %s; remove it from the file",
                 buf_str(&left.paths));
        tell(r, PROBLEM_NOTE, left.line, left.col, buf_str(&message));
    }
    orders_check(root, tell_order, r);
    if (left.null_element) {
        buf_clear(&message);
        node_write_path(&message, left.null_element);
        buf_add_str(&message,
                    " is null, and a list cannot hold that: remove it, or give it a value");
        wrong_value(r, left.null_element, buf_str(&message));
    } else if (r->sink->object) {
        r->sink->object(r->sink->ctx, r->file, &m);
    }
    left_out_free(&left);
    buf_clear(&r->object);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && memcmp(s + n - m, end, m) == 0;
}

/* A member that the list says for its items: placed where the list says it. */
static void inherit(struct reading *r, struct node *item, const struct node *from, size_t len)
{
    struct node *node = node_new(r->arena, NODE_STRING, from->line, from->col);
    node->key = from->key;
    node->key_len = from->key_len;
    node->key_line = from->key_line;
    node->key_col = from->key_col;
    node->string.data = arena_text(r->arena, from->string.data, len);
    node->string.len = len;
    node->parent = item;
    node->next = item->first;
    item->first = node;
    if (!item->last)
        item->last = node;
    item->count++;
}

static void read_item(struct reading *r, const struct node *list, struct node *item)
{
    if (item->type != NODE_MAP) {
        wrong_value(r, item, "an item that is no map: a list holds whole objects");
        return;
    }
    const struct node *items = node_get(item, "items");
    if (items && items->type == NODE_LIST) {
        wrong_value(r, item,
                    "a list inside a list, which kubectl refuses: put its items into the "
                    "outer one");
        return;
    }
    const struct node *kind = node_get(list, "kind");
    const char *list_kind = node_str(kind);
    if (!node_get(item, "apiVersion") && !node_get(item, "kind") && ends_with(list_kind, "List") &&
        strcmp(list_kind, "List") != 0) {
        inherit(r, item, kind, kind->string.len - 4);
        inherit(r, item, node_get(list, "apiVersion"), node_get(list, "apiVersion")->string.len);
    }
    /* paths in messages begin at the object */
    item->parent = NULL;
    item->next = NULL;
    read_object(r, item);
}

static void read_list(struct reading *r, const struct node *list, struct node *items)
{
    struct manifest m;
    if (!read_type(r, list, &m))
        return;
    if (!ends_with(m.kind, "List"))
        tell(r, PROBLEM_NOTE, items->key_line, items->key_col,
             "kubectl takes every document with items for a list: its items are read, it itself "
             "is not");
    for (struct node *n = items->first, *next; n; n = next) {
        next = n->next;
        read_item(r, list, n);
    }
}

static void read_ours(struct reading *r, const struct node *root)
{
    const struct node *kind = node_get(root, "kind");
    const char *name = node_str(kind);
    const char *version = node_str(node_get(root, "apiVersion"));
    bool known = strcmp(version, OUR_GROUP "v1") == 0;
    if (known && name && strcmp(name, "Config") == 0)
        tell(r, PROBLEM_NOTE, root->line, root->col,
             "a configuration of holdfast is no object: passed over, name it by --config");
    else if (known && name && strcmp(name, "Export") == 0)
        tell(r, PROBLEM_NOTE, root->line, root->col,
             "Export belongs into the configuration, not among manifests: passed over, name its "
             "file by --config");
    else
        tell(r, PROBLEM_ERROR, root->line, root->col,
             "holdfast.dev knows Config and Export in v1: correct apiVersion or kind");
}

static void read_document(struct reading *r, struct node *root)
{
    buf_clear(&r->object);
    if (!root || root->type == NODE_NULL)
        return;
    if (root->type != NODE_MAP) {
        wrong_value(r, root,
                    root->type == NODE_LIST
                        ? "a document that is a list: write its objects one by one with "
                          "--- between, or below items of a kind: List"
                        : "a document that is a bare value, no object: remove it, or "
                          "write apiVersion, kind and metadata");
        return;
    }
    const char *version = node_str(node_get(root, "apiVersion"));
    const char *kind = node_str(node_get(root, "kind"));
    struct node *items = node_get(root, "items");
    if (version && strncmp(version, OUR_GROUP, strlen(OUR_GROUP)) == 0)
        read_ours(r, root);
    else if (items && items->type == NODE_LIST)
        read_list(r, root, items);
    else if (version && kind && strcmp(version, "v1") == 0 && strcmp(kind, "List") == 0)
        wrong_value(r, items ? items : root, "kind List without a list of items: write items: []");
    else
        read_object(r, root);
}

/* Returns whether the next part belongs to this one's block scalar, and is not to be read. */
static bool read_yaml(struct reading *r, const struct documents *d, const struct part *part)
{
    const struct parse_sink notes = {.ctx = r, .note = tell_note};
    struct parse_error err;
    struct yaml_document document;
    buf_clear(&r->object);
    arena_reset(r->arena);
    if (documents_check(part, &err) ||
        yaml_read(r->yaml, r->arena, part->text, part->len, part->line, &notes, &document, &err)) {
        tell_error(r, &err);
        return false;
    }
    if (document.block_line && part->separator_line && documents_goes_on(d)) {
        parse_fail(&err, part->separator_line, 1,
                   "--- at the line's beginning ends the document, also inside the block scalar "
                   "that begins at line %u: indent it",
                   document.block_line);
        tell_error(r, &err);
        return true;
    }
    read_document(r, document.root);
    if (document.more) {
        buf_clear(&r->object);
        tell_error(r, &document.end);
    }
    return false;
}

/* False: what follows cannot be read. */
static bool read_json(struct reading *r, struct documents *d, const struct part *part)
{
    struct parse_error err;
    struct json_text value;
    buf_clear(&r->object);
    arena_reset(r->arena);
    if (json_text_read(r->arena, &r->keys, part->text, part->len, part->line, part->col, &value,
                       &err)) {
        if (value.syntax && !d->json_file) {
            documents_not_json(d);
            return true;
        }
        tell_error(r, &err);
        return false;
    }
    documents_took(d, value.used);
    read_document(r, value.root);
    return true;
}

static void read_parts(struct reading *r, struct documents *d)
{
    struct part part;
    bool skip = false;
    while (documents_next(d, &part)) {
        bool skip_this = skip;
        skip = false;
        if (skip_this && part.kind == PART_YAML)
            continue;
        if (part.kind == PART_YAML) {
            skip = read_yaml(r, d, &part);
        } else if (part.kind == PART_JSON) {
            if (!read_json(r, d, &part))
                return;
        } else if (part.kind == PART_BAD) {
            buf_clear(&r->object);
            tell(r, PROBLEM_ERROR, part.line, part.col, part.message);
        }
    }
}

void manifest_read(const char *file, const char *text, size_t len, const struct manifest_sink *sink)
{
    struct reading r = {.file = file, .sink = sink, .object = BUF_INIT(1024)};
    const char *utf8;
    size_t utf8_len;
    struct parse_error err;
    _free_ char *owned = documents_text(text, len, &utf8, &utf8_len, &err);
    if (err.message[0]) {
        tell_error(&r, &err);
        return;
    }
    r.arena = arena_new();
    r.yaml = yaml_reader_new();
    struct documents d;
    documents_init(&d, utf8, utf8_len, ends_with(file, ".json"));
    read_parts(&r, &d);
    keys_free(&r.keys);
    yaml_reader_free(r.yaml);
    arena_free(r.arena);
    buf_free(&r.object);
}
