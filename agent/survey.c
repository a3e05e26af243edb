#include "survey.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/alloc.h"
#include "core/event.h"
#include "core/http.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/statedir.h"
#include "diff/show.h"
#include "shared.h"

static void answered(struct survey *s)
{
    if (!--s->waiting)
        ev_break(s->loop, EVBREAK_ALL);
}

/* ---- the sources ---- */

static void add_source(struct survey *s, const struct config_source *source)
{
    s->sources = xrealloc(s->sources, (s->count + 1) * sizeof(*s->sources));
    s->sources[s->count++] = (struct survey_source){.survey = s, .source = source};
}

static int choose_sources(struct survey *s, struct err **err)
{
    const char *name = s->options->arg_count ? s->options->args[0] : NULL;
    const struct config_source *found = name ? config_find(&s->config, name) : NULL;
    for (size_t i = 0; !name && i < s->config.sources.count; i++)
        add_source(s, &s->config.sources.items[i]);
    if (found)
        add_source(s, found);
    if (s->count)
        return 0;
    if (!name && s->options->config)
        return err_set(err, ERR_USAGE, "%s: the configuration has no source", s->options->config);
    if (config_place(name ? name : ".", &s->adhoc, err))
        return -1;
    add_source(s, &s->adhoc);
    return 0;
}

static void start_sources(struct survey *s);

static void on_source(struct source_read *read, void *ctx)
{
    struct survey_source *source = ctx;
    source->set = source_read_take(read, &source->err);
    start_sources(source->survey);
    answered(source->survey);
}

static void start_source(struct survey *s, struct survey_source *source)
{
    const struct config_source *c = source->source;
    const struct source_config config = {
        .name = c->name,
        .url = c->url,
        .ref = options_first(s->options->ref, c->ref),
        .path = options_first(s->options->path, c->path),
        .include = c->include,
        .exclude = c->exclude,
        .file_bytes = (uint64_t)s->config.limits.file_bytes,
        .objects = (uint64_t)s->config.limits.objects,
        .fetch_bytes = (uint64_t)s->config.limits.fetch_bytes,
        .auth = c->auth,
        .state_dir = s->state->path,
        .deadline = LIMIT_READ_SECONDS,
    };
    source->read = source_read_start(s->loop, &config, on_source, source);
    s->waiting++;
}

/* Is the copy that it reads from being read for another source? */
static bool copy_is_taken(const struct survey *s, const struct survey_source *source)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct survey_source *o = &s->sources[i];
        if (o->read && !o->set && !o->err && source_same_copy(o->source->url, source->source->url))
            return true;
    }
    return false;
}

/* Those that need not wait for a copy. */
static void start_sources(struct survey *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!s->sources[i].read && !copy_is_taken(s, &s->sources[i]))
            start_source(s, &s->sources[i]);
    }
}

/* ---- the cluster ---- */

static void on_discovery(void *ctx, struct discovery *discovery, const struct err *err)
{
    struct survey *s = ctx;
    s->discovery = discovery;
    if (!discovery)
        s->no_cluster = xstrdup(err_message(err));
    answered(s);
}

static void on_api_services(void *ctx, const struct kube_answer *answer)
{
    struct survey *s = ctx;
    json_t *items = json_object_get(answer->object, "items");
    if (answer->status == 200 && json_is_array(items))
        s->api_services = json_deep_copy(items);
    answered(s);
}

static bool cluster_named(const struct survey *s)
{
    const struct options *o = s->options;
    return o->kubeconfig || o->context || o->as_user || s->config.kubernetes.kubeconfig ||
           s->config.kubernetes.context;
}

static int connect_cluster(struct survey *s, struct err **err)
{
    const struct options *o = s->options;
    const struct kubeconfig_options kube = {
        .file = options_first(o->kubeconfig, s->config.kubernetes.kubeconfig),
        .context = options_first(o->context, s->config.kubernetes.context),
        .as_user = o->as_user,
    };
    if (kubeconfig_load(&kube, &s->kubeconfig, err))
        return -1;
    s->http = http_new(s->loop);
    s->client = kube_client_new(s->http, &s->kubeconfig, err);
    return s->client ? 0 : -1;
}

static void ask_cluster(struct survey *s)
{
    s->waiting += 2;
    discovery_start(s->client, on_discovery, s);
    kube_send(s->client, &(struct kube_request){
                             .method = "GET",
                             .path = "/apis/apiregistration.k8s.io/v1/apiservices",
                             .done = on_api_services,
                             .ctx = s,
                         });
}

static int start(struct survey *s, bool need_cluster, struct err **err)
{
    const struct options *o = s->options;
    struct err _err_ *refused = NULL;
    config_defaults(&s->config);
    if (o->config && config_load(o->config, &s->config, err))
        return -1;
    if (choose_sources(s, err))
        return -1;
    s->state = statedir_open(options_first(o->state_dir, s->config.state_dir), err);
    if (!s->state)
        return -1;
    s->loop = ev_default_loop(EVFLAG_AUTO);
    if (connect_cluster(s, &refused)) {
        if (need_cluster || cluster_named(s))
            return err_move(err, &refused);
        s->no_cluster = xstrdup(err_message(refused));
    }
    start_sources(s);
    if (s->client)
        ask_cluster(s);
    return 0;
}

int survey_run(struct survey *s, const struct options *o, bool need_cluster, struct err **err)
{
    *s = (struct survey){.options = o};
    if (start(s, need_cluster, err))
        return -1;
    ev_run(s->loop, 0);
    if (!s->discovery && (need_cluster || cluster_named(s)))
        return err_set(err, ERR_RETRY, "%s", s->no_cluster);
    return 0;
}

/* ---- what came of it ---- */

static void tell(const char *file, unsigned line, unsigned col, const char *object,
                 const char *message)
{
    json_auto_t *event = event_problem(EVENT_ERROR, NULL, NULL, file, line, col, object, message);
    _free_ char *text = show_problem(event);
    fprintf(stderr, "%s\n", text);
}

size_t survey_problems(const struct survey *s)
{
    size_t errors = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct survey_source *source = &s->sources[i];
        if (!source->set) {
            fprintf(stderr, "holdfast: %s\n", err_message(source->err)); /* it names the source */
            errors++;
            continue;
        }
        errors += source->set->errors;
        for (size_t k = 0; k < source->set->problem_count; k++) {
            const struct problem *p = &source->set->problems[k];
            if (p->level == PROBLEM_ERROR)
                tell(p->file, p->line, p->col, p->object, p->message);
        }
    }
    return errors;
}

static const char *default_namespace(const struct survey *s)
{
    return options_namespace(s->options, s->config.kubernetes.default_namespace,
                             s->kubeconfig.namespace);
}

struct declared_at {
    char *identity;
    const char *source;
    const struct desired *desired;
    UT_hash_handle hh;
};

static void tell_overlap(const struct desired *d, const char *source, const struct desired *other)
{
    _free_ char *object = shared_object(d), *message = shared_message(source, other);
    tell(d->file, d->line, 0, object, message);
}

size_t survey_overlaps(const struct survey *s)
{
    struct declared_at *all = NULL, *place, *tmp;
    size_t told = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct desired_set *set = s->sources[i].set;
        const char *name = s->sources[i].source->name;
        if (set)
            desired_mark_doubled(set, default_namespace(s));
        for (size_t k = 0; set && k < set->count; k++) {
            const struct desired *d = &set->items[k];
            _free_ char *identity = shared_identity(d, default_namespace(s));
            HASH_FIND_STR(all, identity, place);
            if (!place) {
                place = xcalloc(1, sizeof(*place));
                *place =
                    (struct declared_at){.identity = steal(identity), .source = name, .desired = d};
                HASH_ADD_KEYPTR(hh, all, place->identity, strlen(place->identity), place);
            } else if (strcmp(place->source, name) != 0) {
                tell_overlap(d, place->source, place->desired);
                told++;
            }
        }
    }
    HASH_ITER(hh, all, place, tmp)
    {
        HASH_DEL(all, place);
        free(place->identity);
        free(place);
    }
    return told;
}

static void add_crds(struct access *a, const struct desired_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        if (strcmp(d->group, "apiextensions.k8s.io") != 0 ||
            strcmp(d->kind, "CustomResourceDefinition") != 0)
            continue;
        size_t len;
        _free_ char *text = desired_text(set, i, &len);
        json_auto_t *body = text ? json_parse(text, len, d->file, NULL) : NULL;
        access_crd(a, body);
    }
}

static size_t add_objects(struct access *a, const struct desired_set *set)
{
    size_t refused = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        struct err _err_ *err = NULL;
        if (!access_object(a, d->group, d->version, d->kind, d->namespace, &err))
            continue;
        tell(d->file, d->line, 0, NULL, err_message(err));
        refused++;
    }
    return refused;
}

/* What the Exports of the configuration look at (agent/exports.c). */
static size_t add_exports(const struct survey *s, struct access *a)
{
    size_t refused = 0;
    for (size_t i = 0; i < s->config.export_count; i++) {
        const struct config_export *x = &s->config.exports[i];
        const char *version = x->object.api_version, *slash = strchr(version, '/');
        struct err _err_ *err = NULL;
        _free_ char *group = xstrndup(version, slash ? (size_t)(slash - version) : 0);
        const char *namespace = options_first(x->object.namespace, x->namespace);
        if (!access_looked_at(a, group, slash ? slash + 1 : version, x->object.kind, namespace,
                              &err))
            continue;
        fprintf(stderr, "holdfast: Export %s: %s\n", x->name, err_message(err));
        refused++;
    }
    return refused;
}

struct access *survey_access(const struct survey *s, enum survey_for what, size_t *refused)
{
    const struct access_config config = {
        .discovery = s->discovery,
        .api_services = s->api_services,
        .default_namespace = default_namespace(s),
        .report = what != SURVEY_LOOK,
        .asking = what == SURVEY_ASK,
    };
    struct access *a = access_new(&config);
    *refused = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->sources[i].set)
            add_crds(a, s->sources[i].set);
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->sources[i].set)
            *refused += add_objects(a, s->sources[i].set);
    }
    *refused += add_exports(s, a);
    access_finish(a);
    return a;
}

void survey_free(struct survey *s)
{
    json_decref(s->api_services);
    for (size_t i = 0; i < s->count; i++) {
        source_read_free(s->sources[i].read);
        desired_set_free(s->sources[i].set);
        err_free(s->sources[i].err);
    }
    free(s->sources);
    kube_client_free(s->client);
    http_free(s->http);
    discovery_free(s->discovery);
    kubeconfig_free(&s->kubeconfig);
    free(s->no_cluster);
    if (s->loop)
        ev_loop_destroy(s->loop);
    statedir_free(s->state);
    config_free(&s->config);
}
