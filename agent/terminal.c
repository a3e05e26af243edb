#include "terminal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/alloc.h"
#include "diff/text.h"

bool terminal_is(FILE *stream)
{
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && term && *term && strcmp(term, "dumb") != 0;
}

bool terminal_color(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    return terminal_is(stream) && !(no_color && *no_color);
}

int terminal_width(FILE *stream)
{
    struct winsize size = {0};
    if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size))
        return 0;
    return size.ws_col;
}

void terminal_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *message = xvasprintf(fmt, ap);
    va_end(ap);
    _free_ char *safe = text_safe_dup(message);
    fprintf(stderr, "holdfast: %s\n", safe);
}
