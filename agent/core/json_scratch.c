#include "core/json_scratch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"

#define FIRST_BYTES (256 * KIB) /* most objects fit; kept for the next scope */
#define ALIGNMENT   16
#define DEPTH_MAX   200
#define DIGITS_MAX  18 /* of an integer that surely fits */

struct block {
    struct block *next; /* older */
    size_t size, used;
    _Alignas(ALIGNMENT) char data[];
};

#ifdef __SANITIZE_ADDRESS__
static const bool scoped = false; /* it must see each value by itself */
#else
static const bool scoped = true;
#endif

static struct block *newest;
static bool open_now, ours;

static struct block *block_new(size_t size, struct block *next)
{
    struct block *b = malloc(sizeof(*b) + size);
    if (!b)
        return NULL;
    *b = (struct block){.next = next, .size = size};
    return b;
}

static void *take(size_t size)
{
    if (!open_now)
        return malloc(size);
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (newest->size - newest->used < size) {
        struct block *b = block_new(size > FIRST_BYTES ? size : 2 * newest->size, newest);
        if (!b)
            return NULL;
        newest = b;
    }
    void *p = newest->data + newest->used;
    newest->used += size;
    return p;
}

static void give_back(void *p)
{
    if (!open_now)
        free(p);
}

void json_scratch_begin(void)
{
    if (!scoped)
        return;
    if (!ours) {
        ours = true;
        json_set_alloc_funcs(take, give_back);
        newest = block_new(FIRST_BYTES, NULL);
        if (!newest)
            abort();
    }
    open_now = true;
}

void json_scratch_end(void)
{
    open_now = false;
    while (newest && newest->next) {
        struct block *next = newest->next;
        free(newest);
        newest = next;
    }
    if (newest)
        newest->used = 0;
}

void json_scratch_drop(json_t *value)
{
    if (!open_now)
        json_decref(value);
}

struct reader {
    const char *at, *end;
    unsigned depth;
};

static json_t *value_of(struct reader *r);

static char next_char(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
    return r->at < r->end ? *r->at : '\0';
}

static int hex4(const char *s)
{
    int n = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        n = n << 4 | digit;
    }
    return n;
}

static char *put_utf8(char *to, unsigned cp)
{
    if (cp < 0x80) {
        *to++ = (char)cp;
    } else if (cp < 0x800) {
        *to++ = (char)(0xc0 | cp >> 6);
        *to++ = (char)(0x80 | (cp & 0x3f));
    } else if (cp < 0x10000) {
        *to++ = (char)(0xe0 | cp >> 12);
        *to++ = (char)(0x80 | (cp >> 6 & 0x3f));
        *to++ = (char)(0x80 | (cp & 0x3f));
    } else {
        *to++ = (char)(0xf0 | cp >> 18);
        *to++ = (char)(0x80 | (cp >> 12 & 0x3f));
        *to++ = (char)(0x80 | (cp >> 6 & 0x3f));
        *to++ = (char)(0x80 | (cp & 0x3f));
    }
    return to;
}

/* Behind "\u". Answers how many bytes were taken, 0 where they are no character. */
static size_t unicode(const char *s, size_t left, char **to)
{
    int cp = left >= 4 ? hex4(s) : -1;
    if (cp < 0 || (cp >= 0xdc00 && cp < 0xe000))
        return 0;
    if (cp < 0xd800 || cp >= 0xe000) {
        *to = put_utf8(*to, (unsigned)cp);
        return 4;
    }
    int low = left >= 10 && s[4] == '\\' && s[5] == 'u' ? hex4(s + 6) : -1;
    if (low < 0xdc00 || low >= 0xe000)
        return 0;
    *to = put_utf8(*to, 0x10000 + ((unsigned)(cp - 0xd800) << 10) + (unsigned)(low - 0xdc00));
    return 10;
}

/* The text without its escapes, never longer; false where one is wrong. */
static bool unescape(const char *s, size_t len, char *to, size_t *out_len)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *begin = to;
    for (size_t i = 0; i < len;) {
        const char *slash = memchr(s + i, '\\', len - i);
        size_t plain = slash ? (size_t)(slash - (s + i)) : len - i;
        memcpy(to, s + i, plain);
        to += plain;
        i += plain;
        if (i == len)
            break;
        if (++i == len)
            return false;
        const char *known = s[i] ? strchr(from, s[i]) : NULL;
        if (known) {
            *to++ = into[known - from];
            i++;
            continue;
        }
        size_t n = s[i] == 'u' ? unicode(s + i + 1, len - i - 1, &to) : 0;
        if (!n)
            return false;
        i += 1 + n;
    }
    *out_len = (size_t)(to - begin);
    return true;
}

/* At an opening quote: the content as it stands there. */
static bool raw_string(struct reader *r, const char **text, size_t *len, bool *escaped)
{
    const char *p = r->at + 1, *quote = NULL;
    *escaped = false;
    for (;;) {
        if (!quote || quote < p)
            quote = p < r->end ? memchr(p, '"', (size_t)(r->end - p)) : NULL;
        if (!quote)
            return false;
        const char *slash = memchr(p, '\\', (size_t)(quote - p));
        if (!slash)
            break;
        *escaped = true;
        p = slash + 2; /* what is escaped ends nothing */
    }
    *text = r->at + 1;
    *len = (size_t)(quote - *text);
    r->at = quote + 1;
    return true;
}

static json_t *string_of(struct reader *r)
{
    const char *text;
    size_t len;
    bool escaped;
    if (!raw_string(r, &text, &len, &escaped))
        return NULL;
    if (!escaped)
        return json_stringn_nocheck(text, len);
    _free_ char *plain = xmalloc(len + 1);
    return unescape(text, len, plain, &len) ? json_stringn_nocheck(plain, len) : NULL;
}

/* A NUL in a name is U+FFFD, as json_load_served() has it. */
static char *name_without_nul(const char *name, size_t *len)
{
    char *to = xmalloc(3 * *len + 1);
    size_t n = 0;
    for (size_t i = 0; i < *len; i++) {
        memcpy(to + n, name[i] ? name + i : "\xef\xbf\xbd", name[i] ? 1 : 3);
        n += name[i] ? 1 : 3;
    }
    *len = n;
    return to;
}

static bool member_of(struct reader *r, json_t *object)
{
    const char *text;
    size_t len;
    bool escaped;
    if (next_char(r) != '"' || !raw_string(r, &text, &len, &escaped))
        return false;
    _free_ char *plain = escaped ? xmalloc(len + 1) : NULL;
    if (plain && !unescape(text, len, plain, &len))
        return false;
    if (plain && memchr(plain, '\0', len)) {
        char *name = name_without_nul(plain, &len);
        free(plain);
        plain = name;
    }
    if (next_char(r) != ':')
        return false;
    r->at++;
    json_t *value = value_of(r);
    return value && !json_object_setn_new_nocheck(object, plain ? plain : text, len, value);
}

static json_t *container(struct reader *r, bool object)
{
    const char last = object ? '}' : ']';
    json_t *c = object ? json_object() : json_array();
    r->at++;
    if (next_char(r) == last) {
        r->at++;
        return c;
    }
    if (++r->depth > DEPTH_MAX)
        goto bad;
    for (;;) {
        json_t *element;
        if (object ? !member_of(r, c)
                   : !(element = value_of(r)) || json_array_append_new(c, element))
            goto bad;
        char sep = next_char(r);
        r->at++;
        if (sep == last)
            break;
        if (sep != ',')
            goto bad;
    }
    r->depth--;
    return c;
bad:
    json_scratch_drop(c);
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* An integer that surely fits; false: read it another way. */
static bool small_integer(struct reader *r, json_int_t *n)
{
    bool minus = *r->at == '-';
    r->at += minus;
    const char *digits = r->at;
    for (*n = 0; r->at < r->end && is_digit(*r->at) && r->at - digits < DIGITS_MAX; r->at++)
        *n = *n * 10 + (*r->at - '0');
    bool ended = r->at == r->end || strchr(",}]", *r->at);
    bool sound = r->at > digits && (*digits != '0' || r->at - digits == 1);
    if (!ended || !sound || (minus && !*n))
        return false;
    if (minus)
        *n = -*n;
    return true;
}

/* Numbers, but integers that surely fit, go through jansson. */
static json_t *number_of(struct reader *r)
{
    const char *begin = r->at;
    json_int_t n;
    if (small_integer(r, &n))
        return json_integer(n);
    while (r->at < r->end && strchr("+-.0123456789eE", *r->at) && *r->at)
        r->at++;
    json_error_t e;
    return json_load_text(begin, (size_t)(r->at - begin), 0, &e);
}

static bool word(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
        return false;
    r->at += len;
    return true;
}

static json_t *value_of(struct reader *r)
{
    switch (next_char(r)) {
    case '{':
        return container(r, true);
    case '[':
        return container(r, false);
    case '"':
        return string_of(r);
    case 't':
        return word(r, "true") ? json_true() : NULL;
    case 'f':
        return word(r, "false") ? json_false() : NULL;
    case 'n':
        return word(r, "null") ? json_null() : NULL;
    default:
        return r->at < r->end ? number_of(r) : NULL;
    }
}

json_t *json_scratch_parse(const char *text, size_t len)
{
    struct reader r = {.at = text, .end = text + len};
    json_t *value = value_of(&r);
    next_char(&r);
    if (value && r.at != r.end) {
        json_scratch_drop(value);
        return NULL;
    }
    return value;
}
