/*
 * The report as GitHub-flavoured Markdown, for a comment on a pull request: a table, then texts
 * that differ and messages. Values stand in code spans, so that nothing in them is markup or names
 * (@somebody) anybody. Pure but for writing to the stream.
 */
#ifndef HOLDFAST_DIFF_REPORT_MD_H
#define HOLDFAST_DIFF_REPORT_MD_H

#include <jansson.h>
#include <stdio.h>

struct report_md;

/* As report_text_new, _add and _finish. */
struct report_md *report_md_new(FILE *out);
void report_md_add(struct report_md *r, const json_t *event);
int report_md_finish(struct report_md *r);

#endif
