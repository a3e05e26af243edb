/* What the tests of the pure parts share: JSON with single quotes, paths as short texts. */
#ifndef HOLDFAST_TESTS_TREES_H
#define HOLDFAST_TESTS_TREES_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "providers/kubernetes/extra.h"

/* A JSON text in which ' stands for ", owned. */
static _unused_ char *quoted(const char *text)
{
    char *copy = xstrdup(text);
    for (char *s = copy; (s = strchr(s, '\'')); s++)
        *s = '"';
    return copy;
}

/* The same, parsed; NULL for NULL. */
static _unused_ json_t *tree(const char *text)
{
    if (!text)
        return NULL;
    _free_ char *json = quoted(text);
    json_t *v = json_parse(json, strlen(json), "test", NULL);
    if (!v)
        fail_msg("not JSON: %s", text);
    return v;
}

/*
 * A path from its steps, each ended by " | " or the end: "spec | ports | {'port':80} | #2 | ='x'".
 * Empty for the root.
 */
static _unused_ struct kept_path steps(const char *text)
{
    struct path chain[32];
    size_t n = 0;
    for (bool more = *text; more;) {
        const char *end = strstr(text, " | ");
        size_t len = end ? (size_t)(end - text) : strlen(text);
        char *word = xstrndup(text, len);
        assert_true(n < ARRAY_LEN(chain));
        struct path *p = &chain[n];
        *p = (struct path){.up = n ? &chain[n - 1] : NULL};
        n++;
        if (*word == '{') {
            p->type = STEP_KEYS;
            p->value = tree(word);
        } else if (*word == '=') {
            p->type = STEP_VALUE;
            p->value = tree(word + 1);
        } else if (*word == '#') {
            p->type = STEP_INDEX;
            p->index = strtoul(word + 1, NULL, 10);
        } else {
            p->name = steal(word);
        }
        free(word);
        more = end;
        text += len + (end ? 3 : 0);
    }
    struct kept_path out;
    kept_path_init(&out, n ? &chain[n - 1] : NULL);
    for (size_t i = 0; i < n; i++) {
        free((char *)chain[i].name);
        json_decref((json_t *)chain[i].value);
    }
    return out;
}

#define _kept_ __attribute__((cleanup(kept_path_free)))

#endif
