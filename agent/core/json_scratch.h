/*
 * jansson values that live for a moment only: between begin and end all that jansson allocates
 * comes out of one block, nothing of it is freed one by one, and the end takes all of it back.
 * Whoever opens such a scope keeps nothing that was made in it, puts nothing of it into older
 * values, and drops no reference to older ones.
 */
#ifndef HOLDFAST_CORE_JSON_SCRATCH_H
#define HOLDFAST_CORE_JSON_SCRATCH_H

#include <jansson.h>
#include <stddef.h>

/* Scopes do not nest. Under the address sanitizer they allocate as always. */
void json_scratch_begin(void);
void json_scratch_end(void);

/* Gives up a value made in the scope; costs nothing but where the sanitizer looks on. */
void json_scratch_drop(json_t *value);

/*
 * Parses JSON that a program has written: fast, and it does not look for what programs do not write
 * (bad UTF-8, raw control characters, members that occur twice: the last one counts). NULL where it
 * sees that the text is none. For verdicts, and for texts that jansson has checked as strings.
 */
json_t *json_scratch_parse(const char *text, size_t len);

#endif
