#include "providers/kubernetes/who.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "providers/kubernetes/fields.h"

static char *entry_name(const struct fields_entry *e)
{
    return *e->subresource ? xasprintf("%s/%s", e->manager, e->subresource) : xstrdup(e->manager);
}

static void add_name(json_t *names, const char *name)
{
    size_t i;
    json_t *v;
    json_array_foreach(names, i, v)
    {
        if (!strcmp(json_string_value(v), name))
            return;
    }
    json_push(names, json_string(name));
}

/*
 * Does an entry name the path itself, or a part of it? Then an entry that ends above it is no
 * atomic value but an empty map ("f:securityContext: {}"), and owns nothing here.
 */
static bool named(const json_t *managed_fields, const struct path *path)
{
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)managed_fields, i, v)
    {
        if (fields_find(fields_entry(v).fields, path))
            return true;
    }
    return false;
}

/* Did we send the key of a Secret as stringData? The server keeps that apart from `data`. */
static bool sent_as_text(const json_t *ours, const struct path *path)
{
    const struct path string_data = {.type = STEP_MEMBER, .name = "stringData"};
    if (!path->up || path->up->up || !path_is(path->up, "data", NULL))
        return false;
    const struct path key = {.up = &string_data, .type = path->type, .name = path->name};
    return path->type == STEP_MEMBER && fields_find(ours, &key);
}

/* Why nobody else is to be named. */
static const char *nobody(const json_t *ours, const struct path *path, bool absent, bool updated)
{
    if (absent)
        return ours ? "removed" : "no-entry";
    return updated || fields_owns(ours, path) || sent_as_text(ours, path) ? "git-moved"
                                                                          : "no-entry";
}

void who_find(struct who *out, const json_t *managed_fields, const char *manager,
              const char *api_version, const struct path *path, bool absent)
{
    *out = (struct who){0};
    bool updated = false;
    bool exact = !absent && named(managed_fields, path);
    const char *newest = NULL;
    json_auto_t *names = json_array();
    size_t i;
    json_t *v;
    json_array_foreach((json_t *)managed_fields, i, v)
    {
        struct fields_entry e = fields_entry(v);
        if (absent || fields_is_ours(&e, manager) ||
            !(exact ? fields_find(e.fields, path) != NULL : fields_owns(e.fields, path)))
            continue;
        if (fields_is_us(&e, manager)) { /* the tool's own, that we report as */
            updated = true;
            continue;
        }
        _free_ char *name = entry_name(&e);
        add_name(names, name);
        /* RFC 3339 in UTC sorts as text; an entry without a time loses against one with */
        if (out->by && (!e.time || (newest && strcmp(e.time, newest) <= 0)))
            continue;
        free(out->by);
        out->by = steal(name);
        newest = e.time;
        out->by_reason = strcmp(e.api_version, api_version) != 0 ? "other-version" : NULL;
    }
    if (newest) {
        out->since = xstrdup(newest);
        out->since_kind = "at-or-before";
    }
    if (json_array_size(names) > 1)
        out->by_all = json_incref(names);
    if (!out->by)
        out->by_reason = nobody(fields_ours(managed_fields, manager), path, absent, updated);
}

void who_free(struct who *w)
{
    free(w->by);
    free(w->since);
    json_decref(w->by_all);
    *w = (struct who){0};
}
