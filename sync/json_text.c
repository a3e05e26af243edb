#include "sync/json_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "sync/scalar.h"
#include "sync/text.h"

struct reader {
    struct arena *arena;
    struct keys *keys;
    const char *text;
    size_t len, pos;
    size_t placed; /* line and col are those of this offset: it only moves forward */
    uint32_t line, col;
    size_t depth, nodes;
    bool syntax;
    struct parse_error *err;
};

static void place(struct reader *r)
{
    if (r->pos > r->placed) {
        text_advance(r->text + r->placed, r->pos - r->placed, &r->line, &r->col);
        r->placed = r->pos;
    }
}

static int fail(struct reader *r, bool syntax, const char *message)
{
    place(r);
    r->syntax = syntax;
    return parse_fail(r->err, r->line, r->col, "%s", message);
}

static void skip_space(struct reader *r)
{
    while (r->pos < r->len && (r->text[r->pos] == ' ' || r->text[r->pos] == '\n' ||
                               r->text[r->pos] == '\r' || r->text[r->pos] == '\t'))
        r->pos++;
}

static char peek(const struct reader *r)
{
    return r->pos < r->len ? r->text[r->pos] : '\0';
}

static int hex4(const struct reader *r, size_t at, uint32_t *out)
{
    if (r->len < 4 || at > r->len - 4)
        return -1;
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = r->text[at + i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit > 15)
            return -1;
        value = value << 4 | digit;
    }
    *out = value;
    return 0;
}

/* At "\u": one character, a pair of surrogates as one. */
static int read_unicode(struct reader *r, char *out, size_t *n)
{
    uint32_t code, low;
    if (hex4(r, r->pos + 2, &code))
        return fail(r, true, "\\u without four hexadecimal digits: complete it");
    size_t used = 6;
    if (code >= 0xd800 && code <= 0xdfff) {
        bool pair = code < 0xdc00 && r->len - r->pos >= 12 && r->text[r->pos + 6] == '\\' &&
                    r->text[r->pos + 7] == 'u' && hex4(r, r->pos + 8, &low) == 0 && low >= 0xdc00 &&
                    low <= 0xdfff;
        if (!pair)
            return fail(r, false, "half of a surrogate pair, which is no character: correct it");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        used = 12;
    }
    *n += text_put(out + *n, code);
    r->pos += used;
    return 0;
}

static int read_escape(struct reader *r, char *out, size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = r->pos + 1 < r->len ? r->text[r->pos + 1] : '\0';
    if (c == 'u')
        return read_unicode(r, out, n);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return fail(r, true, "an escape that JSON does not know: write \\\\ for a backslash");
    out[(*n)++] = to[found - from];
    r->pos += 2;
    return 0;
}

/* At the opening quote. The text is never longer decoded than written. */
static int read_string(struct reader *r, const char **data, size_t *size)
{
    size_t start = r->pos++, end = r->pos;
    while (end < r->len && r->text[end] != '"')
        end += r->text[end] == '\\' ? 2 : 1;
    if (end >= r->len) {
        r->pos = start;
        return fail(r, true, "a quote that is never closed: close it");
    }
    char *out = arena_alloc(r->arena, end - r->pos + 1);
    size_t n = 0;
    while (r->pos < end) {
        unsigned char c = (unsigned char)r->text[r->pos];
        uint32_t code;
        if (c == '\\') {
            if (read_escape(r, out, &n))
                return -1;
            continue;
        }
        size_t bytes = utf8_char(r->text + r->pos, end - r->pos, &code);
        if (!bytes)
            return fail(r, false, "a byte that is not UTF-8: save the file as UTF-8");
        if (c < 0x20)
            return fail(r, true, "a control character in a string: write it as \\n, \\t or \\u");
        memcpy(out + n, r->text + r->pos, bytes);
        n += bytes;
        r->pos += bytes;
    }
    r->pos = end + 1;
    out[n] = '\0';
    *data = out;
    *size = n;
    return 0;
}

static size_t digits(const struct reader *r, size_t at)
{
    size_t n = 0;
    while (at + n < r->len && r->text[at + n] >= '0' && r->text[at + n] <= '9')
        n++;
    return n;
}

static int set_real(struct reader *r, const char *text, struct node *node)
{
    struct scalar value;
    double real = strtod(text, NULL);
    if (isinf(real))
        return fail(r, false, "a number beyond what JSON's readers hold: quote it");
    scalar_real(real, &value);
    node->type = value.type;
    if (value.type == NODE_INT)
        node->integer = value.integer;
    else
        node->real = value.real;
    return 0;
}

/* The fraction and the exponent from *at on, which is moved behind them. */
static int scan_fraction(struct reader *r, size_t *at, bool *real)
{
    if (*at < r->len && r->text[*at] == '.') {
        size_t n = digits(r, *at + 1);
        if (!n)
            return fail(r, true, "a number that ends with its point: complete it");
        *at += 1 + n;
        *real = true;
    }
    if (*at < r->len && (r->text[*at] == 'e' || r->text[*at] == 'E')) {
        ++*at;
        *at += *at < r->len && (r->text[*at] == '+' || r->text[*at] == '-');
        size_t n = digits(r, *at);
        if (!n)
            return fail(r, true, "a number without the digits of its exponent: complete it");
        *at += n;
        *real = true;
    }
    return 0;
}

static int set_integer(struct reader *r, const char *text, struct node *node)
{
    errno = 0;
    node->type = NODE_INT;
    node->integer = strtoll(text, NULL, 10);
    if (errno != ERANGE)
        return 0;
    return fail(r, false,
                "an integer outside the range of int64, whose digits would be lost: quote it");
}

static int read_number(struct reader *r, struct node *node)
{
    size_t at = r->pos + (peek(r) == '-'), whole = digits(r, at);
    if (whole == 0 || (whole > 1 && r->text[at] == '0'))
        return fail(r, true, "no JSON value: quote a text, and write numbers without leading 0");
    at += whole;
    bool real = false;
    if (scan_fraction(r, &at, &real))
        return -1;
    const char *text = arena_text(r->arena, r->text + r->pos, at - r->pos);
    if (real ? set_real(r, text, node) : set_integer(r, text, node))
        return -1;
    r->pos = at;
    return 0;
}

static bool word(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if (r->len - r->pos < len || memcmp(r->text + r->pos, text, len) != 0)
        return false;
    r->pos += len;
    return true;
}

static int read_value(struct reader *r, struct node **out);

/* At the quote of a name: the member, or the error. */
static int read_member(struct reader *r, struct node *map)
{
    const char *key;
    size_t key_len;
    if (peek(r) == '}')
        return fail(r, true, "a comma before }, which JSON does not have: remove the comma");
    if (peek(r) != '"')
        return fail(r, true, "a member must begin with a name in double quotes: quote it");
    place(r);
    uint32_t line = r->line, col = r->col;
    if (read_string(r, &key, &key_len))
        return -1;
    if (memchr(key, '\0', key_len)) {
        r->syntax = false;
        return parse_fail(r->err, line, col, KEYS_NUL);
    }
    const struct node *first = keys_member(r->keys, map, key, key_len);
    if (first) {
        _buf_ struct buf name = BUF_INIT(256);
        node_write_name(&name, key, key_len);
        r->syntax = false;
        return parse_fail(r->err, line, col,
                          "key \"%s\" stands twice in one map, first at line %u: remove one",
                          buf_str(&name), first->key_line);
    }
    skip_space(r);
    if (peek(r) != ':')
        return fail(r, true, "a colon is missing after a name: add it");
    r->pos++;
    struct node *child;
    if (read_value(r, &child))
        return -1;
    child->key = key;
    child->key_len = key_len;
    child->key_line = line;
    child->key_col = col;
    node_append(map, child);
    keys_added(r->keys, child);
    return 0;
}

static int read_element(struct reader *r, struct node *list)
{
    if (peek(r) == ']')
        return fail(r, true, "a comma before ], which JSON does not have: remove the comma");
    struct node *child;
    if (read_value(r, &child))
        return -1;
    node_append(list, child);
    return 0;
}

static int read_container(struct reader *r, struct node *node)
{
    bool map = node->type == NODE_MAP;
    char close = map ? '}' : ']';
    if (r->depth >= LIMIT_YAML_DEPTH)
        return fail(r, false, "nested too deeply (100 levels are read): make it flatter");
    r->depth++;
    r->pos++;
    skip_space(r);
    if (peek(r) != close) {
        for (;;) {
            if (map ? read_member(r, node) : read_element(r, node))
                return -1;
            skip_space(r);
            if (peek(r) != ',')
                break;
            r->pos++;
            skip_space(r);
        }
        if (peek(r) != close)
            return fail(r, true,
                        map ? "a comma or } is missing: add it"
                            : "a comma or ] is missing: add it");
    }
    r->pos++;
    r->depth--;
    return 0;
}

static int read_value(struct reader *r, struct node **out)
{
    skip_space(r);
    if (++r->nodes > LIMIT_YAML_NODES)
        return fail(r, false, "more than 500000 values in one document: split it");
    place(r);
    struct node *node = node_new(r->arena, NODE_NULL, r->line, r->col);
    *out = node;
    switch (peek(r)) {
    case '{':
        node->type = NODE_MAP;
        return read_container(r, node);
    case '[':
        node->type = NODE_LIST;
        return read_container(r, node);
    case '"':
        node->type = NODE_STRING;
        return read_string(r, &node->string.data, &node->string.len);
    case '\0':
        if (r->pos >= r->len)
            return fail(r, true, "the text ends within a value: complete it");
        break;
    case 'n':
        if (word(r, "null"))
            return 0;
        break;
    case 't':
    case 'f':
        node->type = NODE_BOOL;
        node->boolean = word(r, "true");
        if (node->boolean || word(r, "false"))
            return 0;
        break;
    default:
        return read_number(r, node);
    }
    return fail(r, true, "no JSON value: quote a text");
}

int json_text_read(struct arena *arena, struct keys *keys, const char *text, size_t len,
                   uint32_t line, uint32_t col, struct json_text *out, struct parse_error *err)
{
    keys_clear(keys);
    struct reader r = {.arena = arena,
                       .keys = keys,
                       .text = text,
                       .len = len,
                       .line = line,
                       .col = col,
                       .err = err};
    int rc = read_value(&r, &out->root);
    out->used = r.pos;
    out->syntax = rc && r.syntax;
    if (rc)
        out->root = NULL;
    return rc;
}
