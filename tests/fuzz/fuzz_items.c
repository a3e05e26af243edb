/*
 * Any bytes as a LIST's answer. The first byte says how it is cut into pieces; whole, in pieces and
 * byte by byte must come to the same, and where jansson (slow, and not ours) takes the text for
 * JSON, to what jansson sees. Each item ends where a walk byte by byte says that it ends.
 */
#include "fuzz.h"

#include <jansson.h>

#include "core/buf.h"
#include "core/json_scratch.h"
#include "core/limits.h"
#include "providers/kubernetes/items.h"

enum { WHOLE, PIECES, BYTES };

struct outcome {
    struct buf items; /* each with its names */
    struct err *err;
    char *token, *version;
    size_t count;
};

static void put(struct buf *b, const struct span *s)
{
    buf_add(b, s->data, s->len);
    buf_add_char(b, '|');
}

/* Where the container that begins the text ends, one byte after the other. */
static size_t slow_end(const char *text, size_t len)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\' && i + 1 < len && (text[i + 1] == '"' || text[i + 1] == '\\')) {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && (text[i] == '{' || text[i] == '[')) {
            depth++;
        } else if (!in_string && (text[i] == '}' || text[i] == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* The parser for verdicts sees what jansson sees. */
static void check_scratch(const char *text, size_t len)
{
    json_auto_t *strict = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_auto_t *quick = json_scratch_parse(text, len);
    if (strict && quick)
        check(json_equal(strict, quick));
}

static void check_cut(const struct item *item)
{
    size_t len;
    _free_ char *rest = item_without_managed(item, &len);
    json_auto_t *whole = json_loadb(item->text.data, item->text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!whole)
        return;
    json_auto_t *cut = json_loadb(rest, len, 0, NULL);
    json_t *metadata = json_object_get(whole, "metadata");
    if (item->managed_member.len)
        check(json_object_del(metadata, "managedFields") == 0);
    check(json_equal(cut, whole));
}

static void take_entries(struct buf *b, struct span rest)
{
    struct item_entry entry;
    while (item_entry_next(&rest, &entry) > 0) {
        put(b, &entry.manager);
        put(b, &entry.operation);
        put(b, &entry.subresource);
    }
}

static void take_item(void *ctx, const struct item *item)
{
    struct outcome *o = ctx;
    check(slow_end(item->text.data, item->text.len) == item->text.len);
    put(&o->items, &item->text);
    put(&o->items, &item->name);
    put(&o->items, &item->namespace);
    put(&o->items, &item->uid);
    put(&o->items, &item->resource_version);
    take_entries(&o->items, item->managed_fields);
    buf_addf(&o->items, "%d\n", item->terminating);
    check_cut(item);
    check_scratch(item->text.data, item->text.len);
}

static struct outcome feed(const char *text, size_t len, int how, uint32_t seed)
{
    struct outcome o = {.items = BUF_INIT(64 * MIB)};
    struct items_parser *p = items_parser_new(take_item, &o);
    int rc = 0;
    for (size_t at = 0, n; at < len && rc == 0; at += n) {
        n = how == WHOLE ? len : how == BYTES ? 1 : piece_len(&seed, len - at);
        _free_ char *piece = exact_copy(text + at, n);
        rc = items_parser_feed(p, piece, n, &o.err);
    }
    if (rc == 0)
        rc = items_parser_end(p, &o.token, &o.version, &o.err);
    check((rc == 0) == (o.err == NULL));
    o.count = items_parser_count(p);
    items_parser_free(p);
    return o;
}

static void outcome_free(struct outcome *o)
{
    buf_free(&o->items);
    err_free(o->err);
    free(o->token);
    free(o->version);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    check(a->count == b->count && a->items.len == b->items.len);
    check(a->items.len == 0 || memcmp(a->items.data, b->items.data, a->items.len) == 0);
    check(same_text(a->token, b->token) && same_text(a->version, b->version));
    check(!a->err == !b->err);
    check(!a->err || (a->err->kind == b->err->kind && same_text(a->err->message, b->err->message)));
}

/* All items are objects with metadata, which is what the cutter asks of them. */
static bool good_items(const json_t *items)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)items, i, item)
    {
        if (!json_is_object(json_object_get(item, "metadata")))
            return false;
    }
    return true;
}

/* What jansson says of it, where the comparison needs no unescaping. */
static void check_against_jansson(const char *text, size_t len, const struct outcome *o)
{
    json_auto_t *list = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *items = json_object_get(list, "items"), *meta = json_object_get(list, "metadata");
    if (!json_is_object(list) || memchr(text, '\\', len) || !json_is_array(items) ||
        (meta && !json_is_object(meta)) || len > 32 * KIB)
        return;
    const char *kind = json_string_value(json_object_get(list, "kind"));
    if (kind && strlen(kind) > 256)
        return;
    if (!good_items(items)) {
        check(o->err != NULL);
        return;
    }
    check(!o->err && o->count == json_array_size(items));
    const char *version = json_string_value(json_object_get(meta, "resourceVersion"));
    check(same_text(o->version, version && *version ? version : NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    struct outcome whole = feed(text, size - 1, WHOLE, 0);
    struct outcome pieces = feed(text, size - 1, PIECES, data[0]);
    struct outcome bytes = feed(text, size - 1, BYTES, 0);
    check_same(&whole, &pieces);
    check_same(&whole, &bytes);
    check_against_jansson(text, size - 1, &whole);
    struct item item;
    if (item_scan(text, size - 1, &item) == 0)
        check_cut(&item);
    outcome_free(&whole);
    outcome_free(&pieces);
    outcome_free(&bytes);
    return 0;
}
