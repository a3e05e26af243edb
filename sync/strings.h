/*
 * Interned strings: each text is kept once and lives until the table is freed. A source of 10,000
 * objects names the same few kinds, namespaces and files over and over.
 */
#ifndef HOLDFAST_SYNC_STRINGS_H
#define HOLDFAST_SYNC_STRINGS_H

#include <stddef.h>

struct strings;

struct strings *strings_new(void);

/* The one copy of the text, owned by the table; NULL stays NULL. Equal texts give equal pointers.
 */
const char *strings_add(struct strings *strings, const char *text);
const char *strings_add_len(struct strings *strings, const char *text, size_t len);

/* Distinct texts so far. */
size_t strings_count(const struct strings *strings);

/* Bytes of them. */
size_t strings_bytes(const struct strings *strings);

/* NULL-safe. */
void strings_free(struct strings *strings);

#endif
