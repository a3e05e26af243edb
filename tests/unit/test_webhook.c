/* Webhooks: whose they are, and what they tell. The signatures here were made with openssl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "webhook.h"

/* "Name: value" lines, NULL-terminated. */
static const char *get(void *ctx, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *h = ctx; *h; h++) {
        if (!strncasecmp(*h, name, len) && (*h)[len] == ':')
            return *h + len + 2;
    }
    return NULL;
}

#define HEADERS(...) ((void *)(const char *[]){__VA_ARGS__, NULL})

/* GitHub's own example: printf 'Hello, World!' | openssl dgst -sha256 -hmac "It's a Secret to
 * Everybody" */
#define SECRET "It's a Secret to Everybody"
#define BODY   "Hello, World!"
#define HEX    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define HEX_UP "757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17"

static void proofs(void **state _unused_)
{
    static const struct {
        const char *header;
        enum webhook_sign sign;
        bool good;
    } table[] = {
        {"X-Hub-Signature-256: sha256=" HEX, WEBHOOK_HMAC, true},
        {"x-hub-signature-256: sha256=" HEX_UP, WEBHOOK_HMAC, true},
        {"X-Gitea-Signature: " HEX, WEBHOOK_HMAC, true},
        {"X-Forgejo-Signature: " HEX, WEBHOOK_HMAC, true},
        {"X-Gogs-Signature: " HEX, WEBHOOK_HMAC, true},
        {"X-Hub-Signature: sha256=" HEX, WEBHOOK_HMAC, true},
        {"X-Gitlab-Token: " SECRET, WEBHOOK_TOKEN, true},
        {"X-Gitlab-Token: " SECRET " ", WEBHOOK_TOKEN, false},
        {"X-Gitlab-Token: ", WEBHOOK_TOKEN, false},
        {"X-Hub-Signature-256: " HEX, WEBHOOK_UNSIGNED, false}, /* its prefix is missing */
        {"X-Hub-Signature: sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59", WEBHOOK_UNSIGNED, false},
        {"X-Hub-Signature-256: sha256=", WEBHOOK_HMAC, false},
        {"X-Hub-Signature-256: sha256=" HEX "00", WEBHOOK_HMAC, false},
        {"X-Hub-Signature-256: sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b04"
         "3e17",
         WEBHOOK_HMAC, false},
        {"Authorization: " SECRET, WEBHOOK_UNSIGNED, false},
    };
    uint8_t mac[HASH_SHA256_BYTES];
    struct hash_hmac *h = hash_hmac_new(SECRET, strlen(SECRET));
    hash_hmac_add(h, BODY, 5);
    hash_hmac_add(h, BODY + 5, strlen(BODY) - 5);
    hash_hmac_end(h, mac);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct webhook_proof p;
        webhook_proof(get, HEADERS(table[i].header), &p);
        if (p.sign != table[i].sign || webhook_proved(&p, SECRET, mac) != table[i].good)
            fail_msg("%s", table[i].header);
        assert_false(webhook_proved(&p, "", mac));
        assert_false(webhook_proved(&p, "another", (uint8_t[HASH_SHA256_BYTES]){0}));
    }
}

static void events(void **state _unused_)
{
    static const struct {
        const char *header;
        enum webhook_event event;
    } table[] = {
        {"X-GitHub-Event: push", WEBHOOK_PUSH},
        {"X-GitHub-Event: ping", WEBHOOK_PING},
        {"X-GitHub-Event: issues", WEBHOOK_OTHER},
        {"X-Gitea-Event: push", WEBHOOK_PUSH},
        {"X-Gitlab-Event: Push Hook", WEBHOOK_PUSH},
        {"X-Gitlab-Event: Tag Push Hook", WEBHOOK_PUSH},
        {"X-Gitlab-Event: Note Hook", WEBHOOK_OTHER},
        {"X-Event-Key: repo:push", WEBHOOK_PUSH},
        {"X-Event-Key: repo:refs_changed", WEBHOOK_PUSH},
        {"X-Event-Key: diagnostics:ping", WEBHOOK_PING},
        {"X-Event-Key: pr:opened", WEBHOOK_OTHER},
        {"Host: x", WEBHOOK_PUSH},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        assert_int_equal(webhook_event(get, HEADERS(table[i].header)), table[i].event);
}

/* Payloads cut down to what matters; `urls` joined by blanks. */
static const struct {
    const char *body, *urls, *ref;
} pushes[] = {
    {"{\"ref\":\"refs/heads/main\",\"repository\":{\"url\":\"https://github.example/o/r\","
     "\"clone_url\":\"https://github.example/o/r.git\",\"ssh_url\":\"git@github.example:o/r.git\","
     "\"git_url\":\"git://github.example/o/r.git\",\"html_url\":\"https://github.example/o/r\"}}",
     "https://github.example/o/r.git git@github.example:o/r.git git://github.example/o/r.git "
     "https://github.example/o/r",
     "refs/heads/main"},
    {"{\"object_kind\":\"push\",\"ref\":\"refs/tags/v1\",\"project\":{\"git_ssh_url\":"
     "\"git@gitlab.example:g/p.git\",\"git_http_url\":\"https://gitlab.example/g/p.git\"},"
     "\"repository\":{\"url\":\"git@gitlab.example:g/p.git\"}}",
     "git@gitlab.example:g/p.git https://gitlab.example/g/p.git", "refs/tags/v1"},
    {"{\"push\":{\"changes\":[{\"new\":{\"type\":\"branch\",\"name\":\"main\"}}]},\"repository\":"
     "{\"links\":{\"html\":{\"href\":\"https://bitbucket.example/w/r\"}}}}",
     "https://bitbucket.example/w/r", "refs/heads/main"},
    {"{\"push\":{\"changes\":[{\"new\":null,\"old\":{\"type\":\"tag\",\"name\":\"v2\"}}]},"
     "\"repository\":{\"links\":{\"html\":{\"href\":\"https://bitbucket.example/w/r\"}}}}",
     "https://bitbucket.example/w/r", "refs/tags/v2"},
    {"{\"changes\":[{\"ref\":{\"id\":\"refs/heads/a\"}},{\"ref\":{\"id\":\"refs/heads/b\"}}],"
     "\"repository\":{\"links\":{\"clone\":[{\"href\":\"https://dc.example/scm/k/r.git\"},"
     "{\"href\":\"ssh://git@dc.example:7999/k/r.git\"}]}}}",
     "https://dc.example/scm/k/r.git ssh://git@dc.example:7999/k/r.git", NULL},
    {"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fa+b%22%2C%22repository%22%3A%7B%22clone_url%22%3A"
     "%22https%3A%2F%2Fx.example%2Fa%22%7D%7D",
     "https://x.example/a", "refs/heads/a b"},
    {"{\"ref\":\"v3\",\"ref_type\":\"tag\",\"repository\":{\"clone_url\":\"https://x.example/a\"}}",
     "https://x.example/a", "refs/tags/v3"},
    /* not as they should be, and no harm */
    {"{\"ref\":7,\"repository\":{\"clone_url\":\"https://x.example/"
     "a\",\"ssh_url\":[],\"links\":3}}",
     "https://x.example/a", NULL},
};

static void payloads(void **state _unused_)
{
    for (size_t i = 0; i < ARRAY_LEN(pushes); i++) {
        struct webhook_push p;
        struct buf _buf_ urls = BUF_INIT(4096);
        assert_int_equal(webhook_read(pushes[i].body, strlen(pushes[i].body), &p, NULL), 0);
        for (size_t k = 0; p.urls[k]; k++)
            buf_addf(&urls, "%s%s", k ? " " : "", p.urls[k]);
        assert_string_equal(buf_str(&urls), pushes[i].urls);
        assert_string_equal(p.ref ? p.ref : "-", pushes[i].ref ? pushes[i].ref : "-");
        webhook_push_free(&p);
    }
}

static void not_pushes(void **state _unused_)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "null",
        "\"",
        "{\"ref\":1",
        "a=b&c",
        "payload=%7B",
        "x&payloadx=",
        "payload=%",
        "{\"repository\":{\"clone_url\":7}}",
        "{\"repository\":\"https://x.example/a\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct webhook_push p;
        _err_ struct err *err = NULL;
        assert_int_equal(webhook_read(bodies[i], strlen(bodies[i]), &p, &err), -1);
        assert_int_equal(err->kind, ERR_INVALID);
        assert_int_equal(p.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs),
        cmocka_unit_test(events),
        cmocka_unit_test(payloads),
        cmocka_unit_test(not_pushes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
