/*
 * What sources have to do with one another. Objects that two of them declare: neither compares
 * them, and an error names both places. Scalers of what another one declares.
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "agent.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/text.h"
#include "providers/kubernetes/scaler.h"
#include "shared.h"

struct identity {
    char *key;
    struct follow *follow;
    const struct desired *desired;
    UT_hash_handle hh;
};

char *shared_identity(const struct desired *d, const char *default_namespace)
{
    const char *ns = d->namespace ? d->namespace : default_namespace;
    return xasprintf("%s/%s/%s/%s", d->group, d->kind, ns, d->name);
}

static char *identity_of(const struct follow *f, const struct desired *d)
{
    return shared_identity(d, agent_namespace(f->agent));
}

char *shared_message(const char *source, const struct desired *other)
{
    return xasprintf("the source %s declares this object too, at %s:%u: neither is compared; take "
                     "it out of one of them",
                     source, other->file, other->line);
}

char *shared_object(const struct desired *d)
{
    return d->namespace ? xasprintf("%s %s/%s", d->kind, d->namespace, d->name)
                        : xasprintf("%s %s", d->kind, d->name);
}

static void tell_shared(struct follow *f, const struct desired *d, const struct identity *other)
{
    _free_ char *object = shared_object(d);
    _free_ char *message = shared_message(other->follow->config->name, other->desired);
    json_auto_t *event = json_object();
    json_put_str(event, "file", d->file);
    json_put(event, "line", json_integer(d->line));
    json_put_str(event, "object", object);
    json_put_str(event, "message", message);
    tell_problem(f->tell, EVENT_ERROR, event);
}

/* Objects of one source: the usual case, in which there is nothing to look up. */
static bool mark_none(struct follow *f)
{
    bool changed = false;
    for (size_t n = 0; n < f->set->count; n++) {
        struct desired *d = &f->set->items[n];
        changed |= d->shared || d->undecided;
        d->shared = d->undecided = false;
    }
    return changed;
}

bool follows_read(const struct agent *a)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!a->follows[i].read_at && !a->follows[i].error)
            return false;
    }
    return true;
}

/*
 * Both read one ref, f later, and another commit: what f says of an object that moved between them
 * is not yet known to o, and what o says is old.
 */
static bool is_behind(const struct follow *o, const struct follow *f)
{
    const char *is = o->set->revision, *later = f->set->revision;
    return is && later && strcmp(is, later) != 0 && o->asked_at < f->asked_at && !o->error &&
           source_same_copy(o->config->url, f->config->url) &&
           same_text(o->config->ref, f->config->ref);
}

/* `other` NULL: nobody else declares it. True when it stands otherwise than before. */
static bool mark(struct follow *f, struct desired *d, const struct identity *other)
{
    const bool shared = d->shared, undecided = d->undecided;
    const bool stood = other && (shared || other->desired->shared);
    const bool ahead = other && !stood && is_behind(other->follow, f);
    const bool behind = other && !stood && is_behind(f, other->follow);
    d->undecided = ahead;
    d->shared = other && !ahead && !behind;
    return d->shared != shared || d->undecided != undecided;
}

static struct identity *identities_beside(const struct follow *f)
{
    const struct agent *a = f->agent;
    struct identity *all = NULL;
    for (size_t i = 0; i < a->count; i++) {
        struct follow *o = &a->follows[i];
        for (size_t n = 0; o != f && o->set && n < o->set->count; n++) {
            struct identity *one = xcalloc(1, sizeof(*one));
            *one = (struct identity){.key = identity_of(o, &o->set->items[n]),
                                     .follow = o,
                                     .desired = &o->set->items[n]};
            HASH_ADD_KEYPTR(hh, all, one->key, strlen(one->key), one);
        }
    }
    return all;
}

bool follow_mark_shared(struct follow *f, bool tell)
{
    bool changed = false;
    if (!f->set)
        return false;
    f->undecided = false;
    if (f->agent->count == 1)
        return mark_none(f);
    struct identity *all = identities_beside(f), *one, *tmp;
    for (size_t n = 0; n < f->set->count; n++) {
        struct desired *d = &f->set->items[n];
        _free_ char *key = identity_of(f, d);
        HASH_FIND_STR(all, key, one);
        changed |= mark(f, d, one);
        f->undecided |= d->undecided;
        if (d->shared && tell)
            tell_shared(f, d, one);
        else if (d->undecided && tell)
            one->follow->wanted = true;
    }
    HASH_ITER(hh, all, one, tmp)
    {
        HASH_DEL(all, one);
        free(one->key);
        free(one);
    }
    return changed;
}

/* ---- scalers: spec.replicas is theirs, whichever source declares them (SPEC 2) ---- */

void follow_scalers_beside(void *ctx, kube_scaler_declared *each, void *to)
{
    const struct follow *f = ctx;
    for (size_t i = 0; i < f->agent->count; i++) {
        const struct follow *o = &f->agent->follows[i];
        for (size_t n = 0; o != f && o->set && n < o->set->count; n++) {
            const struct desired *d = &o->set->items[n];
            if (!scaler_kind(d->group, d->kind))
                continue;
            size_t len;
            _free_ char *text = desired_text(o->set, n, &len);
            json_auto_t *body = text ? json_parse(text, len, d->file, NULL) : NULL;
            if (body)
                each(to, d->kind, d->namespace, d->name, body);
        }
    }
}

bool follow_scalers_changed(struct follow *f)
{
    uint8_t sum[DESIRED_DIGEST_BYTES] = {0};
    for (size_t n = 0; n < f->set->count; n++) {
        const struct desired *d = &f->set->items[n];
        for (size_t i = 0; scaler_kind(d->group, d->kind) && i < sizeof(sum); i++)
            sum[i] ^= d->digest[i];
    }
    bool changed = memcmp(sum, f->scalers, sizeof(sum)) != 0;
    memcpy(f->scalers, sum, sizeof(sum));
    return changed;
}
