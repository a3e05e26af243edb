/*
 * Looking names up while a document is built: is this key already in the map, which value has this
 * anchor. Maps of up to KEYS_LINEAR members are searched by length and bytes; larger ones by one
 * hash table for the whole document, seeded at random so that input cannot choose collisions.
 */
#ifndef HOLDFAST_SYNC_KEYS_H
#define HOLDFAST_SYNC_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "sync/node.h"

#define KEYS_LINEAR 16
#define KEYS_NUL    "a key holds a NUL character: remove it"

struct keys_slot {
    uint64_t hash;
    const void *scope; /* the map; NULL for anchors */
    const char *name;  /* borrowed from the document's arena */
    size_t len;
    struct node *node;
    uint64_t round; /* of the table when it was filled: another one is an empty slot */
};

/* Zeroed is empty. */
struct keys {
    struct keys_slot *slots;
    size_t cap, used;
    uint64_t seed;
    uint64_t round; /* counts keys_clear, which so costs nothing */
};

/* The member of `map` with this key, or NULL. */
struct node *keys_member(const struct keys *keys, const struct node *map, const char *key,
                         size_t len);

/* To be called after a member was appended to its map. */
void keys_added(struct keys *keys, const struct node *member);

/* What an anchor stands for, or NULL; a later definition takes the place of an earlier one. */
struct node *keys_anchor(const struct keys *keys, const char *name, size_t len);
void keys_set_anchor(struct keys *keys, const char *name, size_t len, struct node *node);

/* Forgets all and keeps the memory; keys_free gives it back. */
void keys_clear(struct keys *keys);
void keys_free(struct keys *keys);

#endif
