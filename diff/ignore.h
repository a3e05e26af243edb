/*
 * Ignore rules (SPEC 4 `ignore`, annotation `holdfast.dev/ignore`): which differences are not told.
 * A rule for a field covers everything below it. A difference is ignored where no part of it is
 * left that no rule covers, so a rule for a part of a value hides no other part. Pure; compiled
 * once.
 */
#ifndef HOLDFAST_DIFF_IGNORE_H
#define HOLDFAST_DIFF_IGNORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "diff/compare.h"

struct ignore;

/* Globs over the whole name; NULL: any. `fields` ends with NULL. Everything is copied. */
struct ignore_rule {
    const char *group, *kind, *namespace, *name;
    const char *const *fields;
};

/* NULL namespace: a cluster-scoped object, which only no glob and `*` match. */
struct ignore_object {
    const char *group, *kind, *namespace, *name;
};

/* No rules. */
struct ignore *ignore_new(void);

/*
 * ERR_USAGE names the field and what is wrong with its notation; nothing is then added. `now_ms`:
 * any monotonic clock, the same one for all calls.
 */
int ignore_add(struct ignore *rules, const struct ignore_rule *rule, int64_t now_ms,
               struct err **err);

/*
 * One rule for any object, of a text with a field on each line (annotation); empty lines and spaces
 * around fields are passed over, and so is a line with a fault: ignore_lines_check tells it.
 */
void ignore_add_lines(struct ignore *rules, const char *lines);

/* The first line with a fault (1-based; 0: none) and what is wrong with it (static text). */
size_t ignore_lines_check(const char *lines, const char **fault);

/*
 * Is the difference ignored? `declared` and `live` are the whole bodies its path stands in: they
 * tell the place of a keyed element where a rule has an index (its place in Git, else live).
 * Rules that cover it, or a part of it, are remembered for ignore_idle.
 */
bool ignore_covers(struct ignore *rules, const struct ignore_object *object,
                   const struct difference *difference, const json_t *declared, const json_t *live,
                   int64_t now_ms);

/*
 * Calls `each` for rules that ignored nothing for `idle_ms`, since ignore_add at the longest: a
 * text of one line for a note. Each is told once, and again only after it ignored something.
 */
void ignore_idle(struct ignore *rules, int64_t now_ms, int64_t idle_ms,
                 void (*each)(void *ctx, const char *rule), void *ctx);

/* Takes over from rules that were in force before what the same rules ignored, and when. */
void ignore_inherit(struct ignore *rules, const struct ignore *before);

/* NULL-safe. */
void ignore_free(struct ignore *rules);

#endif
