/* holdfast help [COMMAND], and the hidden holdfast read. */
#include <stdio.h>

#include "command.h"
#include "core/alloc.h"
#include "options.h"
#include "sync/source.h"

int cmd_help(const struct options *o)
{
    const struct command *c = o->arg_count ? command_find(o->args[0]) : NULL;
    if (o->arg_count && !c) {
        fprintf(stderr, "holdfast: \"%s\" is not a command\nholdfast --help lists them.\n",
                o->args[0]);
        return EXIT_ERROR;
    }
    options_help(stdout, c);
    return 0;
}

int cmd_read(const struct options *o _unused_)
{
    return source_child_main();
}
