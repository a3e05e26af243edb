#include "core/memory.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/limits.h"

#define SPARE (96 * MIB) /* for us to grow, and for what the kernel counts beside: pipes, tmpfs */

/* The index-th number of the file's first line; UINT64_MAX where there is none. */
static uint64_t number_of(const char *path, int index)
{
    unsigned long long value[2];
    FILE *f = fopen(path, "re");
    int got = f ? fscanf(f, "%llu %llu", &value[0], &value[1]) : 0;
    if (f)
        fclose(f);
    return got > index ? value[index] : UINT64_MAX;
}

uint64_t memory_for_child(const char *limit_file, uint64_t most, uint64_t lent)
{
    uint64_t limit = number_of(limit_file, 0), pages = number_of("/proc/self/statm", 1);
    if (limit == UINT64_MAX)
        return most;
    uint64_t taken =
        lent + SPARE + (pages == UINT64_MAX ? 0 : pages * (uint64_t)sysconf(_SC_PAGESIZE));
    uint64_t left = limit > taken ? limit - taken : 0;
    if (left < LIMIT_READ_LEAST)
        left = LIMIT_READ_LEAST;
    return left < most ? left : most;
}

uint64_t memory_own_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    return limit.rlim_cur;
}

int memory_exceeded(struct err **err, const char *what, uint64_t bytes)
{
    return err_set(err, ERR_LIMIT,
                   "%s: it needs more than %llu MiB of memory: exclude what is that large or split "
                   "the source, or give the container more (resources.limits.memory)",
                   what, (unsigned long long)(bytes / MIB));
}
