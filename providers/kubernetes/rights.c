/* What the account may ask, as answers have shown it. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/internal.h"

#define RECENT_MS 1000 /* a server that answered so short a while ago knows our rights */

/* Instead of the time of the last answer: there, rights go by name. */
#define BY_NAME  (-1)

#define OPENED_S 1 /* so long others like it are waited for before denied ones are judged again */

/* What is known of a kind in a namespace where objects were denied, in this turn. */
enum { TRIED, OPENED, JUDGED };

static uint8_t bit_of(enum ask what)
{
    return (uint8_t)(1U << what);
}

/* Where one object may be asked for, others may be, too: rights go by kind and namespace. Owned. */
static char *group_of(const struct unit *unit)
{
    const struct kube_resource *r = kube_resource_of(unit);
    return xasprintf("%s.%s %s", r->plural, r->group, unit->namespace ? unit->namespace : "");
}

/* They go by verb, too; by name is kept with the object itself. Owned. */
static char *place_of(const struct unit *unit, enum ask what)
{
    _free_ char *group = group_of(unit);
    return xasprintf("%d %s", what, group);
}

static void set_place(struct kube *k, const char *place, json_int_t value)
{
    if (json_object_size(k->rights) >= LIMIT_RIGHTS)
        json_object_clear(k->rights); /* a 403 is believed at once then */
    json_put(k->rights, place, json_integer(value));
}

/* Those that were denied are there, as they were judged last, and nothing is under way. */
static bool waits_for_right(const struct unit *unit)
{
    const struct facts *f = &unit->facts;
    return unit->denied && unit->type && !unit->paused && f->concluded && !f->in_flight &&
           f->observed == OBSERVED_PRESENT && !f->terminating;
}

/*
 * Rights have come: all that were denied beside the object are judged again, and one object of each
 * other kind and namespace, which tells of those.
 */
static void judge_opened(struct kube *k)
{
    const char *key;
    json_t *value;
    for (size_t i = 0; k->sorted && k->sorted[i]; i++) {
        struct unit *unit = k->sorted[i];
        if (!waits_for_right(unit))
            continue;
        _free_ char *group = group_of(unit);
        const json_t *known = json_object_get(k->opened, group);
        if (known && json_integer_value(known) != OPENED)
            continue;
        if (!known)
            json_put(k->opened, group, json_integer(TRIED));
        kube_again(k, unit);
    }
    json_object_foreach(k->opened, key, value)
    {
        if (json_integer_value(value) == OPENED)
            json_integer_set(value, JUDGED);
    }
    k->any_opened = false;
}

static bool same_group(const struct unit *a, const struct unit *b)
{
    return a && a->type == b->type &&
           !strcmp(a->namespace ? a->namespace : "", b->namespace ? b->namespace : "");
}

/* The one that was denied last, else one of each kind and namespace in turn, and then another. */
static struct unit *next_to_try(struct kube *k)
{
    struct unit **waiting = NULL, *newest = NULL;
    size_t cap = 0, count = 0, groups = 0;
    for (size_t i = 0; k->sorted && k->sorted[i]; i++) {
        if (!waits_for_right(k->sorted[i]))
            continue;
        waiting = xgrow(waiting, &cap, count + 1, sizeof(struct unit *));
        groups += !same_group(count ? waiting[count - 1] : NULL, k->sorted[i]);
        waiting[count++] = k->sorted[i];
        if (k->denied_last == k->sorted[i]) /* it may be gone: no more than compared */
            newest = k->sorted[i];
    }
    k->denied_last = NULL;
    size_t group = groups ? k->turn % groups : 0, begin = 0, end;
    for (; begin < count && group; begin++)
        group -= begin + 1 < count && !same_group(waiting[begin], waiting[begin + 1]);
    for (end = begin; end < count && same_group(waiting[begin], waiting[end]);)
        end++;
    struct unit *next = newest        ? newest
                        : begin < end ? waiting[begin + k->turn / groups % (end - begin)]
                                      : NULL;
    k->turn += !newest;
    free(waiting);
    return next;
}

static void on_again(struct ev_loop *loop, struct ev_timer *w, int events);

static void arm(struct kube *k, double seconds)
{
    ev_timer_stop(k->config.loop, &k->again);
    ev_timer_init(&k->again, on_again, seconds, 0.);
    k->again.data = k;
    ev_now_update(k->config.loop);
    ev_timer_start(k->config.loop, &k->again);
}

static void on_again(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct kube *k = w->data;
    struct unit *unit = NULL;
    if (k->any_opened) {
        judge_opened(k);
    } else {
        json_object_clear(k->opened);
        unit = next_to_try(k);
        if (!unit)
            return; /* the next one that is denied begins it */
        k->again_tries++;
        kube_refresh(&k->base, unit);
    }
    arm(k, backoff_s(k->again_tries, LIMIT_ASK_AGAIN_S, LIMIT_ASK_AGAIN_MOST_S));
}

/* Nobody tells when an account gets a right: now and then one question is asked again. */
static void denied_anew(struct kube *k, const struct unit *unit)
{
    if (!k->config.follow)
        return;
    k->denied_last = unit;
    k->again_tries = 0;
    if (!ev_is_active(&k->again) ||
        ev_timer_remaining(k->config.loop, &k->again) > LIMIT_ASK_AGAIN_S)
        arm(k, LIMIT_ASK_AGAIN_S);
}

static void opened(struct kube *k, const struct unit *unit)
{
    _free_ char *group = group_of(unit);
    const json_t *known = json_object_get(k->opened, group);
    if (!k->config.follow || (known && json_integer_value(known) != TRIED))
        return;
    json_put(k->opened, group, json_integer(OPENED));
    if (!k->any_opened)
        arm(k, OPENED_S);
    k->any_opened = true;
}

void kube_granted(struct kube *k, struct unit *unit, enum ask what)
{
    _free_ char *place = place_of(unit, what);
    bool anew = unit->denied & bit_of(what);
    if (anew || json_integer_value(json_object_get(k->rights, place)) != BY_NAME)
        set_place(k, place, clock_monotonic_ms());
    unit->granted |= bit_of(what);
    unit->denied &= (uint8_t)~bit_of(what);
    unit->doubted &= (uint8_t)~bit_of(what);
    if (anew)
        opened(k, unit);
}

/* Was this right there? Of this object, or of all those beside it for all we know. */
static bool was_there(const struct kube *k, const struct unit *unit, enum ask what,
                      const char *place)
{
    if (unit->granted & bit_of(what))
        return true;
    if ((unit->denied & bit_of(what)) || !k->config.follow)
        return false;
    json_int_t last = json_integer_value(json_object_get(k->rights, place));
    return last > 0 && clock_monotonic_ms() - last > RECENT_MS;
}

/*
 * Where it was there a while ago, a 403 is not believed at once: a server that has just begun knows
 * no rights for a moment. Once it is, the next one is, too.
 */
bool kube_really_denied(struct kube *k, struct unit *unit, enum ask what)
{
    _free_ char *place = place_of(unit, what);
    if (was_there(k, unit, what, place)) {
        const uint32_t now = (uint32_t)(clock_monotonic_ms() / 1000);
        if (!unit->doubted) {
            unit->doubted = bit_of(what);
            unit->doubted_s = now;
        }
        if (now - unit->doubted_s < LIMIT_DOUBT_S)
            return false;
    }
    unit->granted &= (uint8_t)~bit_of(what);
    unit->doubted &= (uint8_t)~bit_of(what);
    if (!(unit->denied & bit_of(what)))
        denied_anew(k, unit);
    unit->denied |= bit_of(what);
    set_place(k, place, BY_NAME);
    return true;
}

void kube_denied_now(struct unit *unit)
{
    for (int i = 0; i < ASK_COUNT; i++) {
        if (unit->facts.answers[i] != ANSWER_DENIED)
            unit->denied &= (uint8_t)~bit_of((enum ask)i);
    }
}
