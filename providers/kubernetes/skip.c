#include "providers/kubernetes/skip.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK 64

/* One bit for each byte of a block that is one of these. */
struct masks {
    uint64_t quote, backslash, open, close;
};

#ifdef __SSE2__
static struct masks masks_of(const char *p)
{
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i bit = _mm_set1_epi8(0x20), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
    struct masks m = {0};
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        __m128i folded = _mm_or_si128(v, bit); /* '[' is '{' without that bit, ']' is '}' */
        m.quote |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, quote)) << 16 * i;
        m.backslash |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, backslash))
                       << 16 * i;
        m.open |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(folded, open)) << 16 * i;
        m.close |= (uint64_t)(uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(folded, close)) << 16 * i;
    }
    return m;
}
#else
#define ONES  0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

/* One bit for each of 8 bytes that equals c; exact, also beside a borrow. */
static uint64_t equal8(uint64_t v, unsigned char c)
{
    uint64_t x = v ^ (ONES * c);
    uint64_t zero = ~(((x & ~HIGHS) + ~HIGHS) | x | ~HIGHS); /* the high bit of each zero byte */
    return (zero >> 7) * 0x0102040810204080ULL >> 56;
}

static struct masks masks_of(const char *p)
{
    struct masks m = {0};
    for (int i = 0; i < 8; i++) {
        uint64_t v = 0;
        for (int k = 7; k >= 0; k--) /* compilers make one load of it; any byte order */
            v = v << 8 | (unsigned char)p[8 * i + k];
        uint64_t folded = v | ONES * 0x20;
        m.quote |= equal8(v, '"') << 8 * i;
        m.backslash |= equal8(v, '\\') << 8 * i;
        m.open |= equal8(folded, '{') << 8 * i;
        m.close |= equal8(folded, '}') << 8 * i;
    }
    return m;
}
#endif

/* The bits of bytes that a backslash escapes (simdjson, find_escaped). */
static uint64_t escaped_bits(uint64_t backslash, bool *carry)
{
    const uint64_t even = 0x5555555555555555ULL;
    backslash &= ~(uint64_t)*carry;
    uint64_t follows = backslash << 1 | (uint64_t)*carry;
    uint64_t odd_starts = backslash & ~even & ~follows;
    uint64_t even_ends;
    *carry = __builtin_add_overflow(odd_starts, backslash, &even_ends);
    return (even ^ even_ends << 1) & follows;
}

/* Bit i becomes the parity of bits 0..i: inside a string, its opening quote included. */
static uint64_t prefix_xor(uint64_t x)
{
    x ^= x << 1;
    x ^= x << 2;
    x ^= x << 4;
    x ^= x << 8;
    x ^= x << 16;
    x ^= x << 32;
    return x;
}

/*
 * The slow way: one byte after the other. As in a block, a backslash takes the meaning from a quote
 * behind it outside strings too, where JSON has none: so that it does not matter how bytes are cut.
 */
static size_t bytewise(struct skip *s, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = data[i];
        bool escaped = s->escape;
        s->escape = c == '\\' && !escaped;
        if (c == '"' && !escaped) {
            s->in_string = !s->in_string;
            if (!s->in_string && !s->depth)
                return i + 1;
        } else if (s->in_string) {
            continue;
        } else if (c == '{' || c == '[') {
            s->depth++;
        } else if ((c == '}' || c == ']') && --s->depth == 0) {
            return i + 1;
        }
    }
    return len;
}

/* One block; the place after the end when the container ends in it, else 0. */
static size_t block(struct skip *s, const char *p)
{
    struct masks m = masks_of(p);
    if (m.backslash || s->escape)
        m.quote &= ~escaped_bits(m.backslash, &s->escape);
    uint64_t inside = prefix_xor(m.quote) ^ (s->in_string ? ~UINT64_C(0) : 0);
    uint64_t open = m.open & ~inside, close = m.close & ~inside;
    size_t closes = (size_t)__builtin_popcountll(close);
    if (closes >= s->depth) {
        size_t depth = s->depth;
        for (uint64_t bits = open | close; bits; bits &= bits - 1) {
            int at = __builtin_ctzll(bits);
            if (open >> at & 1) {
                depth++;
            } else if (--depth == 0) {
                *s = (struct skip){0};
                return (size_t)at + 1;
            }
        }
    }
    s->depth += (size_t)__builtin_popcountll(open) - closes;
    s->in_string = inside >> 63;
    return 0;
}

size_t skip_run(struct skip *s, const char *data, size_t len)
{
    size_t i = 0;
    /* the first byte opens it; a bare string is short, and blocks see only brackets */
    if (!s->depth) {
        if (!len || data[0] == '"' || s->in_string)
            return bytewise(s, data, len);
        i = bytewise(s, data, 1);
    }
    for (; len - i >= BLOCK; i += BLOCK) {
        size_t end = block(s, data + i);
        if (end)
            return i + end;
    }
    return i + bytewise(s, data + i, len - i);
}
