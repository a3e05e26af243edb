#include "sync/memo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"

#define MEMO_FILE    "memo"
#define MEMO_NEW     "memo.new"
#define MEMO_MAGIC   "holdfast memo 1\n"
#define HEADER_BYTES 16

/* As it lies in the file, in the machine's byte order: the file never leaves the machine. */
struct record {
    uint64_t slot;
    uint8_t key[MEMO_KEY_BYTES]; /* zeros: the slot is dropped */
    uint32_t crc;                /* of what stands before it */
    uint32_t zero;
};

struct entry {
    uint64_t slot; /* 0: free */
    uint8_t key[MEMO_KEY_BYTES];
};

struct memo {
    int folder, fd; /* fd -1: it could not be written */
    struct entry *entries;
    size_t mask, count, used; /* used: slots that were ever taken, dropped ones included */
    size_t records;           /* in the file and in `out` */
    struct buf out;
};

static const uint8_t no_key[MEMO_KEY_BYTES];

static uint32_t crc_of(const struct record *r)
{
    return (uint32_t)crc32(0, (const uint8_t *)r, offsetof(struct record, crc));
}

static struct entry *find(const struct memo *m, uint64_t slot)
{
    size_t at = (size_t)(slot * 11400714819323198485UL >> 20);
    while (m->entries[at & m->mask].slot && m->entries[at & m->mask].slot != slot)
        at++;
    return &m->entries[at & m->mask];
}

static void resize(struct memo *m, size_t want)
{
    size_t size = 1024;
    while (size < 2 * want)
        size *= 2;
    struct entry *old = m->entries;
    size_t old_size = old ? m->mask + 1 : 0;
    m->entries = xcalloc(size, sizeof(struct entry));
    m->mask = size - 1;
    m->used = 0;
    for (size_t i = 0; i < old_size; i++) {
        if (!old[i].slot || !memcmp(old[i].key, no_key, sizeof(no_key)))
            continue;
        *find(m, old[i].slot) = old[i];
        m->used++;
    }
    free(old);
}

/* Sets the slot's key in memory. */
static void set(struct memo *m, uint64_t slot, const uint8_t key[MEMO_KEY_BYTES])
{
    struct entry *e = find(m, slot);
    bool had = e->slot && memcmp(e->key, no_key, sizeof(no_key)) != 0;
    bool has = memcmp(key, no_key, sizeof(no_key)) != 0;
    m->used += !e->slot;
    m->count = m->count - had + has;
    e->slot = slot;
    memcpy(e->key, key, sizeof(e->key));
    if (2 * m->used > m->mask)
        resize(m, m->count + 1);
}

static int write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static void add_record(struct memo *m, uint64_t slot, const uint8_t key[MEMO_KEY_BYTES])
{
    struct record r = {.slot = slot};
    memcpy(r.key, key, sizeof(r.key));
    r.crc = crc_of(&r);
    buf_add(&m->out, &r, sizeof(r));
    m->records++;
}

/* The whole memo into a new file that takes the old one's place. */
static void rewrite(struct memo *m)
{
    buf_clear(&m->out);
    m->records = 0;
    int fd =
        openat(m->folder, MEMO_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write_all(fd, MEMO_MAGIC, HEADER_BYTES) == 0;
    for (size_t i = 0; good && i <= m->mask; i++) {
        if (!m->entries[i].slot || !memcmp(m->entries[i].key, no_key, sizeof(no_key)))
            continue;
        add_record(m, m->entries[i].slot, m->entries[i].key);
        if (m->out.len < 256 * KIB)
            continue;
        good = write_all(fd, m->out.data, m->out.len) == 0;
        buf_clear(&m->out);
    }
    good = good && write_all(fd, buf_str(&m->out), m->out.len) == 0 &&
           renameat(m->folder, MEMO_NEW, m->folder, MEMO_FILE) == 0;
    buf_clear(&m->out);
    if (m->fd >= 0)
        close(m->fd);
    if (good) {
        m->fd = fd;
        return;
    }
    if (fd >= 0)
        close(fd);
    unlinkat(m->folder, MEMO_NEW, 0);
    m->fd = -1;
}

/* The file's records up to the first that is not one; *bad: there was such a one. */
static void load(struct memo *m, const char *data, size_t len, bool *bad)
{
    size_t at = HEADER_BYTES;
    struct record r;
    for (; at + sizeof(r) <= len; at += sizeof(r)) {
        memcpy(&r, data + at, sizeof(r));
        if (!r.slot || r.zero || r.crc != crc_of(&r)) {
            *bad = true;
            return;
        }
        set(m, r.slot, r.key);
        m->records++;
    }
    *bad = at != len;
}

static int read_file(int fd, struct buf *b)
{
    char data[64 * KIB];
    for (;;) {
        ssize_t n = read(fd, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        if (buf_add(b, data, (size_t)n))
            return -1;
    }
}

struct memo *memo_open(int folder, char **note)
{
    struct memo *m = xcalloc(1, sizeof(*m));
    struct buf _buf_ text = BUF_INIT(LIMIT_MEMO_BYTES);
    bool bad = false;
    *note = NULL;
    m->folder = folder;
    m->out = BUF_INIT(LIMIT_MEMO_BYTES);
    resize(m, 0);
    m->fd = openat(folder, MEMO_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_APPEND);
    if (m->fd >= 0) {
        bool read = read_file(m->fd, &text) == 0;
        bool ours =
            read && text.len >= HEADER_BYTES && !memcmp(text.data, MEMO_MAGIC, HEADER_BYTES);
        if (ours)
            load(m, text.data, text.len, &bad);
        if (!ours || bad)
            *note = xasprintf("the memo of what was in sync is %s: what it does not tell is judged "
                              "anew",
                              !read  ? "too large or not readable"
                              : ours ? "damaged"
                                     : "of another version");
        if (ours && !bad && m->records < 2 * m->count + 1024)
            return m;
    }
    rewrite(m);
    if (m->fd < 0 && !*note)
        *note = xasprintf("the memo of what is in sync cannot be written: %s; a restart judges "
                          "everything anew",
                          strerror(errno));
    return m;
}

bool memo_has(const struct memo *memo, uint64_t slot, const uint8_t key[MEMO_KEY_BYTES])
{
    const struct entry *e = find(memo, slot);
    return e->slot == slot && !memcmp(e->key, key, MEMO_KEY_BYTES);
}

const uint8_t *memo_get(const struct memo *memo, uint64_t slot)
{
    const struct entry *e = find(memo, slot);
    return e->slot == slot && memcmp(e->key, no_key, sizeof(no_key)) != 0 ? e->key : NULL;
}

void memo_put(struct memo *memo, uint64_t slot, const uint8_t key[MEMO_KEY_BYTES])
{
    if (memo_has(memo, slot, key))
        return;
    set(memo, slot, key);
    if (memo->fd >= 0)
        add_record(memo, slot, key);
}

void memo_drop(struct memo *memo, uint64_t slot)
{
    if (memo_get(memo, slot))
        memo_put(memo, slot, no_key);
}

void memo_keep(struct memo *memo, const uint64_t *slots, size_t count)
{
    _free_ bool *kept = xcalloc(memo->mask + 1, sizeof(*kept));
    for (size_t i = 0; i < count; i++)
        kept[find(memo, slots[i]) - memo->entries] = true;
    for (size_t i = 0; i <= memo->mask; i++) {
        if (!kept[i] && memo->entries[i].slot)
            memo_drop(memo, memo->entries[i].slot); /* in its place: nothing moves */
    }
}

void memo_flush(struct memo *memo)
{
    if (memo->fd < 0 || memo->records > 4 * memo->count + 4096) {
        rewrite(memo);
    } else if (write_all(memo->fd, buf_str(&memo->out), memo->out.len)) {
        close(memo->fd);
        memo->fd = -1;
    }
    buf_clear(&memo->out);
    if (memo->fd < 0) /* it may say what is no longer so */
        unlinkat(memo->folder, MEMO_FILE, 0);
}

void memo_free(struct memo *memo)
{
    if (!memo)
        return;
    memo_flush(memo);
    if (memo->fd >= 0)
        close(memo->fd);
    buf_free(&memo->out);
    free(memo->entries);
    free(memo);
}
