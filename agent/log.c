#include "log.h"

#include <stdio.h>

#include "core/json.h"
#include "diff/report_text.h"
#include "terminal.h"

static enum output form = OUTPUT_JSON;
static bool failed;

void log_start(enum output output)
{
    form = output;
}

void log_event(enum event_level level, const char *event, const char *source, const char *revision,
               const json_t *members)
{
    json_auto_t *e = event_new(level, event, source, revision);
    json_object_update(e, (json_t *)members);
    if (form == OUTPUT_TEXT) {
        /* "2026-03-01T12:03:00.250Z": the second is what a person reads */
        const char *time = json_str_at(e, "time", NULL);
        failed |= fprintf(stdout, "%.19sZ  ", time) < 0;
        struct report_text *text = report_text_new(stdout, terminal_color(stdout), 0);
        report_text_add(text, e);
        failed |= report_text_finish(text) != 0;
    } else {
        failed |= event_write(stdout, e) != 0;
    }
    failed |= fflush(stdout) != 0;
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

bool log_failed(void)
{
    return failed;
}
