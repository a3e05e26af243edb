#include "sync/desired.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/limits.h"
#include "sync/git.h"
#include "sync/orders.h"
#include "sync/strings.h"

struct desired_set *desired_set_new(const char *state_dir, struct err **err)
{
    struct spool *spool = spool_new(state_dir, err);
    if (!spool)
        return NULL;
    struct desired_set *set = xcalloc(1, sizeof(*set));
    set->spool = spool;
    return set;
}

struct desired_set *desired_set_beside(const struct desired_set *base)
{
    struct desired_set *set = xcalloc(1, sizeof(*set));
    set->spool = spool_share(base->spool);
    memcpy(set->scope, base->scope, sizeof(set->scope));
    return set;
}

/* "apps" of "apps/v1", "" of "v1" */
static const char *group_of(struct desired_set *set, const char *api_version)
{
    const char *slash = strchr(api_version, '/');
    return strings_add_len(set->spool->strings, api_version,
                           slash ? (size_t)(slash - api_version) : 0);
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
    if (strings_bytes(set->spool->strings) <= LIMIT_NAMES_BYTES)
        return 0;
    return err_set(err, ERR_LIMIT, "names and paths take more than %lu bytes: split the source",
                   LIMIT_NAMES_BYTES);
}

int desired_set_add(struct desired_set *set, const struct desired *object, const void *body,
                    const void *places, struct err **err)
{
    uint64_t offset = set->spool->len;
    if (spool_add(set->spool, body, object->body_len, err) ||
        spool_add(set->spool, places, object->places_len, err))
        return -1;
    set->items = xgrow(set->items, &set->cap, set->count + 1, sizeof(*set->items));
    struct desired *d = &set->items[set->count++];
    *d = *object;
    const char *slash = strchr(object->api_version, '/');
    d->api_version = strings_add(set->spool->strings, object->api_version);
    d->group = group_of(set, object->api_version);
    d->version = strings_add(set->spool->strings, slash ? slash + 1 : object->api_version);
    d->kind = strings_add(set->spool->strings, object->kind);
    d->namespace = strings_add(set->spool->strings, object->namespace);
    d->name = strings_add(set->spool->strings, object->name);
    d->file = strings_add(set->spool->strings, object->file);
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
    uint64_t offset = set->spool->len;
    if (spool_add(set->spool, body, older->body_len, err))
        return -1;
    set->older = xgrow(set->older, &set->older_cap, set->older_count + 1, sizeof(*set->older));
    struct older *o = &set->older[set->older_count++];
    *o = *older;
    o->group = group_of(set, api_version);
    o->kind = strings_add(set->spool->strings, older->kind);
    o->namespace = strings_add(set->spool->strings, older->namespace);
    o->name = strings_add(set->spool->strings, older->name);
    o->file = strings_add(set->spool->strings, older->file);
    o->step = (uint32_t)set->step_count;
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
    if (!c)
        c = (x->step > y->step) - (x->step < y->step);
    return c ? c : (x->offset > y->offset) - (x->offset < y->offset);
}

void desired_set_keep_problem(struct desired_set *set, const struct problem *problem)
{
    if (problem->level == PROBLEM_ERROR)
        set->errors++;
    if (set->kept[problem->level] >= LIMIT_ERRORS)
        return;
    const bool last = ++set->kept[problem->level] == LIMIT_ERRORS;
    set->problems =
        xgrow(set->problems, &set->problem_cap, set->problem_count + 1, sizeof(*set->problems));
    struct problem *p = &set->problems[set->problem_count++];
    *p = *problem;
    p->at = strings_add(set->spool->strings, problem->at ? problem->at : problem->file);
    p->file = strings_add(set->spool->strings, problem->file);
    p->object = strings_add(set->spool->strings, problem->object);
    p->message = strings_add(set->spool->strings, problem->message);
    if (last)
        *p = (struct problem){.level = problem->level,
                              .message = problem->level == PROBLEM_ERROR
                                             ? "more errors than are told for one source: put "
                                               "these right first"
                                             : "more notes than are told for one source"};
}

bool desired_problems_cut(const struct desired_set *set)
{
    return set->kept[PROBLEM_ERROR] >= LIMIT_ERRORS || set->kept[PROBLEM_NOTE] >= LIMIT_ERRORS;
}

void desired_set_problem(struct desired_set *set, const struct problem *problem)
{
    uint8_t sum[DESIRED_DIGEST_BYTES];
    digest_of_problem(problem, sum);
    digest_add(set->digest, sum);
    desired_set_keep_problem(set, problem);
}

int desired_set_finish(struct desired_set *set, struct err **err)
{
    if (spool_flush(set->spool, err))
        return -1;
    set->read_problems = set->problem_count;
    set->read_cut = desired_problems_cut(set);
    if (set->count && set->count < set->cap) {
        set->items = xrealloc(set->items, set->count * sizeof(*set->items));
        set->cap = set->count;
    }
    if (set->older_count)
        qsort(set->older, set->older_count, sizeof(*set->older), older_order);
    return 0;
}

bool desired_can_go_on(const struct desired_set *set)
{
    return set->complete && !set->walked.unsteady && set->walked.objects && !set->read_cut &&
           set->revision && strlen(set->revision) == GIT_REVISION_DIGITS;
}

int desired_load(const struct desired_set *set, size_t index, struct document *out,
                 struct err **err)
{
    const struct desired *d = &set->items[index];
    size_t len = (size_t)d->body_len + d->places_len;
    _free_ char *data = xmalloc(len);
    *out = (struct document){0};
    if (spool_read(set->spool, data, len, d->offset, err))
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
    if (spool_read(set->spool, data, d->body_len, d->offset, NULL))
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
        if (spool_read(set->spool, data, o->body_len, o->offset, err))
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
    desired_set_keep_problem(set, &(struct problem){.level = PROBLEM_ERROR,
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

bool desired_unread(const struct desired_set *set, const char *file)
{
    if (!file || set->walked.unsteady || set->errors > LIMIT_ERRORS)
        return set->errors > 0;
    for (size_t i = 0; i < set->problem_count; i++) {
        const struct problem *p = &set->problems[i];
        const char *end = p->file ? strrchr(p->file, '/') : NULL;
        if (p->level == PROBLEM_ERROR &&
            (!end || !strncmp(file, p->file, (size_t)(end + 1 - p->file))))
            return true;
    }
    return false;
}

void desired_set_free(struct desired_set *set)
{
    if (!set)
        return;
    spool_free(set->spool);
    free(set->items);
    free(set->older);
    free(set->problems);
    free(set->revision);
    free(set);
}
