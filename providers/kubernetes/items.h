/*
 * Cuts the items out of a LIST's byte stream one at a time, by counting depth outside strings, and
 * finds in each what is needed to decide whether anybody wants it before anything is parsed. Pure.
 * What is cut is not checked to be JSON beyond its brackets and strings: whoever parses it will
 * see.
 */
#ifndef HOLDFAST_KUBERNETES_ITEMS_H
#define HOLDFAST_KUBERNETES_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

/* A span of the item's bytes. Not NUL-terminated. */
struct span {
    const char *data;
    size_t len;
};

/*
 * One item; all spans point into its bytes and are valid during the call. Names are raw JSON
 * strings' content (Kubernetes names need no escape). Absent ones have len 0.
 */
struct item {
    struct span text; /* the whole object */
    struct span name, namespace, uid, resource_version;
    struct span managed_fields; /* the array's bytes, len 0 where absent or null */
    struct span managed_member; /* the member with its key and one comma: cut it and JSON remains */
    bool terminating;           /* metadata has a deletionTimestamp */
};

struct items_parser;

/* `item` must not free the parser. */
struct items_parser *items_parser_new(void (*item)(void *ctx, const struct item *item), void *ctx);

/*
 * Feeds bytes, cut anywhere. -1 with *err on bytes that are no list (ERR_INVALID), or an item over
 * LIMIT_ITEM_BYTES (ERR_LIMIT); feed nothing more then.
 */
int items_parser_feed(struct items_parser *p, const char *data, size_t len, struct err **err);

/*
 * Ends it: -1 when the list was cut short (ERR_RETRY) or had no items (ERR_INVALID).
 * *continue_token and *resource_version (owned, or NULL) come from the list's metadata.
 */
int items_parser_end(struct items_parser *p, char **continue_token, char **resource_version,
                     struct err **err);

/* Items handed out so far. */
size_t items_parser_count(const struct items_parser *p);

/* NULL-safe. */
void items_parser_free(struct items_parser *p);

/* The same look at one object's text (a GET's answer). -1 when it is no object with metadata. */
int item_scan(const char *text, size_t len, struct item *out);

/* An owned copy of the item's text with its managedFields cut out, *len bytes and a NUL. */
char *item_without_managed(const struct item *item, size_t *len);

enum watch_event_type {
    WATCH_EVENT_ADDED,
    WATCH_EVENT_MODIFIED,
    WATCH_EVENT_DELETED,
    WATCH_EVENT_BOOKMARK,
    WATCH_EVENT_ERROR, /* the object is a Status, and `item` is empty */
};

struct watch_event {
    enum watch_event_type type;
    struct item item;
};

/* One line of a WATCH: {"type": ..., "object": ...}. -1 when it is none. */
int watch_event_scan(const char *line, size_t len, struct watch_event *out);

/* One entry of managedFields; names as in struct item. */
struct item_entry {
    struct span text, manager, operation, subresource;
};

/* Takes the next entry from the array's bytes (item.managed_fields): 1, 0 at the end, -1: no JSON.
 */
int item_entry_next(struct span *rest, struct item_entry *out);

#endif
