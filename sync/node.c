#include "sync/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

#define CHUNK_BYTES (64 * 1024 - 64)
#define NAME_BYTES  60

struct chunk {
    struct chunk *next;
    size_t size, used;
    _Alignas(16) char data[];
};

struct arena {
    struct chunk *first, *current;
};

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = xmalloc(sizeof(*c) + size);
    c->next = NULL;
    c->size = size;
    c->used = 0;
    return c;
}

struct arena *arena_new(void)
{
    struct arena *arena = xmalloc(sizeof(*arena));
    arena->first = arena->current = chunk_new(CHUNK_BYTES);
    return arena;
}

/* Makes `current` a chunk with room for `size` bytes: one that is kept, or a new one before it. */
static void arena_more(struct arena *arena, size_t size)
{
    struct chunk *c = arena->current, *next = c->next;
    if (next && next->size >= size) {
        next->used = 0;
    } else {
        struct chunk *fresh = chunk_new(size > CHUNK_BYTES ? size : CHUNK_BYTES);
        fresh->next = next;
        c->next = fresh;
    }
    arena->current = c->next;
}

static void *arena_take(struct arena *arena, size_t size, size_t align)
{
    struct chunk *c = arena->current;
    size_t at = (c->used + align - 1) & ~(align - 1);
    if (size > c->size || at > c->size - size) {
        arena_more(arena, size);
        c = arena->current;
        at = 0;
    }
    c->used = at + size;
    return c->data + at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return arena_take(arena, size, _Alignof(max_align_t));
}

char *arena_text(struct arena *arena, const char *s, size_t len)
{
    char *copy = arena_take(arena, len + 1, 1);
    if (len)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

void arena_reset(struct arena *arena)
{
    arena->current = arena->first;
    arena->first->used = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *c = arena->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(arena);
}

struct node *node_new(struct arena *arena, enum node_type type, uint32_t line, uint32_t col)
{
    struct node *node = arena_take(arena, sizeof(*node), _Alignof(struct node));
    *node = (struct node){.type = type, .line = line, .col = col};
    return node;
}

void node_append(struct node *parent, struct node *child)
{
    child->parent = parent;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

struct node *node_get(const struct node *map, const char *name)
{
    if (!map || map->type != NODE_MAP)
        return NULL;
    size_t len = strlen(name);
    for (struct node *n = map->first; n; n = n->next) {
        if (n->key_len == len && memcmp(n->key, name, len) == 0)
            return n;
    }
    return NULL;
}

const char *node_str(const struct node *node)
{
    return node && node->type == NODE_STRING ? node->string.data : NULL;
}

void node_remove(struct node *child)
{
    struct node *parent = child->parent, *before = NULL;
    if (!parent)
        return;
    for (struct node *n = parent->first; n != child; n = n->next)
        before = n;
    if (before)
        before->next = child->next;
    else
        parent->first = child->next;
    if (parent->last == child)
        parent->last = before;
    parent->count--;
    child->parent = child->next = NULL;
}

static int write_integer(struct buf *b, int64_t value)
{
    char text[24];
    size_t at = sizeof(text);
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        text[--at] = '-';
    return buf_add(b, text + at, sizeof(text) - at);
}

/* The parsers hold nesting under LIMIT_YAML_DEPTH, so recursion is bounded. */
int node_write(struct buf *b, const struct node *node)
{
    switch (node->type) {
    case NODE_BOOL:
        return node->boolean ? buf_add(b, "true", 4) : buf_add(b, "false", 5);
    case NODE_INT:
        return write_integer(b, node->integer);
    case NODE_REAL:
        return json_write_real(b, node->real);
    case NODE_STRING:
        return json_write_string(b, node->string.data, node->string.len);
    case NODE_NULL:
        return buf_add(b, "null", 4);
    case NODE_LIST:
    case NODE_MAP:
        break;
    }
    bool map = node->type == NODE_MAP;
    int rc = buf_add_char(b, map ? '{' : '[');
    for (const struct node *n = node->first; n && rc == 0; n = n->next) {
        if (n != node->first)
            rc |= buf_add_char(b, ',');
        if (map) {
            rc |= json_write_string(b, n->key, n->key_len);
            rc |= buf_add_char(b, ':');
        }
        rc |= node_write(b, n);
    }
    return rc | buf_add_char(b, map ? '}' : ']');
}

static size_t varint(uint8_t *out, uint32_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

static int write_places(struct buf *b, const struct node *node, bool member)
{
    uint8_t pair[10];
    size_t n = varint(pair, member ? node->key_line : node->line);
    n += varint(pair + n, member ? node->key_col : node->col);
    int rc = buf_add(b, pair, n);
    if (node->type < NODE_LIST)
        return rc;
    for (const struct node *c = node->first; c && rc == 0; c = c->next)
        rc = write_places(b, c, node->type == NODE_MAP);
    return rc;
}

int node_write_places(struct buf *b, const struct node *node)
{
    return write_places(b, node, false);
}

int node_write_name(struct buf *b, const char *name, size_t len)
{
    size_t cut = len;
    if (len > NAME_BYTES) {
        cut = NAME_BYTES;
        while (cut > 0 && ((unsigned char)name[cut] & 0xc0) == 0x80)
            cut--;
    }
    int rc = 0;
    for (size_t i = 0; i < cut; i++) {
        unsigned char c = (unsigned char)name[i];
        rc |= buf_add_char(b, c < 0x20 || c == 0x7f ? '?' : name[i]);
    }
    return cut < len ? buf_add_str(b, "...") : rc;
}

static bool plain_name(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return len > 0;
}

int node_write_path(struct buf *b, const struct node *node)
{
    const struct node *parent = node->parent;
    if (!parent)
        return 0;
    int rc = node_write_path(b, parent);
    if (parent->type == NODE_LIST) {
        size_t index = 0;
        for (const struct node *n = parent->first; n && n != node; n = n->next)
            index++;
        return rc | buf_addf(b, "[%zu]", index);
    }
    if (plain_name(node->key, node->key_len)) {
        if (parent->parent)
            rc |= buf_add_char(b, '.');
        return rc | node_write_name(b, node->key, node->key_len);
    }
    rc |= buf_add_str(b, "[\"");
    rc |= node_write_name(b, node->key, node->key_len);
    return rc | buf_add_str(b, "\"]");
}
