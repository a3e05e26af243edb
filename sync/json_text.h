/*
 * JSON with places: one value (RFC 8259) to nodes. Strict: no member twice (kubectl takes the
 * last), no comment, no trailing comma (kubectl falls back to YAML, which takes both), no lone
 * surrogate (Go puts U+FFFD), UTF-8 only, integers inside int64. \u0000 is taken, as in YAML.
 * Nesting and number of values have the caps of YAML (core/limits.h).
 */
#ifndef HOLDFAST_SYNC_JSON_TEXT_H
#define HOLDFAST_SYNC_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/keys.h"
#include "sync/node.h"
#include "sync/yaml.h"

struct json_text {
    struct node *root;
    size_t used; /* bytes up to the end of the value */
    bool syntax; /* an error that another grammar may not have: it is no JSON at all */
};

/*
 * Reads the value that `text` begins with (after space); what follows is the caller's. `line` and
 * `col` are the place of its first character. Nodes lie in the arena; `keys` is cleared and used.
 * Returns 0, or -1 with *err; out->syntax is set then too.
 */
int json_text_read(struct arena *arena, struct keys *keys, const char *text, size_t len,
                   uint32_t line, uint32_t col, struct json_text *out, struct parse_error *err);

#endif
