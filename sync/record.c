#include "sync/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/seal.h"

#define HEADER_BYTES 5U
#define FLUSH_BYTES  (256 * KIB)
#define NO_TEXT      UINT32_MAX

const size_t record_frame_max = LIMIT_FRAME_BYTES + HEADER_BYTES;

void record_writer_init(struct record_writer *writer, int fd)
{
    *writer = (struct record_writer){
        .fd = fd, .out = BUF_INIT(LIMIT_FRAME_BYTES + HEADER_BYTES + FLUSH_BYTES)};
}

void record_writer_free(struct record_writer *writer)
{
    buf_free(&writer->out);
}

static void put(struct record_writer *writer, const void *data, size_t len)
{
    if (!writer->too_large && buf_add(&writer->out, data, len))
        writer->too_large = true;
}

void record_begin(struct record_writer *writer, enum record_type type)
{
    uint8_t header[HEADER_BYTES] = {0, 0, 0, 0, (uint8_t)type};
    writer->start = writer->out.len;
    writer->too_large = false;
    put(writer, header, sizeof(header));
}

void record_put_u32(struct record_writer *writer, uint32_t value)
{
    put(writer, &value, sizeof(value));
}

void record_put_u64(struct record_writer *writer, uint64_t value)
{
    put(writer, &value, sizeof(value));
}

void record_put_bytes(struct record_writer *writer, const void *data, size_t len)
{
    if (len > LIMIT_FRAME_BYTES) {
        writer->too_large = true;
        return;
    }
    record_put_u32(writer, (uint32_t)len);
    put(writer, data, len);
}

void record_put_str(struct record_writer *writer, const char *text)
{
    if (text)
        record_put_bytes(writer, text, strlen(text) + 1); /* with its NUL: the reader borrows it */
    else
        record_put_u32(writer, NO_TEXT);
}

static void write_out(struct record_writer *writer)
{
    const char *data = writer->out.data;
    size_t left = writer->out.len;
    if (writer->seal)
        seal_write(writer->seal, writer->out.data, left);
    while (left && !writer->failed) {
        ssize_t n = write(writer->fd, data, left);
        if (n >= 0) {
            data += n;
            left -= (size_t)n;
        } else if (errno != EINTR) {
            writer->failed = errno;
        }
    }
    buf_clear(&writer->out);
}

static bool fits(const struct record_writer *writer)
{
    return !writer->too_large &&
           writer->out.len - writer->start <= LIMIT_FRAME_BYTES + HEADER_BYTES;
}

int record_cancel(struct record_writer *writer)
{
    bool good = fits(writer);
    writer->out.len = writer->start;
    return good ? 0 : -1;
}

int record_finish(struct record_writer *writer)
{
    size_t len = writer->out.len - writer->start;
    if (!fits(writer))
        return record_cancel(writer);
    uint32_t payload = (uint32_t)(len - HEADER_BYTES);
    memcpy(writer->out.data + writer->start, &payload, sizeof(payload));
    if (writer->out.len >= FLUSH_BYTES)
        write_out(writer);
    return 0;
}

int record_flush(struct record_writer *writer, struct err **err)
{
    write_out(writer);
    if (writer->failed)
        return err_errno(err, ERR_FATAL, writer->failed, "cannot write records");
    return 0;
}

static const uint8_t *take(struct record *record, size_t len)
{
    static const uint8_t zeros[8];
    if (record->bad || record->len - record->at < len) {
        record->bad = true;
        return len <= sizeof(zeros) ? zeros : NULL;
    }
    const uint8_t *p = record->data + record->at;
    record->at += len;
    return p;
}

uint32_t record_u32(struct record *record)
{
    uint32_t value;
    memcpy(&value, take(record, sizeof(value)), sizeof(value));
    return value;
}

uint64_t record_u64(struct record *record)
{
    uint64_t value;
    memcpy(&value, take(record, sizeof(value)), sizeof(value));
    return value;
}

const void *record_bytes(struct record *record, size_t *len)
{
    size_t want = record_u32(record);
    const void *p = take(record, want);
    *len = record->bad ? 0 : want;
    return record->bad ? "" : p;
}

const char *record_str(struct record *record, bool must)
{
    size_t at = record->at;
    uint32_t len = record_u32(record);
    if (len == NO_TEXT && !record->bad) {
        record->bad = must;
        return NULL;
    }
    record->at = at;
    size_t n;
    const char *text = record_bytes(record, &n);
    if (!n || memchr(text, '\0', n) != text + n - 1)
        record->bad = true;
    return record->bad ? NULL : text;
}

bool record_good(const struct record *record)
{
    return !record->bad && record->at == record->len;
}

/* Bytes of the frame at `data` with its header; 0 while the header is not whole. */
static size_t frame_bytes(const uint8_t *data, size_t len)
{
    if (len < HEADER_BYTES)
        return 0;
    uint32_t payload;
    memcpy(&payload, data, sizeof(payload));
    return HEADER_BYTES + (size_t)payload;
}

static int give(const uint8_t *frame, size_t bytes,
                int (*each)(void *ctx, struct record *record, struct err **err), void *ctx,
                struct err **err)
{
    struct record record = {.type = (enum record_type)frame[4],
                            .data = frame + HEADER_BYTES,
                            .len = bytes - HEADER_BYTES};
    return each(ctx, &record, err);
}

static int too_large(struct err **err)
{
    return err_set(err, ERR_LIMIT, "a record of more than %lu bytes", LIMIT_FRAME_BYTES);
}

/* Completes the frame that an earlier piece began; *used bytes were taken of this piece. */
static int feed_partial(struct record_reader *reader, const uint8_t *data, size_t len, size_t *used,
                        int (*each)(void *ctx, struct record *record, struct err **err), void *ctx,
                        struct err **err)
{
    struct buf *b = &reader->partial;
    *used = 0;
    for (;;) {
        size_t bytes = frame_bytes((const uint8_t *)b->data, b->len);
        if (bytes > record_frame_max)
            return too_large(err);
        size_t goal = bytes ? bytes : HEADER_BYTES;
        if (bytes && b->len == bytes) {
            int rc = give((const uint8_t *)b->data, bytes, each, ctx, err);
            buf_clear(b);
            return rc;
        }
        size_t n = goal - b->len;
        if (n > len - *used)
            n = len - *used;
        if (!n)
            return 0;
        if (buf_add(b, data + *used, n))
            return too_large(err);
        *used += n;
    }
}

int record_feed(struct record_reader *reader, const void *data, size_t len,
                int (*each)(void *ctx, struct record *record, struct err **err), void *ctx,
                struct err **err)
{
    const uint8_t *p = data;
    if (reader->partial.len) {
        size_t used;
        if (feed_partial(reader, p, len, &used, each, ctx, err))
            return -1;
        p += used;
        len -= used;
    }
    size_t bytes;
    while ((bytes = frame_bytes(p, len)) && bytes <= len) {
        if (bytes > record_frame_max)
            return too_large(err);
        if (give(p, bytes, each, ctx, err))
            return -1;
        p += bytes;
        len -= bytes;
    }
    if (bytes > record_frame_max || (len && buf_add(&reader->partial, p, len)))
        return too_large(err);
    return 0;
}

bool record_reader_partial(const struct record_reader *reader)
{
    return reader->partial.len > 0;
}

void record_reader_free(struct record_reader *reader)
{
    buf_free(&reader->partial);
}
