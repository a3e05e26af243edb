#include "sync/scalar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "sync/text.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

static const char *const too_big =
    "an integer outside the range of int64, whose digits would be lost: quote it";
static const char *const no_number =
    ".inf and .nan have no form in JSON: quote the value if the text is meant";
static const char *const wrong_tag = "the value is not what its tag says: correct one or the other";

struct word {
    const char *text;
    enum node_type type;
    bool boolean;
};

/* resolveMap of resolve.go: three casings each, nothing else. NODE_REAL stands for .inf and .nan.
 */
static const struct word words[] = {
    {"y", NODE_BOOL, true},      {"Y", NODE_BOOL, true},      {"yes", NODE_BOOL, true},
    {"Yes", NODE_BOOL, true},    {"YES", NODE_BOOL, true},    {"true", NODE_BOOL, true},
    {"True", NODE_BOOL, true},   {"TRUE", NODE_BOOL, true},   {"on", NODE_BOOL, true},
    {"On", NODE_BOOL, true},     {"ON", NODE_BOOL, true},     {"n", NODE_BOOL, false},
    {"N", NODE_BOOL, false},     {"no", NODE_BOOL, false},    {"No", NODE_BOOL, false},
    {"NO", NODE_BOOL, false},    {"false", NODE_BOOL, false}, {"False", NODE_BOOL, false},
    {"FALSE", NODE_BOOL, false}, {"off", NODE_BOOL, false},   {"Off", NODE_BOOL, false},
    {"OFF", NODE_BOOL, false},   {"", NODE_NULL, false},      {"~", NODE_NULL, false},
    {"null", NODE_NULL, false},  {"Null", NODE_NULL, false},  {"NULL", NODE_NULL, false},
    {".nan", NODE_REAL, false},  {".NaN", NODE_REAL, false},  {".NAN", NODE_REAL, false},
    {".inf", NODE_REAL, false},  {".Inf", NODE_REAL, false},  {".INF", NODE_REAL, false},
    {"+.inf", NODE_REAL, false}, {"+.Inf", NODE_REAL, false}, {"+.INF", NODE_REAL, false},
    {"-.inf", NODE_REAL, false}, {"-.Inf", NODE_REAL, false}, {"-.INF", NODE_REAL, false},
};

/* As resolveTable: what the first character lets expect. 'N' nothing, 'M' a word, 'D' a number. */
static char hint_of(const char *text, size_t len)
{
    if (len == 0)
        return 'M';
    char c = text[0];
    if ((c >= '0' && c <= '9') || c == '+' || c == '-')
        return 'D';
    if (c == '.')
        return '.';
    return strchr("yYnNtTfFoO~", c) && c ? 'M' : 'N';
}

static const struct word *word_of(const char *text, size_t len)
{
    if (len > 5)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *word = words[i].text;
        if (len == 0 ? !*word : *word == *text && strlen(word) == len && !memcmp(word, text, len))
            return &words[i];
    }
    return NULL;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

enum parsed { PARSED_NOT, PARSED_INT, PARSED_UINT, PARSED_OVER };

/* Passes the prefix of a base, as strconv does for base 0. */
static unsigned base_of(const char **s)
{
    if ((*s)[0] != '0' || !(*s)[1])
        return 10;
    char c = (*s)[1] | 0x20;
    *s += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
    return c == 'x' ? 16 : c == 'b' ? 2 : 8;
}

/* Digits to the end of the text. False where one is none of the base's. */
static bool read_digits(const char *s, unsigned base, uint64_t *value, bool *over)
{
    if (!*s)
        return false;
    for (; *s; s++) {
        int digit = digit_of(*s);
        if (digit >= (int)base)
            return false;
        *over = *over || __builtin_mul_overflow(*value, base, value) ||
                __builtin_add_overflow(*value, (uint64_t)digit, value);
    }
    return true;
}

/* strconv.ParseInt(s, 0, 64) and, where that overflows without a sign, ParseUint. */
static enum parsed parse_integer(const char *s, int64_t *out)
{
    bool negative = *s == '-', sign = negative || *s == '+', over = false;
    s += sign;
    const char *start = s;
    unsigned base = base_of(&s);
    if (base == 2 && !sign && start[1] == 'b' && (*s == '-' || *s == '+')) {
        sign = true; /* resolve.go's second look at 0b lets one through */
        negative = *s++ == '-';
    }
    uint64_t value = 0;
    if (!read_digits(s, base, &value, &over))
        return PARSED_NOT;
    if (over)
        return PARSED_OVER;
    if (value > (uint64_t)INT64_MAX + negative)
        return sign ? PARSED_OVER : PARSED_UINT;
    *out = (int64_t)(negative ? -value : value);
    return PARSED_INT;
}

/* yamlStyleFloat: ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$; *whole: digits alone. */
static bool float_style(const char *s, bool *whole)
{
    s += *s == '-' || *s == '+';
    size_t before = strspn(s, "0123456789");
    s += before;
    *whole = *s == '\0';
    if (*s == '.') {
        size_t after = strspn(s + 1, "0123456789");
        if (!before && !after)
            return false;
        s += 1 + after;
    } else if (!before) {
        return false;
    }
    if (*s == 'e' || *s == 'E') {
        s += 1 + (s[1] == '-' || s[1] == '+');
        size_t digits = strspn(s, "0123456789");
        if (!digits)
            return false;
        s += digits;
    }
    return *s == '\0';
}

void scalar_real(double value, struct scalar *out)
{
    out->fraction = true;
    /* beyond int64 it stays a real; -0.0 too, as Go writes it -0 */
    if (value == floor(value) && fabs(value) < 9223372036854775808.0 &&
        !(value == 0 && signbit(value))) {
        out->type = NODE_INT;
        out->integer = (int64_t)value;
        return;
    }
    out->type = NODE_REAL;
    out->real = value;
}

/* A text that begins like a number; without underscores in `s`. STRING where it is none. */
static const char *resolve_number(const char *s, struct scalar *out)
{
    int64_t integer;
    switch (parse_integer(s, &integer)) {
    case PARSED_INT:
        out->type = NODE_INT;
        out->integer = integer;
        return NULL;
    case PARSED_UINT:
        return too_big;
    default:
        break;
    }
    bool whole;
    if (!float_style(s, &whole))
        return NULL;
    double real = strtod(s, NULL);
    if (whole && fabs(real) >= 9223372036854775808.0)
        return too_big;
    if (!isinf(real)) /* ParseFloat's range error leaves a string */
        scalar_real(real, out);
    return NULL;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ParseFloat takes underscores between digits alone. */
static bool between_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '_' && !(i > 0 && digit(text[i - 1]) && digit(text[i + 1])))
            return false;
    }
    return true;
}

static const char *resolve_underscored(const char *text, size_t len, struct scalar *out)
{
    _free_ char *bare = xmalloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '_')
            bare[n++] = text[i];
    }
    bare[n] = '\0';
    return resolve_number(bare, out);
}

static const char *resolve_plain(const char *text, size_t len, struct scalar *out)
{
    out->type = NODE_STRING;
    char hint = hint_of(text, len);
    if (hint == 'N')
        return NULL;
    const struct word *word = word_of(text, len);
    if (word) {
        out->type = word->type;
        out->boolean = word->boolean;
        return word->type == NODE_REAL ? no_number : NULL;
    }
    if (hint == 'M' || memchr(text, '\0', len))
        return NULL;
    if (!memchr(text, '_', len))
        return resolve_number(text, out);
    if (hint == '.' && !between_digits(text, len))
        return NULL;
    return resolve_underscored(text, len, out);
}

static const char *resolve_binary(const char *text, size_t len, struct scalar *out)
{
    out->type = NODE_STRING;
    _free_ char *bare = xmalloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n' && text[i] != '\r')
            bare[n++] = text[i];
    }
    size_t size;
    _free_ char *data = (char *)hash_unbase64(bare, n, &size);
    if (!data)
        return "a !!binary value that is not base64: correct it";
    if (!text_utf8(data, size)) /* JSON has no bytes */
        return "a !!binary value that is no UTF-8 text: JSON cannot hold it, use binaryData";
    out->decoded = steal(data);
    out->decoded_len = size;
    return NULL;
}

/* What a tag of YAML's own asks for; NODE_STRING for all that Go leaves a string. */
static enum node_type wanted(const char *tag)
{
    static const struct {
        const char *tag;
        enum node_type type;
    } tags[] = {{"bool", NODE_BOOL}, {"int", NODE_INT}, {"float", NODE_REAL}, {"null", NODE_NULL}};
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        if (strcmp(tag, tags[i].tag) == 0)
            return tags[i].type;
    }
    return NODE_STRING;
}

static const char *resolve_tagged(enum node_type want, const char *text, size_t len,
                                  struct scalar *out)
{
    const char *wrong = resolve_plain(text, len, out);
    if (wrong)
        return wrong;
    if (want == NODE_REAL && out->type == NODE_INT) { /* `!!float 3` is taken */
        scalar_real((double)out->integer, out);
        return NULL;
    }
    /* `!!int 1.0` is refused by Go, which knows 1.0 as a float */
    if (out->type != want || (want == NODE_INT && out->fraction))
        return wrong_tag;
    return NULL;
}

const char *scalar_resolve(const char *tag, bool plain, const char *text, size_t len,
                           struct scalar *out)
{
    out->type = NODE_STRING;
    out->decoded = NULL;
    out->fraction = false;
    if (!tag)
        return plain ? resolve_plain(text, len, out) : NULL;
    if (strncmp(tag, TAG_PREFIX, sizeof(TAG_PREFIX) - 1) != 0)
        return NULL; /* "!" and tags of other people: the text */
    tag += sizeof(TAG_PREFIX) - 1;
    if (strcmp(tag, "binary") == 0)
        return resolve_binary(text, len, out);
    enum node_type want = wanted(tag);
    return want == NODE_STRING ? NULL : resolve_tagged(want, text, len, out);
}

/* strconv.FormatFloat(value, 'g', -1, 32): the fewest digits that a float32 needs. */
static size_t real_name(double value, char out[SCALAR_NAME_BYTES])
{
    float narrow = (float)value;
    if (isinf(narrow))
        return (size_t)snprintf(out, SCALAR_NAME_BYTES, "%s.inf", narrow < 0 ? "-" : "");
    char text[SCALAR_NAME_BYTES];
    int digits = 1;
    for (; digits < 9; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, (double)narrow);
        if (strtof(text, NULL) == narrow)
            break;
    }
    snprintf(text, sizeof(text), "%.*e", digits - 1, (double)narrow);
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= 6)
        return (size_t)snprintf(out, SCALAR_NAME_BYTES, "%s", text);
    int decimals = digits - 1 - exponent;
    return (size_t)snprintf(out, SCALAR_NAME_BYTES, "%.*f", decimals > 0 ? decimals : 0,
                            (double)narrow);
}

size_t scalar_name(const struct scalar *key, char out[SCALAR_NAME_BYTES])
{
    if (key->type == NODE_BOOL)
        return (size_t)snprintf(out, SCALAR_NAME_BYTES, "%s", key->boolean ? "true" : "false");
    if (key->type == NODE_INT && !key->fraction)
        return (size_t)snprintf(out, SCALAR_NAME_BYTES, "%lld", (long long)key->integer);
    return real_name(key->type == NODE_INT ? (double)key->integer : key->real, out);
}
