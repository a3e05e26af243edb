#include "sync/merge.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* The child is not believed: it could go on for ever. */
static int add(struct merge *m, char ***list, size_t *count, size_t *cap, const char *path,
               struct err **err)
{
    m->bytes += strlen(path) + sizeof(*list);
    if (m->bytes > LIMIT_NAMES_BYTES)
        return err_set(err, ERR_LIMIT, "paths that changed take more than %lu bytes",
                       LIMIT_NAMES_BYTES);
    *list = xgrow(*list, cap, *count + 1, sizeof(**list));
    (*list)[(*count)++] = xstrdup(path);
    return 0;
}

int merge_changed(struct merge *m, const char *path, struct err **err)
{
    return add(m, &m->changed, &m->changed_count, &m->changed_cap, path, err);
}

int merge_broken(struct merge *m, const char *file, struct err **err)
{
    return add(m, &m->broken, &m->broken_count, &m->broken_cap, file, err);
}

void merge_free(struct merge *m)
{
    for (size_t i = 0; i < m->changed_count; i++)
        free(m->changed[i]);
    for (size_t i = 0; i < m->broken_count; i++)
        free(m->broken[i]);
    free(m->changed);
    free(m->broken);
    *m = (struct merge){0};
}

/* Objects and problems alike: things in the order of their paths. */
struct row {
    const void *items;
    size_t count;
    const char *(*path)(const void *items, size_t i);
};

static const char *item_path(const void *items, size_t i)
{
    return ((const struct desired *)items)[i].file;
}

static const char *problem_path(const void *items, size_t i)
{
    const char *at = ((const struct problem *)items)[i].at;
    return at ? at : "";
}

/* How many come before `path`. */
static size_t before(const struct row *row, const char *path)
{
    size_t low = 0, high = row->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(row->path(row->items, mid), path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Marks those of the path, and those below it: "a.x" lies between "a" and "a/x". */
static void mark(const struct row *row, bool *gone, const char *path)
{
    if (!*path) {
        memset(gone, 1, row->count);
        return;
    }
    for (size_t i = before(row, path);
         i < row->count && strcmp(row->path(row->items, i), path) == 0; i++)
        gone[i] = true;
    _free_ char *below = xasprintf("%s/", path);
    size_t len = strlen(below);
    for (size_t i = before(row, below);
         i < row->count && strncmp(row->path(row->items, i), below, len) == 0; i++)
        gone[i] = true;
}

/* What of the base changed; owned. */
static bool *gone(const struct merge *m, const struct row *row)
{
    bool *marks = xcalloc(row->count + 1, sizeof(*marks));
    for (size_t i = 0; i < m->changed_count; i++)
        mark(row, marks, m->changed[i]);
    return marks;
}

static void merge_items(const struct merge *m, struct desired_set *set)
{
    const struct desired_set *base = m->base;
    const struct row old = {base->items, base->count, item_path};
    _free_ bool *marks = gone(m, &old);
    _free_ struct desired *new = steal(set->items);
    size_t new_count = set->count;
    struct desired *out =
        xmalloc((base->count + new_count + 1) * sizeof(*out)); /* no zeros first */
    size_t n = 0, i = 0;
    for (size_t j = 0; j <= new_count; j++) {
        size_t end = j < new_count ? before(&old, new[j].file) : base->count;
        for (; i < end; i++) {
            uint8_t sum[DESIRED_DIGEST_BYTES];
            if (!marks[i]) {
                out[n] = base->items[i];
                out[n++].doubled = false; /* it depends on all the others */
                continue;
            }
            desired_digest(&base->items[i], sum);
            digest_remove(set->digest, sum);
        }
        if (j < new_count)
            out[n++] = new[j];
    }
    set->items = out;
    set->count = n;
    set->cap = base->count + new_count + 1;
}

static void forget_problem(struct desired_set *set, const struct problem *problem)
{
    uint8_t sum[DESIRED_DIGEST_BYTES];
    digest_of_problem(problem, sum);
    digest_remove(set->digest, sum);
}

static void merge_problems(const struct merge *m, struct desired_set *set, size_t told)
{
    const struct desired_set *base = m->base;
    size_t skip = base->source_problems;
    const struct row old = {base->problems + skip, base->read_problems - skip, problem_path};
    _free_ bool *marks = gone(m, &old);
    _free_ struct problem *new = steal(set->problems);
    size_t new_count = set->problem_count, i = 0;
    set->problem_count = set->problem_cap = set->errors = 0;
    memset(set->kept, 0, sizeof(set->kept));
    for (size_t k = 0; k < skip; k++)
        forget_problem(set, &base->problems[k]);
    for (size_t j = 0; j <= new_count; j++) {
        size_t end = j < told ? 0 : j < new_count ? before(&old, problem_path(new, j)) : old.count;
        for (; i < end; i++) {
            const struct problem *p = &base->problems[skip + i];
            if (marks[i])
                forget_problem(set, p);
            else
                desired_set_keep_problem(set, p);
        }
        if (j < new_count)
            desired_set_keep_problem(set, &new[j]);
    }
}

static bool is_broken(const struct merge *m, const char *file)
{
    for (size_t i = 0; i < m->broken_count; i++) {
        if (file && strcmp(m->broken[i], file) == 0)
            return true;
    }
    return false;
}

static void carry_older(const struct merge *m, struct desired_set *set)
{
    const struct desired_set *base = m->base;
    size_t first = set->step_count;
    set->older_cut = base->older_cut;
    for (size_t i = 0; i < base->step_count && set->step_count < LIMIT_OLDER_COMMITS; i++)
        set->steps[set->step_count++] =
            (struct older_cost){.files = base->steps[i].files, .bytes = base->steps[i].bytes};
    for (size_t i = 0; i < base->older_count; i++) {
        const struct older *o = &base->older[i];
        if (first + o->step >= LIMIT_OLDER_COMMITS || is_broken(m, o->file))
            continue;
        set->older = xgrow(set->older, &set->older_cap, set->older_count + 1, sizeof(*set->older));
        set->older[set->older_count] = *o;
        set->older[set->older_count++].step += (uint32_t)first;
        set->steps[first + o->step].bodies += o->body_len;
    }
}

bool merge_into(const struct merge *m, struct desired_set *set, size_t told, bool carry)
{
    if (desired_problems_cut(set) || told > set->problem_count)
        return false;
    digest_add(set->digest, m->base->digest);
    merge_items(m, set);
    merge_problems(m, set, told);
    if (carry)
        carry_older(m, set);
    return true;
}
