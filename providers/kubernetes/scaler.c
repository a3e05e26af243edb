#include "providers/kubernetes/scaler.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

struct scalers {
    json_t
        *by_scaler[2]; /* for each origin: "kind namespace name" -> "group/kind/namespace/name" */
    json_t *targets;   /* "group/kind/namespace/name" -> {text of the scaler: number of origins} */
};

struct scalers *scalers_new(void)
{
    struct scalers *s = xcalloc(1, sizeof(*s));
    s->targets = json_object();
    s->by_scaler[SCALER_GIT] = json_object();
    s->by_scaler[SCALER_LIVE] = json_object();
    return s;
}

bool scaler_kind(const char *group, const char *kind)
{
    return (!strcmp(group, "autoscaling") && !strcmp(kind, "HorizontalPodAutoscaler")) ||
           (!strcmp(group, "keda.sh") && !strcmp(kind, "ScaledObject"));
}

static char *key_of(const char *group, size_t group_len, const char *kind, const char *namespace,
                    const char *name)
{
    return xasprintf("%.*s/%s/%s/%s", (int)group_len, group, kind, namespace, name);
}

/* The key of what an HPA or ScaledObject targets, owned, or NULL. */
static char *target_of(const char *kind, const char *namespace, const json_t *object)
{
    const json_t *target = json_at(object, "spec", "scaleTargetRef", NULL);
    const char *name = json_str_at(target, "name", NULL);
    const char *target_kind = json_str_at(target, "kind", NULL);
    const char *api_version = json_str_at(target, "apiVersion", NULL);
    if (!name)
        return NULL;
    if (!strcmp(kind, "ScaledObject")) { /* KEDA's defaults for scaleTargetRef */
        target_kind = target_kind ? target_kind : "Deployment";
        api_version = api_version ? api_version : "apps/v1";
    }
    if (!target_kind)
        return NULL;
    if (!api_version) /* the HPA's controller looks in the core group then */
        api_version = "v1";
    const char *slash = strchr(api_version, '/');
    return key_of(api_version, slash ? (size_t)(slash - api_version) : 0, target_kind, namespace,
                  name);
}

static void count(struct scalers *s, const char *key, const char *scaler, int by)
{
    json_t *holders = json_object_get(s->targets, key);
    if (!holders) {
        holders = json_object();
        json_put(s->targets, key, holders);
    }
    json_int_t n = json_integer_value(json_object_get(holders, scaler)) + by;
    if (n > 0)
        json_put(holders, scaler, json_integer(n));
    else
        json_object_del(holders, scaler);
    if (!json_object_size(holders))
        json_object_del(s->targets, key);
}

static void target_from_key(const char *key, struct scaler_target *out)
{
    *out = (struct scaler_target){0};
    if (!key)
        return;
    char **parts[] = {&out->group, &out->kind, &out->namespace, &out->name};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t n = i + 1 < ARRAY_LEN(parts) ? strcspn(key, "/") : strlen(key);
        *parts[i] = xstrndup(key, n);
        key += n + (key[n] == '/');
    }
}

void scaler_target_free(struct scaler_target *t)
{
    free(t->group);
    free(t->kind);
    free(t->namespace);
    free(t->name);
    *t = (struct scaler_target){0};
}

int scalers_set(struct scalers *s, enum scaler_origin origin, const char *kind,
                const char *namespace, const char *name, const json_t *object,
                struct scaler_target *before, struct scaler_target *after)
{
    *before = *after = (struct scaler_target){0};
    if (!namespace || !name)
        return 0;
    json_t *mine = s->by_scaler[origin];
    _free_ char *own = xasprintf("%s %s %s", kind, namespace, name);
    _free_ char *text = xasprintf("%s %s/%s", kind, namespace, name);
    _free_ char *old = xstrdup_null(json_string_value(json_object_get(mine, own)));
    _free_ char *key = object ? target_of(kind, namespace, object) : NULL;
    if ((!old && !key) || (old && key && !strcmp(old, key)))
        return 0;
    if (old) {
        count(s, old, text, -1);
        json_object_del(mine, own);
    }
    if (key) {
        count(s, key, text, 1);
        json_put_str(mine, own, key);
    }
    target_from_key(old, before);
    target_from_key(key, after);
    return 1;
}

void scalers_clear(struct scalers *s, enum scaler_origin origin)
{
    const char *own;
    json_t *key;
    json_object_foreach(s->by_scaler[origin], own, key)
    {
        size_t kind = strcspn(own, " "), namespace = strcspn(own + kind + 1, " ");
        _free_ char *text = xasprintf("%.*s %.*s/%s", (int)kind, own, (int)namespace,
                                      own + kind + 1, own + kind + namespace + 2);
        count(s, json_string_value(key), text, -1);
    }
    json_object_clear(s->by_scaler[origin]);
}

void scalers_live(const struct scalers *s, const char *kind, const char *namespace,
                  void (*each)(void *ctx, const char *namespace, const char *name), void *ctx)
{
    json_auto_t *copy = json_copy(s->by_scaler[SCALER_LIVE]); /* `each` may change it */
    const char *own;
    json_t *key;
    json_object_foreach(copy, own, key)
    {
        size_t k = strcspn(own, " "), n = strcspn(own + k + 1, " ");
        _free_ char *in = xstrndup(own + k + 1, n);
        if (strlen(kind) == k && !strncmp(own, kind, k) && (!namespace || !strcmp(namespace, in)))
            each(ctx, in, own + k + n + 2);
    }
}

const char *scalers_find(const struct scalers *s, const char *group, const char *kind,
                         const char *namespace, const char *name)
{
    if (!namespace)
        return NULL;
    _free_ char *key = key_of(group, strlen(group), kind, namespace, name);
    const char *text = NULL;
    json_t *n;
    json_object_foreach(json_object_get(s->targets, key), text, n) return text;
    return NULL;
}

void scalers_free(struct scalers *s)
{
    if (!s)
        return;
    json_decref(s->targets);
    json_decref(s->by_scaler[SCALER_GIT]);
    json_decref(s->by_scaler[SCALER_LIVE]);
    free(s);
}
