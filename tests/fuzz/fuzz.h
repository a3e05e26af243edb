/*
 * What the fuzz targets share. A target aborts where something is wrong; with clang
 * (-fsanitize=fuzzer) libFuzzer drives it, with gcc driver.c replays a corpus.
 */
#ifndef HOLDFAST_TESTS_FUZZ_H
#define HOLDFAST_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _unused_ void check(bool good)
{
    if (!good)
        abort();
}

/* The input as a row of decisions; zeros once it has ended. */
struct choices {
    const uint8_t *at, *end;
};

static _unused_ uint8_t choose(struct choices *c)
{
    return c->at < c->end ? *c->at++ : 0;
}

/* Piece lengths that depend on a seed alone: short ones mostly, sometimes a long one. */
static _unused_ size_t piece_len(uint32_t *random, size_t left)
{
    *random = *random * 1664525 + 1013904223;
    uint32_t r = *random >> 8;
    size_t n = r & 3 ? 1 + (r >> 2) % 7 : 1 + (r >> 2) % 300;
    return n < left ? n : left;
}

/* A copy in a block of its own size, so that a sanitizer sees a read past its end. Owned. */
static _unused_ char *exact_copy(const void *data, size_t len)
{
    char *copy = xmalloc(len ? len : 1);
    if (len)
        memcpy(copy, data, len);
    return copy;
}

#endif
