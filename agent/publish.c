#include "publish.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/event.h"
#include "core/json.h"
#include "exports.h"
#include "kube_events.h"
#include "log.h"
#include "providers/kubernetes/watch.h"

/* The watch of one Export's object. */
struct export_watch {
    struct publish *publish;
    const struct exports_object *object;
    bool namespaced;
    bool came;  /* the LIST under way has brought it */
    char *told; /* why it cannot be read, as it was told; NULL: it can */
    struct kube_watch *watch;
};

struct publish {
    struct agent *agent;
    struct kube_events *events; /* NULL: not wanted */
    struct exports *exports;
    struct export_watch *watches; /* as many as exports */
};

static void on_note(void *ctx _unused_, const char *message)
{
    log_note(EVENT_WARNING, NULL, NULL, message);
}

/* ---- exports ---- */

static void on_export(void *ctx _unused_, const json_t *members)
{
    log_event(EVENT_INFO, "export", NULL, NULL, members);
}

static struct exports *exports_of(const struct config *config, const char *namespace,
                                  struct err **err)
{
    return exports_new(&(struct exports_config){.items = config->exports,
                                                .count = config->export_count,
                                                .default_namespace = namespace,
                                                .changed = on_export},
                       err);
}

int publish_check(const struct config *config, struct err **err)
{
    struct exports *e = exports_of(config, NULL, err);
    exports_free(e);
    return e ? 0 : -1;
}

static void tell_live(struct export_watch *w, const json_t *live)
{
    const struct exports_object *o = w->object;
    exports_object(w->publish->exports, o->group, o->kind, w->namespaced ? o->namespace : NULL,
                   o->name, live);
}

static void on_listing(void *ctx)
{
    struct export_watch *w = ctx;
    w->came = false;
}

/* What was exported stays as it was: it cannot be known to be another. */
static void on_failed(void *ctx, enum watch_failure how _unused_, const char *why)
{
    struct export_watch *w = ctx;
    if (w->told && !strcmp(w->told, why))
        return; /* once for each reason */
    free(w->told);
    w->told = xstrdup(why);
    _free_ char *message =
        xasprintf("Export of %s %s cannot be read: %s", w->object->kind, w->object->name, why);
    log_note(EVENT_WARNING, NULL, NULL, message);
}

static void on_item(void *ctx, const struct item *item, bool listed _unused_)
{
    struct export_watch *w = ctx;
    _err_ struct err *err = NULL;
    json_auto_t *live = json_parse_served(item->text.data, item->text.len, "the object", &err);
    w->came = true;
    if (live)
        tell_live(w, live);
    else
        on_failed(w, WATCH_FAILED, err_message(err));
}

static void on_deleted(void *ctx, const struct item *item _unused_)
{
    tell_live(ctx, NULL);
}

static void on_listed(void *ctx)
{
    struct export_watch *w = ctx;
    if (!w->came)
        tell_live(w, NULL);
    free(steal(w->told));
}

static const struct kube_resource *find(const struct agent *a, const char *api_version,
                                        const char *kind)
{
    const char *slash = strchr(api_version, '/');
    _free_ char *group = xstrndup(api_version, slash ? (size_t)(slash - api_version) : 0);
    return a->discovery ? discovery_find(a->discovery, group, slash ? slash + 1 : api_version, kind)
                        : NULL;
}

static void start_watch(struct publish *p, struct export_watch *w)
{
    const struct agent *a = p->agent;
    const struct exports_object *o = w->object;
    const struct kube_resource *r = find(a, o->api_version, o->kind);
    if (!r) {
        _free_ char *why = xasprintf("the cluster does not serve the kind in %s", o->api_version);
        on_failed(w, WATCH_ABSENT, why);
        return;
    }
    w->namespaced = r->namespaced;
    _free_ char *path = kube_path(r, r->namespaced ? o->namespace : NULL, NULL);
    w->watch = kube_watch_new(&(struct kube_watch_config){.client = a->client,
                                                          .loop = a->loop,
                                                          .path = path,
                                                          .name = o->name,
                                                          .follow = true,
                                                          .ctx = w,
                                                          .listing = on_listing,
                                                          .item = on_item,
                                                          .deleted = on_deleted,
                                                          .listed = on_listed,
                                                          .failed = on_failed,
                                                          .note = on_note});
}

void publish_discovered(struct publish *p)
{
    for (size_t i = 0; i < exports_count(p->exports); i++) {
        if (!p->watches[i].watch)
            start_watch(p, &p->watches[i]);
    }
}

size_t publish_lacking(const struct publish *p)
{
    size_t n = 0;
    for (size_t i = 0; i < exports_count(p->exports); i++)
        n += !p->watches[i].watch;
    return n;
}

json_t *publish_exports(const struct publish *p)
{
    return exports_status(p->exports);
}

/* ---- Kubernetes Events ---- */

void publish_drift(struct publish *p, const struct follow *f, const json_t *members)
{
    if (!p || !p->events || !f->pass)
        return;
    const json_t *o = json_object_get(members, "object");
    const struct unit *unit =
        pass_find(f->pass, json_str_at(o, "group", NULL), json_str_at(o, "kind", NULL),
                  json_str_at(o, "namespace", NULL), json_str_at(o, "name", NULL));
    const struct kube_resource *r = unit ? find(p->agent, unit->api_version, unit->kind) : NULL;
    if (!r)
        return;
    _free_ char *path = kube_path(r, r->namespaced ? unit->namespace : NULL, unit->name);
    const char *verdict = json_str_at(members, "verdict", NULL);
    bool there = !verdict || strcmp(verdict, "missing") != 0;
    json_auto_t *event =
        event_new(EVENT_WARNING, "drift", f->config->name, f->set ? f->set->revision : NULL);
    json_object_update(event, (json_t *)members);
    kube_events_drift(p->events, event, unit->api_version, there ? path : NULL);
}

/* ---- beginning and end ---- */

struct publish *publish_new(struct agent *a)
{
    struct publish *p = xcalloc(1, sizeof(*p));
    p->agent = a;
    if (a->config.kubernetes.events)
        p->events = kube_events_new(
            &(struct kube_events_config){.client = a->client, .loop = a->loop, .note = on_note});
    p->exports = exports_of(&a->config, agent_namespace(a), NULL); /* publish_check said yes */
    p->watches = xcalloc(a->config.export_count + 1, sizeof(*p->watches));
    for (size_t i = 0; i < exports_count(p->exports); i++)
        p->watches[i] = (struct export_watch){.publish = p, .object = exports_at(p->exports, i)};
    return p;
}

void publish_free(struct publish *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < exports_count(p->exports); i++) {
        kube_watch_free(p->watches[i].watch);
        free(p->watches[i].told);
    }
    kube_events_free(p->events);
    exports_free(p->exports);
    free(p->watches);
    free(p);
}
