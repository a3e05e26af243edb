#include "diff/notation.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

struct unit_scale {
    const char *suffix;
    double factor;
};

static const struct unit_scale quantities[] = {
    {"", 1},       {"n", 1e-9},    {"u", 1e-6},   {"m", 1e-3},   {"k", 1e3},
    {"M", 1e6},    {"G", 1e9},     {"T", 1e12},   {"P", 1e15},   {"E", 1e18},
    {"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

static const struct unit_scale durations[] = {
    {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600},
};

static bool quantity(const json_t *v, double *out)
{
    if (json_is_number(v)) {
        *out = json_number_value(v);
        return true;
    }
    const char *s = json_string_value(v);
    if (!s || !*s || isspace((unsigned char)*s) || strpbrk(s, "xXnN") == s)
        return false;
    char *end;
    double n = strtod(s, &end);
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

static bool duration(const json_t *v, double *out)
{
    const char *s = json_string_value(v);
    if (!s || !*s)
        return false;
    *out = 0;
    while (*s) {
        char *end;
        double n = strtod(s, &end);
        size_t len = strspn(end, "nsumh"), i = 0;
        if (end == s || !isdigit((unsigned char)*s))
            return false;
        while (i < ARRAY_LEN(durations) && (strlen(durations[i].suffix) != len ||
                                            strncmp(durations[i].suffix, end, len) != 0))
            i++;
        if (i == ARRAY_LEN(durations))
            return false;
        *out += n * durations[i].factor;
        s = end + len;
    }
    return true;
}

static bool close_enough(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static bool is_zero(const json_t *v)
{
    return json_is_false(v) || (json_is_number(v) && json_number_value(v) == 0) ||
           (json_is_string(v) && json_string_length(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0) ||
           (json_is_array(v) && json_array_size(v) == 0);
}

bool notation_same(const json_t *declared, const json_t *live)
{
    double a, b;
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
            if (!notation_same(json_array_get(declared, i), json_array_get(live, i)))
                return false;
        }
        return true;
    }
    if (json_same(declared, live))
        return true;
    if (quantity(declared, &a) && quantity(live, &b))
        return close_enough(a, b);
    return duration(declared, &a) && duration(live, &b) && close_enough(a, b);
}
