/*
 * measure FILE COMMAND ARGS...: runs COMMAND and writes into FILE, as JSON, what it took: wall and
 * CPU seconds (children that were waited for included), and the peaks of resident memory in KiB, of
 * COMMAND itself and of the largest of its children. A small program, since ru_maxrss of whoever is
 * started begins with what the starter had.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MS 2

struct memory {
    long peak, anon; /* KiB */
};

static void __attribute__((noreturn)) die(const char *what)
{
    fprintf(stderr, "measure: %s: %m\n", what);
    exit(125);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void raise_to(long *max, long value)
{
    if (value > *max)
        *max = value;
}

static void look(pid_t pid, struct memory *m)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (!strncmp(line, "VmHWM:", 6))
            raise_to(&m->peak, strtol(line + 6, NULL, 10));
        else if (!strncmp(line, "RssAnon:", 8))
            raise_to(&m->anon, strtol(line + 8, NULL, 10));
    }
    if (file)
        fclose(file);
}

static void look_at_children(pid_t pid, struct memory *m)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
    FILE *file = fopen(path, "re");
    int child;
    while (file && fscanf(file, "%d", &child) == 1)
        look(child, m);
    if (file)
        fclose(file);
}

int main(int argc, char **argv)
{
    struct memory own = {0}, child = {0};
    struct rusage usage;
    int status;
    if (argc < 3) {
        fputs("usage: measure FILE COMMAND ARGS...\n", stderr);
        return 125;
    }
    double begin = now();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "measure: %s: %m\n", argv[2]);
        _exit(127);
    }
    struct pollfd fd = {.fd = pid < 0 ? -1 : pidfd_open(pid, 0), .events = POLLIN};
    if (fd.fd < 0)
        die("cannot start");
    while (poll(&fd, 1, EVERY_MS) == 0) {
        look(pid, &own);
        look_at_children(pid, &child);
    }
    double wall = now() - begin;
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR)
            die("wait4");
    }
    FILE *out = fopen(argv[1], "we");
    if (!out)
        die(argv[1]);
    fprintf(out,
            "{\"status\": %d, \"wall\": %.6f, \"user\": %.6f, \"system\": %.6f, \"peak\": %ld, "
            "\"own_peak\": %ld, \"own_anon\": %ld, \"child_peak\": %ld, \"child_anon\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall,
            seconds(&usage.ru_utime), seconds(&usage.ru_stime), usage.ru_maxrss, own.peak, own.anon,
            child.peak, child.anon);
    return fclose(out) ? 125 : 0;
}
