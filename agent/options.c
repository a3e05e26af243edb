#include "options.h"

#include <string.h>

#include "core/alloc.h"
#include "core/nearest.h"
#include "options_table.h"

/* What an empty value means. */
#define EMPTY_UNSET true /* not given, as in kubectl; a path: all of it */
#define EMPTY_WRONG                                                                                \
    false /* `--ref "$UNSET"` in a script must not quietly mean another revision                   \
           */

const struct option_row option_table[] = {
    {OPT_REF, "ref", 0, "REF", EMPTY_WRONG, offsetof(struct options, ref),
     "branch, tag, commit id or refs/... to read (default: the source's, the working tree of a "
     "folder, HEAD of a URL)"},
    {OPT_PATH, "path", 0, "PATH", EMPTY_UNSET, offsetof(struct options, path),
     "folder inside the repository that holds the manifests (default: the source's, or all)"},
    {OPT_OUTPUT, "output", 'o', "FORMAT", EMPTY_WRONG, OPTION_OUTPUT, "how to print"},
    {OPT_CONFIG, "config", 0, "FILE", EMPTY_WRONG, offsetof(struct options, config),
     "configuration (holdfast.yaml) that names sources and settings"},
    {OPT_KUBECONFIG, "kubeconfig", 0, "FILE", EMPTY_UNSET, offsetof(struct options, kubeconfig),
     "kubeconfig to use (default: $KUBECONFIG, then ~/.kube/config)"},
    {OPT_CONTEXT, "context", 0, "NAME", EMPTY_UNSET, offsetof(struct options, context),
     "context of the kubeconfig (default: its current one)"},
    {OPT_NAMESPACE, "namespace", 'n', "NS", EMPTY_UNSET, offsetof(struct options, namespace),
     "namespace of objects that name none (default: the configuration's, the context's, default)"},
    {OPT_AS, "as", 0, "USER", EMPTY_UNSET, offsetof(struct options, as_user),
     "user to impersonate for every request"},
    {OPT_STATE_DIR, "state-dir", 0, "DIR", EMPTY_WRONG, offsetof(struct options, state_dir),
     "folder for what is kept between runs (default: the configuration's, then "
     "$XDG_STATE_HOME/holdfast)"},
    {OPT_CHECK, "check", 0, NULL, EMPTY_WRONG, offsetof(struct options, check),
     "say what may be read, kind by kind, and end"},
    {OPT_URL, "url", 0, "URL", EMPTY_WRONG, offsetof(struct options, url),
     "where the agent is reached (default: the configuration's http.listen)"},
    {OPT_REPORT, "report", 0, NULL, EMPTY_WRONG, offsetof(struct options, report),
     "with the rights for dry runs, by which the server itself says what differs"},
    {OPT_ACCOUNT, "account", 0, "NS/NAME", EMPTY_WRONG, offsetof(struct options, account),
     "service account that gets the rights (default: holdfast/holdfast)"},
    {0},
};

static const char *const outputs[] = {"text", "json", "markdown", "yaml", NULL};

const char *output_name(enum output output)
{
    return outputs[output];
}

/* A command line under way. */
struct parse {
    int argc;
    char *const *argv;
    int at; /* the next word */
    struct options *out;
    const char **args;
    size_t args_cap;
};

static int unknown_command(const char *name, struct err **err)
{
    struct nearest n = NEAREST_INIT(name);
    for (const struct command *c = commands; c->name; c++)
        nearest_try(&n, c->hidden ? NULL : c->name);
    if (n.best)
        return err_set(err, ERR_USAGE, "\"%s\" is not a command (did you mean %s?)", name, n.best);
    return err_set(err, ERR_USAGE, "\"%s\" is not a command", name);
}

/* `word` as it was written, `name` and `len` the option's name in it. */
static int unknown_option(const struct command *command, const char *name, size_t len,
                          struct err **err)
{
    _free_ char *word = xstrndup(name, len);
    struct nearest n = NEAREST_INIT(word);
    for (const struct option_row *r = option_table; r->name; r++) {
        if (command->options & r->bit)
            nearest_try(&n, r->name);
        else if (strcmp(r->name, word) == 0)
            return err_set(err, ERR_USAGE, "%s takes no option --%s", command->name, word);
    }
    if (n.best)
        return err_set(err, ERR_USAGE, "unknown option --%s (did you mean --%s?)", word, n.best);
    return err_set(err, ERR_USAGE, "unknown option --%s", word);
}

static const struct option_row *find_long(const struct command *c, const char *name, size_t len)
{
    for (const struct option_row *r = option_table; r->name; r++) {
        if ((c->options & r->bit) && strlen(r->name) == len && memcmp(r->name, name, len) == 0)
            return r;
    }
    return NULL;
}

static const struct option_row *find_short(const struct command *c, char letter)
{
    for (const struct option_row *r = option_table; r->name; r++) {
        if ((c->options & r->bit) && letter && r->letter == letter)
            return r;
    }
    return NULL;
}

static int set_output(const struct command *c, const char *value, struct options *out,
                      struct err **err)
{
    struct nearest n = NEAREST_INIT(value);
    for (unsigned i = 0; outputs[i]; i++) {
        if (!(c->outputs & 1U << i))
            continue;
        if (strcmp(outputs[i], value) == 0) {
            out->output = (enum output)i;
            out->output_given = true;
            return 0;
        }
        nearest_try(&n, outputs[i]);
    }
    _free_ char *names = options_output_names(c, ", ");
    if (n.best)
        return err_set(err, ERR_USAGE, "-o %s: not a format of %s (did you mean %s?)", value,
                       c->name, n.best);
    return err_set(err, ERR_USAGE, "-o %s: %s prints %s", value, c->name, names);
}

/* `value` NULL: it is the next word. */
static int set_value(struct parse *p, const struct option_row *row, const char *value,
                     struct err **err)
{
    if (!row->value && value)
        return err_set(err, ERR_USAGE, "--%s takes no value", row->name);
    if (!row->value) {
        *(bool *)((char *)p->out + row->offset) = true;
        return 0;
    }
    if (!value && p->at >= p->argc)
        return err_set(err, ERR_USAGE, "--%s needs a value (%s)", row->name, row->value);
    if (!value)
        value = p->argv[p->at++];
    if (!*value && row->empty == EMPTY_WRONG)
        return err_set(err, ERR_USAGE, "--%s has an empty value", row->name);
    if (row->offset == OPTION_OUTPUT)
        return set_output(p->out->command, value, p->out, err);
    *(const char **)((char *)p->out + row->offset) = *value ? value : NULL;
    return 0;
}

/* --name, --name=value or --name value. */
static int long_option(struct parse *p, const char *word, struct err **err)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    if (!equals && strcmp(name, "help") == 0)
        return OPTIONS_HELP;
    const struct option_row *row = find_long(p->out->command, name, len);
    if (!row)
        return unknown_option(p->out->command, name, len, err);
    return set_value(p, row, equals ? equals + 1 : NULL, err);
}

/* -n value, -nvalue or -n=value. */
static int short_option(struct parse *p, const char *word, struct err **err)
{
    if (strcmp(word, "-h") == 0)
        return OPTIONS_HELP;
    /* -namespace and -output=json are meant as long ones, not as -n amespace */
    if (find_long(p->out->command, word + 1, strcspn(word + 1, "=")))
        return err_set(err, ERR_USAGE, "unknown option %s (did you mean -%s?)", word, word);
    const struct option_row *row = find_short(p->out->command, word[1]);
    if (!row)
        return err_set(err, ERR_USAGE, "unknown option %s", word);
    return set_value(p, row, !word[2] ? NULL : word + 2 + (word[2] == '='), err);
}

static void add_arg(struct parse *p, const char *word)
{
    p->args = xgrow(p->args, &p->args_cap, p->out->arg_count + 2, sizeof(*p->args));
    p->args[p->out->arg_count++] = word;
    p->args[p->out->arg_count] = NULL;
}

static int check_args(const struct options *o, struct err **err)
{
    const struct command *c = o->command;
    if (o->arg_count < c->args_min)
        return err_set(err, ERR_USAGE, "%s needs an argument: holdfast %s %s", c->name, c->name,
                       c->usage);
    if (o->check && o->output_given && o->output != OUTPUT_TEXT)
        return err_set(err, ERR_USAGE, "-o %s: --check prints text", output_name(o->output));
    if (o->arg_count > c->args_max && !c->args_max)
        return err_set(err, ERR_USAGE, "%s takes no argument (\"%s\")", c->name, o->args[0]);
    if (o->arg_count > c->args_max)
        return err_set(err, ERR_USAGE, "%s: one argument too many (\"%s\")", c->name,
                       o->args[c->args_max]);
    return 0;
}

/* What stands before the command, and the command. 0 when options of the command may follow. */
static int parse_command(struct parse *p, struct err **err)
{
    if (p->argc < 2)
        return err_set(err, ERR_USAGE, "a command is missing");
    const char *word = p->argv[p->at++];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return OPTIONS_HELP;
    if (strcmp(word, "--help-man") == 0)
        return OPTIONS_MAN;
    if (strcmp(word, "--version") == 0)
        word = "version";
    if (word[0] == '-')
        return err_set(err, ERR_USAGE, "%s: options come after the command", word);
    p->out->command = command_find(word);
    if (!p->out->command)
        return unknown_command(word, err);
    p->out->output = (enum output)p->out->command->output;
    return 0;
}

int options_parse(int argc, char *const *argv, struct options *out, struct err **err)
{
    *out = (struct options){0};
    struct parse p = {.argc = argc, .argv = argv, .at = 1, .out = out};
    int rc = parse_command(&p, err);
    bool only_args = false;
    while (rc == 0 && p.at < argc) {
        const char *word = argv[p.at++];
        if (only_args || word[0] != '-' || !word[1])
            add_arg(&p, word);
        else if (strcmp(word, "--") == 0)
            only_args = true;
        else
            rc = word[1] == '-' ? long_option(&p, word, err) : short_option(&p, word, err);
    }
    out->args = p.args;
    return rc == 0 ? check_args(out, err) : rc;
}

void options_free(struct options *o)
{
    free((void *)o->args);
    o->args = NULL;
    o->arg_count = 0;
}
