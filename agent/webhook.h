/*
 * Webhooks of GitHub, Gitea (Forgejo, Gogs), GitLab and Bitbucket (Cloud, Data Center): whether a
 * body was signed with our token, and what a push is about. Pure.
 *
 *   GitHub      X-Hub-Signature-256: sha256=HEX    X-GitHub-Event: push
 *   Gitea       X-Gitea-Signature: HEX             X-Gitea-Event: push
 *   GitLab      X-Gitlab-Token: TOKEN              X-Gitlab-Event: Push Hook
 *   Bitbucket   X-Hub-Signature: sha256=HEX        X-Event-Key: repo:push, repo:refs_changed
 *
 * HEX is HMAC-SHA256 of the raw body under the token. GitHub's SHA-1 signature is not taken.
 */
#ifndef HOLDFAST_WEBHOOK_H
#define HOLDFAST_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"

/* The headers of one request that concern us. `get` answers the value of a header, or NULL. */
typedef const char *webhook_header(void *ctx, const char *name);

enum webhook_sign {
    WEBHOOK_UNSIGNED, /* no header that we know */
    WEBHOOK_TOKEN,    /* the token itself: no need of the body */
    WEBHOOK_HMAC,     /* over the body */
};

struct webhook_proof {
    enum webhook_sign sign;
    const char *value; /* borrowed: the token, or the signature in hex */
};

void webhook_proof(webhook_header *get, void *ctx, struct webhook_proof *out);

/* Whether it proves that the sender knows the token. `mac`: of the whole body; HMAC only. */
bool webhook_proved(const struct webhook_proof *proof, const char *token,
                    const uint8_t mac[HASH_SHA256_BYTES]);

enum webhook_event {
    WEBHOOK_PUSH, /* also where no header says what it is */
    WEBHOOK_PING,
    WEBHOOK_OTHER, /* an issue, a comment, ... */
};
enum webhook_event webhook_event(webhook_header *get, void *ctx);

#define WEBHOOK_URLS_MAX 16

/* What a push is about. */
struct webhook_push {
    char *urls[WEBHOOK_URLS_MAX + 1]; /* owned; NULL-terminated: each form the payload has */
    size_t count;
    char *ref; /* owned; "refs/heads/main"; NULL: several, or not said */
};

/*
 * Reads a body: JSON, or GitHub's form (payload=...). -1 with *err (ERR_INVALID) where it is no
 * JSON object or names no repository; *out is then empty.
 */
int webhook_read(const char *body, size_t len, struct webhook_push *out, struct err **err);
void webhook_push_free(struct webhook_push *push);

#endif
