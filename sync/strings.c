#include "sync/strings.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"

#define CHUNK_BYTES 16384U
#define FIRST_SLOTS 64U

struct chunk {
    struct chunk *next;
    size_t used, size;
    char data[];
};

struct slot {
    const char *text; /* NULL: free */
    uint32_t hash, len;
};

struct strings {
    struct slot *slots; /* open addressing, a power of two, at most 3/4 full */
    size_t slot_count, count, bytes;
    struct chunk *chunks;
    uint64_t seed; /* so that nobody can choose texts that all collide */
};

struct strings *strings_new(void)
{
    struct strings *s = xcalloc(1, sizeof(*s));
    s->slot_count = FIRST_SLOTS;
    s->slots = xcalloc(s->slot_count, sizeof(*s->slots));
    hash_random(&s->seed, sizeof(s->seed));
    return s;
}

static uint32_t text_hash(uint64_t seed, const char *text, size_t len)
{
    uint64_t h = seed ^ (len * 0x9e3779b97f4a7c15ULL);
    while (len) {
        uint64_t word = 0;
        size_t n = len < sizeof(word) ? len : sizeof(word);
        memcpy(&word, text, n);
        unsigned __int128 m = (unsigned __int128)(h ^ word) * 0xd6e8feb86659fd93ULL;
        h = (uint64_t)m ^ (uint64_t)(m >> 64) ^ seed;
        text += n;
        len -= n;
    }
    return (uint32_t)(h ^ h >> 32);
}

static char *keep(struct strings *s, const char *text, size_t len)
{
    struct chunk *c = s->chunks;
    if (!c || c->size - c->used < len + 1) {
        size_t size = len + 1 > CHUNK_BYTES ? len + 1 : CHUNK_BYTES;
        c = xmalloc(sizeof(*c) + size);
        c->used = 0;
        c->size = size;
        c->next = s->chunks;
        s->chunks = c;
    }
    char *copy = c->data + c->used;
    memcpy(copy, text, len);
    copy[len] = '\0';
    c->used += len + 1;
    return copy;
}

static struct slot *find(const struct strings *s, uint32_t hash, const char *text, size_t len)
{
    size_t mask = s->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct slot *slot = &s->slots[i];
        if (!slot->text)
            return slot;
        if (slot->hash == hash && slot->len == len && memcmp(slot->text, text, len) == 0)
            return slot;
    }
}

static void widen(struct strings *s)
{
    struct slot *old = s->slots;
    size_t old_count = s->slot_count;
    s->slot_count *= 2;
    s->slots = xcalloc(s->slot_count, sizeof(*s->slots));
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].text)
            *find(s, old[i].hash, old[i].text, old[i].len) = old[i];
    }
    free(old);
}

const char *strings_add_len(struct strings *strings, const char *text, size_t len)
{
    uint32_t hash = text_hash(strings->seed, text, len);
    struct slot *slot = find(strings, hash, text, len);
    if (slot->text)
        return slot->text;
    const char *copy = keep(strings, text, len);
    strings->bytes += len;
    *slot = (struct slot){.text = copy, .hash = hash, .len = (uint32_t)len};
    if (++strings->count > strings->slot_count / 4 * 3)
        widen(strings);
    return copy;
}

const char *strings_add(struct strings *strings, const char *text)
{
    return text ? strings_add_len(strings, text, strlen(text)) : NULL;
}

size_t strings_count(const struct strings *strings)
{
    return strings->count;
}

size_t strings_bytes(const struct strings *strings)
{
    return strings->bytes;
}

void strings_free(struct strings *strings)
{
    if (!strings)
        return;
    for (struct chunk *c = strings->chunks; c;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(strings->slots);
    free(strings);
}
