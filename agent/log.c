#include "log.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/report_text.h"
#include "diff/text.h"
#include "terminal.h"

static enum output form = OUTPUT_JSON;
static bool several; /* sources */
static bool failing; /* the last write */
static bool failed;  /* any of them */

void log_start(enum output output)
{
    form = output;
}

void log_sources(size_t count)
{
    several = count > 1;
}

/* Whose line it is: "ml: ", or "" where there is no choice or the message says it. Owned. */
static char *whose(const json_t *event)
{
    const char *source = json_str_at(event, "source", NULL);
    const char *message = json_str_at(event, "message", NULL);
    if (!several || !source)
        return xstrdup("");
    _free_ char *said = xasprintf("source %s: ", source), *name = text_safe_dup(source);
    return message && !strncmp(message, said, strlen(said)) ? xstrdup("") : xasprintf("%s: ", name);
}

void log_event(enum event_level level, const char *event, const char *source, const char *revision,
               const json_t *members)
{
    json_auto_t *e = event_new(level, event, source, revision);
    json_object_update(e, (json_t *)members);
    clearerr(stdout); /* it would remember a write that failed before */
    bool bad;
    if (form == OUTPUT_TEXT) {
        /* "2026-03-01T12:03:00.250Z": the second is what a person reads */
        const char *time = json_str_at(e, "time", NULL);
        _free_ char *begin = whose(e);
        bad = fprintf(stdout, "%.19sZ  %s", time, begin) < 0;
        struct report_text *text = report_text_new(stdout, terminal_color(stdout), 0);
        report_text_add(text, e);
        bad |= report_text_finish(text) != 0;
    } else {
        bad = event_write(stdout, e) != 0;
    }
    bad |= fflush(stdout) != 0;
    failing = bad;
    failed |= bad;
}

void log_error(const char *source, const char *revision, const char *message)
{
    json_auto_t *members = json_object();
    json_put_str(members, "message", message);
    log_event(EVENT_ERROR, "error", source, revision, members);
}

void log_note(enum event_level level, const char *source, const char *revision, const char *message)
{
    json_auto_t *members = json_object();
    json_put_str(members, "message", message);
    log_event(level, "note", source, revision, members);
}

bool log_failing(void)
{
    return failing;
}

bool log_failed(void)
{
    return failed;
}
