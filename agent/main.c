/* holdfast: dispatch. What a command does stands in agent/cmd_NAME.c. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "core/err.h"
#include "core/proc.h"
#include "options.h"
#include "terminal.h"

static int usage_error(const struct options *o, const struct err *err)
{
    const struct command *c = o->command;
    terminal_error("%s", err_message(err));
    fprintf(stderr, "holdfast%s%s --help explains.\n", c ? " " : "", c ? c->name : "");
    return EXIT_ERROR;
}

static int run(const struct options *o, int what)
{
    if (what == OPTIONS_HELP)
        options_help(stdout, o->command);
    else if (what == OPTIONS_MAN)
        options_man(stdout);
    else
        return o->command->run(o);
    return 0;
}

/*
 * Where a standard stream is closed, the next socket or file would get its number and our report
 * would go there. Read-only, so that writing still fails.
 */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            _exit(EXIT_ERROR);
    }
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    /* a reader that goes away is seen as a failed write, never as a death without a word */
    signal(SIGPIPE, SIG_IGN);
    proc_raise_files();
    /* widths of characters; texts are UTF-8 whatever the user's locale is */
    setlocale(LC_CTYPE, "C.UTF-8");

    struct options o;
    _err_ struct err *err = NULL;
    int what = options_parse(argc, argv, &o, &err);
    int status = what < 0 ? usage_error(&o, err) : run(&o, what);
    options_free(&o);
    errno = 0;
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "holdfast: cannot write to standard output%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
        status = EXIT_ERROR;
    }
    return status;
}
