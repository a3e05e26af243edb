/*
 * The words of a report, made from events (SPEC 1), for report_text and report_md. All texts are
 * owned by the caller and safe for a terminal (text.h): one line, nothing raw. Pure.
 */
#ifndef HOLDFAST_DIFF_SHOW_H
#define HOLDFAST_DIFF_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * How it stands in one character: '~' changed, '+' extra or orphan, '-' missing, dropped, '!'
 * blocked, '?' unknown, 'x' terminating, '=' cleared.
 */
char show_sign(const json_t *drift);

/* "Deployment ml/x", "Namespace ml". Takes the `object` of any event: an object or a string. */
char *show_object(const json_t *event);

/* "spec.replicas"; "" for a whole object. */
char *show_field(const json_t *drift);

/*
 * A value, whole: a string bare when it can be nothing else, quoted otherwise; "(hidden 1a2b3c4d)",
 * "(6000 bytes, sha256 1a2b3c4d…)"; anything else as compact JSON.
 */
char *show_value(const json_t *value);

/*
 * Both sides of a field, each cut to `columns`; NULL for a side that is absent. `want` names the
 * server's notation too where it is another: "1Gi (1073741824)".
 */
void show_sides(const json_t *drift, size_t columns, char **want, char **have);

/* The verdict of a whole object in words: "missing", "blocked: immutable", "terminating (…)". */
char *show_verdict(const json_t *drift);

/* Who and since: "kubectl/scale, at or before 12:03Z (2m ago)", "unknown (removed)", or "". */
char *show_who(const json_t *drift);

/* "models/x.yaml:12 (a1b2c3d)"; without the revision for a working tree. */
char *show_place(const json_t *event);

/* An error or note event: "models/x.yaml:12:9: error: Deployment ml/x: …". */
char *show_problem(const json_t *event);

/* An Export's value, of an `export` event or of /status: "ml/address = 10.0.0.7". */
char *show_export(const json_t *export);

/* A summary event: "in sync: 12 objects, 9 requests, 0.08 s", or the counts. */
char *show_summary(const json_t *summary);

/* Whether a summary says that nothing differs and nothing went wrong. */
bool show_in_sync(const json_t *summary);

/* qsort's order of events (const json_t **): namespace, kind, name, field (numbers as numbers). */
int show_drift_order(const void *a, const void *b);

/* The same for errors and notes: file, line, column, message. */
int show_problem_order(const void *a, const void *b);

#endif
