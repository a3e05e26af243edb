#include "sync/text.h"

#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"

bool text_utf8(const char *s, size_t len)
{
    uint32_t code;
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_char(s + i, len - i, &code);
        if (!n)
            return false;
    }
    return true;
}

size_t text_put(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[n] | code);
    return n;
}

/* yaml_parser_update_buffer of libyaml has the same list. */
static bool allowed(uint32_t code)
{
    return code == 0x09 || code == 0x0a || code == 0x0d || (code >= 0x20 && code <= 0x7e) ||
           code == 0x85 || (code >= 0xa0 && code <= 0xfffd && code != 0xfeff) || code >= 0x10000;
}

/* Eight bytes at once that all lie in 0x20..0x7e: nearly all of every manifest. */
static bool plain8(const char *s)
{
    uint64_t v;
    memcpy(&v, s, sizeof(v));
    const uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
    uint64_t below = v - ones * 0x20; /* borrows where a byte is under 0x20 */
    uint64_t above = v + ones * 0x01; /* carries into the high bit from 0x7f */
    return ((v | below | above) & high) == 0;
}

enum text_fault text_check(const char *s, size_t len, size_t *at, uint32_t *code)
{
    for (size_t i = 0; i < len;) {
        if (len - i >= 8 && plain8(s + i)) {
            i += 8;
            continue;
        }
        size_t n = utf8_char(s + i, len - i, code);
        *at = i;
        if (!n) {
            *code = (unsigned char)s[i];
            return TEXT_NOT_UTF8;
        }
        if (!allowed(*code))
            return TEXT_CONTROL;
        i += n;
    }
    return TEXT_GOOD;
}

/* Bytes of `v` that are LF. Exact: no carry passes from byte to byte. */
static uint32_t feeds8(uint64_t v)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    v ^= 0x0a0a0a0a0a0a0a0au;
    uint64_t hits = ~(((v & low) + low) | v | low) >> 7;
    return (uint32_t)((hits * 0x0101010101010101u) >> 56);
}

uint32_t text_lines(const char *s, size_t len)
{
    uint32_t lines = 0;
    size_t at = 0;
    for (uint64_t v; len - at >= sizeof(v); at += sizeof(v)) {
        memcpy(&v, s + at, sizeof(v));
        lines += feeds8(v);
    }
    for (; at < len; at++)
        lines += s[at] == '\n';
    for (const char *r = s; len && (r = memchr(r, '\r', len - (size_t)(r - s))); r++) {
        size_t next = (size_t)(r - s) + 1;
        lines += next == len || s[next] != '\n';
        if (next == len)
            break;
    }
    return lines;
}

void text_advance(const char *s, size_t len, uint32_t *line, uint32_t *col)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\n' || (s[i] == '\r' && !(i + 1 < len && s[i + 1] == '\n'))) {
            ++*line;
            *col = 1;
        } else {
            *col += ((unsigned char)s[i] & 0xc0) != 0x80;
        }
    }
}

static uint32_t unit_at(const char *s, enum text_order order)
{
    uint32_t a = (unsigned char)s[0], b = (unsigned char)s[1];
    return order == TEXT_LITTLE ? b << 8 | a : a << 8 | b;
}

char *text_from_utf16(const char *s, size_t len, enum text_order order, size_t *out_len, size_t *at)
{
    /* a unit becomes three bytes at most, a pair four; `len` is under the cap of a file */
    _free_ char *out = xmalloc(len / 2 * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i += 2) {
        *at = i;
        if (len - i < 2)
            return NULL;
        uint32_t unit = unit_at(s + i, order);
        if (unit >= 0xd800 && unit <= 0xdfff) {
            uint32_t low = len - i >= 4 && unit < 0xdc00 ? unit_at(s + i + 2, order) : 0;
            if (low < 0xdc00 || low > 0xdfff)
                return NULL;
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        }
        n += text_put(out + n, unit);
    }
    out[n] = '\0';
    *out_len = n;
    return steal(out);
}
