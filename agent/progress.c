#include "progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "diff/text.h"
#include "terminal.h"

#define PROGRESS_MS 100

struct progress {
    bool on, shown;
    int64_t next_ms;
};

struct progress *progress_new(void)
{
    struct progress *p = xcalloc(1, sizeof(*p));
    p->on = terminal_is(stderr);
    return p;
}

void progress_set(struct progress *p, const char *fmt, ...)
{
    int64_t now = p->on ? clock_monotonic_ms() : 0;
    if (!p->on || now < p->next_ms)
        return;
    va_list ap;
    va_start(ap, fmt);
    _free_ char *raw = xvasprintf(fmt, ap);
    va_end(ap);
    int width = terminal_width(stderr);
    _free_ char *safe = text_safe_dup(raw);
    _free_ char *text = text_cut(safe, width > 1 ? (size_t)width - 1 : 79);
    /* to the line's beginning, the text, and the rest of the line erased */
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    p->shown = true;
    p->next_ms = now + PROGRESS_MS;
}

void progress_clear(struct progress *p)
{
    if (!p->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
    p->next_ms = 0;
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    progress_clear(p);
    free(p);
}
