#include "reporter.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/json.h"
#include "diff/report_md.h"
#include "diff/report_text.h"
#include "terminal.h"

struct reporter {
    enum output output;
    const char *source, *revision;
    struct report_text *text;
    struct report_md *md;
    int failed;
};

struct reporter *reporter_new(enum output output)
{
    struct reporter *r = xcalloc(1, sizeof(*r));
    r->output = output;
    if (output == OUTPUT_TEXT)
        r->text = report_text_new(stdout, terminal_color(stdout), terminal_width(stdout));
    if (output == OUTPUT_MARKDOWN)
        r->md = report_md_new(stdout);
    return r;
}

void reporter_source(struct reporter *r, const char *source, const char *revision)
{
    r->source = source;
    r->revision = revision;
}

void reporter_event(struct reporter *r, enum event_level level, const char *event,
                    const json_t *members)
{
    json_auto_t *e = event_new(level, event, r->source, r->revision);
    json_object_update(e, (json_t *)members);
    if (r->text)
        report_text_add(r->text, e);
    else if (r->md)
        report_md_add(r->md, e);
    else
        r->failed |= event_write(stdout, e);
}

void reporter_error(struct reporter *r, const char *message)
{
    json_auto_t *members = json_object();
    json_put_str(members, "message", message);
    reporter_event(r, EVENT_ERROR, "error", members);
}

int reporter_finish(struct reporter *r)
{
    if (!r)
        return 0;
    if (r->text)
        r->failed |= report_text_finish(r->text);
    if (r->md)
        r->failed |= report_md_finish(r->md);
    int failed = r->failed;
    free(r);
    return failed;
}
