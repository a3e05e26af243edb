/*
 * Replays a corpus through a fuzz target without libFuzzer: every file of each folder (or file)
 * that is named, and, with -m N, N mutations of each, always the same ones.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long mutations;
static size_t runs;

static uint32_t next_random(void)
{
    static uint32_t random = 1;
    random = random * 1664525 + 1013904223;
    return random >> 8;
}

/* A copy in a block of its own size, so that a sanitizer sees a read past its end. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = xmalloc(size ? size : 1);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    runs++;
}

static void mutate(const uint8_t *data, size_t size)
{
    static const char bytes[] = "\n\r\t -:,{}[]&*!|>'\"#%@`?~<.0123456789xXyn\\\xc3\xef\xff";
    uint8_t *copy = xmalloc(size + 1);
    for (unsigned long i = 0; size && i < mutations; i++) {
        memcpy(copy, data, size);
        size_t n = size;
        for (uint32_t k = next_random() % 4; k < 4; k++) {
            size_t at = next_random() % n;
            if (k == 3 && n > 2) { /* take some bytes out */
                size_t cut = 1 + next_random() % (n - at < 8 ? n - at : 8);
                memmove(copy + at, copy + at + cut, n - at - cut);
                n -= cut;
            } else {
                copy[at] = (uint8_t)bytes[next_random() % (sizeof(bytes) - 1)];
            }
            if (n == 0)
                break;
        }
        run(copy, n);
    }
    free(copy);
}

static void replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(2);
    }
    size_t cap = 0, n = 0, got;
    uint8_t *data = NULL;
    do {
        data = xgrow(data, &cap, n + 65536, 1);
        got = fread(data + n, 1, 65536, f);
        n += got;
    } while (got);
    fclose(f);
    run(data, n);
    mutate(data, n);
    free(data);
}

static void replay_all(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        replay(path);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        char *file = xasprintf("%s/%s", path, entry->d_name);
        replay(file);
        free(file);
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-m") == 0 && i + 1 < argc)
            mutations = strtoul(argv[++i], NULL, 10);
        else
            replay_all(argv[i]);
    }
    printf("%zu inputs replayed\n", runs);
    return runs ? 0 : 2;
}
