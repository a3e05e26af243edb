#include "diff/notation.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

/* A decimal number, exactly: mantissa times ten to the power of `exponent`. */
struct decimal {
    bool negative;
    unsigned __int128 mantissa;
    int exponent;
};

#define MANTISSA_MAX ((~(unsigned __int128)0) >> 64) /* so that any factor below fits beside it */

/* A suffix stands for factor times ten to the power of `exponent`. */
struct suffix {
    const char *text;
    uint64_t factor;
    int exponent;
};

static const struct suffix quantities[] = {
    {"", 1, 0},
    {"n", 1, -9},
    {"u", 1, -6},
    {"m", 1, -3},
    {"k", 1, 3},
    {"M", 1, 6},
    {"G", 1, 9},
    {"T", 1, 12},
    {"P", 1, 15},
    {"E", 1, 18},
    {"Ki", 1ULL << 10, 0},
    {"Mi", 1ULL << 20, 0},
    {"Gi", 1ULL << 30, 0},
    {"Ti", 1ULL << 40, 0},
    {"Pi", 1ULL << 50, 0},
    {"Ei", 1ULL << 60, 0},
};

static const struct suffix durations[] = {
    {"ns", 1, -9}, {"us", 1, -6}, {"ms", 1, -3}, {"s", 1, 0}, {"m", 60, 0}, {"h", 3600, 0},
};

/* Reads "12", "1.5", ".5", "1." up to what no longer belongs to it; NULL where there is no digit.
 */
static const char *read_digits(const char *s, struct decimal *out)
{
    bool any = false, point = false;
    for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        any = true;
        out->mantissa = out->mantissa * 10 + (unsigned)(*s - '0');
        out->exponent -= point;
        if (out->mantissa > MANTISSA_MAX)
            return NULL; /* longer than any server keeps it */
    }
    return any ? s : NULL;
}

/* The suffix with exactly this text. */
static bool scale(struct decimal *d, const struct suffix *table, size_t n, const char *text,
                  size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(table[i].text) == len && !strncmp(table[i].text, text, len)) {
            d->mantissa *= table[i].factor;
            d->exponent += table[i].exponent;
            return true;
        }
    }
    return false;
}

/* "e3", "E-3" at the end of a number. */
static bool read_exponent(const char *s, struct decimal *out)
{
    if (*s != 'e' && *s != 'E')
        return false;
    const char *digits = s + 1 + (s[1] == '+' || s[1] == '-');
    size_t n = strspn(digits, "0123456789");
    if (!n || n > 3 || digits[n])
        return false;
    out->exponent += atoi(s + 1);
    return true;
}

static bool quantity(const json_t *v, struct decimal *out)
{
    _free_ char *number = json_is_number(v) ? json_text(v, 0) : NULL;
    const char *s = number ? number : json_string_value(v);
    *out = (struct decimal){0};
    if (!s)
        return false;
    out->negative = *s == '-';
    s = read_digits(s + (*s == '-' || *s == '+'), out);
    return s &&
           (scale(out, quantities, ARRAY_LEN(quantities), s, strlen(s)) || read_exponent(s, out));
}

/* Brings both to one exponent where that can be done; ten to the power of 30 is enough apart. */
static bool lower_to(struct decimal *d, int exponent)
{
    for (; d->exponent > exponent; d->exponent--) {
        if (d->mantissa > (~(unsigned __int128)0) / 10)
            return false;
        d->mantissa *= 10;
    }
    return true;
}

static bool same_value(struct decimal a, struct decimal b)
{
    if (!a.mantissa || !b.mantissa)
        return a.mantissa == b.mantissa;
    int least = a.exponent < b.exponent ? a.exponent : b.exponent;
    return a.negative == b.negative && lower_to(&a, least) && lower_to(&b, least) &&
           a.mantissa == b.mantissa;
}

/* In nanoseconds, as Go keeps it. */
static bool duration(const json_t *v, struct decimal *out)
{
    const char *s = json_string_value(v);
    *out = (struct decimal){.exponent = -9};
    if (!s || !*s)
        return false;
    while (*s) {
        struct decimal part = {0};
        const char *unit = isdigit((unsigned char)*s) ? read_digits(s, &part) : NULL;
        size_t len = unit ? strspn(unit, "nsumh") : 0;
        if (!len || !scale(&part, durations, ARRAY_LEN(durations), unit, len))
            return false;
        for (; part.exponent < -9; part.exponent++)
            part.mantissa /= 10;
        if (!lower_to(&part, -9) || part.mantissa > MANTISSA_MAX)
            return false;
        out->mantissa += part.mantissa;
        s = unit + len;
    }
    return true;
}

/* A quantity that a server wrote has no fraction: "1.1" is a text there. */
static bool canonical(const json_t *v)
{
    return !json_is_string(v) || !strchr(json_string_value(v), '.');
}

static bool is_zero(const json_t *v)
{
    return json_is_false(v) || (json_is_number(v) && json_number_value(v) == 0) ||
           (json_is_string(v) && json_string_length(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0) ||
           (json_is_array(v) && json_array_size(v) == 0);
}

/* A label, a key of `data`: a text in every kind, and an empty one is not the same as none. */
static bool is_key(const struct path *path)
{
    return path && path->up && path->type == STEP_MEMBER && path_each_key(path->up);
}

/* The value of a variable: a text, too. */
static bool is_variable(const struct path *path)
{
    return path && path->up && path->type == STEP_MEMBER && !strcmp(path->name, "value") &&
           path->up->type == STEP_KEYS && json_object_get(path->up->value, "name");
}

static bool same(const json_t *declared, const json_t *live, bool zeros);

/*
 * Whatever selects by labels has no defaults, and one member more selects other things. Other
 * atomic maps get defaults (fieldRef its apiVersion).
 */
static bool selects(const char *name)
{
    size_t len = strlen(name);
    return !strcmp(name, "matchLabels") || !strcmp(name, "selector") ||
           (len > 8 && !strcmp(name + len - 8, "Selector"));
}

static bool same_named(const char *name, const json_t *declared, const json_t *live, bool zeros)
{
    if (selects(name) && json_object_size(live) > json_object_size(declared))
        return false;
    return same(declared, live, zeros);
}

static bool same_members(const json_t *declared, const json_t *live, bool zeros)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)declared, key, value)
    {
        if (!same_named(key, value, json_object_get(live, key), zeros))
            return false;
    }
    return true;
}

static bool same_elements(const json_t *declared, const json_t *live, bool zeros)
{
    size_t n = json_array_size(declared);
    if (n != json_array_size(live))
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *a = json_array_get(declared, i), *b = json_array_get(live, i);
        /* lists of texts (args) hold no quantities */
        bool texts = json_is_string(a) && json_is_string(b);
        if (texts ? !json_same(a, b) : !same(a, b, zeros))
            return false;
    }
    return true;
}

/* `zeros`: they are not always written. */
static bool same(const json_t *declared, const json_t *live, bool zeros)
{
    struct decimal a, b;
    if (!live)
        return zeros && is_zero(declared);
    if (json_is_object(declared) && json_is_object(live))
        return same_members(declared, live, zeros);
    if (json_is_array(declared) && json_is_array(live))
        return same_elements(declared, live, zeros);
    if (json_same(declared, live))
        return true;
    if (quantity(declared, &a) && quantity(live, &b))
        return canonical(live) && same_value(a, b);
    return duration(declared, &a) && duration(live, &b) && same_value(a, b);
}

bool notation_same(const json_t *declared, const json_t *live)
{
    return same(declared, live, true);
}

bool notation_same_at(const struct path *path, const json_t *declared, const json_t *live,
                      bool zeros)
{
    if (is_key(path) || (is_variable(path) && live))
        return false;
    if (path && path->type == STEP_MEMBER)
        return same_named(path->name, declared, live, zeros);
    return same(declared, live, zeros);
}
