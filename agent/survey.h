/*
 * What the sources declare and what the cluster serves, each read once: for commands that compare
 * nothing (`rbac`, `agent --check`). Owns the loop and the client, with which its user may ask
 * more.
 */
#ifndef HOLDFAST_SURVEY_H
#define HOLDFAST_SURVEY_H

#include <jansson.h>
#include <stdbool.h>

#include "config.h"
#include "options.h"
#include "providers/kubernetes/access.h"
#include "providers/kubernetes/client.h"
#include "providers/kubernetes/discovery.h"
#include "sync/desired.h"
#include "sync/source.h"

struct ev_loop;
struct statedir;
struct survey;

struct survey_source {
    struct survey *survey;
    const struct config_source *source;
    struct source_read *read;
    struct desired_set *set; /* NULL until it is read, and where it could not be */
    struct err *err;
};

struct survey {
    const struct options *options;
    struct config config;
    struct config_source adhoc; /* a source that only the command line names */
    struct statedir *state;
    struct ev_loop *loop;
    struct http *http;
    struct kubeconfig kubeconfig;
    struct kube_client *client;  /* NULL: no cluster */
    struct discovery *discovery; /* NULL: no cluster */
    json_t *api_services;        /* the items of the LIST; NULL where it may not be read */
    char *no_cluster;            /* why there is none */
    struct survey_source *sources;
    size_t count;
    size_t waiting; /* what has not been answered yet */
};

/*
 * Reads the source that the options name, or all of the configuration, and asks the cluster what it
 * serves. Without `need_cluster` a cluster that nobody named (no --kubeconfig, --context, and none
 * in the configuration) and that is not there is passed over: see no_cluster. Free it in every
 * case. -1 with *err for what ends the command; sources that could not be read have an error each.
 */
int survey_run(struct survey *s, const struct options *o, bool need_cluster, struct err **err);

/* Tells on standard error what is wrong in the sources; how many errors there are. */
size_t survey_problems(const struct survey *s);

/*
 * The same of objects that two sources declare, and marks those that stand twice in one; before
 * survey_problems, which tells these.
 */
size_t survey_overlaps(const struct survey *s);

enum survey_for { SURVEY_LOOK, SURVEY_REPORT, SURVEY_ASK };

/*
 * The rights that all sources together need, to be granted (to look, or to report by dry runs) or
 * to be asked for; owned. Objects for which none can be given are told on standard error, with file
 * and line, and counted.
 */
struct access *survey_access(const struct survey *s, enum survey_for what, size_t *refused);

void survey_free(struct survey *s);

#endif
