#include "diff/text.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/utf8.h"

#define ELLIPSIS "…"

/* Whether wcwidth knows more than ASCII. */
static bool wide_locale(void)
{
    return wcwidth(0xe9) == 1;
}

static bool hides_text(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x180e, 0x180e}, {0x200b, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (cp >= ranges[i].first && cp <= ranges[i].last)
            return true;
    }
    return cp > 0x7e && wide_locale() && wcwidth((wchar_t)cp) < 0;
}

static void escape(struct buf *b, uint32_t cp)
{
    if (cp == '\n')
        buf_add_str(b, "\\n");
    else if (cp == '\r')
        buf_add_str(b, "\\r");
    else if (cp == '\t')
        buf_add_str(b, "\\t");
    else if (cp < 0x100)
        buf_addf(b, "\\x%02x", (unsigned)cp);
    else
        buf_addf(b, cp > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)cp);
}

void text_safe(struct buf *b, const char *s, size_t len, bool quoted)
{
    const unsigned char *p = (const unsigned char *)s;
    if (quoted)
        buf_add_char(b, '"');
    for (size_t i = 0; i < len;) {
        uint32_t cp = 0;
        size_t n = utf8_char(s + i, len - i, &cp);
        if (n == 0) {
            escape(b, p[i]);
            n = 1;
        } else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || hides_text(cp)) {
            escape(b, cp);
        } else {
            if (quoted && (cp == '"' || cp == '\\'))
                buf_add_char(b, '\\');
            buf_add(b, s + i, n);
        }
        i += n;
    }
    if (quoted)
        buf_add_char(b, '"');
}

char *text_safe_dup(const char *s)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    if (s)
        text_safe(&b, s, strlen(s), false);
    return buf_take(&b);
}

/* The character at s: its bytes, and its columns. */
static size_t glyph(const char *s, size_t left, size_t *columns)
{
    uint32_t cp = 0;
    size_t n = utf8_char(s, left, &cp);
    int w = n > 1 ? wcwidth((wchar_t)cp) : 1;
    *columns = w < 0 ? 1 : (size_t)w;
    return n ? n : 1;
}

size_t text_width(const char *s)
{
    size_t width = 0, left = strlen(s), w;
    while (left) {
        size_t n = glyph(s, left, &w);
        width += w;
        s += n;
        left -= n;
    }
    return width;
}

/* Bytes at the beginning of s that take at most `columns` columns. */
static size_t head_bytes(const char *s, size_t columns)
{
    size_t left = strlen(s), used = 0, at = 0, w;
    while (left) {
        size_t n = glyph(s + at, left, &w);
        if (used + w > columns)
            break;
        used += w;
        at += n;
        left -= n;
    }
    return at;
}

/* Where the end of s begins that takes at most `columns` columns. */
static size_t tail_start(const char *s, size_t columns)
{
    size_t width = text_width(s), at = 0, left = strlen(s), w;
    while (left && width > columns) {
        size_t n = glyph(s + at, left, &w);
        width -= w;
        at += n;
        left -= n;
    }
    return at;
}

char *text_cut(const char *s, size_t columns)
{
    if (text_width(s) <= columns)
        return xstrdup(s);
    size_t head = head_bytes(s, columns / 2);
    size_t tail = tail_start(s, columns > columns / 2 ? columns - columns / 2 - 1 : 0);
    return xasprintf("%.*s" ELLIPSIS "%s", (int)head, s, s + tail);
}

/* A part of s around byte `at`. */
static char *window(const char *s, size_t at, size_t columns)
{
    _free_ char *before = xstrndup(s, at);
    size_t start = tail_start(before, columns / 3);
    size_t len = head_bytes(s + start, columns > 2 ? columns - 2 : columns);
    return xasprintf("%s%.*s%s", start ? ELLIPSIS : "", (int)len, s + start,
                     s[start + len] ? ELLIPSIS : "");
}

/* The first byte at which they differ, at the start of a character. */
static size_t first_difference(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] && a[i] == b[i])
        i++;
    while (i && ((unsigned char)a[i] & 0xc0) == 0x80)
        i--;
    return i;
}

void text_cut_pair(char **a, char **b, size_t columns)
{
    char *x = text_cut(*a, columns), *y = text_cut(*b, columns);
    if (strcmp(x, y) == 0 && strcmp(*a, *b) != 0) {
        size_t at = first_difference(*a, *b);
        free(x);
        free(y);
        x = window(*a, at, columns);
        y = window(*b, at, columns);
    }
    free(*a);
    free(*b);
    *a = x;
    *b = y;
}
