#include "sync/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#define COMPARED_BYTES 64U   /* of each name */
#define COMPARED_NAMES 5000U /* beyond it the rest is not looked at */

/* Levenshtein's distance of the first COMPARED_BYTES bytes. */
static unsigned distance(const char *a, const char *b)
{
    size_t na = strnlen(a, COMPARED_BYTES), nb = strnlen(b, COMPARED_BYTES);
    unsigned row[COMPARED_BYTES + 1];
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[nb];
}

struct near {
    const char *name;
    unsigned distance;
};

static int near_order(const void *a, const void *b)
{
    const struct near *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return strcmp(x->name, y->name);
}

void nearest_list(struct buf *out, const char *name, const char *const *names, size_t count,
                  size_t max)
{
    if (!count) {
        buf_add_str(out, "none");
        return;
    }
    if (count > COMPARED_NAMES)
        count = COMPARED_NAMES;
    _free_ struct near *near = xcalloc(count, sizeof(*near));
    for (size_t i = 0; i < count; i++)
        near[i] = (struct near){names[i], distance(name, names[i])};
    qsort(near, count, sizeof(*near), near_order);
    for (size_t i = 0; i < count && i < max; i++) {
        if (i)
            buf_add_str(out, ", ");
        buf_add_str(out, near[i].name);
    }
}
