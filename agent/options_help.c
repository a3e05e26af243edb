/* Help and the man page, from the tables of commands and options. */
#include "options.h"

#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/version.h"
#include "options_table.h"

#define HELP_WIDTH  80
#define HELP_COLUMN 24 /* where the explanations begin */

static const char program_summary[] = "tell where a cluster differs from what Git says";

static const struct env_row {
    const char *name, *help;
} environment[] = {
    {"KUBECONFIG", "kubeconfig files, separated by colons, as in kubectl"},
    {"NO_COLOR", "not empty: no colour (TERM=dumb the same)"},
    {"XDG_STATE_HOME", "where the state directory lies when nothing else names one"},
};

char *options_output_names(const struct command *c, const char *separator)
{
    struct buf b = BUF_INIT(KIB);
    buf_add_str(&b, output_name((enum output)c->output));
    for (unsigned i = 0; i <= OUTPUT_YAML; i++) {
        if (i == c->output || !(c->outputs & 1U << i))
            continue;
        buf_add_str(&b, separator);
        buf_add_str(&b, output_name((enum output)i));
    }
    return buf_take(&b);
}

/* Prints text wrapped to the width, each line after the first indented. `column` is where we are.
 */
static void print_wrapped(FILE *out, const char *text, size_t indent, size_t column)
{
    const char *p = text;
    while (*p) {
        size_t word = strcspn(p, " \n");
        if (column > indent && column + 1 + word > HELP_WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(p, 1, word, out);
        column += word;
        p += word;
        if (*p == '\n') {
            fprintf(out, "\n%s%*s", p[1] == '\n' ? "\n" : "", (int)indent, "");
            column = indent;
        }
        p += strspn(p, " \n");
    }
    fputc('\n', out);
}

/* "  head   text", the text wrapped in its column. */
static void print_entry(FILE *out, const char *head, const char *text)
{
    int n = fprintf(out, "  %s", head);
    if (n + 2 > HELP_COLUMN) {
        fputc('\n', out);
        n = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - n, "");
    print_wrapped(out, text, HELP_COLUMN, HELP_COLUMN);
}

char *options_head(const struct option_row *r)
{
    return xasprintf("--%s%s%s", r->name, r->value ? " " : "", r->value ? r->value : "");
}

/* What help says of an option; -o names the command's formats. Owned. */
static char *option_text(const struct command *c, const struct option_row *r)
{
    if (r->offset != OPTION_OUTPUT)
        return xstrdup(r->help);
    _free_ char *names = options_output_names(c, ", ");
    return xasprintf("%s: %s (default: %s)", r->help, names, output_name((enum output)c->output));
}

static void print_exits(FILE *out, const struct command *c)
{
    for (const char *p = c->exits; *p;) {
        size_t len = strcspn(p, "\n"), tab = strcspn(p, "\t");
        fprintf(out, "  %.*s  %.*s\n", (int)tab, p, (int)(len - tab - 1), p + tab + 1);
        p += len + (p[len] == '\n');
    }
}

static void help_command(FILE *out, const struct command *c)
{
    fprintf(out, "holdfast %s: %s\n\nUsage: holdfast %s%s%s%s\n\n", c->name, c->summary, c->name,
            c->options ? " [OPTION...]" : "", *c->usage ? " " : "", c->usage);
    print_wrapped(out, c->description, 0, 0);
    fputs("\nOptions:\n", out);
    for (const struct option_row *r = option_table; r->name; r++) {
        if (!(c->options & r->bit))
            continue;
        char letter[8] = "    ";
        if (r->letter)
            snprintf(letter, sizeof(letter), "-%c, ", r->letter);
        _free_ char *name = options_head(r);
        _free_ char *head = xasprintf("%s%s", letter, name);
        _free_ char *text = option_text(c, r);
        print_entry(out, head, text);
    }
    print_entry(out, "-h, --help", "print this");
    if (*c->exits)
        fputs("\nExit status:\n", out);
    print_exits(out, c);
}

static void help_program(FILE *out)
{
    fprintf(out, "holdfast: %s\n\nUsage: holdfast COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n",
            program_summary);
    for (const struct command *c = commands; c->name; c++) {
        if (!c->hidden)
            print_entry(out, c->name, c->summary);
    }
    fputs(
        "\nholdfast COMMAND --help explains a command; holdfast --help-man prints the man page.\n",
        out);
}

void options_help(FILE *out, const struct command *command)
{
    if (command)
        help_command(out, command);
    else
        help_program(out);
}

/* Text for roff: a backslash, a dash, and a dot or quote at the start of a line mean themselves. */
static void roff_text(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        bool line_start = p == text || p[-1] == '\n';
        if (*p == '\n' && p[1] == '\n') {
            fputs("\n.PP\n", out);
            p++;
            continue;
        }
        if (line_start && (*p == '.' || *p == '\''))
            fputs("\\&", out);
        if (*p == '\\')
            fputs("\\e", out);
        else if (*p == '-')
            fputs("\\-", out);
        else
            fputc(*p, out);
    }
    fputc('\n', out);
}

static void man_command(FILE *out, const struct command *c)
{
    fprintf(out, ".SS \"holdfast %s%s%s\"\n", c->name, *c->usage ? " " : "", c->usage);
    roff_text(out, c->description);
    for (const struct option_row *r = option_table; r->name; r++) {
        if (!(c->options & r->bit))
            continue;
        fputs(".TP\n", out);
        _free_ char *letter = r->letter ? xasprintf("-%c, ", r->letter) : xstrdup("");
        _free_ char *name = options_head(r);
        _free_ char *head = xasprintf("%s%s", letter, name);
        roff_text(out, head);
        _free_ char *text = option_text(c, r);
        roff_text(out, text);
    }
    if (*c->exits)
        fputs(".PP\nExit status:\n", out);
    for (const char *p = c->exits; *p;) {
        size_t len = strcspn(p, "\n"), tab = strcspn(p, "\t");
        fprintf(out, ".TP\n%.*s\n", (int)tab, p);
        _free_ char *meaning = xstrndup(p + tab + 1, len - tab - 1);
        roff_text(out, meaning);
        p += len + (p[len] == '\n');
    }
}

void options_man(FILE *out)
{
    fprintf(out, ".TH HOLDFAST 1 \"\" \"holdfast %s\" \"User Commands\"\n.SH NAME\nholdfast \\- ",
            holdfast_version());
    roff_text(out, program_summary);
    fputs(".SH SYNOPSIS\n.B holdfast\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n",
          out);
    fputs(".SH DESCRIPTION\n", out);
    roff_text(out, "An option's value follows after = or as the next word; -- ends the options.");
    fputs(".SH COMMANDS\n", out);
    for (const struct command *c = commands; c->name; c++) {
        if (!c->hidden)
            man_command(out, c);
    }
    fputs(".SH ENVIRONMENT\n", out);
    for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
        fprintf(out, ".TP\n.B %s\n", environment[i].name);
        roff_text(out, environment[i].help);
    }
}
