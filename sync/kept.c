#include "sync/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/seal.h"
#include "core/version.h"
#include "sync/records.h"

/*
 * The file: a head and, sealed, records: RECORD_KEPT, problems, objects, and older versions by
 * step. In the machine's byte order: it never leaves it. Its time of last change is when Git was
 * last seen to say so.
 */
struct head {
    char magic[16];
    uint8_t nonce[SEAL_NONCE_BYTES], mac[SEAL_MAC_BYTES];
};

#define KEPT_MAGIC   "holdfast read 1\n"
#define PREFIX_BYTES 5
#define NAME_BYTES   (PREFIX_BYTES + 2 * (size_t)KEPT_SCOPE_BYTES + sizeof(".new"))
#define READ_BYTES   (256 * KIB)

/* ---- of the program ---- */

/* Another build may read the same manifest otherwise. */
static void program_digest(uint8_t out[HASH_SHA256_BYTES])
{
    struct stat st = {0};
    (void)stat("/proc/self/exe", &st);
    _free_ char *text = xasprintf("%s %lld %lld.%ld", holdfast_version(), (long long)st.st_size,
                                  (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    hash_sha256(text, strlen(text), out);
}

static const char *prefix_of(enum kept_whose whose)
{
    return whose == KEPT_AGENT ? "read-" : "diff-";
}

static void name_of(enum kept_whose whose, const uint8_t scope[KEPT_SCOPE_BYTES],
                    const char *suffix, char *out)
{
    char hex[2 * KEPT_SCOPE_BYTES + 1];
    hash_hex(scope, KEPT_SCOPE_BYTES, hex);
    snprintf(out, NAME_BYTES, "%s%s%s", prefix_of(whose), hex, suffix);
}

/* ---- writing ---- */

/* What was read of the spool last. */
struct piece {
    char *data;
    size_t cap;
};

static int read_piece(struct piece *piece, const struct spool *spool, size_t len, uint64_t offset,
                      struct err **err)
{
    piece->data = xgrow(piece->data, &piece->cap, len, 1);
    return spool_read(spool, piece->data, len, offset, err);
}

static void put_head(struct record_writer *w, const struct desired_set *set)
{
    uint8_t program[HASH_SHA256_BYTES];
    program_digest(program);
    record_begin(w, RECORD_KEPT);
    record_put_bytes(w, program, sizeof(program));
    record_put_bytes(w, set->scope, sizeof(set->scope));
    record_put_str(w, set->revision);
    record_put_u64(w, (uint64_t)set->commit_time);
    record_put_u64(w, set->source_problems);
    record_put_u64(w, set->walked.files);
    record_put_u64(w, set->walked.objects);
    record_put_u64(w, set->count);
    record_put_u64(w, set->older_count);
    record_put_bytes(w, set->digest, sizeof(set->digest));
    record_put_bytes(w, set->older_digest, sizeof(set->older_digest));
    record_finish(w);
}

static int step_order(const void *a, const void *b)
{
    const struct older *x = *(const struct older *const *)a, *y = *(const struct older *const *)b;
    int c = (x->step > y->step) - (x->step < y->step);
    return c ? c : (x->offset > y->offset) - (x->offset < y->offset);
}

/* Of the group alone its version is not kept: nobody asks for it. */
static int put_older(struct record_writer *w, const struct desired_set *set, const struct older *o,
                     struct piece *piece, struct err **err)
{
    _free_ char *api_version = xasprintf("%s/", o->group);
    if (read_piece(piece, set->spool, o->body_len, o->offset, err))
        return -1;
    records_put_older(w, *o->group ? api_version : "", o, piece->data);
    return record_finish(w);
}

static int put_versions(struct record_writer *w, const struct desired_set *set, struct piece *piece,
                        struct err **err)
{
    _free_ const struct older **all = xcalloc(set->older_count + 1, sizeof(*all));
    for (size_t i = 0; i < set->older_count; i++)
        all[i] = &set->older[i];
    qsort(all, set->older_count, sizeof(struct older *), step_order);
    size_t at = 0;
    for (size_t step = 0; step < set->step_count; step++) {
        for (; at < set->older_count && all[at]->step == step; at++) {
            if (put_older(w, set, all[at], piece, err))
                return -1;
        }
        records_put_step(w, &set->steps[step], set->older_cut && step + 1 == set->step_count, 0);
        record_finish(w);
    }
    return at == set->older_count ? 0 : -1;
}

static int put_set(struct record_writer *w, const struct desired_set *set, struct piece *piece,
                   struct err **err)
{
    for (size_t i = 0; i < set->read_problems; i++)
        records_put_problem(w, &set->problems[i]);
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        if (read_piece(piece, set->spool, (size_t)d->body_len + d->places_len, d->offset, err))
            return -1;
        records_put_object(w, d, piece->data, piece->data + d->body_len);
        if (record_finish(w))
            return -1;
    }
    return put_versions(w, set, piece, err) || record_flush(w, err) ? -1 : 0;
}

static bool write_file(const struct statedir *dir, int fd, const struct desired_set *set)
{
    struct head head = {0};
    struct record_writer w;
    struct piece piece = {0};
    hash_random(head.nonce, sizeof(head.nonce));
    record_writer_init(&w, fd);
    w.seal = seal_new(dir->key, sizeof(dir->key), head.nonce);
    put_head(&w, set);
    bool good = pwrite(fd, &head, sizeof(head), 0) == sizeof(head) &&
                lseek(fd, sizeof(head), SEEK_SET) == sizeof(head) &&
                put_set(&w, set, &piece, NULL) == 0;
    memcpy(head.magic, KEPT_MAGIC, sizeof(head.magic));
    seal_mac(w.seal, head.mac);
    seal_free(w.seal);
    record_writer_free(&w);
    free(piece.data);
    return good && pwrite(fd, &head, sizeof(head), 0) == sizeof(head);
}

static uint64_t bytes_of(const struct desired_set *set)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < set->count; i++)
        bytes += (uint64_t)set->items[i].body_len + set->items[i].places_len;
    for (size_t i = 0; i < set->older_count; i++)
        bytes += set->older[i].body_len;
    return bytes;
}

void kept_write(const struct statedir *dir, enum kept_whose whose, struct desired_set *set,
                int64_t read_at)
{
    const struct timespec at = {.tv_sec = read_at / 1000, .tv_nsec = read_at % 1000 * 1000000};
    const struct timespec times[] = {at, at};
    char name[NAME_BYTES], next[NAME_BYTES];
    name_of(whose, set->scope, "", name);
    name_of(whose, set->scope, ".new", next);
    if (set->saved && utimensat(dir->fd, name, times, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    set->saved = false;
    if (!desired_can_go_on(set) || bytes_of(set) > LIMIT_KEPT_BYTES) {
        unlinkat(dir->fd, name, 0); /* Git says otherwise by now */
        return;
    }
    unlinkat(dir->fd, next, 0);
    int fd = openat(dir->fd, next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write_file(dir, fd, set) && futimens(fd, times) == 0;
    if (fd >= 0)
        close(fd);
    set->saved = good && renameat(dir->fd, next, dir->fd, name) == 0;
    if (!set->saved)
        unlinkat(dir->fd, next, 0);
}

/* ---- reading ---- */

struct taking {
    struct desired_set *set;
    struct record_reader reader;
    struct seal *seal;
    const uint8_t *scope;
    bool headed, foreign; /* of another program */
    uint64_t count, older_count;
    uint8_t digest[DESIRED_DIGEST_BYTES], older_digest[DESIRED_DIGEST_BYTES];
};

static bool take_bytes(struct record *r, uint8_t *out, size_t want)
{
    size_t len;
    const void *data = record_bytes(r, &len);
    if (len == want)
        memcpy(out, data, want);
    return len == want;
}

static int take_head(struct taking *t, struct record *r, struct err **err)
{
    struct desired_set *set = t->set;
    uint8_t program[HASH_SHA256_BYTES], theirs[HASH_SHA256_BYTES];
    program_digest(program);
    bool good = take_bytes(r, theirs, sizeof(theirs));
    t->foreign = good && memcmp(theirs, program, sizeof(program)) != 0;
    good = good && take_bytes(r, set->scope, sizeof(set->scope)) &&
           !memcmp(set->scope, t->scope, sizeof(set->scope));
    set->revision = xstrdup_null(record_str(r, true));
    set->commit_time = (int64_t)record_u64(r);
    set->source_problems = record_u64(r);
    set->walked.files = record_u64(r);
    set->walked.objects = record_u64(r);
    t->count = record_u64(r);
    t->older_count = record_u64(r);
    good = good && take_bytes(r, t->digest, sizeof(t->digest)) &&
           take_bytes(r, t->older_digest, sizeof(t->older_digest));
    t->headed = true;
    return t->foreign || !good || !record_good(r) ? records_bad(err) : 0;
}

static int take_record(void *ctx, struct record *r, struct err **err)
{
    struct taking *t = ctx;
    size_t broken;
    if (!t->headed)
        return r->type == RECORD_KEPT ? take_head(t, r, err) : records_bad(err);
    if (r->type == RECORD_OBJECT)
        return records_take_object(t->set, r, t->count, err);
    if (r->type == RECORD_PROBLEM)
        return records_take_problem(t->set, r, err);
    if (r->type == RECORD_OLDER)
        return records_take_older(t->set, r, err);
    if (r->type == RECORD_STEP)
        return records_take_step(t->set, r, &broken, err);
    return records_bad(err);
}

/* Gives the file from behind its head to `each` in pieces. */
static int each_piece(int fd, int (*each)(void *ctx, char *data, size_t len), void *ctx)
{
    _free_ char *data = xmalloc(READ_BYTES);
    ssize_t n = -1;
    if (lseek(fd, sizeof(struct head), SEEK_SET) != sizeof(struct head))
        return -1;
    while ((n = read(fd, data, READ_BYTES)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || each(ctx, data, (size_t)n))
            return -1;
    }
    return 0;
}

static int sum_piece(void *ctx, char *data, size_t len)
{
    seal_sum(ctx, data, len);
    return 0;
}

static int feed(void *ctx, char *data, size_t len)
{
    struct taking *t = ctx;
    seal_read(t->seal, data, len);
    return record_feed(&t->reader, data, len, take_record, t, NULL);
}

/* As it was written, all of it? */
static bool is_undamaged(const struct statedir *dir, int fd, struct head *head)
{
    uint8_t mac[SEAL_MAC_BYTES];
    if (read(fd, head, sizeof(*head)) != sizeof(*head) ||
        memcmp(head->magic, KEPT_MAGIC, sizeof(head->magic)) != 0)
        return false;
    struct seal *seal = seal_new(dir->key, sizeof(dir->key), head->nonce);
    bool good = each_piece(fd, sum_piece, seal) == 0;
    seal_mac(seal, mac);
    seal_free(seal);
    return good && hash_equal(mac, sizeof(mac), head->mac, sizeof(mac));
}

static bool is_whole(const struct taking *t)
{
    const struct desired_set *set = t->set;
    return t->headed && set->count == t->count && set->older_count == t->older_count &&
           set->source_problems <= set->problem_count && !record_reader_partial(&t->reader) &&
           !memcmp(set->digest, t->digest, sizeof(t->digest));
}

static bool take_file(struct taking *t, int fd)
{
    bool good = each_piece(fd, feed, t) == 0 && is_whole(t) && !desired_set_finish(t->set, NULL);
    record_reader_free(&t->reader);
    if (!good)
        return false;
    memcpy(t->set->older_digest, t->older_digest, sizeof(t->older_digest));
    spool_whole(t->set->spool);
    t->set->complete = t->set->saved = t->set->restored = true;
    return true;
}

struct desired_set *kept_read(const struct statedir *dir, enum kept_whose whose,
                              const uint8_t scope[KEPT_SCOPE_BYTES], int64_t *read_at, char **note)
{
    char name[NAME_BYTES];
    *note = NULL;
    name_of(whose, scope, "", name);
    int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    struct stat st = {0};
    struct taking t = {.scope = scope, .reader = RECORD_READER_INIT};
    struct head head;
    bool whole = fstat(fd, &st) == 0 && is_undamaged(dir, fd, &head);
    t.set = whole ? desired_set_new(dir->path, NULL) : NULL;
    t.seal = whole ? seal_new(dir->key, sizeof(dir->key), head.nonce) : NULL;
    bool good = t.set && take_file(&t, fd);
    seal_free(t.seal);
    close(fd);
    *read_at = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    if (good)
        return t.set;
    desired_set_free(t.set);
    if (!whole)
        *note = xasprintf("what was kept of the last read (%s) is damaged: all is read anew", name);
    if (!whole || t.foreign)
        unlinkat(dir->fd, name, 0); /* else it is the disk that fails */
    return NULL;
}

/* Or what a process left that was killed while it wrote. */
static bool is_kept(enum kept_whose whose, const char *name)
{
    const size_t hex = 2 * (size_t)KEPT_SCOPE_BYTES;
    if (strncmp(name, prefix_of(whose), PREFIX_BYTES) != 0)
        return false;
    name += PREFIX_BYTES;
    return strspn(name, "0123456789abcdef") == hex && (!name[hex] || !strcmp(name + hex, ".new"));
}

void kept_only(const struct statedir *dir, const uint8_t (*scopes)[KEPT_SCOPE_BYTES], size_t count)
{
    DIR *all = opendir(dir->path);
    const struct dirent *entry;
    while (all && (entry = readdir(all))) {
        char name[NAME_BYTES];
        bool kept = !is_kept(KEPT_AGENT, entry->d_name);
        for (size_t i = 0; i < count && !kept; i++) {
            name_of(KEPT_AGENT, scopes[i], "", name);
            kept = !strcmp(entry->d_name, name);
        }
        if (!kept)
            unlinkat(dir->fd, entry->d_name, 0);
    }
    if (all)
        closedir(all);
}

struct file {
    struct timespec used;
    char name[NAME_BYTES];
};

static int newer_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct file *)a)->used,
                          *y = &((const struct file *)b)->used;
    int c = (x->tv_sec < y->tv_sec) - (x->tv_sec > y->tv_sec);
    return c ? c : (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

void kept_newest(const struct statedir *dir, size_t most)
{
    struct file *files = NULL;
    size_t count = 0, cap = 0;
    DIR *all = opendir(dir->path);
    const struct dirent *entry;
    while (all && (entry = readdir(all))) {
        struct stat st;
        if (!is_kept(KEPT_DIFF, entry->d_name) ||
            fstatat(dir->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        files = xgrow(files, &cap, count + 1, sizeof(*files));
        files[count].used = st.st_mtim;
        memcpy(files[count++].name, entry->d_name, strlen(entry->d_name) + 1);
    }
    if (all)
        closedir(all);
    if (count)
        qsort(files, count, sizeof(*files), newer_first);
    for (size_t i = most; i < count; i++)
        unlinkat(dir->fd, files[i].name, 0);
    free(files);
}
