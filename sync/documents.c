#include "sync/documents.h"

#include <string.h>

#include "core/alloc.h"
#include "sync/text.h"

#define MARK     "\xef\xbb\xbf"
#define MARK_LEN 3

char *documents_text(const char *bytes, size_t size, const char **text, size_t *len,
                     struct parse_error *err)
{
    *err = (struct parse_error){0};
    *text = bytes;
    *len = size;
    bool little = size >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0;
    bool big = size >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0;
    if (!little && !big)
        return NULL;
    size_t at;
    char *owned = text_from_utf16(bytes + 2, size - 2, little ? TEXT_LITTLE : TEXT_BIG, len, &at);
    if (owned)
        *text = owned;
    else
        parse_fail(err, 0, 0, "malformed UTF-16 at byte %zu: save the file as UTF-8", at + 2);
    return owned;
}

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void move(struct documents *d, size_t to)
{
    text_advance(d->text + d->pos, to - d->pos, &d->line, &d->col);
    d->pos = to;
}

static void skip_mark(struct documents *d)
{
    if (d->len - d->pos >= MARK_LEN && memcmp(d->text + d->pos, MARK, MARK_LEN) == 0)
        d->pos += MARK_LEN; /* it has no column */
}

static void skip_space(struct documents *d)
{
    size_t to = d->pos;
    while (to < d->len && space(d->text[to]))
        to++;
    move(d, to);
}

void documents_init(struct documents *d, const char *text, size_t len, bool json_file)
{
    *d = (struct documents){.text = text,
                            .len = len,
                            .line = 1,
                            .col = 1,
                            .json_file = json_file,
                            .json = true,
                            .fresh = true};
    skip_mark(d);
}

void documents_took(struct documents *d, size_t used)
{
    move(d, d->pos + used);
    d->took = true;
}

void documents_not_json(struct documents *d)
{
    d->json = false;
    d->fresh = true;
}

/* As YAMLOrJSONDecoder does on its way to YAML: space up to the end of the line after a value. */
static void leave_json(struct documents *d)
{
    size_t to = d->pos;
    while (to < d->len && space(d->text[to]) && d->text[to] != '\n')
        to++;
    if (to < d->len && d->text[to] == '\n')
        to++;
    if (d->took)
        move(d, to);
    documents_not_json(d);
}

static bool next_json(struct documents *d, struct part *out)
{
    struct documents ahead = *d;
    skip_space(&ahead);
    if (ahead.pos == ahead.len && !d->json_file) {
        d->pos = d->len;
        return false;
    }
    if (ahead.pos < ahead.len && (d->json_file || ahead.text[ahead.pos] == '{')) {
        *d = ahead;
        *out = (struct part){.kind = PART_JSON,
                             .text = d->text + d->pos,
                             .len = d->len - d->pos,
                             .line = d->line,
                             .col = d->col};
        return true;
    }
    if (d->json_file)
        return false;
    leave_json(d);
    return documents_next(d, out);
}

/* Behind the line end at `at`: LF, CRLF, CR. */
static size_t line_end(const struct documents *d, size_t at)
{
    bool crlf = d->text[at] == '\r' && at + 1 < d->len && d->text[at + 1] == '\n';
    return at + (crlf ? 2 : 1);
}

/* Passes the separator at d->pos and remembers what is wrong with it. False: it may be none. */
static bool pass_separator(struct documents *d)
{
    size_t rest = d->pos + 3, end = rest, at = rest;
    while (end < d->len && d->text[end] != '\n' && d->text[end] != '\r')
        end++;
    while (at < end && (d->text[at] == ' ' || d->text[at] == '\t'))
        at++;
    bool clean = at == end || d->text[at] == '#';
    d->bad = NULL;
    d->bad_line = d->line;
    d->bad_col = d->col + (uint32_t)(at - d->pos);
    if (!clean)
        d->bad = at == rest ? "a line that begins with --- and goes on: kubectl takes it for a "
                              "separator and refuses it; write --- alone, or indent the line"
                            : "text after --- on its line, which kubectl refuses: put it on a line "
                              "of its own";
    if (end < d->len) {
        end = line_end(d, end);
        d->line++;
    }
    d->col = 1;
    d->pos = end;
    return clean || at != rest;
}

/* The next line that begins with "---", at or after pos; len when there is none. */
static size_t find_separator(const struct documents *d)
{
    if (d->fresh && d->len - d->pos >= 3 && memcmp(d->text + d->pos, "---", 3) == 0)
        return d->pos;
    size_t from = d->pos > 0 && d->text[d->pos - 1] == '\n' ? d->pos - 1 : d->pos;
    const char *hit = memmem(d->text + from, d->len - from, "\n---", 4);
    return hit ? (size_t)(hit - d->text) + 1 : d->len;
}

/* What stands between pos and the next separator, which is passed. */
static struct part cut(struct documents *d)
{
    skip_mark(d);
    struct part part = {
        .kind = PART_YAML, .text = d->text + d->pos, .line = d->line, .col = d->col};
    size_t end = find_separator(d);
    part.len = end - d->pos;
    d->line += text_lines(part.text, part.len);
    d->pos = end;
    d->fresh = false;
    if (end < d->len) {
        d->col = 1;
        part.separator_line = d->line;
        if (!pass_separator(d))
            part.kind = PART_TORN;
        d->fresh = true;
    }
    return part;
}

bool documents_next(struct documents *d, struct part *out)
{
    if (d->bad) {
        const char *message = d->bad;
        uint32_t line = d->bad_line, col = d->bad_col;
        d->bad = NULL;
        cut(d); /* what stands below the bad separator has no beginning that could be trusted */
        *out = (struct part){.kind = PART_BAD, .line = line, .col = col, .message = message};
        return true;
    }
    if (d->pos >= d->len)
        return false;
    if (d->json)
        return next_json(d, out);
    *out = cut(d);
    if (out->kind == PART_YAML && out->len > 0 && out->text[0] == '%') {
        out->kind = PART_BAD;
        out->message = "a % directive, which kubectl refuses: remove the line";
    }
    return true;
}

static bool named(const char *s, size_t len, const char *name)
{
    size_t n = strlen(name);
    return len > n && memcmp(s, name, n) == 0 && s[n] == ':';
}

/* The indent of a line with content; SIZE_MAX for a blank one or a comment. */
static size_t indent_of(const char *line, size_t len)
{
    size_t lead = 0;
    while (lead < len && line[lead] == ' ')
        lead++;
    return lead == len || line[lead] == '\r' || line[lead] == '#' ? SIZE_MAX : lead;
}

bool documents_goes_on(const struct documents *d)
{
    size_t indent = 0;
    for (size_t at = d->pos, len; at < d->len; at += len + 1) {
        const char *line = d->text + at, *end = memchr(line, '\n', d->len - at);
        len = end ? (size_t)(end - line) : d->len - at;
        if (len >= 3 && memcmp(line, "---", 3) == 0)
            break;
        size_t lead = indent_of(line, len);
        if (lead == SIZE_MAX)
            continue;
        if (!indent && lead == 0)
            return false;
        if (!indent)
            indent = lead;
        if (lead == indent && (named(line + lead, len - lead, "apiVersion") ||
                               named(line + lead, len - lead, "kind")))
            return false;
    }
    return indent > 0;
}

int documents_check(const struct part *part, struct parse_error *err)
{
    size_t at = 0;
    uint32_t code = 0;
    enum text_fault fault = text_check(part->text, part->len, &at, &code);
    if (fault == TEXT_GOOD)
        return 0;
    uint32_t line = part->line, col = part->col;
    text_advance(part->text, at, &line, &col);
    if (fault == TEXT_NOT_UTF8)
        return parse_fail(err, line, col, "byte 0x%02x is not UTF-8: save the file as UTF-8", code);
    if (code == 0)
        return parse_fail(err, line, col,
                          "a NUL byte (UTF-16 without a byte order mark?): save the file as UTF-8");
    return parse_fail(err, line, col,
                      "character U+%04X is not allowed in YAML: in double quotes write \\u%04x",
                      code, code);
}
