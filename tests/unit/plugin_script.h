/* Exec plugins for unit tests: shell scripts in a folder of the test's own. */
#ifndef HOLDFAST_TEST_PLUGIN_SCRIPT_H
#define HOLDFAST_TEST_PLUGIN_SCRIPT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"

#define PLUGIN_V1 "client.authentication.k8s.io/v1"

/* Writes the file and makes it executable; its path, owned. */
static inline char *plugin_script(const char *dir, const char *name, const char *script)
{
    char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f)
        abort();
    fprintf(f, "#!/bin/sh\n%s\n", script);
    fclose(f);
    chmod(path, 0755);
    return path;
}

/* The bytes of a small file; "" where there is none. Owned. */
static inline char *plugin_text(const char *dir, const char *name)
{
    _free_ char *path = xasprintf("%s/%s", dir, name);
    char *text = xcalloc(1, 4096);
    FILE *f = fopen(path, "r");
    if (f) {
        if (fread(text, 1, 4095, f) == 0)
            text[0] = '\0';
        fclose(f);
    }
    return text;
}

#endif
