/*
 * reads FOLDER STATE COMMITS: what reading a Git repository takes: all of it, a commit that changed
 * nothing, and commits of one file. Prints one line each: medians of wall time from the start of
 * the child until the set is taken, and of CPU time of parent and child. The program is the child,
 * too. A file FOLDER/FILE is named on standard input for each commit, one a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <ev.h>

#include "core/alloc.h"
#include "sync/source.h"

struct took {
    double wall, parent, child; /* ms */
};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double children(void)
{
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void on_done(struct source_read *read, void *ctx)
{
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* The new set, which replaces `base`; or `base`. */
static struct desired_set *measure(const struct source_config *config, struct desired_set *base,
                                   struct took *took)
{
    _err_ struct err *err = NULL;
    struct source_config c = *config;
    c.base = base;
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID), child = children();
    struct source_read *read = source_read_start(ev_default_loop(0), &c, on_done, NULL);
    ev_run(EV_DEFAULT, 0);
    struct desired_set *set = source_read_unchanged(read) ? base : source_read_take(read, &err);
    if (!set || source_read_note(read)) {
        fprintf(stderr, "reads: %s\n", set ? source_read_note(read) : err_message(err));
        exit(1);
    }
    *took = (struct took){now(CLOCK_MONOTONIC) - wall, now(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                          children() - child};
    source_read_free(read);
    if (set != base)
        desired_set_free(base);
    return set;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const struct took *took, size_t count, size_t member)
{
    _free_ double *all = xcalloc(count, sizeof(*all));
    for (size_t i = 0; i < count; i++)
        memcpy(&all[i], (const char *)&took[i] + member, sizeof(double));
    qsort(all, count, sizeof(*all), order);
    return all[count / 2];
}

static void tell(const char *what, const struct took *took, size_t count)
{
    printf("%-10s n=%-4zu wall %8.2f ms  parent %7.2f ms  child %8.2f ms\n", what, count,
           middle(took, count, offsetof(struct took, wall)),
           middle(took, count, offsetof(struct took, parent)),
           middle(took, count, offsetof(struct took, child)));
}

static void commit(const char *folder, const char *file, size_t i)
{
    _free_ char *script =
        xasprintf("cd '%s' && echo '# %zu' >>'%s' && git add '%s' && git -c user.name=b -c "
                  "user.email=b@holdfast.invalid commit -qm %zu",
                  folder, i, file, file, i);
    if (system(script)) {
        fprintf(stderr, "reads: %s\n", script);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return source_child_main();
    if (argc != 4) {
        fprintf(stderr, "usage: reads FOLDER STATE COMMITS <FILES\n");
        return 2;
    }
    size_t commits = strtoul(argv[3], NULL, 10);
    _free_ char *url = xasprintf("file://%s", argv[1]);
    const struct source_config config = {.name = "s", .url = url, .state_dir = argv[2]};
    _free_ struct took *same = xcalloc(commits, sizeof(*same));
    _free_ struct took *changed = xcalloc(commits, sizeof(*changed));
    struct took all, again;
    struct desired_set *set = measure(&config, NULL, &all);
    struct desired_set *second = measure(&config, NULL, &again);
    desired_set_free(second);
    char file[4096];
    size_t n = 0;
    for (; n < commits && fgets(file, sizeof(file), stdin); n++) {
        file[strcspn(file, "\n")] = '\0';
        set = measure(&config, set, &same[n]);
        commit(argv[1], file, n);
        set = measure(&config, set, &changed[n]);
    }
    printf("%zu objects\n", set->count);
    tell("first", &all, 1);
    tell("whole", &again, 1);
    if (n) {
        tell("unchanged", same, n);
        tell("one file", changed, n);
    }
    desired_set_free(set);
    return 0;
}
