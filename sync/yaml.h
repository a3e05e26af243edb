/*
 * One YAML document to nodes: libyaml's events, Kubernetes' rules (scalar.h), our caps (limits.h).
 *
 * Decided otherwise than kubectl (sigs.k8s.io/yaml): a key given twice is an error, `<<` given
 * twice too (`<<: [*a, *b]` says it); an explicit key wins over a merged one wherever it stands,
 * where kubectl lets a later `<<` win (a note says so); integers outside int64 are errors; content
 * after the document's end is an error, where kubectl drops it in silence.
 */
#ifndef HOLDFAST_SYNC_YAML_H
#define HOLDFAST_SYNC_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/node.h"

/* What a parser has to say: never a value, key names and anchor names alone. */
struct parse_error {
    uint32_t line, col;
    char message[320];
};

struct parse_sink {
    void *ctx;
    /* What is read, and worth a word. `message` lives during the call. */
    void (*note)(void *ctx, uint32_t line, uint32_t col, const char *message);
};

struct yaml_document {
    struct node *root;      /* NULL: nothing stands in it */
    uint32_t block_line;    /* it ends in a block scalar that begins here; else 0 */
    bool more;              /* there is content after the document's end, */
    struct parse_error end; /* and this is the error that says so */
};

/* Sets a message (cut to fit) and returns -1. */
int parse_fail(struct parse_error *err, uint32_t line, uint32_t col, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * What both parsers need beside the arena; its memory is reused from document to document. Zeroed
 * is ready.
 */
struct yaml_reader;
struct yaml_reader *yaml_reader_new(void);
void yaml_reader_free(struct yaml_reader *reader);

/*
 * Parses `text`, one document of a file, that is UTF-8 without a byte order mark (documents.h) and
 * begins at line `line` of the file. Returns 0, or -1 with *err.
 */
int yaml_read(struct yaml_reader *reader, struct arena *arena, const char *text, size_t len,
              uint32_t line, const struct parse_sink *sink, struct yaml_document *out,
              struct parse_error *err);

#endif
