/*
 * The document that GET /status answers: how things stand now. The agent's core builds it,
 * `holdfast status` prints it. No secret is in it: drift events are redacted before they come here.
 *
 *   {
 *     "version": "0.2.0",                    of the agent
 *     "started": TIME,                       RFC 3339, UTC, as every TIME
 *     "time":    TIME,                       now: ages are counted from it, not by other clocks
 *     "sources": [{
 *       "name": "ml-infra",
 *       "url": "https://git.example/...",    without user and password
 *       "ref": "main" | null,
 *       "revision": "a1b2c3..." | null,      null: a working tree, or nothing was read yet
 *       "commitTime": TIME | null,
 *       "read": TIME | null,                 when Git was last asked with success
 *       "readError": "why" | null,           the last try failed: what is said here is old
 *       "ready": true,                       read once, and each of its objects judged once
 *       "objects": 12, "inSync": 9,
 *       "paused": 1,                         of the objects: not compared
 *       "drift": {                           open: fields by class, whole objects by verdict
 *         "changed": 1, "extra": 0, "dropped": 0, "missing": 1, "terminating": 0,
 *         "blocked": 0, "unknown": 0, "ignored": 0
 *       },
 *       "errors": 1,
 *       "problems": [ {error event of SPEC 1} ]  of these; `time`: when it was told first; at most
 *                                                LIMIT_STATUS_ERRORS
 *       "open": [ {drift event of SPEC 1} ]  `time`: when it was opened; at most LIMIT_STATUS_OPEN
 *     }],
 *     "kinds": [{                            each kind and scope that is watched, or should be
 *       "source": "ml-infra",
 *       "group": "apps", "kind": "Deployment",
 *       "scope": "" | "namespace ml" | ...,  "": the whole cluster
 *       "state": "listing" | "watching" | "denied" | "failed" | "unserved",
 *       "since": TIME, "message": "why" | null
 *     }],
 *     "exports": [{                          agent/exports.h
 *       "name": "model-url", "namespace": "ml" | null,
 *       "value": any, "default": true,       true: the path is absent, the value is the default
 *       "since": TIME | null, "message": "why" | null
 *     }]
 *   }
 *
 * Members may be added; a reader skips those that it does not know.
 */
#ifndef HOLDFAST_STATUS_H
#define HOLDFAST_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* So many of the longest open drifts are shown to a person, and so many errors of a source. */
#define STATUS_SHOWN 10

/* Prints the document for a person; `color` and `width` as in report_text.h. 0, or -1: `out`
 * failed. */
int status_print(FILE *out, const json_t *status, bool color, int width);

/* The exit status (command.h): EXIT_BLOCKED over EXIT_DRIFT over EXIT_IN_SYNC. */
int status_exit(const json_t *status);

#endif
