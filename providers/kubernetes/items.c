#include "providers/kubernetes/items.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/skip.h"

#define KEY_BYTES  64        /* longer member names of a list are none of ours */
#define META_BYTES (1 * MIB) /* a list's metadata: a continue token is some hundred bytes */

/* Where in the list's object the next byte is. */
enum state {
    AT_BEGIN,  /* before its '{' */
    AT_MEMBER, /* before a name, a comma or its '}' */
    IN_KEY,
    AT_COLON,
    AT_VALUE,
    IN_NESTED, /* in an object, array or string that is not `items` */
    IN_SCALAR,
    IN_ITEMS, /* between items */
    IN_ITEM,
    AT_END, /* after its '}' */
};

enum member_kind { MEMBER_OTHER, MEMBER_ITEMS, MEMBER_METADATA, MEMBER_KIND };

struct items_parser {
    void (*item)(void *ctx, const struct item *item);
    void *ctx;
    enum state state;
    enum member_kind member;
    struct skip skip;
    bool key_escape;
    bool seen_items;
    struct buf key, meta, kind;
    struct buf text; /* of an item that came in pieces */
    size_t count, offset;
};

struct items_parser *items_parser_new(void (*item)(void *ctx, const struct item *item), void *ctx)
{
    struct items_parser *p = xcalloc(1, sizeof(*p));
    p->item = item;
    p->ctx = ctx;
    p->key = BUF_INIT(KEY_BYTES);
    p->meta = BUF_INIT(META_BYTES);
    p->kind = BUF_INIT(KEY_BYTES * 8);
    p->text = BUF_INIT(LIMIT_ITEM_BYTES);
    return p;
}

void items_parser_free(struct items_parser *p)
{
    if (!p)
        return;
    buf_free(&p->key);
    buf_free(&p->meta);
    buf_free(&p->kind);
    buf_free(&p->text);
    free(p);
}

size_t items_parser_count(const struct items_parser *p)
{
    return p->count;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool ends_scalar(char c)
{
    return is_space(c) || c == ',' || c == '}' || c == ']';
}

/* A walk over a text that is there as a whole. */
struct cursor {
    const char *at, *end;
};

struct member {
    const char *comma; /* before it, or NULL */
    const char *begin; /* its name's opening quote */
    struct span name;  /* without quotes */
    struct span value;
};

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && is_space(*c->at))
        c->at++;
}

static int take_value(struct cursor *c, struct span *out)
{
    if (c->at == c->end)
        return -1;
    const char *begin = c->at;
    if (*begin == '"' || *begin == '{' || *begin == '[') {
        struct skip skip = {0};
        c->at += skip_run(&skip, begin, (size_t)(c->end - begin));
        if (skip.depth || skip.in_string)
            return -1;
    } else {
        while (c->at < c->end && !ends_scalar(*c->at))
            c->at++;
        if (c->at == begin)
            return -1;
    }
    *out = (struct span){begin, (size_t)(c->at - begin)};
    return 0;
}

/* 1: a member, 0: the object's end was taken, -1: no JSON. */
static int next_member(struct cursor *c, struct member *m)
{
    skip_space(c);
    m->comma = NULL;
    if (c->at < c->end && *c->at == '}') {
        c->at++;
        return 0;
    }
    if (c->at < c->end && *c->at == ',') {
        m->comma = c->at++;
        skip_space(c);
    }
    m->begin = c->at;
    struct span quoted;
    if (c->at == c->end || *c->at != '"' || take_value(c, &quoted))
        return -1;
    m->name = (struct span){quoted.data + 1, quoted.len - 2};
    skip_space(c);
    if (c->at == c->end || *c->at != ':')
        return -1;
    c->at++;
    skip_space(c);
    return take_value(c, &m->value) ? -1 : 1;
}

static bool is_name(const struct member *m, const char *name, size_t len)
{
    return m->name.len == len && !memcmp(m->name.data, name, len);
}
#define IS(m, literal) is_name(m, literal, sizeof(literal) - 1)

/* The content of a string value; nothing where it is no string. */
static struct span unquoted(const struct span *value)
{
    if (value->len < 2 || value->data[0] != '"')
        return (struct span){"", 0};
    return (struct span){value->data + 1, value->len - 2};
}

/* The member with the comma that goes with it: the one after it, else the one before it. */
static struct span cut_of(const struct cursor *c, const struct member *m)
{
    struct cursor after = *c;
    skip_space(&after);
    const char *begin = m->begin, *end = c->at;
    if (after.at < after.end && *after.at == ',')
        end = after.at + 1;
    else if (m->comma)
        begin = m->comma;
    return (struct span){begin, (size_t)(end - begin)};
}

static void take_metadata(const struct cursor *c, const struct member *m, struct item *out)
{
    if (IS(m, "name")) {
        out->name = unquoted(&m->value);
    } else if (IS(m, "namespace")) {
        out->namespace = unquoted(&m->value);
    } else if (IS(m, "uid")) {
        out->uid = unquoted(&m->value);
    } else if (IS(m, "resourceVersion")) {
        out->resource_version = unquoted(&m->value);
    } else if (IS(m, "deletionTimestamp")) {
        out->terminating = m->value.data[0] == '"';
    } else if (IS(m, "managedFields")) {
        out->managed_member = cut_of(c, m);
        if (m->value.data[0] == '[')
            out->managed_fields = m->value;
    }
}

/* The object's members up to `metadata`; 1 when it was found. */
static int find_metadata(struct cursor *c, struct member *m)
{
    skip_space(c);
    if (c->at == c->end || *c->at != '{')
        return -1;
    c->at++;
    int rc;
    while ((rc = next_member(c, m)) > 0) {
        if (IS(m, "metadata"))
            return m->value.data[0] == '{' ? 1 : -1;
    }
    return rc;
}

int item_scan(const char *text, size_t len, struct item *out)
{
    const struct span none = {"", 0};
    *out = (struct item){.text = {text, len},
                         .name = none,
                         .namespace = none,
                         .uid = none,
                         .resource_version = none,
                         .managed_fields = none,
                         .managed_member = none};
    struct cursor c = {text, text + len};
    struct member m;
    if (find_metadata(&c, &m) <= 0)
        return -1;
    c = (struct cursor){m.value.data + 1, m.value.data + m.value.len};
    int rc;
    while ((rc = next_member(&c, &m)) > 0)
        take_metadata(&c, &m, out);
    return rc;
}

int watch_event_scan(const char *line, size_t len, struct watch_event *out)
{
    static const char *const types[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
    struct cursor c = {line, line + len};
    struct span type = {"", 0}, object = {"", 0};
    struct member m;
    int rc;
    skip_space(&c);
    if (c.at == c.end || *c.at++ != '{')
        return -1;
    while ((rc = next_member(&c, &m)) > 0) {
        if (IS(&m, "type"))
            type = unquoted(&m.value);
        else if (IS(&m, "object"))
            object = m.value;
    }
    *out = (struct watch_event){0};
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(types); i++) {
        if (type.len != strlen(types[i]) || memcmp(type.data, types[i], type.len) != 0)
            continue;
        out->type = (enum watch_event_type)i;
        return i == WATCH_EVENT_ERROR ? 0 : item_scan(object.data, object.len, &out->item);
    }
    return -1;
}

int item_entry_next(struct span *rest, struct item_entry *out)
{
    const struct span none = {"", 0};
    *out = (struct item_entry){none, none, none, none};
    struct cursor c = {rest->data, rest->data + rest->len};
    while (c.at < c.end && (is_space(*c.at) || *c.at == ',' || *c.at == '['))
        c.at++;
    if (c.at < c.end && *c.at == ']')
        return 0;
    if (c.at == c.end || *c.at != '{' || take_value(&c, &out->text))
        return -1;
    *rest = (struct span){c.at, (size_t)(c.end - c.at)};
    c = (struct cursor){out->text.data + 1, out->text.data + out->text.len};
    struct member m;
    int rc;
    while ((rc = next_member(&c, &m)) > 0) {
        if (IS(&m, "manager"))
            out->manager = unquoted(&m.value);
        else if (IS(&m, "operation"))
            out->operation = unquoted(&m.value);
        else if (IS(&m, "subresource"))
            out->subresource = unquoted(&m.value);
    }
    return rc ? -1 : 1;
}

char *item_without_managed(const struct item *item, size_t *len)
{
    const char *text = item->text.data;
    size_t cut = item->managed_member.len;
    size_t head = cut ? (size_t)(item->managed_member.data - text) : item->text.len;
    *len = item->text.len - cut;
    char *out = xmalloc(*len + 1);
    memcpy(out, text, head);
    memcpy(out + head, text + head + cut, *len - head);
    out[*len] = '\0';
    return out;
}

static int unexpected(const struct items_parser *p, size_t at, struct err **err)
{
    return err_set(err, ERR_INVALID, "the answer is no list (at byte %zu)", p->offset + at);
}

/* One whole item. */
static int emit(struct items_parser *p, const char *text, size_t len, struct err **err)
{
    struct item item;
    if (item_scan(text, len, &item))
        return err_set(err, ERR_INVALID, "item %zu of the list is no object with metadata",
                       p->count + 1);
    p->count++;
    p->item(p->ctx, &item);
    return 0;
}

static int too_large(const struct items_parser *p, struct err **err)
{
    return err_set(err, ERR_LIMIT, "item %zu of the list is larger than %lu bytes", p->count + 1,
                   LIMIT_ITEM_BYTES);
}

/* Bytes of an item. Answers how many were taken, or -1. */
static ssize_t feed_item(struct items_parser *p, const char *data, size_t len, struct err **err)
{
    size_t n = skip_run(&p->skip, data, len);
    bool whole = !p->skip.depth && !p->skip.in_string;
    if (whole && !p->text.len) {
        /* the usual case: it lies in these bytes as a whole, no copy */
        if (n > LIMIT_ITEM_BYTES)
            return too_large(p, err);
        if (emit(p, data, n, err))
            return -1;
    } else {
        if (buf_add(&p->text, data, n))
            return too_large(p, err);
        if (whole) {
            if (emit(p, p->text.data, p->text.len, err))
                return -1;
            buf_clear(&p->text);
        }
    }
    if (whole)
        p->state = IN_ITEMS;
    return (ssize_t)n;
}

/* Keeps what the end of the list is asked for. */
static int keep(struct items_parser *p, const char *data, size_t len, struct err **err)
{
    struct buf *b = p->member == MEMBER_METADATA ? &p->meta : &p->kind;
    if (p->member != MEMBER_METADATA && p->member != MEMBER_KIND)
        return 0;
    if (buf_add(b, data, len))
        return err_set(err, ERR_LIMIT, "the list's metadata is larger than %zu bytes", b->max);
    return 0;
}

static ssize_t feed_key(struct items_parser *p, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"' && !p->key_escape) {
            const char *key = buf_str(&p->key);
            p->member = p->key.full                ? MEMBER_OTHER
                        : !strcmp(key, "items")    ? MEMBER_ITEMS
                        : !strcmp(key, "metadata") ? MEMBER_METADATA
                        : !strcmp(key, "kind")     ? MEMBER_KIND
                                                   : MEMBER_OTHER;
            p->state = AT_COLON;
            return (ssize_t)i + 1;
        }
        p->key_escape = data[i] == '\\' && !p->key_escape;
        buf_add_char(&p->key, data[i]);
    }
    return (ssize_t)len;
}

static int begin_value(struct items_parser *p, char c)
{
    if (p->member == MEMBER_ITEMS) {
        p->seen_items = true;
        if (c != '[' && c != 'n')
            return -1;
        p->state = c == '[' ? IN_ITEMS : IN_SCALAR;
        return c == '[';
    }
    if (ends_scalar(c) || c == ':')
        return -1;
    if (p->member == MEMBER_METADATA)
        buf_clear(&p->meta);
    if (p->member == MEMBER_KIND)
        buf_clear(&p->kind);
    p->skip = (struct skip){0};
    p->state = c == '{' || c == '[' || c == '"' ? IN_NESTED : IN_SCALAR;
    return 0;
}

/* A byte between values that is no space. Answers 1 when it was taken, 0 to look again, or -1. */
static int structural(struct items_parser *p, char c)
{
    switch (p->state) {
    case AT_BEGIN:
        p->state = AT_MEMBER;
        return c == '{' ? 1 : -1;
    case AT_MEMBER:
        if (c == '"') {
            buf_clear(&p->key);
            p->key_escape = false;
            p->state = IN_KEY;
        } else if (c == '}') {
            p->state = AT_END;
        } else if (c != ',') {
            return -1;
        }
        return 1;
    case AT_COLON:
        p->state = AT_VALUE;
        return c == ':' ? 1 : -1;
    case AT_VALUE:
        return begin_value(p, c);
    case IN_ITEMS:
        if (c == '{') {
            p->skip = (struct skip){0};
            p->state = IN_ITEM;
            return 0;
        }
        if (c == ']')
            p->state = AT_MEMBER;
        return c == ']' || c == ',' ? 1 : -1;
    default:
        return -1;
    }
}

/* Some bytes by the state. Answers how many were taken, or -1. */
static ssize_t step(struct items_parser *p, const char *data, size_t len, struct err **err)
{
    size_t n = 0;
    switch (p->state) {
    case IN_ITEM:
        return feed_item(p, data, len, err);
    case IN_KEY:
        return feed_key(p, data, len);
    case IN_NESTED:
        n = skip_run(&p->skip, data, len);
        if (!p->skip.depth && !p->skip.in_string)
            p->state = AT_MEMBER;
        return keep(p, data, n, err) ? -1 : (ssize_t)n;
    case IN_SCALAR:
        while (n < len && !ends_scalar(data[n]))
            n++;
        if (n < len)
            p->state = AT_MEMBER;
        return keep(p, data, n, err) ? -1 : (ssize_t)n;
    default:
        while (n < len && is_space(data[n]))
            n++;
        if (n == len)
            return (ssize_t)n;
        int rc = structural(p, data[n]);
        return rc < 0 ? unexpected(p, n, err) : (ssize_t)n + rc;
    }
}

int items_parser_feed(struct items_parser *p, const char *data, size_t len, struct err **err)
{
    size_t i = 0;
    while (i < len) {
        ssize_t n = step(p, data + i, len - i, err);
        if (n < 0)
            return -1;
        i += (size_t)n;
        p->offset += (size_t)n;
    }
    return 0;
}

/* An absent `items` is an empty list where the kind says that it is a list. */
static bool is_list(const struct items_parser *p)
{
    const char *kind = buf_str(&p->kind);
    return p->seen_items || (p->kind.len > 6 && !strcmp(kind + p->kind.len - 5, "List\""));
}

static char *nonempty(const json_t *meta, const char *name)
{
    const char *s = json_str_at(meta, name, NULL);
    return s && *s ? xstrdup(s) : NULL;
}

int items_parser_end(struct items_parser *p, char **continue_token, char **resource_version,
                     struct err **err)
{
    *continue_token = *resource_version = NULL;
    if (p->state != AT_END)
        return err_set(err, ERR_RETRY, "the list was cut short after %zu items", p->count);
    if (!is_list(p))
        return err_set(err, ERR_INVALID, "the answer is no list");
    if (!p->meta.len)
        return 0;
    json_auto_t *meta = json_parse(p->meta.data, p->meta.len, "the list's metadata", err);
    if (!meta)
        return -1;
    *continue_token = nonempty(meta, "continue");
    *resource_version = nonempty(meta, "resourceVersion");
    return 0;
}
