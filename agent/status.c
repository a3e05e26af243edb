#include "status.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "diff/report_text.h"
#include "diff/show.h"
#include "diff/text.h"

#define SHORT_REVISION 7

/* What is counted in `drift`, and how a person says it. */
static const struct {
    const char *name;
    const char *words;
    int exit;
} counts[] = {
    {"changed", "changed", EXIT_DRIFT},   {"extra", "extra", EXIT_DRIFT},
    {"dropped", "dropped", EXIT_DRIFT},   {"missing", "missing", EXIT_DRIFT},
    {"blocked", "blocked", EXIT_BLOCKED}, {"terminating", "being deleted", EXIT_DRIFT},
    {"unknown", "unknown", EXIT_BLOCKED}, {"ignored", "ignored by rules", EXIT_IN_SYNC},
};

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* A string of the document as a person may see it; "" where there is none. Owned. */
static char *safe(const json_t *object, const char *name)
{
    return text_safe_dup(json_str_at(object, name, NULL));
}

static bool is_set(const json_t *object, const char *name)
{
    const char *s = json_str_at(object, name, NULL);
    return s && *s;
}

/* "2m ago" of a time, by the agent's own clock; "never" where there is none. */
static void ago(const json_t *status, const char *time, char out[CLOCK_TEXT_BYTES])
{
    int64_t then, now;
    const char *at = json_str_at(status, "time", NULL);
    if (!time || clock_parse(time, &then) || !at || clock_parse(at, &now))
        snprintf(out, CLOCK_TEXT_BYTES, "never");
    else
        clock_ago(then, now, out);
}

static void print_head(FILE *out, const json_t *status)
{
    char age[CLOCK_TEXT_BYTES];
    _free_ char *version = safe(status, "version"), *started = safe(status, "started");
    ago(status, json_str_at(status, "started", NULL), age);
    fprintf(out, "holdfast %s, running since %s (%s)\n", version, started, age);
    _free_ char *error = safe(status, "clusterError");
    if (*error)
        fprintf(out, "the cluster does not answer as it should: %s\n", error);
}

static void print_counts(FILE *out, const json_t *source)
{
    const json_t *drift = json_object_get(source, "drift");
    json_int_t objects = number(source, "objects");
    fprintf(out, "  %lld object%s, %lld in sync", (long long)objects, objects == 1 ? "" : "s",
            (long long)number(source, "inSync"));
    if (number(source, "paused"))
        fprintf(out, ", %lld paused", (long long)number(source, "paused"));
    const char *separator = "; open: ";
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        json_int_t n = number(drift, counts[i].name);
        if (!n || counts[i].exit == EXIT_IN_SYNC)
            continue;
        fprintf(out, "%s%lld %s", separator, (long long)n, counts[i].words);
        separator = ", ";
    }
    json_int_t ignored = number(drift, "ignored");
    if (ignored)
        fprintf(out, "; %lld ignored by rules", (long long)ignored);
    json_int_t unjudged = number(source, "unjudged");
    if (unjudged)
        fprintf(out, "; %lld compared without the server (unjudged)", (long long)unjudged);
    fputc('\n', out);
}

/* What they are, as far as the document has them. */
static void print_errors(FILE *out, const json_t *source)
{
    json_int_t errors = number(source, "errors"), shown = 0;
    const json_t *problems = json_object_get(source, "problems"), *problem;
    size_t i;
    if (!errors)
        return;
    fprintf(out, "  %lld error%s: what they are about is not compared%s\n", (long long)errors,
            errors == 1 ? "" : "s", json_array_size(problems) ? ":" : "; the log says why");
    json_array_foreach(problems, i, problem)
    {
        if (!json_is_object(problem) || shown == STATUS_SHOWN)
            continue;
        json_auto_t *copy = json_copy((json_t *)problem);
        json_put_str(copy, "event", "error");
        _free_ char *text = show_problem(copy);
        fprintf(out, "    %s\n", text);
        shown++;
    }
    if (shown && shown < errors)
        fprintf(out, "    and %lld more: the log has them\n", (long long)(errors - shown));
}

static void print_source(FILE *out, const json_t *status, const json_t *source)
{
    char read[CLOCK_TEXT_BYTES], commit[CLOCK_TEXT_BYTES];
    _free_ char *name = safe(source, "name"), *url = safe(source, "url");
    _free_ char *ref = safe(source, "ref"), *revision = safe(source, "revision");
    _free_ char *error = safe(source, "readError");
    ago(status, json_str_at(source, "read", NULL), read);
    ago(status, json_str_at(source, "commitTime", NULL), commit);
    fprintf(out, "\n%s  %s%s%s", name, url, *ref ? " " : "", ref);
    if (*revision)
        fprintf(out, "  %.*s", SHORT_REVISION, revision);
    if (*revision && is_set(source, "commitTime"))
        fprintf(out, " (%s)", commit);
    fprintf(out, ", read %s\n", read);
    if (*error)
        fprintf(out, "  could not be read%s: %s\n",
                is_set(source, "read") ? "; what follows is old" : "", error);
    if (!json_is_true(json_object_get(source, "ready")))
        fputs("  not ready: not every object was seen yet\n", out);
    print_counts(out, source);
    print_errors(out, source);
}

static const char *opened(const json_t *event)
{
    const char *time = json_str_at(event, "time", NULL);
    return time ? time : "";
}

static int older(const void *a, const void *b)
{
    return strcmp(opened(*(json_t *const *)a), opened(*(json_t *const *)b));
}

/* The open drifts of all sources, those first that were opened first; borrowed, the array owned. */
static const json_t **all_open(const json_t *status, size_t *count)
{
    const json_t **all = NULL;
    size_t cap = 0, i, k;
    const json_t *source, *event;
    *count = 0;
    json_array_foreach(json_object_get(status, "sources"), i, source)
    {
        json_array_foreach(json_object_get(source, "open"), k, event)
        {
            if (!json_is_object(event))
                continue;
            all = xgrow(all, &cap, *count + 1, sizeof(*all));
            all[(*count)++] = event;
        }
    }
    if (*count)
        qsort(all, *count, sizeof(*all), older);
    return all;
}

/* Copies carry the document's time, so that "ago" counts from now. */
static int print_open(FILE *out, const json_t *status, bool color, int width)
{
    size_t count;
    _free_ const json_t **all = all_open(status, &count);
    if (!count)
        return 0;
    size_t shown = count < STATUS_SHOWN ? count : STATUS_SHOWN;
    if (shown < count)
        fprintf(out, "\nopen, the longest %zu of %zu:\n", shown, count);
    else
        fputs("\nopen:\n", out);
    struct report_text *r = report_text_new(out, color, width);
    for (size_t i = 0; i < shown; i++) {
        json_auto_t *copy = json_copy((json_t *)all[i]);
        json_put_str(copy, "event", "drift");
        json_put_str(copy, "time", json_str_at(status, "time", NULL));
        report_text_add(r, copy);
    }
    return report_text_finish(r);
}

/* Kinds that are not watched as they should be. */
static void print_kinds(FILE *out, const json_t *status)
{
    bool first = true;
    size_t i;
    const json_t *kind;
    json_array_foreach(json_object_get(status, "kinds"), i, kind)
    {
        const char *state = json_str_at(kind, "state", NULL);
        if (!state || !strcmp(state, "watching"))
            continue;
        char age[CLOCK_TEXT_BYTES];
        ago(status, json_str_at(kind, "since", NULL), age);
        _free_ char *name = safe(kind, "kind"), *group = safe(kind, "group");
        _free_ char *scope = safe(kind, "scope"), *message = safe(kind, "message");
        _free_ char *safe_state = text_safe_dup(state);
        fprintf(out, "%s%s%s%s, %s: %s (%s)%s%s\n", first ? "\nnot watched:\n  " : "  ", name,
                *group ? "." : "", group, *scope ? scope : "whole cluster", safe_state, age,
                *message ? ": " : "", message);
        first = false;
    }
}

static void print_exports(FILE *out, const json_t *status)
{
    const json_t *exports = json_object_get(status, "exports"), *export;
    size_t i;
    if (json_array_size(exports))
        fputs("\nexports:\n", out);
    json_array_foreach(exports, i, export)
    {
        _free_ char *text = show_export(export), *message = safe(export, "message");
        fprintf(out, "  %s%s%s\n", text, *message ? ": " : "", message);
    }
}

int status_print(FILE *out, const json_t *status, bool color, int width)
{
    size_t i;
    const json_t *source;
    print_head(out, status);
    json_array_foreach(json_object_get(status, "sources"), i, source)
        print_source(out, status, source);
    int rc = print_open(out, status, color, width);
    print_kinds(out, status);
    print_exports(out, status);
    return fflush(out) || ferror(out) ? -1 : rc;
}

int status_exit(const json_t *status)
{
    int worst = is_set(status, "clusterError") ? EXIT_BLOCKED : EXIT_IN_SYNC;
    size_t i;
    const json_t *source;
    json_array_foreach(json_object_get(status, "sources"), i, source)
    {
        const json_t *drift = json_object_get(source, "drift");
        for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
            if (number(drift, counts[k].name) > 0 && counts[k].exit > worst)
                worst = counts[k].exit;
        }
        if (is_set(source, "readError") || number(source, "errors") > 0 ||
            !json_is_true(json_object_get(source, "ready")))
            worst = EXIT_BLOCKED;
    }
    return worst;
}
