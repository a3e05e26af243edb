/* holdfast lint PATH...: what is wrong in manifests, without a cluster. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "core/alloc.h"
#include "core/event.h"
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
    size_t objects;
};

static void on_problem(void *ctx, const struct problem *p)
{
    struct run *run = ctx;
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

static int print_all(const struct events *events, enum events_kind kind, enum output output)
{
    int rc = 0;
    for (size_t i = 0; i < events_count(events, kind); i++) {
        const json_t *event = events_at(events, kind, i);
        if (output == OUTPUT_JSON) {
            rc |= event_write(stdout, event);
            continue;
        }
        _free_ char *text = show_problem(event);
        rc |= puts(text) < 0;
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
            fprintf(stderr, "holdfast: %s\n", err_message(err));
            failed = 1;
        }
    }
    lint_finish(run.lint, &run.sink);
    events_sort(&run.events);
    failed |= print_all(&run.events, EVENTS_ERROR, o->output);
    failed |= print_all(&run.events, EVENTS_NOTE, o->output);
    failed |= events_count(&run.events, EVENTS_ERROR) > 0;
    print_count(&run);
    events_free(&run.events);
    return failed ? EXIT_ERROR : 0;
}
