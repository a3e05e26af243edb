#include "exports.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "diff/drift.h"
#include "diff/ignore_path.h"
#include "diff/path.h"

struct export
{
    const struct config_export *config;
    struct exports_object object;
    char *group, *namespace; /* owned */
    struct ignore_path path;
    json_t *value; /* what was told last, as it is shown; NULL: nothing yet */
    bool fallback; /* it is the default */
    const char *message;
    int64_t since; /* ms */
};

struct exports {
    struct exports_config config;
    struct export *items;
    size_t count;
};

/* ---- the path ---- */

/* One key of a keyed element: NULL in the path is `*`, else [value, written bare?]. */
static bool key_matches(const json_t *have, const json_t *want)
{
    if (json_is_null(want))
        return have != NULL;
    const json_t *value = json_array_get(want, 0);
    if (json_is_string(have))
        return json_equal(have, value);
    if (!have || !json_is_true(json_array_get(want, 1)))
        return false;
    _free_ char *text = json_text(have, 0); /* a number or a boolean, written without quotes */
    return !strcmp(text, json_string_value(value));
}

static const json_t *keyed(const json_t *list, const json_t *keys)
{
    size_t i;
    const json_t *element, *want;
    const char *key;
    json_array_foreach(list, i, element)
    {
        bool all = json_is_object(element);
        json_object_foreach((json_t *)keys, key, want) all =
            all && key_matches(json_object_get(element, key), want);
        if (all)
            return element;
    }
    return NULL;
}

static const json_t *find(const json_t *value, const struct ignore_path *path)
{
    for (size_t i = 0; value && i < path->count; i++) {
        const struct ignore_step *step = &path->steps[i];
        switch (step->type) {
        case IGNORE_MEMBER:
            value = json_object_get(value, step->name);
            break;
        case IGNORE_INDEX:
            value = json_array_get(value, step->index);
            break;
        case IGNORE_TOKEN:
            value = json_is_array(value) ? json_array_get(value, step->index)
                                         : json_object_get(value, step->name);
            break;
        case IGNORE_KEYS:
            value = keyed(value, step->value);
            break;
        case IGNORE_VALUE:
            value = path_member(value, step->value, NULL);
            break;
        case IGNORE_ANY: /* refused at the beginning */
            return NULL;
        }
    }
    return json_is_null(value) ? NULL : value;
}

static int check_path(const struct export *x, struct err **err)
{
    for (size_t i = 0; i < x->path.count; i++) {
        const struct ignore_step *step = &x->path.steps[i];
        const json_t *want;
        const char *key;
        bool any = step->type == IGNORE_ANY;
        if (step->type == IGNORE_KEYS) {
            json_object_foreach(step->value, key, want) any = any || json_is_null(want);
        }
        if (any)
            return err_set(err, ERR_USAGE, "Export %s: path %s: * could mean several values",
                           x->config->name, x->config->path);
    }
    return 0;
}

/* ---- beginning ---- */

static int add(struct exports *e, const struct config_export *c, struct err **err)
{
    struct export *x = &e->items[e->count++];
    x->config = c;
    const char *slash = strchr(c->object.api_version, '/');
    x->group = xstrndup(c->object.api_version, slash ? (size_t)(slash - c->object.api_version) : 0);
    x->namespace = xstrdup_null(c->object.namespace ? c->object.namespace
                                : c->namespace      ? c->namespace
                                                    : e->config.default_namespace);
    x->object = (struct exports_object){
        .api_version = c->object.api_version,
        .group = x->group,
        .kind = c->object.kind,
        .namespace = x->namespace,
        .name = c->object.name,
    };
    x->message = "not looked at yet";
    if (!c->to_log)
        return err_set(err, ERR_USAGE,
                       "Export %s: spec.to.%s: this version writes nothing to the cluster; "
                       "spec.to: {log: true} is possible",
                       c->name, c->secret.name ? "secret" : "configMap");
    if (!strcmp(c->object.kind, "Secret") && !*x->group)
        return err_set(err, ERR_USAGE, "Export %s: the values of a Secret are not written to a log",
                       c->name);
    const char *fault = ignore_path_parse(c->path, &x->path);
    if (fault)
        return err_set(err, ERR_USAGE, "Export %s: path %s: %s", c->name, c->path, fault);
    return check_path(x, err);
}

struct exports *exports_new(const struct exports_config *config, struct err **err)
{
    struct exports *e = xcalloc(1, sizeof(*e));
    e->config = *config;
    e->items = xcalloc(config->count ? config->count : 1, sizeof(*e->items));
    for (size_t i = 0; i < config->count; i++) {
        if (add(e, &config->items[i], err)) {
            exports_free(e);
            return NULL;
        }
    }
    return e;
}

void exports_free(struct exports *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->count; i++) {
        struct export *x = &e->items[i];
        ignore_path_free(&x->path);
        json_decref(x->value);
        free(x->group);
        free(x->namespace);
    }
    free(e->items);
    free(e);
}

size_t exports_count(const struct exports *e)
{
    return e->count;
}

const struct exports_object *exports_at(const struct exports *e, size_t index)
{
    return &e->items[index].object;
}

/* ---- values ---- */

static bool is_for(const struct export *x, const char *group, const char *kind,
                   const char *namespace, const char *name)
{
    const struct exports_object *o = &x->object;
    return !strcmp(o->name, name) && !strcmp(o->kind, kind) &&
           !strcmp(o->group, group ? group : "") &&
           (!namespace || (o->namespace && !strcmp(o->namespace, namespace)));
}

bool exports_wants(const struct exports *e, const char *group, const char *kind,
                   const char *namespace, const char *name)
{
    for (size_t i = 0; i < e->count; i++) {
        if (is_for(&e->items[i], group, kind, namespace, name))
            return true;
    }
    return false;
}

static json_t *default_of(const struct export *x)
{
    return x->config->fallback ? json_string(x->config->fallback) : json_null();
}

static void tell(const struct exports *e, const struct export *x, const char *namespace)
{
    json_auto_t *m = json_object(), *object = json_object();
    json_put_str(object, "provider", "kubernetes");
    json_put_str(object, "group", x->group);
    json_put_str(object, "kind", x->object.kind);
    json_put_str(object, "namespace", namespace);
    json_put_str(object, "name", x->object.name);
    json_put_str(m, "name", x->config->name);
    json_put_str(m, "namespace", x->config->namespace);
    json_put(m, "value", json_incref(x->value));
    json_put(m, "default", json_boolean(x->fallback));
    json_put(m, "object", json_incref(object));
    json_put_str(m, "field", x->config->path);
    if (e->config.changed)
        e->config.changed(e->config.ctx, m);
}

void exports_object(struct exports *e, const char *group, const char *kind, const char *namespace,
                    const char *name, const json_t *live)
{
    for (size_t i = 0; i < e->count; i++) {
        struct export *x = &e->items[i];
        if (!is_for(x, group, kind, namespace, name))
            continue;
        const json_t *found = find(live, &x->path);
        json_t *value = found ? drift_value(found) : default_of(x);
        bool same = x->value && x->fallback == !found && json_equal(x->value, value);
        x->message = found ? NULL : live ? "the path is absent" : "the object is not there";
        if (same) {
            json_decref(value);
            continue;
        }
        json_decref(x->value);
        x->value = json_is_object(value) || json_is_array(value) ? json_deep_copy(value)
                                                                 : json_incref(value);
        json_decref(value);
        x->fallback = !found;
        x->since = clock_now_ms();
        tell(e, x, namespace);
    }
}

json_t *exports_status(const struct exports *e)
{
    json_t *all = json_array();
    for (size_t i = 0; i < e->count; i++) {
        const struct export *x = &e->items[i];
        char since[CLOCK_TEXT_BYTES];
        clock_rfc3339(x->since, since);
        json_t *o = json_object();
        json_put_str(o, "name", x->config->name);
        json_put_str(o, "namespace", x->config->namespace);
        json_put(o, "value", x->value ? json_incref(x->value) : default_of(x));
        json_put(o, "default", json_boolean(x->fallback || !x->value));
        json_put_str(o, "since", x->value ? since : NULL);
        json_put_str(o, "message", x->message);
        json_push(all, o);
    }
    return all;
}
