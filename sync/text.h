/*
 * Bytes to characters: what a file's text is made of, before anything is parsed. Lines end with LF,
 * CRLF or a lone CR. (Inside a YAML document libyaml counts U+0085, U+2028 and U+2029 as line ends
 * too, as YAML 1.1 says; a line number below such a character is so many too high until the next
 * `---`.)
 */
#ifndef HOLDFAST_SYNC_TEXT_H
#define HOLDFAST_SYNC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of it is well-formed UTF-8. */
bool text_utf8(const char *s, size_t len);

/* Writes `code` as UTF-8 and returns the number of bytes, 1 to 4. */
size_t text_put(char *out, uint32_t code);

enum text_fault { TEXT_GOOD, TEXT_NOT_UTF8, TEXT_CONTROL };

/*
 * The first byte that YAML does not take: no UTF-8, or a control character (YAML 1.1 section 4.1.1
 * as libyaml and Go's port read it: U+FEFF inside a text too). *at is its offset, *code the byte or
 * character.
 */
enum text_fault text_check(const char *s, size_t len, size_t *at, uint32_t *code);

/* Line ends in the text; one that a CR at its very end leaves open is counted. */
uint32_t text_lines(const char *s, size_t len);

/* Moves a place (1-based, columns in characters) over the text. */
void text_advance(const char *s, size_t len, uint32_t *line, uint32_t *col);

enum text_order { TEXT_LITTLE, TEXT_BIG };

/*
 * UTF-16 (without its mark) to an owned UTF-8 text, NUL-terminated; NULL where it is malformed,
 * with *at the offset of the fault.
 */
char *text_from_utf16(const char *s, size_t len, enum text_order order, size_t *out_len,
                      size_t *at);

#endif
