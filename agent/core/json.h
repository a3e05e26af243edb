/*
 * What jansson lacks: texts that the API server takes, numeric equality, short getters.
 * Ownership as in jansson: `json_auto_t` for locals, `_get` borrows.
 */
#ifndef HOLDFAST_CORE_JSON_H
#define HOLDFAST_CORE_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"

enum {
    JSON_WRITE_SORTED = 1, /* members by name (bytes); else in their order */
};

/*
 * Appends `value` as compact JSON: UTF-8, no escaped slash, U+007F-U+009F, U+FEFF, U+FFFE and
 * U+FFFF as \uXXXX (an apply body is parsed as YAML: kubernetes-measured 3), and what turns text
 * round on a terminal (bidi controls, line separators); shortest digits for
 * reals, a real that is integral and exact as an integer (as Go writes it). 0, or -1 when the
 * buffer is full.
 */
int json_write(struct buf *b, const json_t *value, unsigned flags);

/* The same pieces for writers that have no json_t: a quoted string, a real. */
int json_write_string(struct buf *b, const char *s, size_t len);
int json_write_real(struct buf *b, double value);

/* json_write to an owned string. */
char *json_text(const json_t *value, unsigned flags);

/*
 * json_loadb with JSON_DECODE_ANY and JSON_ALLOW_NUL, and with room for integers beyond 64 bits:
 * they become reals, as in Kubernetes itself (k8s.io/apimachinery, util/json).
 */
json_t *json_load_text(const char *text, size_t len, size_t flags, json_error_t *e);

/*
 * The same for what an API server answers: a NUL in a member's name, which it takes where a schema
 * keeps unknown members and jansson does not, becomes U+FFFD.
 */
json_t *json_load_served(const char *text, size_t len, size_t flags, json_error_t *e);

/* Parses one JSON text; duplicate members are errors. NULL with *err set. `what` names the text. */
json_t *json_parse(const char *text, size_t len, const char *what, struct err **err);

/* The same by json_load_served(). */
json_t *json_parse_served(const char *text, size_t len, const char *what, struct err **err);

/* Deep equality; 1 and 1.0 are equal, the order of members does not matter. */
bool json_same(const json_t *a, const json_t *b);

/* Borrowed member down a path of names that ends with NULL, or NULL. */
json_t *json_at(const json_t *object, ...) __attribute__((sentinel));

/* The same as a string; NULL when it is absent or no string. */
const char *json_str_at(const json_t *object, ...) __attribute__((sentinel));

/* json_object_set_new that aborts on failure (an OOM hides there); `value` NULL is skipped. */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_str(json_t *object, const char *key, const char *value); /* NULL: JSON null */
void json_push(json_t *array, json_t *value);

#endif
