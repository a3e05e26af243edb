/*
 * Framed records between the reading child and its parent: a header of length (uint32) and type
 * (one byte), then fields. Both ends are the same program on the same machine, so numbers are in
 * its byte order. The reader trusts nothing: the child meets hostile input.
 */
#ifndef HOLDFAST_SYNC_RECORD_H
#define HOLDFAST_SYNC_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct seal;

enum record_type {
    RECORD_OBJECT = 'O',  /* identity, file, place, digest, body, places */
    RECORD_OLDER = 'V',   /* an older version of an object: identity, until when, body */
    RECORD_PROBLEM = 'P', /* an error or a note about a file */
    RECORD_STEP = 'S',    /* ends the older versions of one commit: what they took */
    /* Only where the parent knows an earlier read: */
    RECORD_CHANGED =
        'C', /* what it knows of this path and below holds no longer; the new follows */
    RECORD_NO_OLDER = 'N',  /* the older versions so far are void: all of them follow */
    RECORD_WHOLE = 'W',     /* the above is void but for what was told of the source: all follows */
    RECORD_FAILED = 'F',    /* the source could not be read: kind, message; the last record */
    RECORD_END = 'E',       /* the tree was read to its end; the last record */
    RECORD_UNCHANGED = 'U', /* the ref names the commit that the parent knows; the last record */
    /* Only in the file of sync/kept.h: */
    RECORD_KEPT = 'K', /* the first: what the set is besides its objects, problems, versions */
};

/* The writer collects records and writes them in large pieces; it blocks. */
struct record_writer {
    int fd;
    struct seal *seal; /* through which all is written; or NULL */
    struct buf out;
    size_t start;   /* of the open record */
    bool too_large; /* the open record */
    int failed;     /* errno of a failed write: everything after is dropped */
};

void record_writer_init(struct record_writer *writer, int fd);
void record_writer_free(struct record_writer *writer);

void record_begin(struct record_writer *writer, enum record_type type);
void record_put_u32(struct record_writer *writer, uint32_t value);
void record_put_u64(struct record_writer *writer, uint64_t value);
void record_put_bytes(struct record_writer *writer, const void *data, size_t len);
void record_put_str(struct record_writer *writer, const char *text); /* NULL stays NULL */

/* Closes the record. -1 when it is over LIMIT_FRAME_BYTES: then it is dropped, the others are not.
 */
int record_finish(struct record_writer *writer);

/* In place of record_finish: takes the record back, and answers what that would have. */
int record_cancel(struct record_writer *writer);

/* Writes what is left. */
int record_flush(struct record_writer *writer, struct err **err);

/* One record as it is read; `bad` once a field was not as it must be. */
struct record {
    enum record_type type;
    const uint8_t *data;
    size_t len, at;
    bool bad;
};

uint32_t record_u32(struct record *record);
uint64_t record_u64(struct record *record);
/* Borrowed bytes, valid during the call of `each`. */
const void *record_bytes(struct record *record, size_t *len);
/* A borrowed text without NULs inside, or NULL as it was written. `must`: NULL is bad too. */
const char *record_str(struct record *record, bool must);
/* All fields were good and none is left. */
bool record_good(const struct record *record);

/* The reader takes bytes as they come. */
struct record_reader {
    struct buf partial;
};

#define RECORD_READER_INIT                                                                         \
    (struct record_reader)                                                                         \
    {                                                                                              \
        .partial = BUF_INIT(record_frame_max)                                                      \
    }
extern const size_t record_frame_max; /* header included */

/*
 * Calls `each` for every whole record; it returns 0, or -1 with *err to stop. -1 too for a record
 * that is over the cap.
 */
int record_feed(struct record_reader *reader, const void *data, size_t len,
                int (*each)(void *ctx, struct record *record, struct err **err), void *ctx,
                struct err **err);

/* A record was begun and not ended. */
bool record_reader_partial(const struct record_reader *reader);
void record_reader_free(struct record_reader *reader);

#endif
