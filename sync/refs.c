#include "sync/refs.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/nearest.h"

#define COMMIT_DIGITS 40U
#define PREFIX_DIGITS 7U

void refs_add(struct refs *refs, const char *name)
{
    refs->names = xgrow(refs->names, &refs->cap, refs->count + 1, sizeof(*refs->names));
    refs->names[refs->count++] = xstrdup(name);
}

void refs_free(struct refs *refs)
{
    for (size_t i = 0; i < refs->count; i++)
        free(refs->names[i]);
    free(refs->names);
    *refs = (struct refs){0};
}

static bool find(const struct refs *refs, const char *prefix, const char *name, size_t *index)
{
    size_t n = strlen(prefix);
    for (size_t i = 0; i < refs->count; i++) {
        if (strncmp(refs->names[i], prefix, n) == 0 && strcmp(refs->names[i] + n, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static const char *short_name(const char *name)
{
    static const char *const prefixes[] = {"refs/heads/", "refs/tags/"};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], n) == 0)
            return name + n;
    }
    return name;
}

/* Digits of a commit id or of its beginning; 0 for anything else. */
static size_t digits(const char *ref)
{
    size_t n = strspn(ref, "0123456789abcdefABCDEF");
    return ref[n] || n > COMMIT_DIGITS ? 0 : n;
}

int refs_missing(const struct refs *refs, const char *ref, const char *where, struct err **err)
{
    _buf_ struct buf tried = BUF_INIT(16 * KIB);
    _buf_ struct buf near = BUF_INIT(16 * KIB);
    bool full = strncmp(ref, "refs/", 5) == 0;
    size_t n = digits(ref);
    if (full || strcmp(ref, "HEAD") == 0)
        buf_add_str(&tried, ref);
    else if (n == COMMIT_DIGITS)
        buf_add_str(&tried, "commit, in all branches and tags");
    else
        buf_addf(&tried, "refs/heads/%s, refs/tags/%s%s", ref, ref,
                 n >= PREFIX_DIGITS ? ", the beginning of a commit id" : "");
    _free_ const char **names = xcalloc(refs->count, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < refs->count; i++) {
        if (full || strcmp(refs->names[i], "HEAD") != 0)
            names[count++] = full ? refs->names[i] : short_name(refs->names[i]);
    }
    nearest_list(&near, ref, names, count, 5);
    return err_set(err, ERR_INVALID, "%s has no ref \"%s\" (tried %s); nearest of %zu: %s", where,
                   ref, buf_str(&tried), count, buf_str(&near));
}

int refs_choose(const struct refs *refs, const char *ref, const char *where,
                struct ref_choice *choice, struct err **err)
{
    *choice = (struct ref_choice){.kind = REF_NAMED};
    if (!ref || !*ref || strcmp(ref, "HEAD") == 0) {
        if (find(refs, "", "HEAD", &choice->index))
            return 0;
        if (!refs->count)
            return err_set(err, ERR_INVALID, "%s has no commits yet: push one", where);
        return refs_missing(refs, "HEAD", where, err);
    }
    size_t n = digits(ref), tag;
    if (n == COMMIT_DIGITS) {
        choice->kind = REF_COMMIT;
        return 0;
    }
    if (strncmp(ref, "refs/", 5) == 0 && find(refs, "", ref, &choice->index))
        return 0;
    if (find(refs, "refs/heads/", ref, &choice->index)) {
        choice->doubled = find(refs, "refs/tags/", ref, &tag);
        return 0;
    }
    if (find(refs, "refs/tags/", ref, &choice->index))
        return 0;
    if (n >= PREFIX_DIGITS) {
        choice->kind = REF_PREFIX;
        return 0;
    }
    return refs_missing(refs, ref, where, err);
}
