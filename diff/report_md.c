#include "diff/report_md.h"

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

/* A comment may hold 65536 characters. */
#define ROWS_MOST     150
#define PROBLEMS_MOST 50
#define DIFFS_MOST    10
#define DIFF_LINES    40
#define DIFF_CONTEXT  2
#define VALUE_COLUMNS 64

struct report_md {
    FILE *out;
    struct events events;
};

/* The longest run of backticks in the text. */
static size_t backticks(const char *text, size_t len)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < len; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void add_fence(struct buf *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(b, '`');
}

/* A code span that fits into a cell of a table; nothing for an empty text. Owned. */
static char *code(const char *text)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    size_t len = strlen(text), fence = backticks(text, len) + 1;
    if (!len)
        return buf_take(&b);
    add_fence(&b, fence);
    if (fence > 1)
        buf_add_char(&b, ' ');
    for (const char *p = text; *p; p++) {
        if (*p == '|')
            buf_add_char(&b, '\\'); /* a table is cut into cells before code spans are seen */
        buf_add_char(&b, *p);
    }
    if (fence > 1)
        buf_add_char(&b, ' ');
    add_fence(&b, fence);
    return buf_take(&b);
}

static void print_row(struct report_md *r, const json_t *event)
{
    bool whole = !json_object_get(event, "field");
    bool text = linediff_fits(json_object_get(event, "want"), json_object_get(event, "have"));
    _free_ char *want = NULL, *have = NULL;
    if (!whole && !text)
        show_sides(event, VALUE_COLUMNS, &want, &have);
    _free_ char *verdict = whole ? show_verdict(event) : NULL;
    _free_ char *object = show_object(event), *field = show_field(event);
    _free_ char *who = show_who(event), *place = show_place(event);
    const char sign[] = {show_sign(event), '\0'};
    const char *cells[] = {
        sign, object, whole ? verdict : field, text ? "(text below)" : want, text ? "" : have,
        who,  place,
    };
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        _free_ char *span = code(cells[i] ? cells[i] : "");
        fprintf(r->out, "| %s ", span);
    }
    fputs("|\n", r->out);
}

static void print_table(struct report_md *r)
{
    size_t count = events_count(&r->events, EVENTS_DRIFT);
    if (!count)
        return;
    fputs("\n| | Object | Field | Want | Have | Who, since | Git |\n"
          "|---|---|---|---|---|---|---|\n",
          r->out);
    for (size_t i = 0; i < count && i < ROWS_MOST; i++)
        print_row(r, events_at(&r->events, EVENTS_DRIFT, i));
    if (count > ROWS_MOST)
        fprintf(r->out, "\n... and %zu more lines.\n", count - ROWS_MOST);
}

static void add_line(void *ctx, const struct linediff_line *line)
{
    struct buf *b = ctx;
    if (line->kind == LINEDIFF_PLACE) {
        buf_addf(b, "@@ line %zu @@\n", line->number);
        return;
    }
    /* '+' is Git's side: what would come back */
    buf_add_char(b, line->kind == LINEDIFF_WANT ? '+' : line->kind == LINEDIFF_HAVE ? '-' : ' ');
    text_safe(b, line->text, line->len, false);
    buf_add_char(b, '\n');
}

static void print_text(struct report_md *r, const json_t *event)
{
    _buf_ struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    size_t n = linediff(json_object_get(event, "want"), json_object_get(event, "have"),
                        DIFF_CONTEXT, DIFF_LINES, add_line, &b);
    _free_ char *object = show_object(event), *field = show_field(event);
    _free_ char *a = code(object), *f = code(field);
    _buf_ struct buf fence = BUF_INIT(LIMIT_JSON_BYTES);
    size_t run = backticks(buf_str(&b), b.len);
    add_fence(&fence, run < 3 ? 3 : run + 1);
    fprintf(r->out, "\n%s %s: %zu line%s differ%s (`+` Git, `-` the cluster)\n\n%sdiff\n%s%s\n", a,
            f, n, n == 1 ? "" : "s", n == 1 ? "s" : "", buf_str(&fence), buf_str(&b),
            buf_str(&fence));
}

static void print_texts(struct report_md *r)
{
    size_t told = 0;
    for (size_t i = 0; i < events_count(&r->events, EVENTS_DRIFT); i++) {
        const json_t *event = events_at(&r->events, EVENTS_DRIFT, i);
        if (!linediff_fits(json_object_get(event, "want"), json_object_get(event, "have")))
            continue;
        if (told++ < DIFFS_MOST)
            print_text(r, event);
    }
    if (told > DIFFS_MOST)
        fprintf(r->out, "\n... and %zu more texts.\n", told - DIFFS_MOST);
}

/* What blocks an object, in the server's words and ours. */
static void print_messages(struct report_md *r)
{
    const char *before = "\n"; /* a list begins after an empty line */
    for (size_t i = 0; i < events_count(&r->events, EVENTS_DRIFT); i++) {
        const json_t *event = events_at(&r->events, EVENTS_DRIFT, i);
        _free_ char *object = show_object(event);
        _free_ char *message = text_safe_dup(json_str_at(event, "message", NULL));
        _free_ char *remedy = text_safe_dup(json_str_at(event, "remedy", NULL));
        if (!*message && !*remedy)
            continue;
        _free_ char *o = code(object), *m = code(message), *y = code(remedy);
        fprintf(r->out, "%s- %s: %s%s%s\n", before, o, m, *y ? " remedy: " : "", y);
        before = "";
    }
}

static void print_problems(struct report_md *r, enum events_kind kind)
{
    size_t count = events_count(&r->events, kind);
    if (count)
        fputc('\n', r->out);
    for (size_t i = 0; i < count && i < PROBLEMS_MOST; i++) {
        _free_ char *text = show_problem(events_at(&r->events, kind, i));
        _free_ char *span = code(text);
        fprintf(r->out, "- %s\n", span);
    }
    if (count > PROBLEMS_MOST)
        fprintf(r->out, "- ... and %zu more\n", count - PROBLEMS_MOST);
}

static void print_summaries(struct report_md *r)
{
    for (size_t i = 0; i < events_count(&r->events, EVENTS_SUMMARY); i++) {
        const json_t *summary = events_at(&r->events, EVENTS_SUMMARY, i);
        _free_ char *source = text_safe_dup(json_str_at(summary, "source", NULL));
        _free_ char *name = code(source), *text = show_summary(summary);
        fprintf(r->out, "%s**holdfast%s%s**: %s\n", i ? "\n" : "", *name ? " " : "", name, text);
    }
}

struct report_md *report_md_new(FILE *out)
{
    struct report_md *r = xcalloc(1, sizeof(*r));
    r->out = out;
    return r;
}

void report_md_add(struct report_md *r, const json_t *event)
{
    events_add(&r->events, event);
}

int report_md_finish(struct report_md *r)
{
    if (!r)
        return 0;
    events_sort(&r->events);
    print_summaries(r);
    print_problems(r, EVENTS_ERROR);
    print_table(r);
    print_messages(r);
    print_texts(r);
    print_problems(r, EVENTS_NOTE);
    int rc = fflush(r->out) || ferror(r->out) ? -1 : 0;
    events_free(&r->events);
    free(r);
    return rc;
}
