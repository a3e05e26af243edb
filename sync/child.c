/* The child's main: what is read becomes records. */
#include "sync/source.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "sync/digest.h"
#include "sync/read.h"
#include "sync/records.h"

#define CHILD_HEAP (4 * (int)MIB)

struct child {
    struct record_writer writer;
    struct buf body, places;
    const struct read_known *known; /* or NULL */
    /* What came less what went; sums that wrap. */
    uint64_t count;
    uint8_t digest[DESIRED_DIGEST_BYTES];
    /* Problems of the source as a whole. */
    uint64_t told;
    uint8_t source_digest[DESIRED_DIGEST_BYTES];
    /* Older versions: what they took, of it in this step. */
    struct older_cost older;
    uint64_t step_bodies;
    size_t steps;
    bool older_done; /* a cap was met */
    bool cut;        /* and told */
};

static void add_problem(struct child *c, const struct problem *problem)
{
    uint8_t sum[DESIRED_DIGEST_BYTES];
    bool of_source = problem->file && !strcmp(problem->file, PROBLEM_SOURCE);
    digest_of_problem(problem, sum);
    digest_add(of_source ? c->source_digest : c->digest, sum);
    c->told += of_source;
}

static void child_problem(void *ctx, const struct problem *problem)
{
    struct child *c = ctx;
    records_put_problem(&c->writer, problem);
    add_problem(c, problem);
}

static void then_problem(void *ctx, const struct problem *problem)
{
    struct child *c = ctx;
    uint8_t sum[DESIRED_DIGEST_BYTES];
    digest_of_problem(problem, sum);
    digest_remove(c->digest, sum);
}

/* Writes the record, not ended yet. */
static void write_object(struct child *c, const char *file, const struct manifest *manifest,
                         uint8_t sum[DESIRED_DIGEST_BYTES])
{
    struct record_writer *w = &c->writer;
    uint8_t body[HASH_SHA256_BYTES];
    buf_clear(&c->body);
    buf_clear(&c->places);
    int rc = node_write(&c->body, manifest->root) | node_write_places(&c->places, manifest->root);
    hash_sha256(c->body.data, c->body.len, body);
    struct desired object = {.api_version = manifest->api_version,
                             .kind = manifest->kind,
                             .namespace = manifest->namespace,
                             .name = manifest->name,
                             .file = file,
                             .line = manifest->line,
                             .col = manifest->col,
                             .body_len = (uint32_t)c->body.len,
                             .places_len = (uint32_t)c->places.len};
    memcpy(object.digest, body, sizeof(object.digest));
    records_put_object(w, &object, c->body.data, c->places.data);
    w->too_large |= rc != 0 || c->body.len > LIMIT_OBJECT_BYTES;
    desired_digest(&object, sum);
}

static struct problem object_too_large(const char *file, const struct manifest *manifest)
{
    return (struct problem){
        .level = PROBLEM_ERROR,
        .file = file,
        .line = manifest->line,
        .col = manifest->col,
        .message =
            "the manifest has more than 3 MiB as JSON, its aliases copied in, and no API server "
            "takes that: split it",
    };
}

static void child_object(void *ctx, const char *file, const struct manifest *manifest)
{
    struct child *c = ctx;
    uint8_t sum[DESIRED_DIGEST_BYTES];
    write_object(c, file, manifest, sum);
    if (record_finish(&c->writer)) {
        struct problem problem = object_too_large(file, manifest);
        child_problem(c, &problem);
        return;
    }
    digest_add(c->digest, sum);
    c->count++;
}

static void then_object(void *ctx, const char *file, const struct manifest *manifest)
{
    struct child *c = ctx;
    uint8_t sum[DESIRED_DIGEST_BYTES];
    write_object(c, file, manifest, sum);
    if (record_cancel(&c->writer)) {
        struct problem problem = object_too_large(file, manifest);
        then_problem(c, &problem);
        return;
    }
    digest_remove(c->digest, sum);
    c->count--;
}

static void child_changed(void *ctx, const char *path)
{
    struct child *c = ctx;
    record_begin(&c->writer, RECORD_CHANGED);
    record_put_str(&c->writer, path);
    record_finish(&c->writer);
}

static void child_whole(void *ctx)
{
    struct child *c = ctx;
    record_begin(&c->writer, RECORD_WHOLE);
    record_finish(&c->writer);
    memset(c->digest, 0, sizeof(c->digest));
    c->count = 0;
}

static void child_older(void *ctx, const char *file, const struct manifest *manifest,
                        int64_t replaced_at)
{
    struct child *c = ctx;
    struct record_writer *w = &c->writer;
    if (c->older_done)
        return; /* a gap would hide what was said between */
    buf_clear(&c->body);
    int rc = node_write(&c->body, manifest->root);
    c->step_bodies += c->body.len;
    if (c->older.bodies + c->step_bodies > LIMIT_OLDER_BODIES) {
        c->older_done = true;
        return;
    }
    const struct older older = {.kind = manifest->kind,
                                .name = manifest->name,
                                .namespace = manifest->namespace,
                                .file = file,
                                .replaced_at = replaced_at,
                                .body_len = (uint32_t)c->body.len};
    records_put_older(w, manifest->api_version, &older, c->body.data);
    w->too_large |= rc != 0;
    if (record_finish(w))
        c->older_done = true;
}

static void child_step(void *ctx, const struct older_step *step)
{
    struct child *c = ctx;
    struct record_writer *w = &c->writer;
    if (c->cut)
        return;
    c->cut = step->cut || c->older_done;
    const struct older_cost cost = {step->cost.files, step->cost.bytes, c->step_bodies};
    records_put_step(w, &cost, c->cut, step->broken_count);
    for (size_t i = 0; i < step->broken_count; i++)
        record_put_str(w, step->broken[i]);
    record_finish(w);
    c->older.files += step->cost.files;
    c->older.bytes += step->cost.bytes;
    c->older.bodies += c->step_bodies;
    c->step_bodies = 0;
    c->steps++;
}

static bool child_older_fit(void *ctx)
{
    const struct child *c = ctx;
    struct older_cost sum = c->older;
    for (size_t i = 0; i < c->known->step_count && c->steps + i < LIMIT_OLDER_COMMITS; i++) {
        sum.files += c->known->steps[i].files;
        sum.bytes += c->known->steps[i].bytes;
        sum.bodies += c->known->steps[i].bodies;
    }
    return !c->cut && sum.files <= LIMIT_OLDER_FILES && sum.bytes <= LIMIT_OLDER_BYTES &&
           sum.bodies <= LIMIT_OLDER_BODIES;
}

static void child_older_void(void *ctx)
{
    struct child *c = ctx;
    record_begin(&c->writer, RECORD_NO_OLDER);
    record_finish(&c->writer);
    c->older = (struct older_cost){0};
    c->step_bodies = 0;
    c->steps = 0;
    c->older_done = c->cut = false;
}

static int read_stdin(struct buf *b, struct err **err)
{
    char data[16 * KIB];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, ERR_FATAL, errno, "cannot read the request");
        if (n == 0)
            return 0;
        if (buf_add(b, data, (size_t)n))
            return err_set(err, ERR_LIMIT, "the request has more than %lu bytes",
                           LIMIT_CONFIG_BYTES);
    }
}

static void put_end(struct child *c, const struct read_result *result)
{
    struct record_writer *w = &c->writer;
    if (result->changes) {
        digest_add(c->digest, c->known->digest);
        c->count += c->known->count;
    }
    digest_add(c->digest, c->source_digest);
    record_begin(w, RECORD_END);
    record_put_str(w, result->revision[0] ? result->revision : NULL);
    record_put_u64(w, (uint64_t)result->commit_time);
    record_put_u64(w, result->told);
    record_put_u64(w, result->counts.files);
    record_put_u64(w, result->counts.objects);
    record_put_u32(w, !result->counts.unsteady);
    record_put_u32(w, result->carry);
    record_put_u64(w, c->count);
    record_put_bytes(w, c->digest, sizeof(c->digest));
}

/* Writes the last record as well, but does not end it. */
static int child_read(struct child *c, struct err **err)
{
    _buf_ struct buf request = BUF_INIT(LIMIT_CONFIG_BYTES);
    if (read_stdin(&request, err))
        return -1;
    struct source_config *config = read_request_parse(buf_str(&request), request.len, err);
    if (!config)
        return -1;
    const struct read_sink sink = {
        .now = {.ctx = c, .object = child_object, .problem = child_problem},
        .older = {.ctx = c, .object = child_older, .step = child_step},
        .told = &c->told,
        .then = {.ctx = c, .object = then_object, .problem = then_problem},
        .changed = child_changed,
        .whole = child_whole,
        .older_fit = child_older_fit,
        .older_void = child_older_void,
    };
    struct read_result result;
    c->known = config->known;
    int rc = read_source(config, &sink, &result, err);
    if (rc == 0 && result.unchanged) {
        record_begin(&c->writer, RECORD_UNCHANGED);
        record_put_str(&c->writer, result.revision);
    } else if (rc == 0) {
        put_end(c, &result);
    }
    c->known = NULL;
    read_request_free(config);
    return rc;
}

int source_child_main(void)
{
    _err_ struct err *err = NULL, *write_err = NULL;
    struct child c = {.body = BUF_INIT(LIMIT_FRAME_BYTES), .places = BUF_INIT(LIMIT_FRAME_BYTES)};
    /* each file's arena comes and goes: the heap need not be given back and asked for each time */
    mallopt(M_TRIM_THRESHOLD, CHILD_HEAP);
    mallopt(M_TOP_PAD, CHILD_HEAP);
    record_writer_init(&c.writer, STDOUT_FILENO);
    struct record_writer *w = &c.writer;
    if (child_read(&c, &err)) {
        record_begin(w, RECORD_FAILED);
        record_put_u32(w, err->kind);
        record_put_str(w, err->message);
    }
    record_finish(w);
    int rc = record_flush(w, &write_err);
    if (rc)
        fprintf(stderr, "%s\n", err_message(write_err));
    record_writer_free(w);
    buf_free(&c.body);
    buf_free(&c.places);
    return rc ? 1 : 0;
}
