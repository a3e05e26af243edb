/*
 * Any bytes as what the reading child writes: the parent refuses them or has a sound set. The first
 * byte says how they come: as they stand, or as orders for a writer, so that whole records with any
 * fields arise; and how they are cut into pieces.
 */
#include "fuzz.h"

#include <stdio.h>

/* The parent's side as it is: its callbacks are static. */
#include "sync/source.c" /* NOLINT(bugprone-suspicious-include) */

#define SOURCE_OBJECTS 50

static bool merging; /* the child tells what changed */

static const char *text_of(struct choices *c)
{
    static const char *const texts[] = {
        "v1", "apps/v1", "ConfigMap", "a",    "b",    "ml",    "x.yaml",
        "",   NULL,      "a\nb",      "\xff", "../x", "apps/", "/v1",
    };
    return texts[choose(c) % ARRAY_LEN(texts)];
}

static void put_bytes(struct record_writer *w, struct choices *c, size_t usual)
{
    uint8_t n = choose(c);
    size_t len = n < 200 ? usual : n - 200U;
    len = len < (size_t)(c->end - c->at) ? len : (size_t)(c->end - c->at);
    record_put_bytes(w, c->at, len);
    c->at += len;
}

/* The fields of a record in their order: s text, 4 and 8 numbers, d digest, b bytes. */
static void put_fields(struct record_writer *w, struct choices *c, const char *fields)
{
    for (; *fields; fields++) {
        uint8_t odd = choose(c);
        if (odd == 255)
            return;
        if (*fields == 's')
            record_put_str(w, text_of(c));
        else if (*fields == '4' || odd == 254)
            record_put_u32(w, odd);
        else if (*fields == '8')
            record_put_u64(w, odd);
        else
            put_bytes(w, c, *fields == 'd' ? DESIRED_DIGEST_BYTES : 20);
    }
}

static void order(struct record_writer *w, struct choices *c)
{
    static const struct {
        enum record_type type;
        const char *fields;
    } records[] = {
        {RECORD_OBJECT, "sssss44dbb"},
        {RECORD_OBJECT, "sssss44dbb"},
        {RECORD_OLDER, "sssss8b"},
        {RECORD_PROBLEM, "4ss44ss"},
        {RECORD_FAILED, "4s"},
        {RECORD_END, "s8888448d"},
        {RECORD_UNCHANGED, "s"},
        {RECORD_STEP, "88844s"},
        {RECORD_CHANGED, "s"},
        {RECORD_NO_OLDER, ""},
        {RECORD_WHOLE, ""},
    };
    uint8_t which = choose(c);
    size_t i = which % ARRAY_LEN(records);
    record_begin(w, which > 250 ? (enum record_type)which : records[i].type);
    put_fields(w, c, records[i].fields);
    record_finish(w);
}

/* What a writer makes of the orders; fewer bytes than it would write out by itself. */
static void write_orders(struct record_writer *w, const uint8_t *data, size_t size)
{
    struct choices c = {data, data + size};
    while (c.at < c.end && w->out.len < 64 * KIB)
        order(w, &c);
}

static void check_set(const struct desired_set *set)
{
    check(set->count <= SOURCE_OBJECTS + 4 && set->problem_count <= LIMIT_ERRORS);
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        struct document document;
        struct err *err = NULL;
        check(d->api_version && d->group && d->version && d->kind && d->name && d->file);
        if (desired_load(set, i, &document, &err) == 0)
            document_free(&document);
        else
            check(err && err->kind == ERR_FATAL);
        err_free(err);
    }
}

struct outcome {
    size_t count, older, problems, errors;
    bool complete, failed;
    uint8_t digest[DESIRED_DIGEST_BYTES];
    char *message;
};

/* What the parent knows when the child tells what changed. */
static struct desired_set *some_base(void)
{
    static const char *const files[] = {"a", "v1", "v1/x", "x.yaml"};
    struct desired_set *base = desired_set_new("/tmp", NULL);
    check(base != NULL);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const struct desired d = {
            .api_version = "v1", .kind = "ConfigMap", .name = "a", .file = files[i], .body_len = 2};
        check(desired_set_add(base, &d, "{}", "", NULL) == 0);
    }
    desired_set_problem(base, &(struct problem){.file = "x.yaml", .message = "a"});
    check(desired_set_finish(base, NULL) == 0);
    return base;
}

static struct outcome feed(const char *data, size_t len, bool whole, uint32_t seed)
{
    static const struct source_config config = {.objects = SOURCE_OBJECTS};
    struct source_read read = {.reader = RECORD_READER_INIT, .state_dir = (char *)"/tmp"};
    struct err *err = NULL;
    int rc = 0;
    struct desired_set *base = merging ? some_base() : NULL;
    read.base = read.merge.base = base;
    read.merging = merging;
    read.set = base ? desired_set_beside(base) : desired_set_new("/tmp", NULL);
    check(read.set != NULL);
    source_read_limits(&read, &config);
    for (size_t at = 0, n; at < len && rc == 0; at += n) {
        n = whole ? len : piece_len(&seed, len - at);
        check(read.set != NULL);
        _free_ char *piece = exact_copy(data + at, n);
        rc = on_output(&read, piece, n, &err);
        check((rc == 0) == (err == NULL));
    }
    struct outcome o = {.count = read.set->count,
                        .older = read.set->older_count,
                        .problems = read.set->problem_count,
                        .errors = read.set->errors,
                        .complete = read.set->complete,
                        .failed = read.failed_record,
                        .message = xstrdup(err ? err_message(err) : "")};
    check(!o.complete || !o.failed);
    memcpy(o.digest, read.set->digest, sizeof(o.digest));
    check(desired_set_finish(read.set, NULL) == 0);
    desired_mark_doubled(read.set, "default");
    check_set(read.set);
    desired_set_free(base);
    check_set(read.set);
    desired_set_free(read.set);
    merge_free(&read.merge);
    record_reader_free(&read.reader);
    err_free(read.err);
    err_free(err);
    return o;
}

/* The end that makes the set complete, where nothing before it is refused. */
static void write_end(struct record_writer *w)
{
    struct outcome o = feed(w->out.data, w->out.len, true, 0);
    record_begin(w, RECORD_END);
    record_put_str(w, "0123456789012345678901234567890123456789");
    for (int i = 0; i < 4; i++) /* the first is the time, the second what was told of the source */
        record_put_u64(w, i == 0);
    record_put_u32(w, 1);
    record_put_u32(w, 0);
    record_put_u64(w, o.count);
    record_put_bytes(w, o.digest, sizeof(o.digest));
    record_finish(w);
    bool refused = *o.message || o.failed || o.complete;
    free(o.message);
    o = feed(w->out.data, w->out.len, true, 0);
    check(refused || o.complete);
    free(o.message);
}

static void check_feeds(const char *records, size_t len, uint32_t seed)
{
    struct outcome a = feed(records, len, true, 0), b = feed(records, len, false, seed);
    check(a.count == b.count && a.older == b.older && a.problems == b.problems);
    check(a.errors == b.errors && a.complete == b.complete && a.failed == b.failed);
    check(strcmp(a.message, b.message) == 0);
    free(a.message);
    free(b.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    merging = data[0] & 4;
    if (!(data[0] & 1)) {
        check_feeds((const char *)data + 1, size - 1, data[0]);
        return 0;
    }
    struct record_writer w;
    record_writer_init(&w, -1);
    write_orders(&w, data + 1, size - 1);
    if ((data[0] & 2) && !merging)
        write_end(&w);
    check_feeds(w.out.data, w.out.len, data[0]);
    record_writer_free(&w);
    return 0;
}
