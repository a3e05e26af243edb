/* The requests of discovery: three in the usual case, one for each group version in the old form.
 */
#include "providers/kubernetes/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

#define ACCEPT_AGGREGATED                                                                          \
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"                        \
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"                   \
    "application/json"

struct discovery_ask {
    struct kube_client *client;
    struct discovery *found;
    void (*done)(void *ctx, struct discovery *discovery, const struct err *err);
    void *ctx;
    struct err *err; /* the first that matters */
    unsigned waiting;
    struct part *parts;
};

/* One group version in the old form. */
struct part {
    struct discovery_ask *ask;
    char *group, *version;
    struct part *next;
};

static void ask_free(struct discovery_ask *ask)
{
    while (ask->parts) {
        struct part *part = ask->parts;
        ask->parts = part->next;
        free(part->group);
        free(part->version);
        free(part);
    }
    err_free(ask->err);
    free(ask);
}

void discovery_abandon(struct discovery_ask *ask)
{
    if (!ask)
        return;
    discovery_free(ask->found);
    ask_free(ask);
}

static void part_over(struct discovery_ask *ask)
{
    if (--ask->waiting)
        return;
    if (ask->err) {
        discovery_free(ask->found);
        ask->done(ask->ctx, NULL, ask->err);
    } else {
        discovery_sort(ask->found);
        ask->done(ask->ctx, ask->found, NULL);
    }
    ask_free(ask);
}

static void get(struct discovery_ask *ask, const char *path, const char *accept,
                void (*done)(void *ctx, const struct kube_answer *answer), void *ctx)
{
    ask->waiting++;
    kube_send(ask->client,
              &(struct kube_request){
                  .method = "GET", .path = path, .accept = accept, .done = done, .ctx = ctx});
}

static bool usable(struct discovery_ask *ask, const struct kube_answer *answer, const char *what)
{
    struct err *err = NULL;
    if (!kube_answer_err(answer, what, &err))
        return true;
    if (ask->err)
        err_free(err);
    else
        ask->err = err;
    return false;
}

static void on_version(void *ctx, const struct kube_answer *answer)
{
    struct discovery_ask *ask = ctx;
    if (usable(ask, answer, "GET /version")) {
        const char *major = json_str_at(answer->object, "major", NULL);
        const char *minor = json_str_at(answer->object, "minor", NULL);
        const char *text = json_str_at(answer->object, "gitVersion", NULL);
        /* "36+" where a vendor changed something */
        ask->found->major = major ? atoi(major) : 0;
        ask->found->minor = minor ? atoi(minor) : 0;
        ask->found->git_version = xstrdup(text ? text : "unknown");
    }
    part_over(ask);
}

static void on_part(void *ctx, const struct kube_answer *answer)
{
    struct part *part = ctx;
    struct discovery_ask *ask = part->ask;
    /* one API service that is down must not hide the others */
    bool good = !answer->err && answer->status == 200;
    if (!good || discovery_add_legacy(ask->found, part->group, part->version, answer->object))
        discovery_add_stale(ask->found, part->group, part->version);
    part_over(ask);
}

static void ask_part(struct discovery_ask *ask, const char *group, const char *version)
{
    struct part *part = xmalloc(sizeof(*part));
    *part = (struct part){ask, xstrdup(group), xstrdup(version), ask->parts};
    ask->parts = part;
    struct kube_resource base = {.group = part->group, .version = part->version, .plural = ""};
    _free_ char *path = kube_path(&base, NULL, NULL);
    path[strlen(path) - 1] = '\0'; /* the slash before the resource */
    get(ask, path, NULL, on_part, part);
}

static void not_understood(struct discovery_ask *ask, const char *path)
{
    if (!ask->err)
        err_set(&ask->err, ERR_FATAL,
                "GET %s: the answer is no API discovery: is this the URL of "
                "a Kubernetes API server?",
                path);
}

static void on_api(void *ctx, const struct kube_answer *answer)
{
    struct discovery_ask *ask = ctx;
    size_t i;
    json_t *version;
    if (usable(ask, answer, "GET /api") && discovery_add_aggregated(ask->found, answer->object)) {
        const json_t *versions = json_object_get(answer->object, "versions");
        if (!json_is_array(versions))
            not_understood(ask, "/api");
        json_array_foreach((json_t *)versions, i, version)
        {
            if (json_is_string(version))
                ask_part(ask, "", json_string_value(version));
        }
    }
    part_over(ask);
}

static void ask_group(struct discovery_ask *ask, const json_t *group)
{
    const char *name = json_str_at(group, "name", NULL);
    size_t i;
    json_t *version;
    json_array_foreach(json_object_get(group, "versions"), i, version)
    {
        const char *v = json_str_at(version, "version", NULL);
        if (name && v)
            ask_part(ask, name, v);
    }
}

static void on_apis(void *ctx, const struct kube_answer *answer)
{
    struct discovery_ask *ask = ctx;
    size_t i;
    json_t *group;
    if (usable(ask, answer, "GET /apis") && discovery_add_aggregated(ask->found, answer->object)) {
        const json_t *groups = json_object_get(answer->object, "groups");
        if (!json_is_array(groups))
            not_understood(ask, "/apis");
        json_array_foreach((json_t *)groups, i, group) ask_group(ask, group);
    }
    part_over(ask);
}

struct discovery_ask *discovery_start(struct kube_client *client,
                                      void (*done)(void *ctx, struct discovery *discovery,
                                                   const struct err *err),
                                      void *ctx)
{
    struct discovery_ask *ask = xcalloc(1, sizeof(*ask));
    ask->client = client;
    ask->found = xcalloc(1, sizeof(*ask->found));
    ask->done = done;
    ask->ctx = ctx;
    get(ask, "/version", NULL, on_version, ask);
    get(ask, "/api", ACCEPT_AGGREGATED, on_api, ask);
    get(ask, "/apis", ACCEPT_AGGREGATED, on_apis, ask);
    return ask;
}
