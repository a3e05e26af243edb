/*
 * Skips over a JSON container at the speed of memory: 64 bytes at a time become bit masks of
 * quotes, backslashes and brackets (as simdjson does it), and only a block in which the container
 * may end is looked at bit by bit. The state carries over, so the bytes may arrive cut anywhere.
 */
#ifndef HOLDFAST_KUBERNETES_SKIP_H
#define HOLDFAST_KUBERNETES_SKIP_H

#include <stdbool.h>
#include <stddef.h>

struct skip {
    size_t depth;   /* containers that are open */
    bool in_string; /* the next byte is inside a string */
    bool escape;    /* the next byte is escaped */
};

/*
 * Goes on until depth is 0 outside a string: answers how many bytes were taken, and s->depth is 0
 * then; or `len` when the end is not among them. Begin with {0} at the opening bracket or at the
 * opening quote (a string ends at its quote).
 */
size_t skip_run(struct skip *s, const char *data, size_t len);

#endif
