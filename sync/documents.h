/*
 * A file cut into documents, as kubectl cuts it (apimachinery's YAMLOrJSONDecoder): at lines that
 * begin with "---", before any YAML is parsed; a file that begins with "{" is read as JSON values
 * for as long as they are JSON, as YAML from there.
 *
 * Decided otherwise: text after "---" costs that document alone, not the whole file; a % directive
 * is told as such; several JSON values may be followed by YAML.
 */
#ifndef HOLDFAST_SYNC_DOCUMENTS_H
#define HOLDFAST_SYNC_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/yaml.h"

enum part_kind {
    PART_YAML, /* one document */
    PART_JSON, /* a JSON value and all that follows it: say documents_took or documents_not_json */
    PART_BAD,  /* not to be read: `message` says why */
    PART_TORN, /* not to be read: where it ends is in doubt, and the next part says why */
};

struct part {
    enum part_kind kind;
    const char *text; /* borrowed from the file's text; without byte order mark */
    size_t len;
    uint32_t line, col;      /* of its first character */
    uint32_t separator_line; /* of the "---" that ends it; 0: the end of the file */
    const char *message;     /* static */
};

struct documents {
    const char *text;
    size_t len, pos;
    uint32_t line, col; /* of pos */
    bool json_file;
    bool json;       /* values of JSON may come yet */
    bool took;       /* one came */
    bool fresh;      /* pos begins a line or follows a value: a separator may stand here */
    const char *bad; /* of the separator just passed */
    uint32_t bad_line, bad_col;
};

/*
 * The file's bytes as UTF-8 without mark: *text and *len are set to a part of `bytes`, or to an
 * owned text that is returned too and must be freed (UTF-16). Returns NULL otherwise; with
 * *err.message not empty the file cannot be read.
 */
char *documents_text(const char *bytes, size_t size, const char **text, size_t *len,
                     struct parse_error *err);

/* `text` is borrowed until the last part was used. `json_file`: its name ends with .json. */
void documents_init(struct documents *d, const char *text, size_t len, bool json_file);

/* The next part; false at the end. */
bool documents_next(struct documents *d, struct part *out);

/* After PART_JSON: `used` bytes of it were a value. */
void documents_took(struct documents *d, size_t used);

/* After PART_JSON: it is no JSON; the same text comes as YAML. Not for .json files. */
void documents_not_json(struct documents *d);

/*
 * After a part that ended in a block scalar at a "---" (separator_line): whether what follows looks
 * like the rest of that scalar: it is indented and names no apiVersion or kind.
 */
bool documents_goes_on(const struct documents *d);

/*
 * 0, or -1 with *err at the first character of a YAML part that cannot be read: no UTF-8 (kubectl
 * takes it and puts U+FFFD; we refuse, since the text would be another than Git's), a control
 * character.
 */
int documents_check(const struct part *part, struct parse_error *err);

#endif
