/* What the account may ask, as answers have shown it. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "providers/kubernetes/internal.h"

#define RECENT_MS 1000 /* a server that answered so short a while ago knows our rights */

/* Instead of the time of the last answer: there, rights go by name. */
#define BY_NAME (-1)

static uint8_t bit_of(enum ask what)
{
    return (uint8_t)(1U << what);
}

/* Rights go by verb, kind, namespace and name: this is all but the name. Owned. */
static char *place_of(const struct unit *unit, enum ask what)
{
    const struct kube_resource *r = kube_resource_of(unit);
    return xasprintf("%d %s.%s %s", what, r->plural, r->group,
                     unit->namespace ? unit->namespace : "");
}

static void set_place(struct kube *k, const char *place, json_int_t value)
{
    if (json_object_size(k->rights) >= LIMIT_RIGHTS)
        json_object_clear(k->rights); /* a 403 is believed at once then */
    json_put(k->rights, place, json_integer(value));
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
    unit->denied |= bit_of(what);
    set_place(k, place, BY_NAME);
    return true;
}
