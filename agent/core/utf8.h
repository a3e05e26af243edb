/* Bytes to characters. */
#ifndef HOLDFAST_CORE_UTF8_H
#define HOLDFAST_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed UTF-8 character at s (no surrogates, at most U+10FFFF), or 0. */
size_t utf8_char(const char *s, size_t left, uint32_t *code);

/* Each byte that is of no such character becomes `?`. */
void utf8_clean(char *s);

#endif
