/* What the golden tests of the readers share: files, escapes. Included by one test each. */
#ifndef HOLDFAST_TESTS_GOLDEN_CASES_H
#define HOLDFAST_TESTS_GOLDEN_CASES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* The whole file, NUL-terminated and owned, or NULL. */
static _unused_ char *golden_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    size_t cap = 0, n = 0;
    char *text = NULL;
    do {
        text = xgrow(text, &cap, n + 65537, 1);
        n += fread(text + n, 1, 65536, f);
    } while (!feof(f) && !ferror(f));
    fclose(f);
    text[n] = '\0';
    *len = n;
    return text;
}

/* Undoes \n \r \t \s \\ \xNN in place. Returns the length. */
static _unused_ size_t golden_unescape(char *s)
{
    size_t n = 0;
    for (const char *p = s; *p; p++) {
        if (*p != '\\') {
            s[n++] = *p;
            continue;
        }
        p++;
        if (*p == 'x') {
            char hex[3] = {p[1], p[2], '\0'};
            s[n++] = (char)strtoul(hex, NULL, 16);
            p += 2;
        } else {
            s[n++] = *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p == 's' ? ' ' : *p;
        }
    }
    s[n] = '\0';
    return n;
}

/* Cuts the next line off, or answers NULL. */
static _unused_ char *golden_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return line;
}

#endif
