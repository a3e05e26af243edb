/* The table of options, for options.c (parsing) and options_help.c (help, man page) alone. */
#ifndef HOLDFAST_OPTIONS_TABLE_H
#define HOLDFAST_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

struct option_row {
    unsigned bit;      /* enum option_bit */
    const char *name;  /* without the dashes */
    char letter;       /* short form, or 0 */
    const char *value; /* how help calls the value; NULL: a flag, which takes none */
    bool empty;        /* an empty value counts as not given; else it is an error */
    size_t offset;     /* of the const char * (a flag: bool) in struct options, or OPTION_OUTPUT */
    const char *help;
};

#define OPTION_OUTPUT ((size_t)-1) /* one of the command's formats */

/* "--namespace NS", "--check"; owned. */
char *options_head(const struct option_row *row);

/* Ends with a row without a name. */
extern const struct option_row option_table[];

/* The formats of a command's -o, the default first; owned. */
char *options_output_names(const struct command *command, const char *separator);

#endif
