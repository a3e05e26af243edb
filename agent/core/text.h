/* Texts that may be NULL. */
#ifndef HOLDFAST_CORE_TEXT_H
#define HOLDFAST_CORE_TEXT_H

#include <stdbool.h>
#include <string.h>

/* Equal, or both NULL. */
static inline bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

#endif
