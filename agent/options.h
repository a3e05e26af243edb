/*
 * The command line. One table of options (options.c) and one of commands (command.c) drive parsing,
 * defaults, help and the man page.
 */
#ifndef HOLDFAST_OPTIONS_H
#define HOLDFAST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "core/err.h"

enum option_bit {
    OPT_REF = 1 << 0,
    OPT_PATH = 1 << 1,
    OPT_OUTPUT = 1 << 2,
    OPT_CONFIG = 1 << 3,
    OPT_KUBECONFIG = 1 << 4,
    OPT_CONTEXT = 1 << 5,
    OPT_NAMESPACE = 1 << 6,
    OPT_AS = 1 << 7,
    OPT_STATE_DIR = 1 << 8,
    OPT_CHECK = 1 << 9,
    OPT_REPORT = 1 << 10,
    OPT_ACCOUNT = 1 << 11,
    OPT_URL = 1 << 12,
};

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_MARKDOWN, OUTPUT_YAML };

/* Plain data. All strings are borrowed from argv; NULL where the option was not given. */
struct options {
    const struct command *command;
    enum output output;
    bool output_given;
    const char *ref, *path;
    const char *config;
    const char *kubeconfig, *context, *as_user; /* "" counts as not given, as in kubectl */
    const char *namespace;
    const char *state_dir;
    const char *url;     /* of an agent */
    const char *account; /* NAMESPACE/NAME of a ServiceAccount */
    bool check, report;
    const char *const *args; /* owned; NULL-terminated: what is no option, in order */
    size_t arg_count;
};

enum options_result {
    OPTIONS_RUN = 0,  /* run out->command */
    OPTIONS_HELP = 1, /* print options_help(out->command); NULL: of the program */
    OPTIONS_MAN = 2,  /* print options_man() */
};

/*
 * Reads a command line (argv[0] is the program). An enum options_result, or -1 with *err
 * (ERR_USAGE: one line, with "did you mean"); out->command is set as far as it was understood.
 * Free with options_free in every case.
 */
int options_parse(int argc, char *const *argv, struct options *out, struct err **err);
void options_free(struct options *o);

/* The first of the two that is given and not empty, or NULL. */
static inline const char *options_first(const char *a, const char *b)
{
    return a && *a ? a : b && *b ? b : NULL;
}

/* Of objects that name none: what the command line, the configuration or the kubeconfig says. */
static inline const char *options_namespace(const struct options *o, const char *config,
                                            const char *kubeconfig)
{
    const char *ns = options_first(options_first(o->namespace, config), kubeconfig);
    return ns ? ns : "default";
}

/* The help of one command, or (NULL) of the program. */
void options_help(FILE *out, const struct command *command);

/* The man page holdfast(1), in roff's man macros. */
void options_man(FILE *out);

/* The name that -o takes: "text", "json", "markdown", "yaml". */
const char *output_name(enum output output);

#endif
