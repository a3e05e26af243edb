#include "sync/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/keys.h"
#include "sync/scalar.h"
#include "sync/text.h"
#include "sync/yaml_merge.h"

/* An open list or map. */
struct frame {
    struct node *node;
    const char *key; /* a map's member that waits for its value */
    size_t key_len;
    uint32_t key_line, key_col;
    bool key_merge;     /* and it is `<<` */
    struct node *merge; /* the value of `<<` */
    uint32_t merge_line, merge_col;
    bool merge_alias; /* that value is an alias's copy: its members may be moved */
};

struct yaml_reader {
    struct keys keys;
    struct frame frames[LIMIT_YAML_DEPTH];
    struct arena *arena;
    const struct parse_sink *sink;
    struct parse_error *err;
    struct node *root;
    const char *text;
    size_t len;
    size_t depth, nodes, aliases;
    uint32_t line; /* added to libyaml's, which counts from 0 */
    uint32_t block_line;
};

int parse_fail(struct parse_error *err, uint32_t line, uint32_t col, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    err->line = line;
    err->col = col;
    return -1;
}

struct yaml_reader *yaml_reader_new(void)
{
    return xcalloc(1, sizeof(struct yaml_reader));
}

void yaml_reader_free(struct yaml_reader *reader)
{
    if (!reader)
        return;
    keys_free(&reader->keys);
    free(reader);
}

static uint32_t line_of(const struct yaml_reader *r, const yaml_mark_t *mark)
{
    return r->line + (uint32_t)mark->line;
}

static uint32_t col_of(const yaml_mark_t *mark)
{
    return (uint32_t)mark->column + 1;
}

static int fail_at(struct yaml_reader *r, const yaml_event_t *e, const char *message)
{
    return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark), "%s", message);
}

/* A key's or an anchor's name fit for a message. */
static const char *shown(struct buf *b, const char *name, size_t len)
{
    *b = BUF_INIT(256);
    node_write_name(b, name, len);
    return buf_str(b);
}

static void note(struct yaml_reader *r, const yaml_event_t *e, const char *message)
{
    if (r->sink && r->sink->note)
        r->sink->note(r->sink->ctx, line_of(r, &e->start_mark), col_of(&e->start_mark), message);
}

/* The caps, for `count` nodes more. */
static int charge(struct yaml_reader *r, const yaml_event_t *e, size_t count)
{
    r->nodes += count;
    if (r->nodes <= LIMIT_YAML_NODES)
        return 0;
    return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                      "more than %d values in one document, copies by aliases counted: split it",
                      LIMIT_YAML_NODES);
}

static struct node *new_node(struct yaml_reader *r, const yaml_event_t *e, enum node_type type)
{
    return node_new(r->arena, type, line_of(r, &e->start_mark), col_of(&e->start_mark));
}

static void set_anchor(struct yaml_reader *r, const yaml_char_t *anchor, struct node *node)
{
    if (!anchor)
        return;
    size_t len = strlen((const char *)anchor);
    keys_set_anchor(&r->keys, arena_text(r->arena, (const char *)anchor, len), len, node);
}

/* Puts a value where it belongs: the root, a list's end, or under the key that waits. */
static void attach(struct yaml_reader *r, struct node *node)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    struct frame *f = &r->frames[r->depth - 1];
    if (f->node->type == NODE_LIST) {
        node_append(f->node, node);
        return;
    }
    if (f->key_merge) {
        f->merge = node;
        f->key_merge = false;
        f->key = NULL;
        return;
    }
    node->key = f->key;
    node->key_len = f->key_len;
    node->key_line = f->key_line;
    node->key_col = f->key_col;
    f->key = NULL;
    node_append(f->node, node);
    keys_added(&r->keys, node);
}

static bool wants_key(const struct yaml_reader *r)
{
    return r->depth > 0 && r->frames[r->depth - 1].node->type == NODE_MAP &&
           !r->frames[r->depth - 1].key;
}

/*
 * A key that the map has already: strict, as the loss of one of the two is never meant. And one
 * that jansson, which reads the body again, does not take.
 */
static int check_key(struct yaml_reader *r, const yaml_event_t *e, const char *key, size_t len)
{
    const struct frame *f = &r->frames[r->depth - 1];
    if (memchr(key, '\0', len))
        return fail_at(r, e, KEYS_NUL);
    const struct node *first = keys_member(&r->keys, f->node, key, len);
    if (!first)
        return 0;
    _buf_ struct buf name;
    return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                      "key \"%s\" stands twice in one map, first at line %u: remove one",
                      shown(&name, key, len), first->key_line);
}

static void take_key(struct yaml_reader *r, const yaml_event_t *e, const char *key, size_t len)
{
    struct frame *f = &r->frames[r->depth - 1];
    f->key = key;
    f->key_len = len;
    f->key_line = line_of(r, &e->start_mark);
    f->key_col = col_of(&e->start_mark);
}

/* `y: 1` is member "true": told, since nobody means it. */
static void note_renamed(struct yaml_reader *r, const yaml_event_t *e, const char *text, size_t len,
                         const char *name)
{
    if (strcmp(text, name) == 0)
        return;
    _buf_ struct buf shown_name, message = BUF_INIT(512);
    buf_addf(&message, "key %s is read as \"%s\" by YAML 1.1: quote it, or write %s",
             shown(&shown_name, text, len), name, name);
    note(r, e, buf_str(&message));
}

static bool merge_key(const yaml_event_t *e)
{
    if (e->data.scalar.length != 2 || memcmp(e->data.scalar.value, "<<", 2) != 0)
        return false;
    const char *tag = (const char *)e->data.scalar.tag;
    return e->data.scalar.plain_implicit || (tag && strcmp(tag, "tag:yaml.org,2002:merge") == 0);
}

static int read_merge_key(struct yaml_reader *r, const yaml_event_t *e)
{
    struct frame *f = &r->frames[r->depth - 1];
    if (f->merge_line)
        return fail_at(r, e, "<< stands twice in one map: write <<: [*one, *other]");
    take_key(r, e, "<<", 2);
    f->key_merge = true;
    f->merge_line = f->key_line;
    f->merge_col = f->key_col;
    return 0;
}

static int read_key(struct yaml_reader *r, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t len = e->data.scalar.length;
    if (merge_key(e))
        return read_merge_key(r, e);
    struct scalar value;
    const char *wrong = scalar_resolve((const char *)e->data.scalar.tag,
                                       e->data.scalar.plain_implicit, text, len, &value);
    if (wrong)
        return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark), "key: %s",
                          wrong);
    if (value.type == NODE_NULL)
        return fail_at(r, e, "a key that is null: quote it");
    char name[SCALAR_NAME_BYTES];
    _free_ char *decoded = value.type == NODE_STRING ? value.decoded : NULL;
    if (decoded) {
        text = decoded;
        len = value.decoded_len;
    } else if (value.type != NODE_STRING) {
        size_t name_len = scalar_name(&value, name);
        note_renamed(r, e, text, len, name);
        text = name;
        len = name_len;
    }
    if (check_key(r, e, text, len))
        return -1;
    char *key = arena_text(r->arena, text, len);
    take_key(r, e, key, len);
    if (e->data.scalar.anchor) {
        struct node *node = new_node(r, e, NODE_STRING);
        node->string.data = key;
        node->string.len = len;
        set_anchor(r, e->data.scalar.anchor, node);
    }
    return 0;
}

static int read_scalar(struct yaml_reader *r, const yaml_event_t *e)
{
    yaml_scalar_style_t style = e->data.scalar.style;
    bool block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    r->block_line = block ? line_of(r, &e->start_mark) : 0;
    if (charge(r, e, 1))
        return -1;
    if (wants_key(r))
        return read_key(r, e);
    struct scalar value;
    const char *text = (const char *)e->data.scalar.value;
    size_t len = e->data.scalar.length;
    const char *wrong = scalar_resolve((const char *)e->data.scalar.tag,
                                       e->data.scalar.plain_implicit, text, len, &value);
    if (wrong)
        return fail_at(r, e, wrong);
    struct node *node = new_node(r, e, value.type);
    if (value.type == NODE_STRING) {
        _free_ char *decoded = value.decoded;
        if (decoded) {
            text = decoded;
            len = value.decoded_len;
        }
        node->string.data = arena_text(r->arena, text, len);
        node->string.len = len;
    } else if (value.type == NODE_BOOL) {
        node->boolean = value.boolean;
    } else if (value.type == NODE_INT) {
        node->integer = value.integer;
    } else if (value.type == NODE_REAL) {
        node->real = value.real;
    }
    set_anchor(r, e->data.scalar.anchor, node);
    attach(r, node);
    return 0;
}

static int read_start(struct yaml_reader *r, const yaml_event_t *e, bool map)
{
    r->block_line = 0;
    if (wants_key(r))
        return fail_at(r, e, "a list or a map as a key: JSON knows names only, quote it");
    /* before libyaml reads on: its cost for open brackets grows with the square of their number */
    if (r->depth >= LIMIT_YAML_DEPTH)
        return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                          "nested deeper than %d levels: make it flatter", LIMIT_YAML_DEPTH);
    if (charge(r, e, 1))
        return -1;
    struct node *node = new_node(r, e, map ? NODE_MAP : NODE_LIST);
    set_anchor(r, map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor, node);
    attach(r, node);
    r->frames[r->depth++] = (struct frame){.node = node};
    return 0;
}

static void note_overridden(void *ctx, const struct node *explicit_member)
{
    struct yaml_reader *r = ctx;
    _buf_ struct buf name, message = BUF_INIT(512);
    buf_addf(&message,
             "key \"%s\" stands before a << that holds it too: it wins here, kubectl takes the "
             "merged one; put << first",
             shown(&name, explicit_member->key, explicit_member->key_len));
    if (r->sink && r->sink->note)
        r->sink->note(r->sink->ctx, explicit_member->key_line, explicit_member->key_col,
                      buf_str(&message));
}

/* A deep copy that shares the texts. NULL when it would pass a cap: then the error is set. */
static struct node *copy(struct yaml_reader *r, const yaml_event_t *e, const struct node *from,
                         size_t depth)
{
    if (depth > LIMIT_YAML_DEPTH) {
        parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                   "nested deeper than %d levels by this alias: make it flatter", LIMIT_YAML_DEPTH);
        return NULL;
    }
    if (charge(r, e, 1))
        return NULL;
    struct node *to = node_new(r->arena, from->type, from->line, from->col);
    if (from->type < NODE_LIST) {
        *to = *from;
        to->next = to->parent = NULL;
        return to;
    }
    for (const struct node *c = from->first; c; c = c->next) {
        struct node *child = copy(r, e, c, depth + 1);
        if (!child)
            return NULL;
        child->key = c->key;
        child->key_len = c->key_len;
        child->key_line = c->key_line;
        child->key_col = c->key_col;
        node_append(to, child);
        if (to->type == NODE_MAP)
            keys_added(&r->keys, child);
    }
    return to;
}

static int read_end(struct yaml_reader *r, const yaml_event_t *e)
{
    struct frame *f = &r->frames[--r->depth];
    if (!f->merge)
        return 0;
    /* what is written out may bear anchors, so that its members must stay where they are */
    struct node *value = f->merge_alias ? f->merge : copy(r, e, f->merge, r->depth + 1);
    if (!value)
        return -1;
    const struct yaml_merge merge = {.keys = &r->keys,
                                     .line = f->merge_line,
                                     .col = f->merge_col,
                                     .overridden = note_overridden,
                                     .ctx = r};
    if (yaml_merge(&merge, f->node, value) == 0)
        return 0;
    return parse_fail(r->err, f->merge->line, f->merge->col,
                      "<< takes a map or a list of maps: correct its value");
}

static int read_alias_key(struct yaml_reader *r, const yaml_event_t *e, const struct node *target)
{
    if (target->type != NODE_STRING)
        return fail_at(r, e, "an alias as a key must stand for a string: write the key out");
    if (check_key(r, e, target->string.data, target->string.len))
        return -1;
    take_key(r, e, target->string.data, target->string.len);
    return 0;
}

static int read_alias(struct yaml_reader *r, const yaml_event_t *e)
{
    r->block_line = 0;
    const char *name = (const char *)e->data.alias.anchor;
    struct node *target = keys_anchor(&r->keys, name, strlen(name));
    _buf_ struct buf b = BUF_INIT(256);
    if (!target)
        return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                          "alias *%s has no anchor &%s before it: define it, or quote the value",
                          shown(&b, name, strlen(name)), buf_str(&b));
    for (size_t i = 0; i < r->depth; i++) {
        if (r->frames[i].node == target)
            return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                              "alias *%s stands inside what it stands for: write it out",
                              shown(&b, name, strlen(name)));
    }
    if (++r->aliases > LIMIT_YAML_ALIASES)
        return parse_fail(r->err, line_of(r, &e->start_mark), col_of(&e->start_mark),
                          "more than %d aliases in one document: split it", LIMIT_YAML_ALIASES);
    if (wants_key(r))
        return read_alias_key(r, e, target);
    struct node *node = copy(r, e, target, r->depth + (target->type >= NODE_LIST));
    if (!node)
        return -1;
    node->line = line_of(r, &e->start_mark);
    node->col = col_of(&e->start_mark);
    if (r->depth > 0 && r->frames[r->depth - 1].key_merge)
        r->frames[r->depth - 1].merge_alias = true;
    attach(r, node);
    return 0;
}

/* libyaml's words for what it met, and what a person does about it. */
static const char *advice(const char *problem)
{
    static const struct {
        const char *problem, *advice;
    } table[] = {
        {"could not find expected ':'", "a line lacks its \": \", or a text its quotes"},
        {"mapping values are not allowed", "quote a text that holds \": \", or check the indent"},
        {"did not find expected key", "check the indent, and quote a text with special signs"},
        {"did not find expected '-'", "check the indent of the list"},
        {"did not find expected ',' or", "close the bracket, or put a comma"},
        {"did not find expected node content", "a value is missing, or a bracket is not closed"},
        {"did not find expected <document start>", "put --- on a line of its own before it"},
        {"unexpected end of stream", "close the quote"},
        {"unknown escape character", "in double quotes write \\\\ for a backslash"},
        {"Unicode character escape code", "write the character itself, or \\U and 8 digits"},
        {"block sequence entries are not allowed", "put the list on lines of its own"},
        {"undefined tag handle", "quote the value"},
        {"cannot start any token", "indent by spaces, not by a tab; quote a value that begins so"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strstr(problem, table[i].problem))
            return table[i].advice;
    }
    return "correct the YAML here";
}

/* A fault at the text's end is placed behind its last character, not on a blank line below. */
static void clamp(const struct yaml_reader *r, uint32_t *line, uint32_t *col)
{
    size_t len = r->len;
    while (len > 0 && strchr(" \t\r\n", r->text[len - 1]) && r->text[len - 1])
        len--;
    uint32_t last_line = r->line, last_col = 1;
    text_advance(r->text, len, &last_line, &last_col);
    if (*line > last_line) {
        *line = last_line;
        *col = last_col;
    }
}

static int fail_syntax(struct yaml_reader *r, const yaml_parser_t *p)
{
    const char *problem = p->problem ? p->problem : "no valid YAML";
    uint32_t line = line_of(r, &p->problem_mark), col = col_of(&p->problem_mark);
    const char *what = advice(problem);
    clamp(r, &line, &col);
    if (p->error == YAML_MEMORY_ERROR)
        return parse_fail(r->err, 0, 0, "no memory to parse it");
    if (p->context && p->context_mark.line != p->problem_mark.line)
        return parse_fail(r->err, line, col, "%s, %s that begins at line %u: %s", problem,
                          p->context, line_of(r, &p->context_mark), what);
    if (p->context)
        return parse_fail(r->err, line, col, "%s, %s: %s", problem, p->context, what);
    return parse_fail(r->err, line, col, "%s: %s", problem, what);
}

static int read_event(struct yaml_reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(r, e);
    case YAML_MAPPING_START_EVENT:
        return read_start(r, e, true);
    case YAML_SEQUENCE_START_EVENT:
        return read_start(r, e, false);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return read_end(r, e);
    case YAML_ALIAS_EVENT:
        return read_alias(r, e);
    default:
        return 0;
    }
}

/* After the document's end: nothing may follow. `marked`: it ended with "...". */
static int read_rest(struct yaml_reader *r, yaml_parser_t *p, bool marked,
                     struct yaml_document *out)
{
    yaml_event_t e;
    bool parsed = yaml_parser_parse(p, &e);
    bool end = parsed && e.type == YAML_STREAM_END_EVENT;
    yaml_mark_t at = parsed ? e.start_mark : p->problem_mark;
    if (parsed)
        yaml_event_delete(&e);
    if (end)
        return 0;
    if (!parsed && !marked)
        return fail_syntax(r, p);
    out->more = true;
    parse_fail(&out->end, line_of(r, &at), col_of(&at),
               marked ? "what follows the end mark ... is not read (kubectl drops it in silence): "
                        "put --- before it"
                      : "a second document without a line feed before its ---, which is not read "
                        "(kubectl drops it in silence): save the file with line feeds");
    return 0;
}

static int read_events(struct yaml_reader *r, yaml_parser_t *p, struct yaml_document *out)
{
    for (;;) {
        yaml_event_t e;
        if (!yaml_parser_parse(p, &e))
            return fail_syntax(r, p);
        yaml_event_type_t type = e.type;
        bool marked = type == YAML_DOCUMENT_END_EVENT && !e.data.document_end.implicit;
        int rc = read_event(r, &e);
        yaml_event_delete(&e);
        if (rc)
            return -1;
        if (type == YAML_STREAM_END_EVENT)
            return 0;
        if (type == YAML_DOCUMENT_END_EVENT)
            return read_rest(r, p, marked, out);
    }
}

int yaml_read(struct yaml_reader *reader, struct arena *arena, const char *text, size_t len,
              uint32_t line, const struct parse_sink *sink, struct yaml_document *out,
              struct parse_error *err)
{
    keys_clear(&reader->keys);
    reader->arena = arena;
    reader->sink = sink;
    reader->err = err;
    reader->root = NULL;
    reader->text = text;
    reader->len = len;
    reader->depth = reader->nodes = reader->aliases = 0;
    reader->line = line;
    reader->block_line = 0;
    *out = (struct yaml_document){0};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return parse_fail(err, 0, 0, "no memory to parse it");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    int rc = read_events(reader, &parser, out);
    yaml_parser_delete(&parser);
    if (rc)
        return -1;
    out->root = reader->root;
    out->block_line = reader->block_line;
    return 0;
}
