#include "sync/source.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ev.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/memory.h"
#include "core/proc.h"
#include "core/text.h"
#include "sync/merge.h"
#include "sync/read.h"
#include "sync/records.h"

#define CHILD_FILES  1024 /* descriptors: libgit2 keeps packs open */
#define CHILD_ERRORS (4 * KIB)

#if defined(__SANITIZE_ADDRESS__)
#define CHILD_MEMORY 0 /* the sanitizer's shadow alone takes terabytes of address space */
#else
#define CHILD_MEMORY LIMIT_READ_MEMORY
#endif

struct source_read {
    struct ev_loop *loop;
    ev_timer failed; /* tells a failed start from the loop */
    char *name, *state_dir;
    char *question; /* the request without a base */
    double deadline;
    uint64_t memory; /* of the child */
    struct proc *proc;
    struct record_reader reader;
    struct desired_set *set;
    struct err *err;
    uint64_t objects_max;
    bool failed_record;
    const struct desired_set *base;
    bool asked_known; /* the child knows what `base` is */
    bool merging;     /* it tells what changed */
    struct merge merge;
    bool unchanged;
    char *note;
    void (*done)(struct source_read *read, void *ctx);
    void *ctx;
};

/* What the children of all reads may take together: a container has one limit for all. */
static uint64_t lent;

/* The child keeps to these too. It meets hostile input, so it is not believed. */
static void source_read_limits(struct source_read *read, const struct source_config *config)
{
    read->objects_max = config->objects ? config->objects : LIMIT_OBJECTS;
    if (CHILD_MEMORY)
        read->memory = config->memory ? config->memory
                                      : memory_for_child(MEMORY_LIMIT_FILE, CHILD_MEMORY, lent);
    lent += read->memory;
}

static int take_failed(struct source_read *read, struct record *r, struct err **err)
{
    uint32_t kind = record_u32(r);
    const char *message = record_str(r, true);
    if (!record_good(r) || kind < ERR_FATAL || kind > ERR_LIMIT)
        return records_bad(err);
    err_set(&read->err, (enum err_kind)kind, "%s", message);
    read->failed_record = true;
    return 0;
}

static int take_step(struct source_read *read, struct record *r, struct err **err)
{
    size_t broken;
    if (records_take_step(read->set, r, &broken, err))
        return -1;
    for (; broken && !r->bad; broken--) {
        const char *file = record_str(r, true);
        if (file && read->merging && merge_broken(&read->merge, file, err))
            return -1;
    }
    return record_good(r) ? 0 : records_bad(err);
}

static int take_changed(struct source_read *read, struct record *r, struct err **err)
{
    const char *path = record_str(r, true);
    if (!record_good(r) || !read->merging)
        return records_bad(err);
    return merge_changed(&read->merge, path, err);
}

static int take_no_older(struct source_read *read, struct record *r, struct err **err)
{
    if (!record_good(r) || !read->merging)
        return records_bad(err);
    read->set->older_count = 0;
    read->set->step_count = 0;
    read->set->older_cut = false;
    return 0;
}

/* The child reads all after all: what it said of the source as a whole stays. */
static int take_whole(struct source_read *read, struct record *r, struct err **err)
{
    struct desired_set *set = read->set;
    if (!record_good(r) || !read->merging)
        return records_bad(err);
    struct desired_set *all = desired_set_new(read->state_dir, err);
    if (!all)
        return -1;
    memcpy(all->scope, set->scope, sizeof(set->scope));
    for (size_t i = 0; i < set->problem_count; i++) {
        const struct problem *p = &set->problems[i];
        if (p->file && !strcmp(p->file, PROBLEM_SOURCE))
            desired_set_problem(all, p);
    }
    desired_set_free(set);
    read->set = all;
    merge_free(&read->merge);
    read->merging = false;
    return 0;
}

static int take_end(struct source_read *read, struct record *r, struct err **err)
{
    struct desired_set *set = read->set;
    size_t digest_len;
    const char *revision = record_str(r, false);
    int64_t time = (int64_t)record_u64(r);
    uint64_t told = record_u64(r);
    set->walked.files = record_u64(r);
    set->walked.objects = record_u64(r);
    set->walked.unsteady = record_u32(r) != 1;
    bool carry = record_u32(r) == 1;
    uint64_t count = record_u64(r);
    const void *digest = record_bytes(r, &digest_len);
    if (!record_good(r) || digest_len != sizeof(set->digest) || told > set->problem_count ||
        (carry && !read->merging))
        return records_bad(err);
    if (read->merging && !merge_into(&read->merge, set, told, carry))
        return err_set(err, ERR_FATAL, "more problems than can be told");
    if (count != set->count || memcmp(digest, set->digest, sizeof(set->digest)) != 0)
        return err_set(err, ERR_FATAL, "what came is not what was read");
    set->source_problems = told;
    set->revision = xstrdup_null(revision);
    set->commit_time = time;
    set->complete = true;
    return 0;
}

static int take_unchanged(struct source_read *read, struct record *r, struct err **err)
{
    const char *revision = record_str(r, true);
    if (!record_good(r) || !read->asked_known || strcmp(revision, read->base->revision) != 0)
        return records_bad(err);
    read->unchanged = true;
    return 0;
}

static int take_record(void *ctx, struct record *record, struct err **err)
{
    struct source_read *read = ctx;
    if (read->set->complete || read->failed_record || read->unchanged)
        return records_bad(err); /* nothing comes after the last record */
    switch (record->type) {
    case RECORD_OBJECT:
        return records_take_object(read->set, record, read->objects_max, err);
    case RECORD_OLDER:
        return records_take_older(read->set, record, err);
    case RECORD_PROBLEM:
        return records_take_problem(read->set, record, err);
    case RECORD_FAILED:
        return take_failed(read, record, err);
    case RECORD_END:
        return take_end(read, record, err);
    case RECORD_STEP:
        return take_step(read, record, err);
    case RECORD_CHANGED:
        return take_changed(read, record, err);
    case RECORD_NO_OLDER:
        return take_no_older(read, record, err);
    case RECORD_WHOLE:
        return take_whole(read, record, err);
    case RECORD_UNCHANGED:
        return take_unchanged(read, record, err);
    case RECORD_KEPT:
        break;
    }
    return records_bad(err);
}

static int on_output(void *ctx, const char *data, size_t len, struct err **err)
{
    struct source_read *read = ctx;
    return record_feed(&read->reader, data, len, take_record, read, err);
}

static void on_done(void *ctx, const struct proc_end *end);

/* Nothing of our environment goes to the child but what the sanitizers want in tests. */
static void child_env(const char *env[8])
{
    static const char *const passed[] = {"ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS="};
    size_t n = 0;
    env[n++] = "PATH=/usr/bin:/bin";
    env[n++] = "LC_ALL=C";
    for (char **e = environ; *e; e++) {
        for (size_t i = 0; i < ARRAY_LEN(passed) && n < 7; i++) {
            if (strncmp(*e, passed[i], strlen(passed[i])) == 0)
                env[n++] = *e;
        }
    }
    env[n] = NULL;
}

/*
 * This very program. Its path, where that still is the file that runs (valgrind answers this link
 * but cannot execute it); else the kernel's link, which works for a file that was replaced, too.
 */
static char *own_program(void)
{
    static const char link[] = "/proc/self/exe";
    char path[4096];
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return xstrdup(n > 0 && access(path, X_OK) == 0 ? path : link);
}

static int start_child(struct source_read *read, const char *request, struct err **err)
{
    static const char *const argv[] = {"holdfast", "read", NULL};
    const char *env[8];
    child_env(env);
    _free_ char *program = own_program();
    const struct proc_config proc = {
        .path = program,
        .argv = argv,
        .env = env,
        .input = request,
        .input_len = strlen(request),
        .deadline = read->deadline,
        .errors_max = CHILD_ERRORS,
        .memory = CHILD_MEMORY,
        .data = read->memory,
        .cpu_seconds = (uint64_t)ceil(read->deadline) + 1,
        .files = CHILD_FILES,
        .out = on_output,
        .done = on_done,
        .ctx = read,
    };
    read->proc = proc_start(read->loop, &proc, err);
    return read->proc ? 0 : -1;
}

/*
 * Did it say anything new? A folder without a ref is read whole each time, and so is a commit of
 * which something could not be read.
 */
static bool said_before(const struct source_read *read)
{
    const struct desired_set *a = read->base, *b = read->set;
    return a && a->complete && !spool_is_worn(a->spool) && same_text(a->revision, b->revision) &&
           !memcmp(a->scope, b->scope, sizeof(a->scope)) &&
           !memcmp(a->digest, b->digest, sizeof(a->digest)) &&
           !memcmp(a->older_digest, b->older_digest, sizeof(a->older_digest));
}

/* Once more, all of it: whatever went wrong with the changes, a read of everything may be right. */
static bool read_again(struct source_read *read)
{
    if (!read->asked_known || read->failed_record || read->err->kind == ERR_RETRY)
        return false;
    read->note = xasprintf("reading only what changed failed, all was read again: %s",
                           err_message(read->err));
    uint8_t scope[DESIRED_DIGEST_BYTES];
    memcpy(scope, read->set->scope, sizeof(scope));
    proc_free(steal(read->proc));
    record_reader_free(&read->reader);
    desired_set_free(read->set);
    err_free(steal(read->err));
    merge_free(&read->merge);
    read->asked_known = read->merging = read->unchanged = false;
    read->set = desired_set_new(read->state_dir, &read->err);
    if (!read->set)
        return false;
    memcpy(read->set->scope, scope, sizeof(scope));
    return start_child(read, read->question, &read->err) == 0;
}

/* Told by core/alloc.c, in the child. */
static bool out_of_memory(const struct source_read *read, const struct proc_end *end)
{
    return read->memory && end->signal == SIGABRT && strstr(end->errors, ALLOC_FAILED);
}

/* The child ended and did not say why it failed: is what it said whole? */
static int conclude(struct source_read *read, const struct proc_end *end, struct err **err)
{
    bool whole = read->set->complete || read->unchanged;
    if (out_of_memory(read, end))
        return memory_exceeded(err, "the reading child", read->memory);
    if (proc_end_error(end, "the reading child", err))
        return -1;
    if (!whole || record_reader_partial(&read->reader))
        return err_set(err, ERR_FATAL, "the reading child ended before the tree did");
    if (read->unchanged)
        return 0;
    if (desired_set_finish(read->set, err))
        return -1;
    if (!read->merging)
        spool_whole(read->set->spool);
    read->unchanged = said_before(read);
    return 0;
}

static void on_done(void *ctx, const struct proc_end *end)
{
    struct source_read *read = ctx;
    if (!read->failed_record && conclude(read, end, &read->err) && read_again(read))
        return;
    if (read->err || read->unchanged) {
        desired_set_free(read->set);
        read->set = NULL;
    }
    read->done(read, read->ctx);
}

static void on_failed(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct source_read *read = timer->data;
    read->done(read, read->ctx);
}

/* Whether the child can be told what the base is: read by the same question, all of it, from Git.
 */
static bool known_of(const struct desired_set *base, const uint8_t scope[DESIRED_DIGEST_BYTES],
                     struct read_known *known)
{
    *known = (struct read_known){0};
    if (!base || !desired_can_go_on(base) || spool_is_worn(base->spool) ||
        memcmp(base->scope, scope, sizeof(base->scope)) != 0)
        return false;
    memcpy(known->revision, base->revision, GIT_REVISION_DIGITS);
    known->told = base->source_problems;
    known->count = base->count;
    known->walked = base->walked;
    known->cut = base->older_cut;
    known->restored = base->restored;
    known->step_count = base->step_count;
    if (known->step_count > LIMIT_OLDER_COMMITS)
        known->step_count = LIMIT_OLDER_COMMITS;
    memcpy(known->steps, base->steps, known->step_count * sizeof(*known->steps));
    memcpy(known->digest, base->digest, sizeof(known->digest));
    for (size_t i = 0; i < base->source_problems; i++) {
        uint8_t sum[DESIRED_DIGEST_BYTES];
        digest_of_problem(&base->problems[i], sum);
        digest_remove(known->digest, sum);
    }
    return true;
}

static void scope_of(const char *question, uint8_t scope[DESIRED_DIGEST_BYTES])
{
    uint8_t sum[HASH_SHA256_BYTES];
    hash_sha256(question, strlen(question), sum);
    memcpy(scope, sum, DESIRED_DIGEST_BYTES);
}

int source_scope(const struct source_config *config, uint8_t scope[DESIRED_DIGEST_BYTES],
                 struct err **err)
{
    if (source_is_place(config->url))
        return err_set(err, ERR_USAGE, "%s: a folder is what lies there", config->url);
    _free_ char *question = read_request(config, NULL, err);
    if (question)
        scope_of(question, scope);
    return question ? 0 : -1;
}

static int start(struct source_read *read, const struct source_config *config, struct err **err)
{
    struct read_known known;
    uint8_t scope[DESIRED_DIGEST_BYTES];
    if (!config->state_dir)
        return err_set(err, ERR_USAGE, "no stateDir is given");
    read->state_dir = xstrdup(config->state_dir);
    read->deadline = config->deadline > 0 ? config->deadline : LIMIT_READ_SECONDS;
    read->base = config->base;
    read->question = read_request(config, NULL, err);
    if (!read->question)
        return -1;
    scope_of(read->question, scope);
    read->asked_known = read->merging = known_of(read->base, scope, &known);
    read->merge.base = read->base;
    read->set =
        read->merging ? desired_set_beside(read->base) : desired_set_new(config->state_dir, err);
    _free_ char *request =
        read->set ? read_request(config, read->asked_known ? &known : NULL, err) : NULL;
    if (!request)
        return -1;
    memcpy(read->set->scope, scope, sizeof(scope));
    return start_child(read, request, err);
}

struct source_read *source_read_start(struct ev_loop *loop, const struct source_config *config,
                                      void (*done)(struct source_read *read, void *ctx), void *ctx)
{
    struct source_read *read = xcalloc(1, sizeof(*read));
    read->loop = loop;
    read->name = xstrdup(config->name ? config->name : config->url ? config->url : "");
    read->reader = RECORD_READER_INIT;
    read->done = done;
    read->ctx = ctx;
    source_read_limits(read, config);
    ev_timer_init(&read->failed, on_failed, 0., 0.);
    read->failed.data = read;
    if (start(read, config, &read->err)) {
        desired_set_free(read->set);
        read->set = NULL;
        ev_timer_start(loop, &read->failed);
    }
    return read;
}

bool source_read_unchanged(const struct source_read *read)
{
    return read->unchanged && !read->err;
}

const char *source_read_note(const struct source_read *read)
{
    return read->note;
}

struct desired_set *source_read_take(struct source_read *read, struct err **err)
{
    if (read->set && read->set->complete && !read->err)
        return steal(read->set);
    if (!read->err)
        err_set(&read->err, ERR_FATAL, "the set was taken already or is not read yet");
    err_wrap(&read->err, "source %s", read->name);
    err_move(err, &read->err);
    return NULL;
}

void source_read_free(struct source_read *read)
{
    if (!read)
        return;
    lent -= read->memory;
    ev_timer_stop(read->loop, &read->failed);
    proc_free(read->proc);
    record_reader_free(&read->reader);
    desired_set_free(read->set);
    merge_free(&read->merge);
    err_free(read->err);
    free(read->name);
    free(read->state_dir);
    free(read->question);
    free(read->note);
    free(read);
}
