#include "webhook.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/json.h"

/* ---- whose it is ---- */

/* Headers with a signature: the first that is there decides. */
static const struct {
    const char *name;
    const char *prefix;
} signatures[] = {
    {"X-Hub-Signature-256", "sha256="}, {"X-Gitea-Signature", ""},      {"X-Forgejo-Signature", ""},
    {"X-Gogs-Signature", ""},           {"X-Hub-Signature", "sha256="},
};

void webhook_proof(webhook_header *get, void *ctx, struct webhook_proof *out)
{
    *out = (struct webhook_proof){0};
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
        const char *v = get(ctx, signatures[i].name);
        size_t len = strlen(signatures[i].prefix);
        if (v && !strncmp(v, signatures[i].prefix, len)) {
            *out = (struct webhook_proof){WEBHOOK_HMAC, v + len};
            return;
        }
    }
    const char *token = get(ctx, "X-Gitlab-Token");
    if (token)
        *out = (struct webhook_proof){WEBHOOK_TOKEN, token};
}

bool webhook_proved(const struct webhook_proof *proof, const char *token,
                    const uint8_t mac[HASH_SHA256_BYTES])
{
    if (!*token || proof->sign == WEBHOOK_UNSIGNED)
        return false;
    if (proof->sign == WEBHOOK_TOKEN)
        return hash_equal(proof->value, strlen(proof->value), token, strlen(token));
    char hex[2 * HASH_SHA256_BYTES + 1];
    hash_hex(mac, HASH_SHA256_BYTES, hex);
    _free_ char *given = xstrdup(proof->value);
    for (char *p = given; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'F' ? *p + ('a' - 'A') : *p);
    return hash_equal(given, strlen(given), hex, strlen(hex));
}

/* ---- what it tells ---- */

enum webhook_event webhook_event(webhook_header *get, void *ctx)
{
    static const char *const names[] = {"X-GitHub-Event", "X-Gitea-Event",  "X-Forgejo-Event",
                                        "X-Gogs-Event",   "X-Gitlab-Event", "X-Event-Key"};
    /* a system hook of GitLab is sent for pushes, too: its body decides */
    static const char *const pushes[] = {"push",        "Push Hook", "Tag Push Hook",
                                         "System Hook", "repo:push", "repo:refs_changed",
                                         "create",      "delete"};
    static const char *const pings[] = {"ping", "diagnostics:ping"};
    const char *name = NULL;
    for (size_t i = 0; !name && i < ARRAY_LEN(names); i++)
        name = get(ctx, names[i]);
    for (size_t i = 0; name && i < ARRAY_LEN(pings); i++) {
        if (!strcmp(name, pings[i]))
            return WEBHOOK_PING;
    }
    for (size_t i = 0; name && i < ARRAY_LEN(pushes); i++) {
        if (!strcmp(name, pushes[i]))
            return WEBHOOK_PUSH;
    }
    return name ? WEBHOOK_OTHER : WEBHOOK_PUSH;
}

static void add_url(struct webhook_push *p, const json_t *value)
{
    const char *url = json_string_value(value);
    if (!url || !*url || p->count == WEBHOOK_URLS_MAX)
        return;
    for (size_t i = 0; i < p->count; i++) {
        if (!strcmp(p->urls[i], url))
            return;
    }
    p->urls[p->count++] = xstrdup(url);
}

static void add_urls(struct webhook_push *p, const json_t *repository)
{
    static const char *const names[] = {"clone_url", "ssh_url",      "git_url",
                                        "html_url",  "git_http_url", "git_ssh_url",
                                        "web_url",   "homepage",     "url"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        add_url(p, json_object_get(repository, names[i]));
    const json_t *links = json_object_get(repository, "links");
    add_url(p, json_at(links, "html", "href", NULL)); /* Bitbucket Cloud: has no clone links */
    const char *lists[] = {"clone", "self"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) { /* Bitbucket Data Center */
        size_t k;
        const json_t *link;
        json_array_foreach(json_object_get(links, lists[i]), k, link)
            add_url(p, json_object_get(link, "href"));
    }
}

/* A second ref that is another one: the push is about several. */
static void add_ref(struct webhook_push *p, bool *several, const char *prefix, const char *name)
{
    if (!name || *several)
        return;
    _free_ char *ref = xasprintf("%s%s", prefix, name);
    if (p->ref && strcmp(p->ref, ref) != 0) {
        *several = true;
        free(steal(p->ref));
    } else if (!p->ref) {
        p->ref = steal(ref);
    }
}

static void add_refs(struct webhook_push *p, const json_t *body)
{
    bool several = false;
    size_t i;
    const json_t *change;
    const char *ref = json_str_at(body, "ref", NULL);
    const char *type = json_str_at(body, "ref_type", NULL); /* GitHub's create, delete */
    const char *prefix = !ref || !strncmp(ref, "refs/", 5) ? ""
                         : type && !strcmp(type, "tag")    ? "refs/tags/"
                                                           : "refs/heads/";
    add_ref(p, &several, prefix, ref);
    json_array_foreach(json_object_get(body, "changes"), i, change) /* Data Center */
        add_ref(p, &several, "", json_str_at(change, "ref", "id", NULL));
    json_array_foreach(json_at(body, "push", "changes", NULL), i, change) /* Cloud */
    {
        const json_t *to = json_object_get(change, "new");
        const json_t *at = json_is_object(to) ? to : json_object_get(change, "old");
        const char *kind = json_str_at(at, "type", NULL);
        add_ref(p, &several, kind && !strcmp(kind, "tag") ? "refs/tags/" : "refs/heads/",
                json_str_at(at, "name", NULL));
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The member `payload` of a form, decoded; owned. NULL: there is none. */
static char *form_payload(const char *body, size_t len, size_t *out_len)
{
    static const char name[] = "payload=";
    const char *p = memmem(body, len, name, sizeof(name) - 1), *end = body + len;
    if (!p || (p != body && p[-1] != '&'))
        return NULL;
    char *out = xmalloc(len + 1);
    size_t n = 0;
    for (p += sizeof(name) - 1; p < end && *p != '&'; p++) {
        bool coded = *p == '%' && end - p > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0;
        out[n++] = coded ? (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) : *p == '+' ? ' ' : *p;
        p += coded ? 2 : 0;
    }
    out[n] = '\0';
    *out_len = n;
    return out;
}

int webhook_read(const char *body, size_t len, struct webhook_push *out, struct err **err)
{
    *out = (struct webhook_push){0};
    size_t form_len = 0;
    bool json = len && body[strspn(body, " \t\r\n")] == '{';
    _free_ char *form = json || !len ? NULL : form_payload(body, len, &form_len);
    json_error_t e;
    json_auto_t *root = json_loadb(form ? form : body, form ? form_len : len, 0, &e);
    if (!json_is_object(root))
        return err_set(err, ERR_INVALID, "the body is not a JSON object");
    add_urls(out, json_object_get(root, "repository"));
    add_urls(out, json_object_get(root, "project")); /* GitLab */
    add_refs(out, root);
    if (out->count)
        return 0;
    webhook_push_free(out);
    return err_set(err, ERR_INVALID, "the body names no repository: is it a push event?");
}

void webhook_push_free(struct webhook_push *push)
{
    for (size_t i = 0; i < push->count; i++)
        free(push->urls[i]);
    free(push->ref);
    *push = (struct webhook_push){0};
}
