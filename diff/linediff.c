#include "diff/linediff.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"

/* Beyond so many cells the middle is told as replaced whole: a report needs no more (2 MB). */
#define CELLS_MAX 1000000

struct lines {
    struct linediff_line *items;
    size_t count, cap;
};

static void split(struct lines *lines, const json_t *text)
{
    const char *p = json_string_value(text), *end = p + json_string_length(text);
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        lines->items = xgrow(lines->items, &lines->cap, lines->count + 1, sizeof(*lines->items));
        lines->items[lines->count] = (struct linediff_line){
            .text = p,
            .len = (size_t)(stop - p),
            .number = lines->count + 1,
            .unended = !newline,
        };
        lines->count++;
        p = newline ? newline + 1 : end;
    }
}

static bool same(const struct linediff_line *a, const struct linediff_line *b)
{
    return a->len == b->len && a->unended == b->unended && memcmp(a->text, b->text, a->len) == 0;
}

/* The whole script: all lines of both in order, each with its kind. */
struct script {
    struct linediff_line *items;
    size_t count, differing;
};

static void emit(struct script *s, const struct linediff_line *line, enum linediff_kind kind)
{
    struct linediff_line copy = *line;
    copy.kind = kind;
    s->items[s->count++] = copy;
    s->differing += kind != LINEDIFF_SAME;
}

/* lcs[i][j] is the length of the longest common subsequence of want[i..n) and have[j..m). */
static void fill(uint16_t *lcs, const struct linediff_line *want, size_t n,
                 const struct linediff_line *have, size_t m)
{
    size_t width = m + 1;
    for (size_t i = n; i-- > 0;) {
        for (size_t j = m; j-- > 0;) {
            uint16_t down = lcs[(i + 1) * width + j], right = lcs[i * width + j + 1];
            lcs[i * width + j] = same(&want[i], &have[j])
                                     ? (uint16_t)(lcs[(i + 1) * width + j + 1] + 1)
                                     : (down > right ? down : right);
        }
    }
}

/* want[0..n) against have[0..m), which share neither their first nor their last line. */
static void middle(struct script *s, const struct linediff_line *want, size_t n,
                   const struct linediff_line *have, size_t m)
{
    bool table = n && m && n <= CELLS_MAX / m;
    size_t width = m + 1;
    _free_ uint16_t *lcs = xcalloc(table ? (n + 1) * width : 1, sizeof(*lcs));
    if (table)
        fill(lcs, want, n, have, m);
    size_t i = 0, j = 0;
    while (table && i < n && j < m) {
        if (same(&want[i], &have[j])) {
            emit(s, &want[i++], LINEDIFF_SAME);
            j++;
        } else if (lcs[(i + 1) * width + j] >= lcs[i * width + j + 1]) {
            emit(s, &want[i++], LINEDIFF_WANT);
        } else {
            emit(s, &have[j++], LINEDIFF_HAVE);
        }
    }
    while (i < n)
        emit(s, &want[i++], LINEDIFF_WANT);
    while (j < m)
        emit(s, &have[j++], LINEDIFF_HAVE);
}

static void make_script(struct script *s, const struct lines *want, const struct lines *have)
{
    s->items = xcalloc(want->count + have->count, sizeof(*s->items));
    size_t shorter = want->count < have->count ? want->count : have->count;
    size_t front = 0, back = 0;
    while (front < shorter && same(&want->items[front], &have->items[front]))
        front++;
    while (back < shorter - front &&
           same(&want->items[want->count - 1 - back], &have->items[have->count - 1 - back]))
        back++;
    for (size_t i = 0; i < front; i++)
        emit(s, &want->items[i], LINEDIFF_SAME);
    middle(s, want->items + front, want->count - front - back, have->items + front,
           have->count - front - back);
    for (size_t i = want->count - back; i < want->count; i++)
        emit(s, &want->items[i], LINEDIFF_SAME);
}

/* Whether line i of the script differs or stands within `context` lines of one that does. */
static bool is_near(const struct script *s, size_t i, size_t context)
{
    size_t from = i > context ? i - context : 0;
    size_t to = s->count - i > context ? i + context : s->count - 1;
    for (size_t k = from; k <= to; k++) {
        if (s->items[k].kind != LINEDIFF_SAME)
            return true;
    }
    return false;
}

size_t linediff(const json_t *want, const json_t *have, size_t context, size_t max,
                void (*line)(void *ctx, const struct linediff_line *line), void *ctx)
{
    struct lines a = {0}, b = {0};
    struct script s = {0};
    split(&a, want);
    split(&b, have);
    make_script(&s, &a, &b);
    size_t told = 0, number = 1;
    bool in_hunk = false;
    for (size_t i = 0; i < s.count && told < max; i++) {
        bool near = is_near(&s, i, context);
        if (near && !in_hunk)
            line(ctx, &(struct linediff_line){.kind = LINEDIFF_PLACE, .number = number});
        if (near) {
            line(ctx, &s.items[i]);
            told++;
        }
        in_hunk = near;
        number += s.items[i].kind != LINEDIFF_HAVE;
    }
    size_t differing = s.differing;
    free(a.items);
    free(b.items);
    free(s.items);
    return differing;
}

bool linediff_fits(const json_t *want, const json_t *have)
{
    return json_is_string(want) && json_is_string(have) &&
           (strchr(json_string_value(want), '\n') || strchr(json_string_value(have), '\n'));
}
