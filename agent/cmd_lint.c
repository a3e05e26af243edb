/* holdfast lint PATH...: what is wrong in manifests, without a cluster. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "core/alloc.h"
#include "core/event.h"
#include "core/limits.h"
#include "diff/events.h"
#include "diff/show.h"
#include "here.h"
#include "options.h"
#include "sync/lint.h"
#include "terminal.h"

struct run {
    struct events events;
    struct lint *lint;
    struct manifest_sink sink;
    size_t objects, untold[PROBLEM_LEVELS];
};

static void on_problem(void *ctx, const struct problem *p)
{
    struct run *run = ctx;
    enum events_kind kind = p->level == PROBLEM_ERROR ? EVENTS_ERROR : EVENTS_NOTE;
    if (events_count(&run->events, kind) >= LIMIT_ERRORS) {
        run->untold[p->level]++;
        return;
    }
    json_auto_t *event = event_problem(p->level == PROBLEM_ERROR ? EVENT_ERROR : EVENT_INFO, NULL,
                                       NULL, p->file, p->line, p->col, p->object, p->message);
    events_add(&run->events, event);
}

static void on_object(void *ctx, const char *file, const struct manifest *manifest)
{
    struct run *run = ctx;
    run->objects++;
    lint_add(run->lint, file, manifest, &run->sink);
}

static int print_one(const json_t *event, enum output output)
{
    if (output == OUTPUT_JSON)
        return event_write(stdout, event);
    _free_ char *text = show_problem(event);
    return puts(text) < 0;
}

static int print_all(const struct events *events, enum events_kind kind, enum output output)
{
    int rc = 0;
    for (size_t i = 0; i < events_count(events, kind); i++)
        rc |= print_one(events_at(events, kind, i), output);
    return rc;
}

/* Where one file alone can hold a hundred thousand of them. */
static int print_untold(const struct run *run, enum output output)
{
    static const struct {
        enum event_level level;
        const char *what;
    } levels[] = {
        [PROBLEM_ERROR] = {EVENT_ERROR, "more errors: put these right first"},
        [PROBLEM_NOTE] = {EVENT_INFO, "more notes"},
    };
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (!run->untold[i])
            continue;
        _free_ char *message = xasprintf("%zu %s", run->untold[i], levels[i].what);
        json_auto_t *event = event_problem(levels[i].level, NULL, NULL, NULL, 0, 0, NULL, message);
        rc |= print_one(event, output);
    }
    return rc;
}

/* Silence would leave a person in doubt whether anything was read. */
static void print_count(const struct run *run)
{
    size_t errors = events_count(&run->events, EVENTS_ERROR);
    size_t notes = events_count(&run->events, EVENTS_NOTE);
    if (terminal_is(stderr))
        fprintf(stderr, "%zu object%s, %zu error%s, %zu note%s\n", run->objects,
                run->objects == 1 ? "" : "s", errors, errors == 1 ? "" : "s", notes,
                notes == 1 ? "" : "s");
}

int cmd_lint(const struct options *o)
{
    struct run run = {.lint = lint_new(o->namespace ? o->namespace : "default")};
    run.sink = (struct manifest_sink){.ctx = &run, .object = on_object, .problem = on_problem};
    int failed = 0;
    for (size_t i = 0; i < o->arg_count; i++) {
        _err_ struct err *err = NULL;
        if (here_read(o->args[i], &run.sink, &err)) {
            terminal_error("%s", err_message(err));
            failed = 1;
        }
    }
    lint_finish(run.lint, &run.sink);
    events_sort(&run.events);
    failed |= print_all(&run.events, EVENTS_ERROR, o->output);
    failed |= print_all(&run.events, EVENTS_NOTE, o->output);
    failed |= print_untold(&run, o->output);
    failed |= events_count(&run.events, EVENTS_ERROR) > 0;
    print_count(&run);
    events_free(&run.events);
    return failed ? EXIT_ERROR : 0;
}
