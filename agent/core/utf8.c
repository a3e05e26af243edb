#include "core/utf8.h"

#include <stdbool.h>
#include <string.h>

/* Smallest code for each length: a longer form of a shorter one is malformed. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

size_t utf8_char(const char *s, size_t left, uint32_t *code)
{
    unsigned char c = left ? (unsigned char)s[0] : 0xff;
    if (c < 0x80) {
        *code = c;
        return 1;
    }
    size_t n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n == 0 || n > left)
        return 0;
    uint32_t value = c & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        unsigned char next = (unsigned char)s[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3f);
    }
    bool character = value >= smallest[n] && value <= 0x10ffff && (value >> 11) != 0xd800 >> 11;
    *code = value;
    return character ? n : 0;
}

void utf8_clean(char *s)
{
    size_t left = strlen(s);
    uint32_t code;
    while (left) {
        size_t n = utf8_char(s, left, &code);
        if (!n) {
            *s = '?';
            n = 1;
        }
        s += n;
        left -= n;
    }
}
