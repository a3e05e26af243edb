#include <openssl/evp.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "providers/kubernetes/fields.h"
#include "providers/kubernetes/internal.h"

static void add(EVP_MD_CTX *md, const json_t *value)
{
    if (!value)
        return;
    _free_ char *text = json_text(value, JSON_WRITE_SORTED);
    EVP_DigestUpdate(md, text, strlen(text));
}

/* A shallow copy without these members. */
static json_t *without(const json_t *object, const char *const *names)
{
    json_t *copy = json_copy((json_t *)object);
    for (; *names; names++)
        json_object_del(copy, *names);
    return copy;
}

void kube_projection(const struct kube *k, const struct unit *unit, const json_t *live,
                     const json_t *managed, uint8_t out[UNIT_DIGEST_BYTES])
{
    const struct kube_resource *r = kube_resource_of(unit);
    const char *const top[] = {!r || r->has_status ? "status" : NULL, NULL};
    static const char *const meta[] = {"resourceVersion", "generation", "managedFields", NULL};
    static const char *const replicas[] = {"replicas", NULL};
    const char *own = k->config.field_manager;
    bool held = scalers_find(k->scalers, unit->group, unit->kind, unit->namespace, unit->name);
    unsigned char sum[EVP_MAX_MD_SIZE];
    json_auto_t *copy = without(live, top);
    json_put(copy, "metadata", without(json_object_get(live, "metadata"), meta));
    if (held && json_is_object(json_object_get(live, "spec")))
        json_put(copy, "spec", without(json_object_get(live, "spec"), replicas));
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    add(md, copy);
    EVP_DigestFinal_ex(md, sum, NULL);
    memcpy(out, sum, PROJECTION_CONTENT_BYTES);
    EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    size_t i;
    json_t *entry;
    json_array_foreach((json_t *)managed, i, entry)
    {
        const struct fields_entry e = fields_entry(entry);
        if (fields_is_ours(&e, own) || fields_is_hand(&e, own, k->config.hands))
            add(md, entry);
        else if (!e.subresource || strcmp(e.subresource, "status") != 0)
            add(md, e.fields); /* what others hold, too, our apply would leave where it is */
    }
    EVP_DigestFinal_ex(md, sum, NULL);
    EVP_MD_CTX_free(md);
    memcpy(out + PROJECTION_CONTENT_BYTES, sum, UNIT_DIGEST_BYTES - PROJECTION_CONTENT_BYTES);
}
