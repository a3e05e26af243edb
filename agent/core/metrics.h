/*
 * What is counted while the program runs, and how it is told to Prometheus (text format 0.0.4).
 * One registry for the process: whoever does a thing counts it in one line. Gauges are not kept:
 * they are written when somebody asks, with metrics_family and metrics_sample, or with a tally
 * where many things share a label set. Label sets are bounded: what comes beyond is counted under
 * "(other)". Durations are seconds. Nothing here fails; a full buffer shows in its `full`.
 */
#ifndef HOLDFAST_CORE_METRICS_H
#define HOLDFAST_CORE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/*
 * One request to the API server that ended. `method`: GET, LIST, WATCH, POST, PATCH ..., or a verb;
 * `code`: the HTTP status, 0 where no whole answer came. `seconds` negative: not known.
 */
void metrics_request(const char *method, long code, double seconds);

/* One object judged: from being marked dirty to the verdict. */
void metrics_judge(double seconds);

/* From the first of the changes that a watch saw to the verdict on them. */
void metrics_watch_latency(double seconds);

/* An error event: `name` is its class (git, kubernetes, retry, auth, ...), a constant of ours. */
void metrics_error(const char *name);

/* A drift line: `state` is opened, updated, cleared or reminder. */
void metrics_drift(const char *state);

/* All of the above, and the process: resident memory, CPU, open files, start, build. */
void metrics_write(struct buf *out);

/* Back to zero, for tests. */
void metrics_reset(void);

/* ---- gauges, written when asked for ---- */

/* The two lines that begin a family. `type`: "gauge", "counter". */
void metrics_family(struct buf *out, const char *name, const char *type, const char *help);

/* One sample; label names and values follow in pairs, NULL ends them. A NULL value is "". */
void metrics_sample(struct buf *out, const char *name, double value, ...) __attribute__((sentinel));

#define METRICS_LABELS_MAX 4

/* Counts things by their label values and writes one sample for each set. Zero it to begin. */
struct metrics_tally {
    const char *labels[METRICS_LABELS_MAX + 1]; /* names, borrowed; NULL ends them */
    size_t max;                                 /* label sets; 0: METRICS_SETS_MAX */
    struct metrics_set *sets;                   /* its own */
    size_t count;                               /* of them */
};
#define METRICS_SETS_MAX 2000

/* Adds `n` to the set of these values, as many as there are labels; NULL is "". Copied. */
void metrics_tally_add(struct metrics_tally *t, double n, const char *const *values);

/* Samples of a family, in the order in which the sets were first seen. */
void metrics_tally_write(const struct metrics_tally *t, const char *name, struct buf *out);
void metrics_tally_free(struct metrics_tally *t);

#endif
