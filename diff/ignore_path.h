/*
 * The field of an ignore rule: SPEC 1's notation with `*` for one step, or a JSON pointer
 * (RFC 6901). Pure; strict: what could mean something else is refused, not guessed.
 *
 * spec.template.spec.containers[name=main].env[*]   metadata.annotations["a.b/c"]   spec.*.replicas
 * /spec/template/spec/containers/0/image            /metadata/annotations/a.b~1c
 */
#ifndef HOLDFAST_DIFF_IGNORE_PATH_H
#define HOLDFAST_DIFF_IGNORE_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum ignore_step_type {
    IGNORE_MEMBER, /* .name, ["name"] */
    IGNORE_ANY,    /* * */
    IGNORE_KEYS,   /* [k=v,...]: keys that are left out, and `*` for a value, match anything */
    IGNORE_VALUE,  /* [="x"] */
    IGNORE_INDEX,  /* [2] */
    IGNORE_TOKEN,  /* a pointer's digits: an index in a list, a name in a map */
};

struct ignore_step {
    enum ignore_step_type type;
    char *name;    /* MEMBER, TOKEN */
    json_t *value; /* KEYS: {key: [value, written bare?]} or {key: null} for `*`; VALUE */
    size_t index;  /* INDEX, TOKEN */
};

struct ignore_path {
    struct ignore_step *steps;
    size_t count, cap;
};

/*
 * NULL, or what is wrong with the notation, as a static text for a message; *out is then empty.
 * Free with ignore_path_free.
 */
const char *ignore_path_parse(const char *text, struct ignore_path *out);
void ignore_path_free(struct ignore_path *path);

/* The fault alone: NULL where the notation is right. */
const char *ignore_path_check(const char *text);

#endif
