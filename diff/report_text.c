#include "diff/report_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/events.h"
#include "diff/linediff.h"
#include "diff/show.h"
#include "diff/text.h"

#define VALUE_COLUMNS  64 /* one value */
#define VALUE_LEAST    20 /* the same on a narrow terminal */
#define COLUMN_MOST    56 /* width of a column */
#define DIFF_CONTEXT   2
#define DIFF_LINES     40
#define DIFF_INDENT    6
#define MESSAGE_INDENT 6

enum { CELL_OBJECT, CELL_FIELD, CELL_VALUES, CELL_WHO, CELL_PLACE, CELLS };

struct row {
    const json_t *event;
    char sign;
    char *cells[CELLS];
    size_t widths[CELLS];
};

struct report_text {
    FILE *out;
    bool color;
    size_t width;
    struct events events;
};

/* ---- colour ---- */

#define DIM    "2"
#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"
#define CYAN   "36"

static const char *sign_color(char sign)
{
    switch (sign) {
    case '~':
        return YELLOW;
    case '+':
    case '?':
        return CYAN;
    case '=':
        return GREEN;
    default:
        return RED;
    }
}

static void put(struct report_text *r, const char *color, const char *text)
{
    if (r->color && color && *text)
        fprintf(r->out, "\033[%sm%s\033[0m", color, text);
    else
        fputs(text, r->out);
}

static void pad(struct report_text *r, size_t columns)
{
    fprintf(r->out, "%*s", (int)columns, "");
}

/* ---- rows ---- */

static char *text_changes(const json_t *event)
{
    const json_t *want = json_object_get(event, "want"), *have = json_object_get(event, "have");
    size_t n = linediff(want, have, 0, 0, NULL, NULL);
    return xasprintf("%zu line%s differ%s", n, n == 1 ? "" : "s", n == 1 ? "s" : "");
}

static bool has_text(const json_t *event)
{
    return linediff_fits(json_object_get(event, "want"), json_object_get(event, "have"));
}

/* What stands in the column of values. */
static char *values(const json_t *event, size_t columns)
{
    const char *field = json_str_at(event, "field", NULL);
    const char *class = json_str_at(event, "class", NULL);
    const char *state = json_str_at(event, "state", NULL);
    if (!field || (state && !strcmp(state, "cleared")))
        return show_verdict(event);
    if (has_text(event))
        return text_changes(event);
    _free_ char *want = NULL, *have = NULL;
    show_sides(event, columns, &want, &have);
    if (want)
        return have ? xasprintf("want %s  have %s", want, have)
                    : xasprintf("want %s  absent", want);
    const char *why = !class                          ? ""
                      : strcmp(class, "extra") == 0   ? " (not in Git)"
                      : strcmp(class, "dropped") == 0 ? " (no longer in Git)"
                                                      : "";
    return xasprintf("have %s%s", have ? have : "nothing", why);
}

static struct row make_row(const json_t *event, size_t columns)
{
    struct row row = {.event = event, .sign = show_sign(event)};
    row.cells[CELL_OBJECT] = show_object(event);
    row.cells[CELL_FIELD] = show_field(event);
    row.cells[CELL_VALUES] = values(event, columns);
    row.cells[CELL_WHO] = show_who(event);
    row.cells[CELL_PLACE] = show_place(event);
    for (int i = 0; i < CELLS; i++)
        row.widths[i] = text_width(row.cells[i]);
    return row;
}

static struct row *make_rows(const struct report_text *r, size_t columns)
{
    size_t count = events_count(&r->events, EVENTS_DRIFT);
    struct row *rows = xcalloc(count, sizeof(*rows));
    for (size_t i = 0; i < count; i++)
        rows[i] = make_row(events_at(&r->events, EVENTS_DRIFT, i), columns);
    return rows;
}

static void free_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < CELLS; k++)
            free(rows[i].cells[k]);
    }
    free(rows);
}

/*
 * Widths of the columns, none of them above `most`; returns the columns of the widest line. A
 * longer cell moves its own line only.
 */
static size_t measure(const struct row *rows, size_t count, size_t most, size_t widths[CELLS])
{
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < CELLS; k++) {
            size_t w = rows[i].widths[k];
            if (w <= most && w > widths[k])
                widths[k] = w;
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t line = 2;
        for (int k = 0; k < CELLS; k++)
            line += (rows[i].widths[k] > widths[k] ? rows[i].widths[k] : widths[k]) + 2;
        widest = line > widest ? line : widest;
    }
    return widest;
}

/* ---- printing ---- */

struct diff_context {
    struct report_text *r;
    size_t told;
    bool begun;
};

/* One line of a text: its own blanks at the end are made visible by quoting it. */
static char *line_text(const struct linediff_line *line)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    bool blank_end =
        line->len && (line->text[line->len - 1] == ' ' || line->text[line->len - 1] == '\t');
    text_safe(&b, line->text, line->len, blank_end && line->kind != LINEDIFF_SAME);
    if (line->unended && line->kind != LINEDIFF_SAME)
        buf_add_str(&b, " (no newline at its end)");
    return buf_take(&b);
}

static void print_diff_line(void *ctx, const struct linediff_line *line)
{
    struct diff_context *d = ctx;
    struct report_text *r = d->r;
    if (line->kind == LINEDIFF_PLACE) {
        _free_ char *place = xasprintf("%*s@ line %zu\n", DIFF_INDENT, "", line->number);
        put(r, DIM, place);
        return;
    }
    size_t room = r->width > 40 ? r->width - DIFF_INDENT - 6 : r->width ? 40 : 200;
    _free_ char *whole = line_text(line), *text = text_cut(whole, room);
    static const char *const labels[] = {
        [LINEDIFF_SAME] = "    ", [LINEDIFF_WANT] = "want", [LINEDIFF_HAVE] = "have"};
    _free_ char *labelled = xasprintf("%*s%s  %s", DIFF_INDENT, "", labels[line->kind], text);
    put(r, line->kind == LINEDIFF_WANT ? GREEN : line->kind == LINEDIFF_HAVE ? RED : DIM, labelled);
    fputc('\n', r->out);
    d->told += line->kind != LINEDIFF_SAME;
}

static void print_text_diff(struct report_text *r, const json_t *event)
{
    struct diff_context d = {.r = r};
    size_t n = linediff(json_object_get(event, "want"), json_object_get(event, "have"),
                        DIFF_CONTEXT, DIFF_LINES, print_diff_line, &d);
    if (n > d.told)
        fprintf(r->out, "%*s... %zu more lines differ\n", DIFF_INDENT, "", n - d.told);
}

/* A blocked or unknown object says why below. */
static void print_more(struct report_text *r, const json_t *event, const char *label,
                       const char *member)
{
    _free_ char *text = text_safe_dup(json_str_at(event, member, NULL));
    if (!*text)
        return;
    pad(r, MESSAGE_INDENT);
    put(r, DIM, label);
    fprintf(r->out, "%s\n", text);
}

/* The cells up to `end`, aligned; nothing is written behind the last that has text. */
static void print_aligned(struct report_text *r, const struct row *row, const size_t widths[CELLS],
                          int end)
{
    size_t owed = 1; /* blanks that are due before the next text */
    for (int k = 0; k < end; k++) {
        size_t wide = row->widths[k];
        if (wide) {
            pad(r, owed);
            put(r, k >= CELL_WHO ? DIM : NULL, row->cells[k]);
            owed = 2;
        }
        if (wide < widths[k])
            owed += widths[k] - wide + (wide ? 0 : 2);
    }
    fputc('\n', r->out);
}

/* Who and where on a line of their own. */
static void print_below(struct report_text *r, const struct row *row)
{
    size_t owed = MESSAGE_INDENT;
    for (int k = CELL_WHO; k < CELLS; k++) {
        if (!row->widths[k])
            continue;
        pad(r, owed);
        put(r, DIM, row->cells[k]);
        owed = 2;
    }
    if (owed == 2)
        fputc('\n', r->out);
}

static void print_row(struct report_text *r, const struct row *row, const size_t widths[CELLS],
                      bool broken)
{
    const char sign[] = {row->sign, '\0'};
    put(r, sign_color(row->sign), sign);
    print_aligned(r, row, widths, broken ? CELL_WHO : CELLS);
    if (broken)
        print_below(r, row);
    print_more(r, row->event, "", "message");
    print_more(r, row->event, "remedy: ", "remedy");
    if (json_object_get(row->event, "field") && has_text(row->event))
        print_text_diff(r, row->event);
}

static void print_drifts(struct report_text *r)
{
    size_t count = events_count(&r->events, EVENTS_DRIFT);
    size_t widths[CELLS] = {0};
    struct row *rows = make_rows(r, VALUE_COLUMNS);
    bool broken = measure(rows, count, COLUMN_MOST, widths) > r->width && r->width;
    if (broken) {
        /* the names take up to a half, and what must share their line gets the rest */
        size_t room = (r->width - r->width / 2) / 2;
        room = room < VALUE_LEAST + 6 ? VALUE_LEAST
               : room > VALUE_COLUMNS ? VALUE_COLUMNS
                                      : room - 6;
        free_rows(rows, count);
        rows = make_rows(r, room);
        memset(widths, 0, sizeof(widths));
        measure(rows, count, r->width / 4, widths);
    }
    for (size_t i = 0; i < count; i++)
        print_row(r, &rows[i], widths, broken);
    free_rows(rows, count);
}

static void print_problems(struct report_text *r, enum events_kind kind)
{
    for (size_t i = 0; i < events_count(&r->events, kind); i++) {
        _free_ char *text = show_problem(events_at(&r->events, kind, i));
        put(r, kind == EVENTS_ERROR ? RED : CYAN, text);
        fputc('\n', r->out);
    }
}

/* "> ml/address = 10.0.0.7" */
static void print_exports(struct report_text *r)
{
    for (size_t i = 0; i < events_count(&r->events, EVENTS_EXPORT); i++) {
        const json_t *export = events_at(&r->events, EVENTS_EXPORT, i);
        _free_ char *text = show_export(export);
        put(r, CYAN, "> ");
        fprintf(r->out, "%s\n", text);
    }
}

static void print_summaries(struct report_text *r)
{
    size_t count = events_count(&r->events, EVENTS_SUMMARY);
    for (size_t i = 0; i < count; i++) {
        const json_t *summary = events_at(&r->events, EVENTS_SUMMARY, i);
        _free_ char *source = text_safe_dup(json_str_at(summary, "source", NULL));
        _free_ char *text = show_summary(summary);
        /* several sources: whose it is */
        if (count > 1)
            fprintf(r->out, "%s: ", source);
        put(r, show_in_sync(summary) ? GREEN : NULL, text);
        fputc('\n', r->out);
    }
}

struct report_text *report_text_new(FILE *out, bool color, int width)
{
    struct report_text *r = xcalloc(1, sizeof(*r));
    r->out = out;
    r->color = color;
    r->width = width > 0 ? (size_t)width : 0;
    return r;
}

void report_text_add(struct report_text *r, const json_t *event)
{
    events_add(&r->events, event);
}

int report_text_finish(struct report_text *r)
{
    if (!r)
        return 0;
    events_sort(&r->events);
    print_problems(r, EVENTS_ERROR);
    print_problems(r, EVENTS_NOTE);
    print_drifts(r);
    print_exports(r);
    print_summaries(r);
    int rc = fflush(r->out) || ferror(r->out) ? -1 : 0;
    events_free(&r->events);
    free(r);
    return rc;
}
