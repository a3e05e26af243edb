#include "providers/kubernetes/auth.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/file_again.h"
#include "core/hash.h"
#include "core/limits.h"
#include "providers/kubernetes/exec_plugin.h"
#include "providers/kubernetes/tls_files.h"

#define PLUGIN_PAUSE_S 5  /* after a failure, and after an answer that had expired when it came */
#define RENEW_PAUSE_S  10 /* so often a refusal alone starts the plugin, */
#define RENEW_MOST_S   60 /* and so often where what it answers is refused each time */
#define RENEW_MARGIN_S 60 /* so long before its end a credential is renewed, at most */

/* What the plugin answered, and when it is asked again. Times are monotonic, in milliseconds. */
struct plugin_state {
    struct exec_plugin *plugin; /* NULL: no plugin */
    struct exec_credential credential;
    bool running;
    bool have;  /* `credential` is one */
    bool stale; /* it was refused */
    struct err *failure;
    int64_t renew_at, ends_at; /* of `credential`; 0: it does not say */
    int64_t not_before;        /* after a failure */
    int64_t refused_at;        /* when a refusal started it last; 0: never */
    int64_t pause_s;           /* from one such start to the next */
    unsigned vain;             /* number of the last credential that was refused as well */
};

struct kube_auth {
    char *user; /* for messages */
    struct file_again token_file;
    char *fallback; /* the kubeconfig's token, used while the file cannot be read */
    bool static_token, basic;
    struct tls_files *tls;
    struct plugin_state plugin;
    void (*changed)(void *ctx);
    void *ctx;
    unsigned number, tls_number;
    /* [0] is the Authorization header where `authorized`, then impersonation, NULL at the end */
    char **headers;
    size_t count, cap;
    bool authorized;
};

static void push(struct kube_auth *a, char *header)
{
    a->headers = xgrow(a->headers, &a->cap, a->count + 2, sizeof(*a->headers));
    a->headers[a->count++] = header;
    a->headers[a->count] = NULL;
}

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

static void set_authorization(struct kube_auth *a, char *header)
{
    wipe(a->headers[0]);
    a->headers[0] = header;
}

/* A header's value: printable ASCII or UTF-8, nothing that could end the line. */
static bool printable(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    }
    return true;
}

static int impersonate(struct kube_auth *a, const char *name, const char *value, struct err **err)
{
    if (!value)
        return 0;
    if (!*value || !printable(value))
        return err_set(err, ERR_USAGE, "%s: empty, or a control character in it", name);
    push(a, xasprintf("%s: %s", name, value));
    return 0;
}

static int impersonation(struct kube_auth *a, const struct kubeconfig *config, struct err **err)
{
    bool more = config->as_uid || config->as_groups;
    if (more && !config->as_user)
        return err_set(err, ERR_USAGE, "as-uid or as-groups without as");
    if (impersonate(a, "Impersonate-User", config->as_user, err) ||
        impersonate(a, "Impersonate-Uid", config->as_uid, err))
        return -1;
    for (char **g = config->as_groups; g && *g; g++) {
        if (impersonate(a, "Impersonate-Group", *g, err))
            return -1;
    }
    return 0;
}

/* [0] is kept free for the Authorization header. */
static int make_headers(struct kube_auth *a, const struct kubeconfig *config, struct err **err)
{
    a->authorized = config->token_file || config->token || config->username || config->exec;
    if (a->authorized)
        push(a, NULL);
    if (config->token && !printable(config->token))
        return err_set(err, ERR_USAGE, "the token has a control character in it");
    if (config->token_file) {
        a->fallback = xstrdup_null(config->token);
    } else if (config->token) {
        a->static_token = true;
        set_authorization(a, xasprintf("Authorization: Bearer %s", config->token));
    } else if (config->username) {
        const char *password = config->password ? config->password : "";
        char *pair = xasprintf("%s:%s", config->username, password);
        char *code = hash_base64(pair, strlen(pair));
        a->basic = true;
        set_authorization(a, xasprintf("Authorization: Basic %s", code));
        wipe(pair);
        wipe(code);
    }
    if (impersonation(a, config, err))
        return -1;
    if (!a->count) {
        push(a, NULL);
        a->count = 0;
    }
    return 0;
}

struct kube_auth *kube_auth_new(struct ev_loop *loop, const struct kubeconfig *config,
                                void (*changed)(void *ctx), void *ctx, struct err **err)
{
    struct kube_auth *a = xcalloc(1, sizeof(*a));
    a->user = xstrdup_null(config->user);
    a->token_file.path = xstrdup_null(config->token_file);
    a->changed = changed;
    a->ctx = ctx;
    a->tls = tls_files_new(config, err);
    if (!a->tls || make_headers(a, config, err)) {
        kube_auth_free(a);
        return NULL;
    }
    if (config->exec)
        a->plugin.plugin = exec_plugin_new(loop, config);
    return a;
}

static int read_token(struct kube_auth *a, struct err **err)
{
    char *token = NULL;
    size_t n = 0;
    int rc = file_again_read(&a->token_file, LIMIT_TOKEN_BYTES, &token, &n, err);
    if (rc <= 0)
        return rc < 0 ? err_wrap(err, "token file") : 0;
    size_t whole = strlen(token);
    bool nul = whole != n;
    while (whole && strchr(" \t\r\n", token[whole - 1]))
        token[--whole] = '\0';
    rc = 0;
    if (!whole && !nul)
        rc = err_set(err, ERR_AUTH, "token file %s: empty", a->token_file.path);
    else if (nul || !printable(token))
        rc = err_set(err, ERR_AUTH, "token file %s: a control character in it", a->token_file.path);
    else
        set_authorization(a, xasprintf("Authorization: Bearer %s", token));
    if (rc)
        a->token_file.fresh = false;
    wipe(token);
    return rc;
}

/* As client-go: what was read last, else the kubeconfig's own token. */
static int refresh_token(struct kube_auth *a, struct err **err)
{
    _err_ struct err *wrong = NULL;
    if (!a->token_file.path || !read_token(a, &wrong))
        return 0;
    if (!a->headers[0] && a->fallback)
        set_authorization(a, xasprintf("Authorization: Bearer %s", a->fallback));
    return a->headers[0] ? 0 : err_move(err, &wrong);
}

/* The plugin's answer is in force from now on. */
static void take_credential(struct kube_auth *a, struct exec_credential *credential)
{
    struct plugin_state *p = &a->plugin;
    int64_t now = clock_monotonic_ms();
    const char *old = p->credential.cert_pem, *new = credential->cert_pem;
    if (old != new && (!old || !new || strcmp(old, new) != 0))
        a->tls_number++;
    exec_credential_clear(&p->credential);
    p->credential = *credential;
    *credential = (struct exec_credential){0};
    set_authorization(
        a, p->credential.token ? xasprintf("Authorization: Bearer %s", p->credential.token) : NULL);
    p->have = true;
    p->stale = false;
    p->renew_at = p->ends_at = 0;
    if (!p->credential.expires)
        return;
    int64_t left = p->credential.expires * 1000 - clock_now_ms();
    int64_t margin = left / 10 < RENEW_MARGIN_S * 1000 ? left / 10 : RENEW_MARGIN_S * 1000;
    int64_t least = PLUGIN_PAUSE_S * 1000; /* two clocks may differ: not one run for each request */
    p->renew_at = now + (left - margin > least ? left - margin : least);
    p->ends_at = now + (left > least ? left : least);
}

/* Who refused the credential in hand may be the only one: as long as it lasts it is used. */
static void plugin_failed(struct plugin_state *p, const struct err *err)
{
    err_free(steal(p->failure));
    err_set(&p->failure, err->kind, "%s", err->message);
    p->not_before = clock_monotonic_ms() + PLUGIN_PAUSE_S * 1000;
    p->stale = false;
}

static void on_plugin(void *ctx, struct exec_credential *credential, const struct err *err)
{
    struct kube_auth *a = ctx;
    struct plugin_state *p = &a->plugin;
    p->running = false;
    err_free(steal(p->failure));
    if (credential) {
        take_credential(a, credential);
        a->number++;
    } else {
        plugin_failed(p, err);
    }
    a->changed(a->ctx);
}

static enum kube_auth_state plugin_ready(struct kube_auth *a, struct err **err)
{
    struct plugin_state *p = &a->plugin;
    int64_t now = clock_monotonic_ms();
    bool lasts = p->have && (!p->ends_at || now < p->ends_at);
    bool due = !lasts || p->stale || (p->renew_at && now >= p->renew_at);
    if (p->running)
        return AUTH_WAIT;
    if (due && now >= p->not_before) {
        _err_ struct err *wrong = NULL;
        if (!exec_plugin_run(p->plugin, on_plugin, a, &wrong)) {
            p->running = true;
            return AUTH_WAIT;
        }
        plugin_failed(p, wrong);
    }
    if (lasts) /* renewing it failed: it is tried again */
        return AUTH_READY;
    err_set(err, p->failure->kind, "%s", p->failure->message);
    return AUTH_FAILED;
}

enum kube_auth_state kube_auth_ready(struct kube_auth *a, struct err **err)
{
    enum kube_auth_state state = AUTH_READY;
    if (tls_files_refresh(a->tls)) {
        a->tls_number++;
        a->number++;
    }
    if (refresh_token(a, err))
        state = AUTH_FAILED;
    else if (a->plugin.plugin)
        state = plugin_ready(a, err);
    if (state == AUTH_FAILED && a->user)
        err_wrap(err, "user \"%s\"", a->user);
    return state;
}

const char *const *kube_auth_headers(const struct kube_auth *a)
{
    /* without a token (the plugin answered a certificate) the first one is left out */
    return (const char *const *)(a->authorized && !a->headers[0] ? a->headers + 1 : a->headers);
}

struct kube_tls kube_auth_tls(const struct kube_auth *a)
{
    const struct exec_credential *c = &a->plugin.credential;
    return (struct kube_tls){
        .ca_pem = tls_files_ca(a->tls),
        .cert_pem = c->cert_pem ? c->cert_pem : tls_files_cert(a->tls),
        .key_pem = c->cert_pem ? c->key_pem : tls_files_key(a->tls),
        .number = a->tls_number,
    };
}

unsigned kube_auth_number(const struct kube_auth *a)
{
    return a->number;
}

/* Whether the plugin brings, or is about to bring, something else than what was refused. */
static bool renew_plugin(struct plugin_state *p)
{
    int64_t now = clock_monotonic_ms();
    if (p->running || p->stale)
        return true;
    if (p->refused_at && now < p->refused_at + p->pause_s * 1000)
        return false;
    p->refused_at = now;
    p->pause_s = p->pause_s ? p->pause_s : RENEW_PAUSE_S;
    p->stale = true;
    return true;
}

void kube_auth_tried(struct kube_auth *a, unsigned number, bool refused)
{
    struct plugin_state *p = &a->plugin;
    if (!refused) {
        p->pause_s = RENEW_PAUSE_S;
    } else if (number != p->vain) {
        p->vain = number;
        p->pause_s = p->pause_s * 2 < RENEW_MOST_S ? p->pause_s * 2 : RENEW_MOST_S;
    }
}

bool kube_auth_renew_files(struct kube_auth *a, unsigned number)
{
    if (number != a->number)
        return true; /* it is a new one already */
    if (!tls_files_refresh(a->tls))
        return false;
    a->tls_number++;
    a->number++;
    return true;
}

bool kube_auth_renew(struct kube_auth *a, unsigned number)
{
    if (number != a->number)
        return true;
    if (a->plugin.plugin)
        return renew_plugin(&a->plugin);
    if (a->token_file.path) {
        a->token_file.fresh = false;
        return true;
    }
    return kube_auth_renew_files(a, number);
}

/* About a client certificate: it may have expired, or be signed by somebody else. */
static char *certificate_advice(const struct kube_auth *a, const char *cert, const char *key,
                                const char *name)
{
    int64_t until = 0;
    char text[CLOCK_TEXT_BYTES];
    const char *problem = tls_files_problem(a->tls);
    if (problem)
        return xasprintf("the client certificate could not be read again: %s", problem);
    if (!tls_pair_check(cert, key, &until, NULL) && until && until * 1000 < clock_now_ms()) {
        clock_rfc3339(until * 1000, text);
        return xasprintf("the client certificate (%s) expired at %.19sZ: renew it", name, text);
    }
    return xasprintf("the client certificate (%s) is not of a CA that the server takes for clients",
                     name);
}

char *kube_auth_advice(const struct kube_auth *a)
{
    struct kube_tls tls = kube_auth_tls(a);
    if (a->plugin.failure)
        return xasprintf("it was to be renewed, and %s", a->plugin.failure->message);
    if (a->plugin.plugin)
        return xasprintf("%s has run again, and what it answered was refused as well: sign in "
                         "with it by hand, or see whether the cluster knows this account",
                         exec_plugin_name(a->plugin.plugin));
    if (a->token_file.path)
        return xasprintf("the token file %s was read again, and its token was refused as well: see "
                         "why nobody renews it",
                         a->token_file.path);
    if (a->static_token)
        return xstrdup("the token in the kubeconfig has expired or was never valid there: write a "
                       "new one into it");
    if (a->basic)
        return xstrdup("user name and password are no sign-in for Kubernetes 1.19 and later: use a "
                       "token, an exec plugin or a client certificate");
    if (tls.cert_pem)
        return certificate_advice(a, tls.cert_pem, tls.key_pem, tls_files_cert_name(a->tls));
    return xstrdup("the kubeconfig has no token, exec plugin or client certificate for this user: "
                   "add one");
}

bool kube_auth_secret(const struct kube_auth *a)
{
    return a->authorized;
}

void kube_auth_free(struct kube_auth *a)
{
    if (!a)
        return;
    exec_plugin_free(a->plugin.plugin);
    exec_credential_clear(&a->plugin.credential);
    err_free(a->plugin.failure);
    tls_files_free(a->tls);
    for (size_t i = 0; i < a->count; i++)
        wipe(a->headers[i]);
    free(a->headers);
    file_again_clear(&a->token_file);
    wipe(a->fallback);
    free(a->user);
    free(a);
}
