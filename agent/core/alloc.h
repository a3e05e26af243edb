/*
 * Memory: allocation failure aborts in one place (the Pod restarts and Git still holds the truth).
 * Sizes that input chooses do not come here unchecked: they go through `struct buf`, which has a
 * maximum, or through a cap of limits.h.
 */
#ifndef HOLDFAST_CORE_ALLOC_H
#define HOLDFAST_CORE_ALLOC_H

#include <stddef.h>
#include <stdarg.h>
#include <stdlib.h>

/* What is said before the abort, on standard error. */
#define ALLOC_FAILED "out of memory"

/* As malloc, calloc, realloc, strdup and asprintf, but never return NULL. Free with free(). */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0), returns_nonnull));

/* Grows an array of `*cap` elements of `size` bytes so that `want` fit, doubling. */
void *xgrow(void *array, size_t *cap, size_t want, size_t size);

/* strdup that keeps NULL. */
static inline char *xstrdup_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

/* Cleanup attributes for locals: `_free_ char *s = NULL;`. */
static inline void cleanup_free_(void *p)
{
    free(*(void **)p);
}
void cleanup_close_(int *fd);

#define _free_  __attribute__((cleanup(cleanup_free_)))
#define _close_ __attribute__((cleanup(cleanup_close_)))

/* Moves a value out of a variable that a cleanup attribute would free. */
#define steal(var)                                                                                 \
    ({                                                                                             \
        __typeof__(var) steal_ = (var);                                                            \
        (var) = NULL;                                                                              \
        steal_;                                                                                    \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define _unused_     __attribute__((unused))

#endif
