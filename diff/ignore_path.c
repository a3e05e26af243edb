#include "diff/ignore_path.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"

static const char no_step[] = "a step is empty: write a field as spec.replicas";
static const char in_brackets[] =
    "inside [ ] belongs \"a name\" in quotes, a number, *, key=value, or =\"value\"";

static struct ignore_step *add(struct ignore_path *path, enum ignore_step_type type)
{
    path->steps = xgrow(path->steps, &path->cap, path->count + 1, sizeof(*path->steps));
    struct ignore_step *step = &path->steps[path->count++];
    *step = (struct ignore_step){.type = type};
    return step;
}

static bool is_index(const char *s, size_t len)
{
    /* no leading zeros (RFC 6901), and no overflow */
    if (!len || len > 9 || (len > 1 && s[0] == '0'))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)s[i]))
            return false;
    }
    return true;
}

/* ---- JSON pointers ---- */

/* One token between slashes; NULL with *fault. */
static char *unescape(const char *s, size_t len, const char **fault)
{
    char *out = xmalloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '~' && (i + 1 == len || (s[i + 1] != '0' && s[i + 1] != '1'))) {
            *fault = "in a JSON pointer \"~\" is written ~0, and \"/\" inside a name ~1";
            free(out);
            return NULL;
        }
        out[n++] = s[i] != '~' ? s[i] : s[++i] == '0' ? '~' : '/';
    }
    out[n] = '\0';
    return out;
}

static const char *parse_pointer(const char *s, struct ignore_path *out)
{
    const char *fault = NULL;
    while (*s == '/') {
        size_t len = strcspn(++s, "/");
        if (!len)
            return "a JSON pointer with an empty step: write a field as /spec/replicas";
        if (len == 1 && *s == '*') {
            add(out, IGNORE_ANY);
            s += len;
            continue;
        }
        char *name = unescape(s, len, &fault);
        if (!name)
            return fault;
        bool number = is_index(s, len);
        struct ignore_step *step = add(out, number ? IGNORE_TOKEN : IGNORE_MEMBER);
        step->name = name;
        step->index = number ? strtoul(name, NULL, 10) : 0;
        s += len;
    }
    return NULL;
}

/* ---- SPEC 1 ---- */

/* The JSON string at *s, which moves past it; NULL where there is none. */
static json_t *take_string(const char **s)
{
    const char *end = *s + 1;
    while (*end && *end != '"')
        end += end[0] == '\\' && end[1] ? 2 : 1;
    if (!*end)
        return NULL;
    end++;
    json_t *string = json_parse(*s, (size_t)(end - *s), "name", NULL);
    *s = end;
    if (string && strlen(json_string_value(string)) == json_string_length(string))
        return string;
    json_decref(string);
    return NULL;
}

/* key=value,key=value up to "]", which stays. */
static const char *take_keys(const char **s, struct ignore_path *out)
{
    json_t *keys = json_object();
    add(out, IGNORE_KEYS)->value = keys;
    for (;;) {
        size_t len = strcspn(*s, "=,]\"[");
        if (!len || (*s)[len] != '=')
            return in_brackets;
        _free_ char *key = xstrndup(*s, len);
        *s += len + 1;
        json_t *pair = json_array();
        if (**s == '"') {
            json_t *string = take_string(s);
            if (string)
                json_push(pair, string);
            json_push(pair, json_false());
        } else {
            len = strcspn(*s, ",]\"[");
            if (len)
                json_push(pair, json_stringn(*s, len));
            json_push(pair, json_true());
            if (len == 1 && **s == '*') {
                json_decref(pair);
                pair = json_null();
            }
            *s += len;
        }
        bool good = (json_is_null(pair) || json_array_size(pair) == 2) &&
                    !json_object_get(keys, key) && (**s == ',' || **s == ']');
        json_put(keys, key, pair);
        if (!good)
            return in_brackets;
        if (**s == ']')
            return NULL;
        (*s)++;
    }
}

/* ="x" or =5 up to "]", which stays. */
static const char *take_value(const char **s, struct ignore_path *out)
{
    (*s)++;
    json_t *value = NULL;
    if (**s == '"') {
        value = take_string(s);
    } else {
        size_t len = strcspn(*s, "]");
        value = json_parse(*s, len, "value", NULL);
        *s += len;
    }
    if (!value)
        return in_brackets;
    add(out, IGNORE_VALUE)->value = value;
    return NULL;
}

static const char *take_bracket(const char **s, struct ignore_path *out)
{
    const char *fault = NULL;
    (*s)++;
    size_t digits = strspn(*s, "0123456789");
    if (**s == '"') {
        json_auto_t *name = take_string(s);
        if (!name)
            return in_brackets;
        add(out, IGNORE_MEMBER)->name = xstrdup(json_string_value(name));
    } else if (**s == '*' && (*s)[1] == ']') {
        add(out, IGNORE_ANY);
        (*s)++;
    } else if (digits && (*s)[digits] == ']') {
        if (!is_index(*s, digits))
            return in_brackets;
        add(out, IGNORE_INDEX)->index = strtoul(*s, NULL, 10);
        *s += digits;
    } else if (**s == '=') {
        fault = take_value(s, out);
    } else {
        fault = take_keys(s, out);
    }
    if (fault)
        return fault;
    if (**s != ']')
        return in_brackets;
    (*s)++;
    return NULL;
}

static const char *take_name(const char **s, struct ignore_path *out)
{
    const char *p = *s;
    while (isalnum((unsigned char)*p) || *p == '_' || *p == '-')
        p++;
    if (p == *s && *p == '*')
        p++;
    if (p == *s && (!*p || *p == '.' || *p == '['))
        return no_step;
    if (*p && *p != '.' && *p != '[')
        return "a name with other characters than letters, digits, \"_\" and \"-\" is written "
               "[\"a.b/c\"], and * stands for a whole step";
    if (**s == '*')
        add(out, IGNORE_ANY);
    else
        add(out, IGNORE_MEMBER)->name = xstrndup(*s, (size_t)(p - *s));
    *s = p;
    return NULL;
}

static const char *parse_dotted(const char *s, struct ignore_path *out)
{
    bool begin = true;
    while (*s) {
        const char *fault;
        if (*s == '[') {
            fault = take_bracket(&s, out);
        } else {
            /* other tools' paths begin with a dot */
            if (*s == '.')
                s++;
            else if (!begin)
                return in_brackets;
            fault = take_name(&s, out);
        }
        if (fault)
            return fault;
        begin = false;
    }
    return NULL;
}

const char *ignore_path_parse(const char *text, struct ignore_path *out)
{
    *out = (struct ignore_path){0};
    const char *fault = NULL;
    if (strlen(text) > LIMIT_IGNORE_BYTES)
        fault = "a field of more bytes than any has";
    else if (!*text)
        fault = no_step;
    else
        fault = *text == '/' ? parse_pointer(text, out) : parse_dotted(text, out);
    if (fault)
        ignore_path_free(out);
    return fault;
}

void ignore_path_free(struct ignore_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        free(path->steps[i].name);
        json_decref(path->steps[i].value);
    }
    free(path->steps);
    *path = (struct ignore_path){0};
}

const char *ignore_path_check(const char *text)
{
    struct ignore_path path;
    const char *fault = ignore_path_parse(text, &path);
    ignore_path_free(&path);
    return fault;
}
