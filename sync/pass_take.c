/* A pass takes a desired set: units that stay, come, and go. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/text.h"
#include "sync/glob.h"
#include "sync/pass_internal.h"

/* Units by identity, open addressing; at most half full. */
struct unit_table {
    struct unit **slots;
    size_t mask;
};

static size_t hash_text(size_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211UL;
    return (h ^ 0xff) * 1099511628211UL;
}

static size_t hash_identity(const char *group, const char *kind, const char *namespace,
                            const char *name)
{
    size_t h = hash_text(14695981039346656037UL, name);
    return hash_text(hash_text(hash_text(h, namespace), kind), group);
}

static void table_init(struct unit_table *t, struct unit *const *units, size_t count)
{
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;
    *t = (struct unit_table){xcalloc(size, sizeof(struct unit *)), size - 1};
    for (size_t i = 0; i < count; i++) {
        const struct unit *u = units[i];
        size_t at = hash_identity(u->group, u->kind, u->declared_namespace, u->name);
        while (t->slots[at & t->mask])
            at++;
        t->slots[at & t->mask] = units[i];
    }
}

static struct unit *table_find(const struct unit_table *t, const struct desired *d)
{
    size_t at = hash_identity(d->group, d->kind, d->namespace, d->name);
    struct unit *u;
    for (; (u = t->slots[at & t->mask]); at++) {
        if (same_text(u->name, d->name) && same_text(u->declared_namespace, d->namespace) &&
            same_text(u->kind, d->kind) && same_text(u->group, d->group))
            return u;
    }
    return NULL;
}

struct unit *pass_find(const struct pass *pass, const char *group, const char *kind,
                       const char *namespace, const char *name)
{
    for (size_t i = 0; i < pass->count; i++) {
        struct unit *u = pass->units[i];
        if (same_text(u->name, name) && same_text(u->namespace, namespace) &&
            same_text(u->kind, kind) && same_text(u->group, group))
            return u;
    }
    return NULL;
}

static void point(const struct pass *p, struct unit *unit, const struct desired *d, size_t index)
{
    unit->api_version = d->api_version;
    unit->group = d->group;
    unit->version = d->version;
    unit->kind = d->kind;
    unit->name = d->name;
    unit->declared_namespace = d->namespace;
    /* the effective one of the set before, until it is resolved anew */
    if (!unit->resolved || (unit->namespace && d->namespace))
        unit->namespace = d->namespace;
    unit->file = d->file;
    unit->line = d->line;
    unit->file_places = d->places_len;
    unit->paused = p->config.mode == ORDER_MODE_PAUSED || d->mode == ORDER_MODE_PAUSED;
    unit->index = index;
    memcpy(unit->digest, d->digest, sizeof(unit->digest));
}

/* It says something else, or stands elsewhere and has lines that were told. */
static bool needs_verdict(const struct unit *unit, const struct desired *d)
{
    if (memcmp(unit->digest, d->digest, sizeof(unit->digest)) != 0)
        return true;
    bool moved = unit->line != d->line || unit->file_places != d->places_len ||
                 !same_text(unit->file, d->file);
    return unit->reported && moved;
}

static struct unit *unit_new(void)
{
    return xcalloc(1, sizeof(struct unit));
}

/* The unit of an item of the new set: the one that there was, or a new one. */
static struct unit *take_item(struct pass *p, const struct unit_table *before,
                              const struct desired *d, size_t index)
{
    struct unit *unit = table_find(before, d);
    if (!unit) {
        unit = unit_new();
        point(p, unit, d, index);
        return unit;
    }
    bool anew = needs_verdict(unit, d), was_paused = unit->paused;
    point(p, unit, d, index);
    unit->gone = false;
    if (unit->paused && !was_paused)
        p->config.removed(p->config.ctx, unit);
    anew |= unit->paused != was_paused;
    if (anew) {
        unit->settled = unit->noted = false;
        unit->tries = 0;
        unit->seen_ms = 0; /* what differs now need not be what the watch saw */
        if (!unit->type) {
            const bool in_flight = unit->facts.in_flight;
            unit->facts = (struct facts){.in_flight = in_flight, .stale = in_flight};
        }
        pass_read_again(p, unit);
    }
    return unit;
}

/* Its strings go with the old set, and its last answer has yet to come. */
static void keep_strings(struct unit *u)
{
    const char **owned[] = {&u->api_version, &u->group, &u->version, &u->kind, &u->name, &u->file};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++)
        *owned[i] = xstrdup_null(*owned[i]);
    u->namespace = xstrdup_null(u->namespace);
    u->declared_namespace = NULL;
}

static void remove_unit(struct pass *p, struct unit *unit)
{
    p->config.removed(p->config.ctx, unit);
    pass_turn_over(p, unit);
    if (unit->facts.in_flight) {
        keep_strings(unit);
        unit_queue_push(&p->gone, unit);
        return;
    }
    p->provider->ops->forget(p->provider, unit);
    free(unit);
}

void pass_unit_free(struct pass *p, struct unit *unit)
{
    unit_queue_take_out(&p->gone, unit);
    p->provider->ops->forget(p->provider, unit);
    const char *owned[] = {unit->api_version, unit->group,     unit->version, unit->kind,
                           unit->name,        unit->namespace, unit->file};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++)
        free((char *)owned[i]);
    free(unit);
}

static void tell_problems(struct pass *p)
{
    for (size_t i = 0; i < p->set->problem_count; i++) {
        const struct problem *problem = &p->set->problems[i];
        json_auto_t *event = pass_told(problem->file, problem->line, problem->col, problem->object,
                                       problem->message);
        if (problem->level == PROBLEM_ERROR) {
            p->counts.errors++;
            p->config.error(p->config.ctx, event);
        } else {
            p->counts.notes++;
            p->config.note(p->config.ctx, event);
        }
    }
}

/* Below some folder: which one is the source's path, the child knew that read it. */
static bool matches_below(const char *glob, const char *path)
{
    while (path && !glob_match(glob, path)) {
        const char *slash = strchr(path, '/');
        path = slash ? slash + 1 : NULL;
    }
    return path != NULL;
}

/* A mistyped glob reads as a smaller source, and nothing else would say so. */
static void tell_includes(struct pass *p)
{
    for (const char *const *glob = p->config.include; glob && *glob; glob++) {
        size_t i = 0;
        while (i < p->set->count && !matches_below(*glob, p->set->items[i].file))
            i++;
        if (i < p->set->count)
            continue;
        _free_ char *message = xasprintf(
            "include: no file with an object matches \"%s\"; globs are for whole paths below the "
            "source's path, and all below a folder is folder/**",
            *glob);
        p->host.note(p, NULL, message);
    }
}

/* What an order says that this version does not do, and a source that is not compared. */
static void tell_orders(struct pass *p)
{
    const struct host *host = &p->host;
    const struct unit *first = NULL;
    for (size_t i = 0; i < p->count; i++) {
        p->counts.paused += p->units[i]->paused;
        if (!first && p->set->items[p->units[i]->index].mode == ORDER_MODE_CORRECT)
            first = p->units[i];
    }
    if (p->config.mode == ORDER_MODE_PAUSED)
        host->note(p, NULL, "the source is paused (mode: paused): nothing of it is compared");
    else if (p->config.mode == ORDER_MODE_CORRECT)
        host->note(p, NULL, "mode: correct: this version of holdfast only reports");
    else if (first)
        host->note(p, first, "holdfast.dev/mode: correct: this version of holdfast only reports");
}

/* Its kind is not known (any more), as an error says: what was open of it, nobody knows. */
static void unread(struct pass *p, struct unit *unit)
{
    if (p->config.resident)
        p->config.removed(p->config.ctx, unit);
    unit->reported = unit->noted = false;
}

/* What was told of it was told of another object: `was` is the namespace of that one. */
static void became_another(struct pass *p, struct unit *unit, const char *was)
{
    const char *is = unit->namespace;
    unit->namespace = was;
    if (p->config.resident)
        p->config.removed(p->config.ctx, unit);
    unit->namespace = is;
    unit->settled = unit->noted = unit->reported = false;
    unit->tries = 0;
    unit->seen_ms = 0;
    memset(unit->projection, 0, sizeof(unit->projection));
    later_cancel(&p->later, unit);
}

/* Kinds can become namespaced, or be so no more. */
static void resolve(struct pass *p)
{
    _free_ const char **was = xcalloc(p->count + 1, sizeof(*was));
    for (size_t i = 0; i < p->count; i++)
        was[i] = p->units[i]->namespace;
    p->provider->ops->begin(p->provider, p->units, p->count);
    for (size_t i = 0; i < p->count; i++) {
        struct unit *unit = p->units[i];
        if (unit->resolved && !same_text(was[i], unit->namespace))
            became_another(p, unit, was[i]);
        unit->resolved = true;
    }
}

/* Resolves and observes what there is; counts what has no verdict. */
static void begin(struct pass *p)
{
    const struct provider_ops *ops = p->provider->ops;
    resolve(p);
    p->left = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct unit *unit = p->units[i];
        unit->facts.concluded |= unit->paused;
        if (unit->facts.concluded) {
            unit->settled = true;
            pass_turn_over(p, unit);
            if (!unit->type && !unit->paused && unit->facts.observed == OBSERVED_NOT_YET)
                unread(p, unit);
            continue;
        }
        p->left += !unit->settled;
        if (unit->facts.observed != OBSERVED_NOT_YET && !unit->delay)
            pass_dirty(p, unit);
    }
    p->told = false;
    ops->observe(p->provider);
    if (!ev_is_active(&p->wake)) /* with nothing to do, it ends in the next turn */
        ev_timer_start(p->config.loop, &p->wake);
}

void pass_take(struct pass *p, const struct desired_set *set)
{
    struct unit_table before;
    struct unit **old = p->units;
    size_t old_count = p->count;
    table_init(&before, old, old_count);
    for (size_t i = 0; i < old_count; i++)
        old[i]->gone = true;
    p->set = set;
    p->units = xcalloc(set->count + 1, sizeof(struct unit *));
    p->count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        if (!d->doubled && !d->shared && !d->undecided)
            p->units[p->count++] = take_item(p, &before, &set->items[i], i);
    }
    unit_queue_sweep(&p->dirty);
    unit_queue_sweep(&p->waiting);
    later_sweep(&p->later);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i]->gone)
            remove_unit(p, old[i]);
    }
    free(old);
    free(before.slots);
    p->counts = (struct pass_counts){.objects = p->count};
    tell_problems(p);
    tell_orders(p);
    tell_includes(p);
    if (!p->taken) {
        p->taken = true;
        ev_prepare_start(p->config.loop, &p->step);
        if (p->config.resident)
            ev_timer_start(p->config.loop, &p->daily); /* pass.c sets it to its pace */
    }
    begin(p);
}
