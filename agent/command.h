/*
 * The commands: one table that dispatch, `--help` and the man page read. A command's own file
 * defines its function; it gets its options as plain data and answers the exit status.
 */
#ifndef HOLDFAST_COMMAND_H
#define HOLDFAST_COMMAND_H

#include <stdbool.h>

struct options;

/* Exit statuses (SPEC 1). */
enum {
    EXIT_IN_SYNC = 0,
    EXIT_DRIFT = 1,
    EXIT_ERROR = 2, /* also: a wrong command line */
    EXIT_BLOCKED = 3,
};

struct command {
    const char *name;
    const char *summary;         /* one line, no full stop */
    const char *usage;           /* what follows the name, beside the options: "[SOURCE]" */
    const char *description;     /* paragraphs, separated by an empty line */
    const char *exits;           /* lines "N TAB meaning" */
    unsigned options;            /* bits of enum option_bit (options.h) */
    unsigned outputs;            /* bits 1 << enum output that -o takes */
    unsigned output;             /* enum output: without -o */
    unsigned args_min, args_max; /* how many arguments beside options; ARGS_ANY: no limit */
    bool hidden;                 /* not in help: for the program itself */
    int (*run)(const struct options *o);
};

#define ARGS_ANY 0xffffffffU

/* Ends with a command without a name. */
extern const struct command commands[];

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);

/* Each in its own file, agent/cmd_NAME.c. */
int cmd_agent(const struct options *o);
int cmd_diff(const struct options *o);
int cmd_help(const struct options *o);
int cmd_init(const struct options *o);
int cmd_lint(const struct options *o);
int cmd_rbac(const struct options *o);
int cmd_read(const struct options *o);
int cmd_render(const struct options *o);
int cmd_status(const struct options *o);
int cmd_version(const struct options *o);

#endif
