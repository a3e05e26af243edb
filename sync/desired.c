#include "sync/desired.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/limits.h"
#include "sync/orders.h"
#include "sync/strings.h"

#define SPOOL_WRITE_BYTES (256 * KIB)

/* A file without a name: nobody else can open it and nothing is left when we die. */
static int open_spool(const char *state_dir, struct err **err)
{
    int fd = open(state_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return err_errno(err, ERR_FATAL, errno, "cannot make a spool file in %s", state_dir);
    _free_ char *name = xasprintf("%s/spool.XXXXXX", state_dir);
    fd = mkostemp(name, O_CLOEXEC); /* 0600 by itself */
    if (fd < 0)
        return err_errno(err, ERR_FATAL, errno, "cannot make a spool file in %s", state_dir);
    unlink(name);
    return fd;
}

struct desired_set *desired_set_new(const char *state_dir, struct err **err)
{
    int fd = open_spool(state_dir, err);
    if (fd < 0)
        return NULL;
    struct desired_set *set = xcalloc(1, sizeof(*set));
    set->spool = fd;
    set->strings = strings_new();
    set->unwritten = BUF_INIT(SPOOL_WRITE_BYTES + 2 * LIMIT_FRAME_BYTES);
    return set;
}

static int spool_flush(struct desired_set *set, struct err **err)
{
    uint64_t at = set->spool_len - set->unwritten.len;
    for (size_t done = 0; done < set->unwritten.len;) {
        ssize_t n = pwrite(set->spool, set->unwritten.data + done, set->unwritten.len - done,
                           (off_t)(at + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return err_errno(err, ERR_FATAL, n ? errno : ENOSPC,
                             "cannot write the spool file under stateDir");
    }
    buf_clear(&set->unwritten);
    return 0;
}

static int spool_add(struct desired_set *set, const void *data, size_t len, struct err **err)
{
    if (buf_add(&set->unwritten, data, len))
        return err_set(err, ERR_LIMIT, "a manifest of more than %lu bytes", LIMIT_FRAME_BYTES);
    set->spool_len += len;
    if (set->spool_len > LIMIT_SPOOL_BYTES)
        return err_set(err, ERR_LIMIT,
                       "the objects take more than %lu bytes, copies by aliases counted: split the "
                       "source",
                       LIMIT_SPOOL_BYTES);
    return 0;
}

/* "apps" of "apps/v1", "" of "v1" */
static const char *group_of(struct desired_set *set, const char *api_version)
{
    const char *slash = strchr(api_version, '/');
    return strings_add_len(set->strings, api_version, slash ? (size_t)(slash - api_version) : 0);
}

void desired_digest(const struct desired *object, uint8_t out[DESIRED_DIGEST_BYTES])
{
    digest_of_object(&(struct digest_object){.api_version = object->api_version,
                                             .kind = object->kind,
                                             .namespace = object->namespace,
                                             .name = object->name,
                                             .file = object->file,
                                             .line = object->line,
                                             .col = object->col,
                                             .body = object->digest},
                     out);
}

/* Names and paths are what rests in memory. */
static int check_names(const struct desired_set *set, struct err **err)
{
    if (strings_bytes(set->strings) <= LIMIT_NAMES_BYTES)
        return 0;
    return err_set(err, ERR_LIMIT, "names and paths take more than %lu bytes: split the source",
                   LIMIT_NAMES_BYTES);
}

int desired_set_add(struct desired_set *set, const struct desired *object, const void *body,
                    const void *places, struct err **err)
{
    uint64_t offset = set->spool_len;
    if (spool_add(set, body, object->body_len, err) ||
        spool_add(set, places, object->places_len, err))
        return -1;
    if (set->unwritten.len >= SPOOL_WRITE_BYTES && spool_flush(set, err))
        return -1;
    set->items = xgrow(set->items, &set->cap, set->count + 1, sizeof(*set->items));
    struct desired *d = &set->items[set->count++];
    *d = *object;
    const char *slash = strchr(object->api_version, '/');
    d->api_version = strings_add(set->strings, object->api_version);
    d->group = group_of(set, object->api_version);
    d->version = strings_add(set->strings, slash ? slash + 1 : object->api_version);
    d->kind = strings_add(set->strings, object->kind);
    d->namespace = strings_add(set->strings, object->namespace);
    d->name = strings_add(set->strings, object->name);
    d->file = strings_add(set->strings, object->file);
    d->doubled = false;
    d->mode = (uint8_t)orders_mode(body, object->body_len);
    d->offset = offset;
    uint8_t sum[DESIRED_DIGEST_BYTES];
    desired_digest(d, sum);
    digest_add(set->digest, sum);
    return check_names(set, err);
}

int desired_set_add_older(struct desired_set *set, const char *api_version,
                          const struct older *older, const void *body, struct err **err)
{
    uint64_t offset = set->spool_len;
    if (spool_add(set, body, older->body_len, err))
        return -1;
    if (set->unwritten.len >= SPOOL_WRITE_BYTES && spool_flush(set, err))
        return -1;
    set->older = xgrow(set->older, &set->older_cap, set->older_count + 1, sizeof(*set->older));
    struct older *o = &set->older[set->older_count++];
    *o = *older;
    o->group = group_of(set, api_version);
    o->kind = strings_add(set->strings, older->kind);
    o->namespace = strings_add(set->strings, older->namespace);
    o->name = strings_add(set->strings, older->name);
    o->offset = offset;
    uint8_t body_sum[HASH_SHA256_BYTES], sum[DESIRED_DIGEST_BYTES];
    hash_sha256(body, older->body_len, body_sum);
    digest_of_object(&(struct digest_object){.api_version = api_version,
                                             .kind = o->kind,
                                             .namespace = o->namespace,
                                             .name = o->name,
                                             .line = (uint32_t)o->replaced_at,
                                             .col = (uint32_t)set->older_count,
                                             .body = body_sum},
                     sum);
    digest_add(set->older_digest, sum);
    return check_names(set, err);
}

/* Interned: by address is an order, and all that is wanted is to have the same ones together. */
static int address_order(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return (x > y) - (x < y);
}

static int name_order(const struct older *a, const struct older *b)
{
    int c = address_order(a->name, b->name);
    if (!c)
        c = address_order(a->kind, b->kind);
    return c ? c : address_order(a->group, b->group);
}

static int older_order(const void *a, const void *b)
{
    const struct older *x = a, *y = b;
    int c = name_order(x, y);
    return c ? c : (x->offset > y->offset) - (x->offset < y->offset);
}

static void keep_problem(struct desired_set *set, const struct problem *problem)
{
    if (problem->level == PROBLEM_ERROR)
        set->errors++;
    if (set->problem_count >= LIMIT_ERRORS)
        return;
    set->problems =
        xgrow(set->problems, &set->problem_cap, set->problem_count + 1, sizeof(*set->problems));
    struct problem *p = &set->problems[set->problem_count++];
    *p = *problem;
    p->file = strings_add(set->strings, problem->file);
    p->object = strings_add(set->strings, problem->object);
    p->message = strings_add(set->strings, problem->message);
    if (set->problem_count == LIMIT_ERRORS)
        *p = (struct problem){.level = PROBLEM_ERROR,
                              .message = "more errors and notes than are told for one source: put "
                                         "these right first"};
}

void desired_set_problem(struct desired_set *set, const struct problem *problem)
{
    uint8_t sum[DESIRED_DIGEST_BYTES];
    digest_of_problem(problem, sum);
    digest_add(set->digest, sum);
    if (problem->file && !strcmp(problem->file, PROBLEM_SOURCE))
        set->source_problems++;
    keep_problem(set, problem);
}

int desired_set_finish(struct desired_set *set, struct err **err)
{
    if (spool_flush(set, err))
        return -1;
    set->read_problems = set->problem_count;
    buf_free(&set->unwritten);
    if (set->count && set->count < set->cap) {
        set->items = xrealloc(set->items, set->count * sizeof(*set->items));
        set->cap = set->count;
    }
    if (set->older_count)
        qsort(set->older, set->older_count, sizeof(*set->older), older_order);
    return 0;
}

static int spool_read(const struct desired_set *set, char *data, size_t len, uint64_t offset,
                      struct err **err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(set->spool, data + done, len - done, (off_t)(offset + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return err_errno(err, ERR_FATAL, n ? errno : EIO,
                             "cannot read the spool file under stateDir");
    }
    return 0;
}

int desired_load(const struct desired_set *set, size_t index, struct document *out,
                 struct err **err)
{
    const struct desired *d = &set->items[index];
    size_t len = (size_t)d->body_len + d->places_len;
    _free_ char *data = xmalloc(len);
    *out = (struct document){0};
    if (spool_read(set, data, len, d->offset, err))
        return -1;
    out->body = json_parse(data, d->body_len, d->file, err);
    if (!out->body) {
        if (err)
            (*err)->kind = ERR_FATAL; /* we wrote it: no input can cause this */
        return -1;
    }
    out->places_len = d->places_len;
    out->places = xmalloc(d->places_len);
    memcpy(out->places, data + d->body_len, d->places_len);
    return 0;
}

char *desired_text(const struct desired_set *set, size_t index, size_t *len)
{
    const struct desired *d = &set->items[index];
    _free_ char *data = xmalloc((size_t)d->body_len + 1);
    if (spool_read(set, data, d->body_len, d->offset, NULL))
        return NULL;
    *len = d->body_len;
    data[*len] = '\0';
    return steal(data);
}

/* The default namespace stands in for none. */
static const char *space(const char *namespace, const char *default_namespace)
{
    const char *s = namespace ? namespace : default_namespace;
    return s ? s : "";
}

/* The first older version with the name, of whatever namespace. */
static size_t older_first(const struct desired_set *set, const struct older *key)
{
    size_t low = 0, high = set->older_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (name_order(&set->older[mid], key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int desired_older(const struct desired_set *set, size_t index, const char *default_namespace,
                  size_t k, json_t **body, int64_t *replaced_at, struct err **err)
{
    const struct desired *d = &set->items[index];
    const struct older key = {.group = d->group, .kind = d->kind, .name = d->name};
    const char *wanted = space(d->namespace, default_namespace);
    for (size_t i = older_first(set, &key); i < set->older_count; i++) {
        const struct older *o = &set->older[i];
        if (name_order(o, &key))
            break;
        if (strcmp(space(o->namespace, default_namespace), wanted) != 0 || k--)
            continue;
        _free_ char *data = xmalloc(o->body_len);
        if (spool_read(set, data, o->body_len, o->offset, err))
            return -1;
        *body = json_parse(data, o->body_len, "an older version", err);
        *replaced_at = o->replaced_at;
        return *body ? 1 : -1;
    }
    return 0;
}

static int identity_order(const struct desired *a, const struct desired *b,
                          const char *default_namespace)
{
    int c = a->kind == b->kind ? 0 : strcmp(a->kind, b->kind);
    if (!c)
        c = a->name == b->name ? 0 : strcmp(a->name, b->name);
    if (!c)
        c = strcmp(space(a->namespace, default_namespace), space(b->namespace, default_namespace));
    if (!c)
        c = a->group == b->group ? 0 : strcmp(a->group, b->group);
    return c;
}

struct order {
    const struct desired *items;
    const char *default_namespace;
};

static int index_order(const void *a, const void *b, void *ctx)
{
    const struct order *o = ctx;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    int c = identity_order(&o->items[i], &o->items[j], o->default_namespace);
    return c ? c : (i > j) - (i < j);
}

static void tell_doubled(struct desired_set *set, size_t index, size_t other)
{
    struct desired *d = &set->items[index];
    if (d->doubled)
        return;
    d->doubled = true;
    const struct desired *o = &set->items[other];
    _free_ char *object = d->namespace ? xasprintf("%s %s/%s", d->kind, d->namespace, d->name)
                                       : xasprintf("%s %s", d->kind, d->name);
    _free_ char *message =
        xasprintf("the same object stands in %s:%u too: neither is compared, remove one of them",
                  o->file, o->line);
    keep_problem(set, &(struct problem){.level = PROBLEM_ERROR,
                                        .file = d->file,
                                        .line = d->line,
                                        .col = d->col,
                                        .object = object,
                                        .message = message});
}

void desired_mark_doubled(struct desired_set *set, const char *default_namespace)
{
    if (set->count < 2)
        return;
    struct order order = {set->items, default_namespace};
    _free_ uint32_t *index = xcalloc(set->count, sizeof(*index));
    for (size_t i = 0; i < set->count; i++)
        index[i] = (uint32_t)i;
    qsort_r(index, set->count, sizeof(*index), index_order, &order);
    for (size_t i = 1; i < set->count; i++) {
        if (identity_order(&set->items[index[i - 1]], &set->items[index[i]], default_namespace))
            continue;
        tell_doubled(set, index[i - 1], index[i]);
        tell_doubled(set, index[i], index[i - 1]);
    }
}

void desired_set_free(struct desired_set *set)
{
    if (!set)
        return;
    cleanup_close_(&set->spool);
    buf_free(&set->unwritten);
    strings_free(set->strings);
    free(set->items);
    free(set->older);
    free(set->problems);
    free(set->revision);
    free(set);
}
