#include "providers/kubernetes/scaler.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

struct scalers {
    json_t *targets; /* "group/kind/namespace/name" -> text of the scaler */
};

struct scalers *scalers_new(void)
{
    struct scalers *s = xcalloc(1, sizeof(*s));
    s->targets = json_object();
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

void scalers_add(struct scalers *s, const char *kind, const char *namespace, const json_t *object)
{
    const json_t *target = json_at(object, "spec", "scaleTargetRef", NULL);
    const char *name = json_str_at(target, "name", NULL);
    const char *target_kind = json_str_at(target, "kind", NULL);
    const char *api_version = json_str_at(target, "apiVersion", NULL);
    const char *own_name = json_str_at(object, "metadata", "name", NULL);
    if (!name || !namespace || !own_name)
        return;
    if (!strcmp(kind, "ScaledObject")) { /* KEDA's defaults for scaleTargetRef */
        target_kind = target_kind ? target_kind : "Deployment";
        api_version = api_version ? api_version : "apps/v1";
    }
    if (!target_kind)
        return;
    if (!api_version) /* the HPA's controller looks in the core group then */
        api_version = "v1";
    const char *slash = strchr(api_version, '/');
    _free_ char *key = key_of(api_version, slash ? (size_t)(slash - api_version) : 0, target_kind,
                              namespace, name);
    _free_ char *text = xasprintf("%s %s/%s", kind, namespace, own_name);
    json_put(s->targets, key, json_string(text));
}

const char *scalers_find(const struct scalers *s, const char *group, const char *kind,
                         const char *namespace, const char *name)
{
    if (!namespace)
        return NULL;
    _free_ char *key = key_of(group, strlen(group), kind, namespace, name);
    return json_string_value(json_object_get(s->targets, key));
}

void scalers_free(struct scalers *s)
{
    if (!s)
        return;
    json_decref(s->targets);
    free(s);
}
