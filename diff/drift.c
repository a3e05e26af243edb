#include "diff/drift.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/limits.h"

static const char *const verdicts[VERDICT_COUNT] = {
    [VERDICT_DRIFTED] = "drifted",         [VERDICT_MISSING] = "missing",
    [VERDICT_TERMINATING] = "terminating", [VERDICT_BLOCKED] = "blocked",
    [VERDICT_UNKNOWN] = "unknown",
};

static const char *const classes[CLASS_COUNT] = {
    [CLASS_CHANGED] = "changed",
    [CLASS_EXTRA] = "extra",
    [CLASS_DROPPED] = "dropped",
};

const char *verdict_name(enum verdict verdict)
{
    return verdicts[verdict];
}

const char *drift_class_name(enum drift_class drift_class)
{
    return classes[drift_class];
}

void drift_id(const struct drift_object *object, const char *field, char out[17])
{
    struct buf _buf_ b = BUF_INIT(LIMIT_JSON_BYTES);
    const char *parts[] = {object->source,    object->provider, object->group, object->kind,
                           object->namespace, object->name,     field};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_add_str(&b, parts[i] ? parts[i] : "");
        buf_add_char(&b, '\0');
    }
    uint8_t digest[HASH_SHA256_BYTES];
    hash_sha256(b.data, b.len, digest);
    hash_hex(digest, 8, out);
}

json_t *drift_value(const json_t *value)
{
    if (!value)
        return NULL;
    _free_ char *text = json_text(value, JSON_WRITE_SORTED);
    size_t len = strlen(text);
    if (len <= LIMIT_VALUE_BYTES)
        return json_incref((json_t *)value);
    /* of a string its own bytes, so that a person can check with sha256sum */
    const void *bytes = json_is_string(value) ? json_string_value(value) : text;
    size_t count = json_is_string(value) ? json_string_length(value) : len;
    uint8_t digest[HASH_SHA256_BYTES];
    char hex[2 * HASH_SHA256_BYTES + 1];
    hash_sha256(bytes, count, digest);
    hash_hex(digest, HASH_SHA256_BYTES, hex);
    json_t *cut = json_object();
    json_put(cut, "cut", json_true());
    json_put(cut, "bytes", json_integer((json_int_t)count));
    json_put_str(cut, "sha256", hex);
    return cut;
}

json_t *drift_hidden(const uint8_t key[32], const void *bytes, size_t len)
{
    uint8_t mac[HASH_SHA256_BYTES];
    char hex[9];
    hash_hmac_sha256(key, 32, bytes, len, mac);
    hash_hex(mac, 4, hex);
    json_t *hidden = json_object();
    json_put_str(hidden, "hidden", hex);
    return hidden;
}

static void put_field(json_t *event, const struct drift *d)
{
    json_put_str(event, "class", drift_class_name(d->drift_class));
    json_put_str(event, "field", d->field);
    json_put(event, "want", drift_value(d->want));
    json_put(event, "want_normalized", drift_value(d->want_normalized));
    json_put(event, "have", drift_value(d->have));
}

static void put_who(json_t *event, const struct drift *d)
{
    json_put_str(event, "by", d->by);
    if (d->by_reason)
        json_put_str(event, "by_reason", d->by_reason);
    json_put(event, "by_all", json_incref((json_t *)d->by_all));
    json_put_str(event, "since", d->since);
    if (d->since_kind)
        json_put_str(event, "since_kind", d->since_kind);
}

json_t *drift_event(const struct drift_object *object, const struct drift *d)
{
    char id[17];
    drift_id(object, d->field, id);
    json_t *event = json_object(), *o = json_object();
    json_put_str(event, "state", "opened");
    json_put_str(event, "id", id);
    json_put_str(o, "provider", object->provider);
    json_put_str(o, "group", object->group);
    json_put_str(o, "kind", object->kind);
    json_put_str(o, "namespace", object->namespace);
    json_put_str(o, "name", object->name);
    json_put(event, "object", o);
    json_put_str(event, "verdict", verdict_name(d->verdict));
    if (d->field)
        put_field(event, d);
    if (d->field || d->verdict == VERDICT_MISSING)
        put_who(event, d);
    if (d->verdict == VERDICT_TERMINATING) {
        json_put_str(event, "since", d->since);
        json_put(event, "finalizers", json_incref((json_t *)d->finalizers));
    }
    if (d->verdict == VERDICT_BLOCKED) {
        json_put_str(event, "reason", d->reason);
        json_put_str(event, "remedy", d->remedy);
    }
    if (d->message)
        json_put_str(event, "message", d->message);
    json_put_str(event, "file", object->file);
    json_put(event, "line", d->line ? json_integer(d->line) : json_null());
    json_put_str(event, "action", "report");
    if (d->unjudged)
        json_put(event, "unjudged", json_true());
    return event;
}
