#include "diff/notation.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

struct unit_scale {
    const char *suffix;
    long double factor;
};

static const struct unit_scale quantities[] = {
    {"", 1},        {"n", 1e-9L},   {"u", 1e-6L},   {"m", 1e-3L},   {"k", 1e3L},    {"M", 1e6L},
    {"G", 1e9L},    {"T", 1e12L},   {"P", 1e15L},   {"E", 1e18L},   {"Ki", 0x1p10}, {"Mi", 0x1p20},
    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

static const struct unit_scale durations[] = {
    {"ns", 1e-9L}, {"us", 1e-6L}, {"ms", 1e-3L}, {"s", 1}, {"m", 60}, {"h", 3600},
};

static bool quantity(const json_t *v, long double *out)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return true;
    }
    /* a real by its digits: 0.1 is nearer to "100m" than the binary number is */
    _free_ char *digits = json_is_real(v) ? json_text(v, 0) : NULL;
    const char *s = digits ? digits : json_string_value(v);
    if (!s || !*s || isspace((unsigned char)*s) || s[strcspn(s, "xX")] || strchr("nN", *s))
        return false;
    char *end;
    long double n = strtold(s, &end);
    if (end == s || !isfinite(n))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(quantities); i++) {
        if (!strcmp(end, quantities[i].suffix)) {
            *out = n * quantities[i].factor;
            return true;
        }
    }
    return false;
}

static bool duration(const json_t *v, long double *out)
{
    const char *s = json_string_value(v);
    if (!s || !*s)
        return false;
    *out = 0;
    while (*s) {
        char *end;
        long double n = strtold(s, &end);
        size_t len = strspn(end, "nsumh"), i = 0;
        if (end == s || !isdigit((unsigned char)*s))
            return false;
        while (i < ARRAY_LEN(durations) &&
               (strlen(durations[i].suffix) != len || strncmp(durations[i].suffix, end, len) != 0))
            i++;
        if (i == ARRAY_LEN(durations))
            return false;
        *out += n * durations[i].factor;
        s = end + len;
    }
    return true;
}

/* A quantity that a server wrote has no fraction: "1.1" is a text there. */
static bool canonical(const json_t *v)
{
    return !json_is_string(v) || !strchr(json_string_value(v), '.');
}

/* Integers of 64 bits are told apart; decimal fractions may differ in their last binary digit. */
static bool close_enough(long double a, long double b)
{
    return a == b || fabsl(a - b) <= 1e-18L * fmaxl(fabsl(a), fabsl(b));
}

static bool is_zero(const json_t *v)
{
    return json_is_false(v) || (json_is_number(v) && json_number_value(v) == 0) ||
           (json_is_string(v) && json_string_length(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0) ||
           (json_is_array(v) && json_array_size(v) == 0);
}

bool notation_is_text(const struct path *path)
{
    if (!path || !path->up || path->type != STEP_MEMBER)
        return false;
    if (path_each_key(path->up))
        return true;
    return !strcmp(path->name, "value") && path->up->type == STEP_KEYS &&
           json_object_get(path->up->value, "name");
}

bool notation_same(const json_t *declared, const json_t *live)
{
    long double a, b;
    if (!live)
        return is_zero(declared);
    if (json_is_object(declared) && json_is_object(live)) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)declared, key, value)
        {
            if (!notation_same(value, json_object_get(live, key)))
                return false;
        }
        return true;
    }
    if (json_is_array(declared) && json_is_array(live)) {
        size_t n = json_array_size(declared);
        if (n != json_array_size(live))
            return false;
        for (size_t i = 0; i < n; i++) {
            const json_t *a_value = json_array_get(declared, i), *b_value = json_array_get(live, i);
            /* lists of texts (args) hold no quantities */
            bool texts = json_is_string(a_value) && json_is_string(b_value);
            if (texts ? !json_same(a_value, b_value) : !notation_same(a_value, b_value))
                return false;
        }
        return true;
    }
    if (json_same(declared, live))
        return true;
    if (quantity(declared, &a) && quantity(live, &b))
        return canonical(live) && close_enough(a, b);
    return duration(declared, &a) && duration(live, &b) && close_enough(a, b);
}
