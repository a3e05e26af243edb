#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
