#include "core/json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/utf8.h"

/* U+FEFF, U+FFFE, U+FFFF: no text. */
static bool is_none(const unsigned char *s)
{
    return s[0] == 0xef && ((s[1] == 0xbb && s[2] == 0xbf) || (s[1] == 0xbf && s[2] >= 0xbe));
}

/* U+200E, U+200F, U+2028-U+202E, U+2066-U+2069: they turn text round, or begin lines. */
static bool turns_text(const unsigned char *s)
{
    if (s[0] != 0xe2)
        return false;
    return (s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae))) ||
           (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

/* Length of the character at s that must be escaped although it is above U+007E, else 0. */
static size_t special_at(const unsigned char *s, size_t left, unsigned *cp)
{
    if (s[0] == 0x7f) {
        *cp = 0x7f;
        return 1;
    }
    if (s[0] == 0xc2 && left >= 2 && s[1] < 0xa0) {
        *cp = s[1];
        return 2;
    }
    if (left >= 3 && (is_none(s) || turns_text(s))) {
        *cp = (unsigned)((s[0] & 0x0f) << 12 | (s[1] & 0x3f) << 6 | (s[2] & 0x3f));
        return 3;
    }
    return 0;
}

static int write_escape(struct buf *b, unsigned cp)
{
    switch (cp) {
    case '"':
        return buf_add_str(b, "\\\"");
    case '\\':
        return buf_add_str(b, "\\\\");
    case '\n':
        return buf_add_str(b, "\\n");
    case '\r':
        return buf_add_str(b, "\\r");
    case '\t':
        return buf_add_str(b, "\\t");
    default: {
        char esc[8];
        snprintf(esc, sizeof(esc), "\\u%04x", cp & 0xffff);
        return buf_add_str(b, esc);
    }
    }
}

/* Characters that stand in a string as they are. */
static const bool plain[0x80] = {
    [' '] = true,
    ['!'] = true,
    ['#' ... '['] = true,
    [']' ... '~'] = true,
};

int json_write_string(struct buf *b, const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    int rc = buf_add_char(b, '"');
    size_t start = 0;
    for (size_t i = 0; i < len;) {
        unsigned cp = p[i];
        size_t n;
        if (cp < 0x7f && plain[cp]) {
            i++;
            continue;
        }
        if (cp < 0x7f)
            n = 1;
        else if (!(n = special_at(p + i, len - i, &cp))) {
            i++;
            continue;
        }
        rc |= buf_add(b, s + start, i - start);
        rc |= write_escape(b, cp);
        i += n;
        start = i;
    }
    rc |= buf_add(b, s + start, len - start);
    return rc | buf_add_char(b, '"');
}

int json_write_real(struct buf *b, double value)
{
    char text[40];
    if (value == floor(value) && fabs(value) < 9007199254740992.0 &&
        !(value == 0 && signbit(value))) {
        snprintf(text, sizeof(text), "%lld", (long long)value);
        return buf_add_str(b, text);
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return buf_add_str(b, text);
}

struct member {
    const char *key;
    json_t *value;
};

static int member_order(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static int write_object(struct buf *b, const json_t *value, unsigned flags)
{
    size_t count = json_object_size(value), n = 0;
    _free_ struct member *members = xcalloc(count, sizeof(*members));
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)value, key, v) members[n++] = (struct member){key, v};
    if (flags & JSON_WRITE_SORTED)
        qsort(members, n, sizeof(*members), member_order);
    int rc = buf_add_char(b, '{');
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (i)
            rc |= buf_add_char(b, ',');
        rc |= json_write_string(b, members[i].key, strlen(members[i].key));
        rc |= buf_add_char(b, ':');
        rc |= json_write(b, members[i].value, flags);
    }
    return rc | buf_add_char(b, '}');
}

int json_write(struct buf *b, const json_t *value, unsigned flags)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(b, value, flags);
    case JSON_ARRAY: {
        int rc = buf_add_char(b, '[');
        for (size_t i = 0; i < json_array_size(value) && rc == 0; i++) {
            if (i)
                rc |= buf_add_char(b, ',');
            rc |= json_write(b, json_array_get(value, i), flags);
        }
        return rc | buf_add_char(b, ']');
    }
    case JSON_STRING:
        return json_write_string(b, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        return buf_addf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return json_write_real(b, json_real_value(value));
    case JSON_TRUE:
        return buf_add_str(b, "true");
    case JSON_FALSE:
        return buf_add_str(b, "false");
    default:
        return buf_add_str(b, "null");
    }
}

char *json_text(const json_t *value, unsigned flags)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    json_write(&b, value, flags);
    return buf_take(&b);
}

/* Of a string with its quotes, or of what is left of it. */
static size_t string_length(const char *s, size_t left)
{
    size_t n = 1;
    while (n < left && s[n] != '"')
        n += s[n] == '\\' ? 2 : 1;
    return n < left ? n + 1 : left;
}

/* Copies a string with its quotes; answers its length. */
static size_t copy_string(struct buf *b, const char *s, size_t left)
{
    size_t n = string_length(s, left);
    buf_add(b, s, n);
    return n;
}

/* Copies a number; an integer beyond 64 bits gets a fraction. Answers its length in the text. */
static size_t copy_number(struct buf *b, const char *s, size_t left)
{
    size_t n = 0;
    while (n < left && s[n] && strchr("+-.0123456789eE", s[n]))
        n++;
    _free_ char *number = xstrndup(s, n);
    buf_add(b, s, n);
    errno = 0;
    char *end;
    (void)strtoll(number, &end, 10);
    if (errno == ERANGE && !*end)
        buf_add_str(b, ".0");
    return n;
}

/* The text with integers that jansson has no room for written as reals. */
static char *with_reals(const char *text, size_t len, size_t *out_len)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    for (size_t i = 0; i < len;) {
        if (text[i] == '"') {
            i += copy_string(&b, text + i, len - i);
        } else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
            i += copy_number(&b, text + i, len - i);
        } else {
            buf_add_char(&b, text[i++]);
        }
    }
    *out_len = b.len;
    return buf_take(&b);
}

/* Does a colon follow: is it a member's name? */
static bool names_member(const char *s, size_t left)
{
    size_t n = 0;
    while (n < left && s[n] && strchr(" \t\r\n", s[n]))
        n++;
    return n < left && s[n] == ':';
}

/* Copies what stands between quotes with U+FFFD for each NUL. */
static void copy_without_nul(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = s[i] == '\\' && i + 1 < len ? 2 : 1;
        if (n == 2 && len - i >= 6 && !memcmp(s + i, "\\u0000", 6)) {
            buf_add_str(b, "\\ufffd");
            n = 6;
        } else {
            buf_add(b, s + i, n);
        }
        i += n;
    }
}

/* The text with names that jansson has no room for. */
static char *without_nul(const char *text, size_t len, size_t *out_len)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    for (size_t i = 0; i < len;) {
        const char *quote = memchr(text + i, '"', len - i);
        size_t between = quote ? (size_t)(quote - text) - i : len - i;
        buf_add(&b, text + i, between);
        i += between;
        if (i == len)
            break;
        size_t n = string_length(text + i, len - i);
        if (names_member(text + i + n, len - i - n))
            copy_without_nul(&b, text + i, n);
        else
            buf_add(&b, text + i, n);
        i += n;
    }
    *out_len = b.len;
    return buf_take(&b);
}

json_t *json_load_served(const char *text, size_t len, size_t flags, json_error_t *e)
{
    json_t *value = json_load_text(text, len, flags, e);
    if (value || json_error_code(e) != json_error_null_byte_in_key)
        return value;
    size_t n;
    _free_ char *named = without_nul(text, len, &n);
    return json_load_text(named, n, flags, e);
}

json_t *json_load_text(const char *text, size_t len, size_t flags, json_error_t *e)
{
    flags |= JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *value = json_loadb(text, len, flags, e);
    if (value || json_error_code(e) != json_error_numeric_overflow)
        return value;
    size_t n;
    _free_ char *reals = with_reals(text, len, &n);
    return json_loadb(reals, n, flags, e);
}

static json_t *parsed(json_t *value, const json_error_t *e, const char *what, struct err **err)
{
    /* jansson's own text quotes the input, which may be a secret: only the place is told */
    if (!value)
        err_set(err, ERR_INVALID, "%s: not JSON at line %d, column %d", what, e->line, e->column);
    return value;
}

json_t *json_parse(const char *text, size_t len, const char *what, struct err **err)
{
    json_error_t e;
    return parsed(json_load_text(text, len, JSON_REJECT_DUPLICATES, &e), &e, what, err);
}

json_t *json_parse_served(const char *text, size_t len, const char *what, struct err **err)
{
    json_error_t e;
    return parsed(json_load_served(text, len, JSON_REJECT_DUPLICATES, &e), &e, what, err);
}

static bool same_object(const json_t *a, const json_t *b)
{
    if (json_object_size(a) != json_object_size(b))
        return false;
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)a, key, v)
    {
        const json_t *w = json_object_get(b, key);
        if (!w || !json_same(v, w))
            return false;
    }
    return true;
}

static bool same_array(const json_t *a, const json_t *b)
{
    size_t n = json_array_size(a);
    if (n != json_array_size(b))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!json_same(json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

bool json_same(const json_t *a, const json_t *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return false;
    if (json_typeof(a) != json_typeof(b))
        return json_is_number(a) && json_is_number(b) &&
               json_number_value(a) == json_number_value(b);
    switch (json_typeof(a)) {
    case JSON_OBJECT:
        return same_object(a, b);
    case JSON_ARRAY:
        return same_array(a, b);
    case JSON_STRING:
        return json_string_length(a) == json_string_length(b) &&
               memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) == 0;
    case JSON_INTEGER:
        return json_integer_value(a) == json_integer_value(b);
    case JSON_REAL:
        return json_real_value(a) == json_real_value(b);
    default:
        return true;
    }
}

static json_t *at(const json_t *object, va_list ap)
{
    const char *name;
    while (object && (name = va_arg(ap, const char *)))
        object = json_object_get(object, name);
    return (json_t *)object;
}

json_t *json_at(const json_t *object, ...)
{
    va_list ap;
    va_start(ap, object);
    json_t *v = at(object, ap);
    va_end(ap);
    return v;
}

const char *json_str_at(const json_t *object, ...)
{
    va_list ap;
    va_start(ap, object);
    const json_t *v = at(object, ap);
    va_end(ap);
    return json_string_value(v);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (value && json_object_set_new_nocheck(object, key, value))
        abort();
}

void json_put_str(json_t *object, const char *key, const char *value)
{
    json_t *text = value ? json_string(value) : json_null();
    if (!text) {
        _free_ char *clean = xstrdup(value);
        utf8_clean(clean);
        text = json_string(clean);
    }
    json_put(object, key, text);
}

void json_push(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        abort();
}
