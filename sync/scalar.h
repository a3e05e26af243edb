/*
 * What a YAML scalar means by Kubernetes' rules: YAML 1.1 as Go's yaml v2 reads it (resolve.go,
 * strconv.ParseInt with base 0), and the names it gives to keys that are no strings
 * (sigs.k8s.io/yaml, convertToJSONableObject).
 */
#ifndef HOLDFAST_SYNC_SCALAR_H
#define HOLDFAST_SYNC_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/node.h"

struct scalar {
    enum node_type type; /* STRING: the text itself, or `decoded` */
    union {
        bool boolean;
        int64_t integer;
        double real;
    };
    bool fraction; /* Go holds it as float64, also where it is integral: it shows in a key's name */
    char *decoded; /* of !!binary: owned by the caller, else NULL */
    size_t decoded_len;
};

/*
 * Resolves a scalar. `tag` is as libyaml gives it, NULL for none; `plain` says that it is neither
 * quoted nor a block. NULL, or what is wrong and what to do (a static text without the value):
 * integers outside int64 (Go keeps uint64 and rounds beyond; we lose no digit), .inf and .nan (no
 * JSON), a value that is not what its tag says.
 */
const char *scalar_resolve(const char *tag, bool plain, const char *text, size_t len,
                           struct scalar *out);

/* A finite real as a value: an integer where it is integral and fits (Go writes 1.0 as 1). */
void scalar_real(double value, struct scalar *out);

/*
 * The member name that a resolved key of type BOOL, INT or REAL becomes: "true", "10", "1.5". `out`
 * holds it with a NUL. Returns its length.
 */
#define SCALAR_NAME_BYTES 40
size_t scalar_name(const struct scalar *key, char out[SCALAR_NAME_BYTES]);

#endif
