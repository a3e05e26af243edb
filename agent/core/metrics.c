#include "core/metrics.h"

#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uthash.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/version.h"

struct metrics_set {
    char *key; /* the values, each with its NUL */
    size_t key_len;
    double n;
    UT_hash_handle hh;
};

/* Upper bounds: from a memo's answer to a webhook that is slow. */
static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                0.25,  0.5,    1,     2.5,  5,     10,   30};

struct histogram {
    uint64_t buckets[ARRAY_LEN(bounds) + 1]; /* the last: beyond all bounds */
    uint64_t count;
    double sum;
};

/* Kubernetes has a dozen verbs; whatever else comes shares the last place. */
enum { VERBS_MAX = 12, CODES_MAX = 100, NAMES_MAX = 40 };

static struct {
    struct metrics_tally requests, errors, drifts;
    struct histogram judge, watch;
    struct {
        char verb[16];
        struct histogram h;
    } verbs[VERBS_MAX];
    size_t verb_count;
} all = {
    .requests = {.labels = {"verb", "code"}, .max = VERBS_MAX * CODES_MAX},
    .errors = {.labels = {"class"}, .max = NAMES_MAX},
    .drifts = {.labels = {"state"}, .max = NAMES_MAX},
};

/* ---- counting ---- */

static void observe(struct histogram *h, double seconds)
{
    size_t i = 0;
    while (i < ARRAY_LEN(bounds) && seconds > bounds[i])
        i++;
    h->buckets[i]++;
    h->count++;
    h->sum += seconds;
}

static struct histogram *verb_histogram(const char *verb)
{
    for (size_t i = 0; i < all.verb_count; i++) {
        if (!strcmp(all.verbs[i].verb, verb))
            return &all.verbs[i].h;
    }
    if (all.verb_count == VERBS_MAX)
        return &all.verbs[VERBS_MAX - 1].h;
    size_t i = all.verb_count++;
    snprintf(all.verbs[i].verb, sizeof(all.verbs[i].verb), "%s",
             i == VERBS_MAX - 1 ? "(other)" : verb);
    return &all.verbs[i].h;
}

/* As the API's audit log calls it. */
static const char *api_verb(const char *method)
{
    static const char *const verbs[][2] = {
        {"GET", "get"},     {"LIST", "list"},  {"WATCH", "watch"},   {"POST", "create"},
        {"PATCH", "patch"}, {"PUT", "update"}, {"DELETE", "delete"},
    };
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!strcmp(method, verbs[i][0]))
            return verbs[i][1];
    }
    return method;
}

void metrics_request(const char *method, long code, double seconds)
{
    const char *verb = api_verb(method);
    char text[24];
    snprintf(text, sizeof(text), "%ld", code);
    metrics_tally_add(&all.requests, 1, (const char *[]){verb, code > 0 ? text : "none"});
    if (seconds >= 0)
        observe(verb_histogram(verb), seconds);
}

void metrics_judge(double seconds)
{
    observe(&all.judge, seconds);
}

void metrics_watch_latency(double seconds)
{
    observe(&all.watch, seconds);
}

void metrics_error(const char *name)
{
    metrics_tally_add(&all.errors, 1, &name);
}

void metrics_drift(const char *state)
{
    metrics_tally_add(&all.drifts, 1, &state);
}

void metrics_reset(void)
{
    metrics_tally_free(&all.requests);
    metrics_tally_free(&all.errors);
    metrics_tally_free(&all.drifts);
    all.judge = all.watch = (struct histogram){0};
    memset(all.verbs, 0, sizeof(all.verbs));
    all.verb_count = 0;
}

/* ---- tallies ---- */

void metrics_tally_add(struct metrics_tally *t, double n, const char *const *values)
{
    static const char *const others[METRICS_LABELS_MAX] = {"(other)", "(other)", "(other)",
                                                           "(other)"};
    _buf_ struct buf key = BUF_INIT(LIMIT_JSON_BYTES);
    for (size_t i = 0; t->labels[i]; i++) {
        const char *v = values[i] ? values[i] : "";
        buf_add(&key, v, strlen(v) + 1);
    }
    struct metrics_set *set = NULL;
    HASH_FIND(hh, t->sets, key.data, key.len, set);
    size_t max = t->max ? t->max : METRICS_SETS_MAX;
    if (!set && t->count >= max && values != others) {
        metrics_tally_add(t, n, others);
        return;
    }
    if (!set) {
        set = xcalloc(1, sizeof(*set));
        set->key_len = key.len;
        set->key = buf_take(&key);
        t->count++; /* "(other)" itself may be one more */
        HASH_ADD_KEYPTR(hh, t->sets, set->key, set->key_len, set);
    }
    set->n += n;
}

void metrics_tally_free(struct metrics_tally *t)
{
    struct metrics_set *set, *next;
    HASH_ITER(hh, t->sets, set, next)
    {
        HASH_DEL(t->sets, set);
        free(set->key);
        free(set);
    }
    t->count = 0;
}

/* ---- the text ---- */

static void add_label(struct buf *out, const char *name, const char *value, bool first)
{
    buf_addf(out, "%s%s=\"", first ? "{" : ",", name);
    for (const char *p = value ? value : ""; *p; p++) {
        if (*p == '\\' || *p == '"')
            buf_addf(out, "\\%c", *p);
        else if (*p == '\n')
            buf_add_str(out, "\\n");
        else
            buf_add_char(out, *p);
    }
    buf_add_char(out, '"');
}

static void add_number(struct buf *out, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        buf_addf(out, " %.0f\n", value);
    else
        buf_addf(out, " %.15g\n", value);
}

void metrics_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_sample(struct buf *out, const char *name, double value, ...)
{
    va_list ap;
    va_start(ap, value);
    buf_add_str(out, name);
    bool first = true;
    for (const char *label; (label = va_arg(ap, const char *)); first = false)
        add_label(out, label, va_arg(ap, const char *), first);
    va_end(ap);
    if (!first)
        buf_add_char(out, '}');
    add_number(out, value);
}

void metrics_tally_write(const struct metrics_tally *t, const char *name, struct buf *out)
{
    for (const struct metrics_set *set = t->sets; set; set = set->hh.next) {
        const char *value = set->key;
        buf_add_str(out, name);
        for (size_t i = 0; t->labels[i]; i++, value += strlen(value) + 1)
            add_label(out, t->labels[i], value, i == 0);
        if (t->labels[0])
            buf_add_char(out, '}');
        add_number(out, set->n);
    }
}

/* One histogram's samples; `label` NULL: it has none. */
static void add_histogram(struct buf *out, const char *name, const char *label, const char *value,
                          const struct histogram *h)
{
    _free_ char *bucket = xasprintf("%s_bucket", name);
    _free_ char *sum = xasprintf("%s_sum", name), *count = xasprintf("%s_count", name);
    uint64_t below = 0;
    for (size_t i = 0; i <= ARRAY_LEN(bounds); i++) {
        char le[24];
        snprintf(le, sizeof(le), "%g", i < ARRAY_LEN(bounds) ? bounds[i] : 0);
        below += h->buckets[i];
        metrics_sample(out, bucket, (double)below, "le", i < ARRAY_LEN(bounds) ? le : "+Inf", label,
                       value, NULL);
    }
    metrics_sample(out, sum, h->sum, label, value, NULL);
    metrics_sample(out, count, (double)h->count, label, value, NULL);
}

static void one_histogram(struct buf *out, const char *name, const char *help,
                          const struct histogram *h)
{
    metrics_family(out, name, "histogram", help);
    add_histogram(out, name, NULL, NULL, h);
}

static void add_tally(struct buf *out, const char *name, const char *help,
                      const struct metrics_tally *t)
{
    metrics_family(out, name, "counter", help);
    metrics_tally_write(t, name, out);
}

/* ---- the process ---- */

static double open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    double n = 0;
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n - 3; /* ".", ".." and the folder itself */
}

static bool read_stat(double *cpu, double *started, double *resident)
{
    char text[1024];
    FILE *in = fopen("/proc/self/stat", "re");
    size_t n = in ? fread(text, 1, sizeof(text) - 1, in) : 0;
    if (in)
        fclose(in);
    text[n] = '\0';
    /* the program's name may hold blanks; after its bracket come the fields from the third on */
    char *p = strrchr(text, ')');
    double field[25] = {0};
    char *rest = NULL;
    size_t at = 3;
    for (char *word = p ? strtok_r(p + 1, " ", &rest) : NULL; word && at < ARRAY_LEN(field);
         word = strtok_r(NULL, " ", &rest))
        field[at++] = strtod(word, NULL);
    double tick = (double)sysconf(_SC_CLK_TCK);
    *cpu = (field[14] + field[15]) / tick;
    *started = field[22] / tick;
    *resident = field[24] * (double)sysconf(_SC_PAGESIZE);
    return at == ARRAY_LEN(field);
}

/* Unix time at which the machine's boot clock was 0. */
static double boot_time(void)
{
    struct timespec now, up;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    return (double)(now.tv_sec - up.tv_sec) + (double)(now.tv_nsec - up.tv_nsec) / 1e9;
}

static void write_process(struct buf *out)
{
    double cpu, started, resident;
    if (read_stat(&cpu, &started, &resident)) {
        metrics_family(out, "process_resident_memory_bytes", "gauge", "Resident memory in bytes.");
        metrics_sample(out, "process_resident_memory_bytes", resident, NULL);
        metrics_family(out, "process_cpu_seconds_total", "counter", "User and system CPU time.");
        metrics_sample(out, "process_cpu_seconds_total", cpu, NULL);
        metrics_family(out, "process_start_time_seconds", "gauge", "Unix time of the start.");
        metrics_sample(out, "process_start_time_seconds", boot_time() + started, NULL);
    }
    metrics_family(out, "process_open_fds", "gauge", "Open file descriptors.");
    metrics_sample(out, "process_open_fds", open_files(), NULL);
    metrics_family(out, "holdfast_build_info", "gauge", "The version that runs.");
    metrics_sample(out, "holdfast_build_info", 1, "version", holdfast_version(), NULL);
}

void metrics_write(struct buf *out)
{
    add_tally(out, "holdfast_kubernetes_requests_total",
              "Requests to the API server that ended, by verb and HTTP status.", &all.requests);
    static const char name[] = "holdfast_kubernetes_request_duration_seconds";
    metrics_family(out, name, "histogram",
                   "Duration of requests to the API server; of a watch, until its first bytes.");
    for (size_t i = 0; i < all.verb_count; i++)
        add_histogram(out, name, "verb", all.verbs[i].verb, &all.verbs[i].h);
    one_histogram(out, "holdfast_judge_duration_seconds",
                  "From a change being known to its verdict.", &all.judge);
    one_histogram(out, "holdfast_watch_latency_seconds",
                  "From a change in the cluster to its verdict.", &all.watch);
    add_tally(out, "holdfast_errors_total", "Error lines by class.", &all.errors);
    add_tally(out, "holdfast_drift_lines_total", "Drift lines by state.", &all.drifts);
    write_process(out);
}
