#include "sync/keys.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

#define FIRST_CAP 64

static uint64_t hash_of(const struct keys *keys, const void *scope, const char *name, size_t len)
{
    uint64_t h = keys->seed ^ ((uint64_t)(uintptr_t)scope * 0x9e3779b97f4a7c15u);
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (unsigned char)name[i]) * 0x100000001b3u;
        h ^= h >> 29;
    }
    h ^= len;
    h *= 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

/* The slot that holds the name, or the empty one where it belongs. */
static struct keys_slot *slot_of(const struct keys *keys, uint64_t hash, const void *scope,
                                 const char *name, size_t len)
{
    for (size_t i = hash & (keys->cap - 1);; i = (i + 1) & (keys->cap - 1)) {
        struct keys_slot *s = &keys->slots[i];
        if (s->round != keys->round || (s->hash == hash && s->scope == scope && s->len == len &&
                                        memcmp(s->name, name, len) == 0))
            return s;
    }
}

static void grow(struct keys *keys)
{
    struct keys_slot *old = keys->slots;
    size_t old_cap = keys->cap;
    if (!keys->seed)
        hash_random(&keys->seed, sizeof(keys->seed));
    keys->cap = old_cap ? old_cap * 2 : FIRST_CAP;
    keys->slots = xcalloc(keys->cap, sizeof(*keys->slots));
    for (size_t i = 0; i < old_cap; i++) {
        const struct keys_slot *s = &old[i];
        if (s->round == keys->round)
            *slot_of(keys, s->hash, s->scope, s->name, s->len) = *s;
    }
    free(old);
}

static void put(struct keys *keys, const void *scope, const char *name, size_t len,
                struct node *node)
{
    if (!keys->round)
        keys->round = 1;
    if (keys->used * 2 >= keys->cap)
        grow(keys);
    uint64_t hash = hash_of(keys, scope, name, len);
    struct keys_slot *s = slot_of(keys, hash, scope, name, len);
    keys->used += s->round != keys->round;
    *s = (struct keys_slot){hash, scope, name, len, node, keys->round};
}

static struct node *find(const struct keys *keys, const void *scope, const char *name, size_t len)
{
    if (!keys->cap)
        return NULL;
    const struct keys_slot *s = slot_of(keys, hash_of(keys, scope, name, len), scope, name, len);
    return s->round == keys->round ? s->node : NULL;
}

struct node *keys_member(const struct keys *keys, const struct node *map, const char *key,
                         size_t len)
{
    if (map->count > KEYS_LINEAR)
        return find(keys, map, key, len);
    for (struct node *n = map->first; n; n = n->next) {
        if (n->key_len == len && memcmp(n->key, key, len) == 0)
            return n;
    }
    return NULL;
}

void keys_added(struct keys *keys, const struct node *member)
{
    const struct node *map = member->parent;
    if (map->count <= KEYS_LINEAR)
        return;
    /* the first time past the limit, the members before come in too */
    const struct node *from = map->count == KEYS_LINEAR + 1 ? map->first : member;
    for (const struct node *n = from; n; n = n->next)
        put(keys, map, n->key, n->key_len, (struct node *)n);
}

struct node *keys_anchor(const struct keys *keys, const char *name, size_t len)
{
    return find(keys, NULL, name, len);
}

void keys_set_anchor(struct keys *keys, const char *name, size_t len, struct node *node)
{
    put(keys, NULL, name, len, node);
}

void keys_clear(struct keys *keys)
{
    keys->round++;
    keys->used = 0;
}

void keys_free(struct keys *keys)
{
    free(keys->slots);
    *keys = (struct keys){0};
}
