#include "diff/path.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"

static bool plain_name(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++) {
        if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
            return false;
    }
    return true;
}

/* As it is, where nothing in it could be taken for the notation; control characters never. */
static bool plain_value(const json_t *v)
{
    const char *s = json_string_value(v);
    if (!s || !*s || strpbrk(s, ",]=\"\\") || strlen(s) != json_string_length(v))
        return false;
    for (; *s; s++) {
        if (iscntrl((unsigned char)*s))
            return false;
    }
    return true;
}

static void write_key_value(struct buf *b, const json_t *v)
{
    if (plain_value(v))
        buf_add_str(b, json_string_value(v));
    else
        json_write(b, v, 0);
}

static void write_step(struct buf *b, const struct path *p)
{
    switch (p->type) {
    case STEP_MEMBER:
        if (plain_name(p->name)) {
            if (b->len)
                buf_add_char(b, '.');
            buf_add_str(b, p->name);
        } else {
            buf_add_char(b, '[');
            json_write_string(b, p->name, strlen(p->name));
            buf_add_char(b, ']');
        }
        break;
    case STEP_KEYS: {
        const char *key, *sep = "[";
        json_t *v;
        json_object_foreach((json_t *)p->value, key, v)
        {
            buf_add_str(b, sep);
            buf_add_str(b, key);
            buf_add_char(b, '=');
            write_key_value(b, v);
            sep = ",";
        }
        buf_add_char(b, ']');
        break;
    }
    case STEP_VALUE:
        buf_add_str(b, "[=");
        json_write(b, p->value, 0);
        buf_add_char(b, ']');
        break;
    case STEP_INDEX:
        buf_addf(b, "[%zu]", p->index);
        break;
    }
}

static void write_path(struct buf *b, const struct path *p)
{
    if (!p)
        return;
    write_path(b, p->up);
    write_step(b, p);
}

char *path_text(const struct path *path)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    write_path(&b, path);
    return buf_take(&b);
}

size_t path_depth(const struct path *path)
{
    size_t n = 0;
    for (; path; path = path->up)
        n++;
    return n;
}

bool path_is(const struct path *path, ...)
{
    const char *names[16];
    size_t n = 0;
    va_list ap;
    va_start(ap, path);
    while (n < ARRAY_LEN(names) && (names[n] = va_arg(ap, const char *)))
        n++;
    va_end(ap);
    if (path_depth(path) != n)
        return false;
    for (; path; path = path->up) {
        if (path->type != STEP_MEMBER || strcmp(path->name, names[--n]) != 0)
            return false;
    }
    return true;
}

bool path_each_key(const struct path *path)
{
    if (!path || path->type != STEP_MEMBER)
        return false;
    if (!path->up)
        return !strcmp(path->name, "data") || !strcmp(path->name, "stringData") ||
               !strcmp(path->name, "binaryData");
    return path->up->type == STEP_MEMBER && !strcmp(path->up->name, "metadata") &&
           (!strcmp(path->name, "labels") || !strcmp(path->name, "annotations"));
}

bool path_keys_match(const json_t *element, const json_t *keys)
{
    const char *key;
    json_t *want;
    if (!json_is_object(element))
        return false;
    json_object_foreach((json_t *)keys, key, want)
    {
        const json_t *have = json_object_get(element, key);
        if (have && !json_same(have, want))
            return false;
    }
    return true;
}

/* How many of these keys `element` has, whatever their values. */
static size_t keys_present(const json_t *element, const json_t *keys)
{
    const char *key;
    json_t *unused;
    size_t n = 0;
    json_object_foreach((json_t *)keys, key, unused) n += json_object_get(element, key) != NULL;
    return n;
}

bool path_keys_present(const json_t *element, const json_t *keys)
{
    return keys_present(element, keys) == json_object_size(keys);
}

json_t *path_element(const json_t *list, const json_t *keys, size_t *index)
{
    size_t i, found = SIZE_MAX, most = 0;
    json_t *element;
    json_array_foreach((json_t *)list, i, element)
    {
        if (!path_keys_match(element, keys))
            continue;
        size_t n = keys_present(element, keys);
        if (found == SIZE_MAX || n > most) {
            found = i;
            most = n;
        }
        if (n == json_object_size(keys))
            break;
    }
    if (found == SIZE_MAX)
        return NULL;
    if (index)
        *index = found;
    return json_array_get(list, found);
}

json_t *path_member(const json_t *list, const json_t *value, size_t *index)
{
    size_t i;
    json_t *element;
    json_array_foreach((json_t *)list, i, element)
    {
        if (json_same(element, value)) {
            if (index)
                *index = i;
            return element;
        }
    }
    return NULL;
}

json_t *path_step(const json_t *parent, const struct path *step)
{
    switch (step->type) {
    case STEP_MEMBER:
        return json_object_get(parent, step->name);
    case STEP_KEYS:
        return path_element(parent, step->value, NULL);
    case STEP_VALUE:
        return path_member(parent, step->value, NULL);
    default:
        return json_array_get(parent, step->index);
    }
}

json_t *path_find(const json_t *root, const struct path *path)
{
    if (!path)
        return (json_t *)root;
    const json_t *parent = path_find(root, path->up);
    return parent ? path_step(parent, path) : NULL;
}

json_t *path_nearest(const json_t *root, const struct path *path)
{
    if (!path)
        return (json_t *)root;
    json_t *here = path_find(root, path);
    return here ? here : path_nearest(root, path->up);
}
