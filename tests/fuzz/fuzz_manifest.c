/*
 * Any bytes as a file: no crash, no leak, no read outside, and what comes out is sound. The first
 * byte chooses between YAML and JSON.
 */
#include "fuzz.h"

#include "core/json.h"
#include "core/limits.h"
#include "sync/manifest.h"

/* An object has its identity, and its JSON is JSON. */
static void take_object(void *ctx, const char *file, const struct manifest *m)
{
    (void)ctx;
    (void)file;
    check(m->api_version && *m->api_version && m->kind && *m->kind && m->name && *m->name);
    check(m->line >= 1 && m->col >= 1);
    struct buf b = BUF_INIT(LIMIT_FRAME_BYTES), places = BUF_INIT(LIMIT_FRAME_BYTES);
    if (node_write(&b, m->root) == 0) {
        json_error_t e;
        json_auto_t *value = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
        check(value || json_error_code(&e) == json_error_null_byte_in_key);
    }
    node_write_places(&places, m->root);
    buf_free(&b);
    buf_free(&places);
}

static void take_problem(void *ctx, const struct problem *p)
{
    (void)ctx;
    check(p->message && *p->message && !strchr(p->message, '\n'));
    check((p->line == 0) == (p->col == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct manifest_sink sink = {.object = take_object, .problem = take_problem};
    if (size == 0 || size > LIMIT_FILE_BYTES)
        return 0;
    manifest_read(data[0] == 'j' ? "x.json" : "x.yaml", (const char *)data + 1, size - 1, &sink);
    return 0;
}
