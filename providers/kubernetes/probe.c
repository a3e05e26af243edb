#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/internal.h"

/* The probe's name is a part of what the server derives from it: put the real one back. */
static void put_name_back(json_t *value, const char *probe, const char *name)
{
    const char *key;
    json_t *child;
    size_t i;
    json_object_foreach(value, key, child) put_name_back(child, probe, name);
    json_array_foreach(value, i, child) put_name_back(child, probe, name);
    const char *text = json_string_value(value);
    const char *at = text ? strstr(text, probe) : NULL;
    if (!at)
        return;
    _free_ char *back = xasprintf("%.*s%s%s", (int)(at - text), text, name, at + strlen(probe));
    json_string_set(value, back);
}

/* What only one object can have: a probe leaves it out. */
static const char *const only_once[] = {"clusterIP", "clusterIPs", "healthCheckNodePort"};

static bool left_out(const json_t *spec, const char *name)
{
    const char *address = json_str_at(spec, "clusterIP", NULL);
    bool headless = address && !strcmp(address, "None");
    return !(headless && !strncmp(name, "clusterIP", 9));
}

static bool is_service(const json_t *body)
{
    return json_is_object(json_object_get(body, "spec")) &&
           !strcmp(json_str_at(body, "kind", NULL), "Service");
}

/* "", 0, [] and nothing at all: the server is asked to choose. */
static bool leaves_open(const json_t *value)
{
    return !value || (json_is_string(value) && !json_string_length(value)) ||
           (json_is_integer(value) && !json_integer_value(value)) ||
           (json_is_array(value) && !json_array_size(value));
}

bool kube_left_open(const struct unit *unit, const struct path *path, const json_t *declared,
                    const json_t *live)
{
    const struct path *port = path ? path->up : NULL;
    if (*unit->group || strcmp(unit->kind, "Service") != 0 || !live || !leaves_open(declared))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(only_once); i++) {
        if (path_is(path, "spec", only_once[i], NULL))
            return true;
    }
    return port && path->type == STEP_MEMBER && !strcmp(path->name, "nodePort") &&
           port->type == STEP_KEYS && path_is(port->up, "spec", "ports", NULL);
}

/* As Git says it; what Git leaves open stays as it is, whatever the probe was given. */
static void put_member_back(json_t *answer, const json_t *declared, const json_t *live,
                            const char *name)
{
    json_t *value = json_object_get(declared, name), *now = json_object_get(live, name);
    if (!json_is_object(answer))
        return;
    if (!leaves_open(value))
        json_put(answer, name, json_incref(value));
    else if (json_object_get(answer, name) && now)
        json_put(answer, name, json_incref(now));
    else
        json_object_del(answer, name);
}

static bool same_owner(const json_t *a, const json_t *b)
{
    const char *uid = json_str_at(a, "uid", NULL), *other = json_str_at(b, "uid", NULL);
    return uid && other && !strcmp(uid, other);
}

static const json_t *owner_at(const json_t *owners, const json_t *owner)
{
    size_t i;
    json_t *o;
    json_array_foreach((json_t *)owners, i, o)
    {
        if (same_owner(o, owner))
            return o;
    }
    return NULL;
}

/* A live owner as an apply would leave it; NULL where it takes it away. New. */
static json_t *owner_left(json_t *owner, const json_t *declared, const json_t *owned)
{
    json_auto_t *keys = json_object();
    json_put(keys, "uid", json_incref(json_object_get(owner, "uid")));
    const json_t *wanted = owner_at(declared, owner);
    const struct path step = {.type = STEP_KEYS, .value = keys};
    if (!wanted)
        return owned && fields_find(owned, &step) ? NULL : json_incref(owner);
    json_t *both = json_copy(owner);
    json_object_update(both, (json_t *)wanted);
    return both;
}

/* An apply takes away the owners that we own and Git does not name, and leaves the others'. */
static void put_owners_back(json_t *answer, const struct kube_unit *u, const json_t *ours)
{
    const json_t *owned = json_at(ours, "f:metadata", "f:ownerReferences", NULL);
    const json_t *declared = json_at(u->declared, "metadata", "ownerReferences", NULL);
    const json_t *live = json_at(u->live, "metadata", "ownerReferences", NULL);
    json_t *metadata = json_object_get(answer, "metadata"), *owner;
    json_auto_t *owners = json_array();
    size_t i;
    json_array_foreach((json_t *)live, i, owner)
    {
        json_t *left = owner_left(owner, declared, owned);
        if (left)
            json_push(owners, left);
    }
    json_array_foreach((json_t *)declared, i, owner)
    {
        if (!owner_at(live, owner))
            json_array_append(owners, owner);
    }
    if (json_is_object(metadata) && json_array_size(owners))
        json_put(metadata, "ownerReferences", json_incref(owners));
}

static void put_ports_back(json_t *answer, const json_t *declared, const json_t *live)
{
    size_t i;
    json_t *port;
    json_array_foreach(json_object_get(answer, "ports"), i, port)
    {
        json_auto_t *keys = json_object();
        json_put(keys, "port", json_incref(json_object_get(port, "port")));
        json_put(keys, "protocol", json_incref(json_object_get(port, "protocol")));
        put_member_back(port, json_array_get(json_object_get(declared, "ports"), i),
                        path_element(json_object_get(live, "ports"), keys, NULL), "nodePort");
    }
}

/* What the probe left out is in its answer as an apply would have it. */
static void put_left_out_back(json_t *answer, const struct kube_unit *u, const json_t *ours)
{
    put_owners_back(answer, u, ours);
    if (!is_service(u->declared))
        return;
    const json_t *spec = json_object_get(u->declared, "spec");
    const json_t *live = json_object_get(u->live, "spec");
    json_t *answered = json_object_get(answer, "spec");
    for (size_t i = 0; i < ARRAY_LEN(only_once); i++) {
        if (left_out(spec, only_once[i]))
            put_member_back(answered, spec, live, only_once[i]);
    }
    put_ports_back(answered, spec, live);
}

void kube_probe_answered(const struct kube *k, struct unit *unit)
{
    struct kube_unit *u = kube_unit_of(unit);
    put_name_back(u->answers[ASK_CREATE], u->probe_name, unit->name);
    put_left_out_back(u->answers[ASK_CREATE], u, fields_ours(u->managed, k->config.field_manager));
}

json_t *kube_body_copy(const struct kube_unit *u, json_t **metadata)
{
    json_t *body = json_copy(u->declared);
    *metadata = json_copy(json_object_get(u->declared, "metadata"));
    json_put(body, "metadata", *metadata);
    return body;
}

json_t *kube_probe_body(struct kube_unit *u)
{
    uint8_t bytes[4];
    char hex[9];
    hash_random(bytes, sizeof(bytes));
    hash_hex(bytes, sizeof(bytes), hex);
    free(u->probe_name);
    u->probe_name = xasprintf("holdfast-probe-%s", hex);
    json_t *metadata;
    json_t *body = kube_body_copy(u, &metadata);
    json_put_str(metadata, "name", u->probe_name);
    json_object_del(metadata, "ownerReferences");
    if (!is_service(body))
        return body;
    const json_t *whole = json_object_get(body, "spec");
    json_t *spec = json_deep_copy(whole);
    for (size_t i = 0; i < ARRAY_LEN(only_once); i++) {
        if (left_out(whole, only_once[i]))
            json_object_del(spec, only_once[i]);
    }
    json_put(body, "spec", spec);
    size_t i;
    json_t *port;
    json_array_foreach(json_object_get(spec, "ports"), i, port) json_object_del(port, "nodePort");
    return body;
}
