/*
 * Child processes on the loop: standard input from memory, standard output to a callback, standard
 * error kept for the message, a deadline, SIGKILL, and the exit status. Runs the reading child,
 * renderers and exec plugins. A child dies with us (PR_SET_PDEATHSIG) and its process group with
 * it.
 */
#ifndef HOLDFAST_CORE_PROC_H
#define HOLDFAST_CORE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct ev_loop;
struct proc;

/* How it ended. Valid during `done` only. */
struct proc_end {
    bool timed_out;        /* the deadline passed and it was killed */
    int code;              /* exit status, or -1 when a signal ended it */
    int signal;            /* the signal that ended it, or 0 */
    const char *errors;    /* its standard error, one line ("; " for newlines), "" for none */
    const struct err *err; /* what the `out` callback refused: then it was killed for that */
};

struct proc_config {
    const char *path;        /* the program, no search in PATH */
    const char *const *argv; /* NULL-terminated */
    const char *const *env;  /* NULL-terminated "NAME=value"; NULL: an empty environment */
    const char *dir;         /* working directory, or NULL for ours */
    const void *input;       /* its standard input, copied; NULL: empty */
    size_t input_len;
    double deadline;      /* seconds until SIGKILL; 0: none */
    size_t errors_max;    /* bytes of standard error that are kept */
    uint64_t memory;      /* RLIMIT_AS in bytes; 0: as ours */
    uint64_t data;        /* RLIMIT_DATA in bytes: without mapped files; 0: as ours */
    uint64_t cpu_seconds; /* RLIMIT_CPU; 0: as ours */
    uint64_t files;       /* RLIMIT_NOFILE; 0: as ours was before proc_raise_files */
    /* Standard output as it comes. -1 with *err kills the child. NULL: thrown away. */
    int (*out)(void *ctx, const char *data, size_t len, struct err **err);
    /* Called once, from the loop; the last thing that proc does: proc_free is allowed inside. */
    void (*done)(void *ctx, const struct proc_end *end);
    void *ctx;
};

/* As many open files as may be had; programs that are started get what was usual before. */
void proc_raise_files(void);

/* Starts it. NULL with *err when it could not be forked. A program that cannot be executed ends
 * with 127. */
struct proc *proc_start(struct ev_loop *loop, const struct proc_config *config, struct err **err);

/* Kills it if it still runs (no `done`) and frees. NULL-safe. */
void proc_free(struct proc *proc);

/* 0 when it ended with 0; else -1 and an error that says how `what` ended, with its standard error.
 */
int proc_end_error(const struct proc_end *end, const char *what, struct err **err);

#endif
