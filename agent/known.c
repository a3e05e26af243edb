#include "known.h"

#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/version.h"

void known_fingerprint(struct follow *f)
{
    const struct config *c = &f->agent->config;
    uint8_t sum[HASH_SHA256_BYTES];
    struct buf _buf_ text = BUF_INIT(LIMIT_CONFIG_BYTES);
    buf_addf(&text, "%s\n%s\n%s\n%s\n", holdfast_version(), f->agent->kubeconfig.server,
             c->kubernetes.field_manager, agent_namespace(f->agent));
    for (const char *const *hand = c->kubernetes.hands; hand && *hand; hand++)
        buf_addf(&text, "hand %s\n", *hand);
    for (size_t i = 0; i < f->config->ignore.count; i++) {
        const struct config_ignore *g = &f->config->ignore.items[i];
        buf_addf(&text, "ignore %s %s %s %s", g->group ? g->group : "", g->kind ? g->kind : "",
                 g->namespace ? g->namespace : "", g->name ? g->name : "");
        for (const char *const *field = g->fields; field && *field; field++)
            buf_addf(&text, " %s", *field);
        buf_add_char(&text, '\n');
    }
    hash_sha256(buf_str(&text), text.len, sum);
    memcpy(f->fingerprint, sum, sizeof(f->fingerprint));
}

static void memo_key(const struct follow *f, const struct unit *unit, uint8_t key[MEMO_KEY_BYTES])
{
    uint8_t all[3 * MEMO_KEY_BYTES], sum[HASH_SHA256_BYTES];
    memcpy(all, unit->state, MEMO_KEY_BYTES);
    memcpy(all + MEMO_KEY_BYTES, unit->digest, MEMO_KEY_BYTES);
    memcpy(all + 2 * MEMO_KEY_BYTES, f->fingerprint, MEMO_KEY_BYTES);
    hash_sha256(all, sizeof(all), sum);
    memcpy(key, sum, MEMO_KEY_BYTES);
}

static uint64_t memo_slot(const struct follow *f, const struct unit *unit)
{
    const char *const parts[] = {f->config->name, unit->group, unit->kind,
                                 unit->namespace ? unit->namespace : "", unit->name};
    uint64_t h = 14695981039346656037UL;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        for (const char *s = parts[i]; *s; s++)
            h = (h ^ (unsigned char)*s) * 1099511628211UL;
        h = (h ^ 0xff) * 1099511628211UL;
    }
    return h ? h : 1;
}

/* Where it is kept what the verdict of that slot stands on, if that is not the whole object. */
static uint64_t projection_slot(uint64_t slot)
{
    uint64_t other = slot ^ 0x9e3779b97f4a7c15UL;
    return other ? other : 1;
}

void known_slots(const struct follow *f, uint64_t *out)
{
    size_t count;
    struct unit *const *units = pass_units(f->pass, &count);
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = memo_slot(f, units[i]);
        out[2 * i + 1] = projection_slot(out[2 * i]);
    }
}

bool known_unit(void *ctx, struct unit *unit)
{
    const struct follow *f = ctx;
    const uint64_t slot = memo_slot(f, unit);
    uint8_t key[MEMO_KEY_BYTES];
    if (!unit_digest_set(unit->state))
        return false;
    memo_key(f, unit, key);
    if (!memo_has(f->agent->memo, slot, key))
        return false;
    const uint8_t *projection = memo_get(f->agent->memo, projection_slot(slot));
    if (projection)
        memcpy(unit->projection, projection, sizeof(unit->projection));
    else
        memset(unit->projection, 0, sizeof(unit->projection));
    return true;
}

void known_forget(struct follow *f, const struct unit *unit)
{
    const uint64_t slot = memo_slot(f, unit);
    memo_drop(f->agent->memo, slot);
    memo_drop(f->agent->memo, projection_slot(slot));
}

void known_remember(struct follow *f, const struct unit *unit)
{
    uint8_t key[MEMO_KEY_BYTES];
    const uint64_t slot = memo_slot(f, unit);
    bool in_sync = unit->facts.observed == OBSERVED_PRESENT && !unit->reported && !unit->ignored &&
                   !unit->denied && unit_digest_set(unit->state);
    for (int i = 0; i < ASK_COUNT; i++) /* what could not be asked may be told by the next start */
        in_sync &=
            unit->facts.answers[i] != ANSWER_DENIED && unit->facts.answers[i] != ANSWER_FAILED;
    if (!in_sync) {
        known_forget(f, unit);
        return;
    }
    /* this one first: a file that was cut never has a verdict with what another one stood on */
    if (unit_digest_set(unit->projection))
        memo_put(f->agent->memo, projection_slot(slot), unit->projection);
    else
        memo_drop(f->agent->memo, projection_slot(slot));
    memo_key(f, unit, key);
    memo_put(f->agent->memo, slot, key);
}

bool known_before(const struct follow *f, const struct unit *unit)
{
    return memo_get(f->agent->memo, memo_slot(f, unit)) != NULL;
}
