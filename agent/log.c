#include "log.h"

#include <stdio.h>

#include "core/json.h"
#include "diff/report_text.h"
#include "terminal.h"

static enum output form = OUTPUT_JSON;
static bool failing; /* the last write */
static bool failed;  /* any of them */

void log_start(enum output output)
{
    form = output;
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
        bad = fprintf(stdout, "%.19sZ  ", time) < 0;
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
