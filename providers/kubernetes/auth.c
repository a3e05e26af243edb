#include "providers/kubernetes/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/limits.h"

struct kube_auth {
    char *token_file;
    char *fallback;   /* the kubeconfig's token, used while the file cannot be read */
    struct stat seen; /* of token_file, when it was read */
    bool fresh;
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

struct kube_auth *kube_auth_new(const struct kubeconfig *config, struct err **err)
{
    struct kube_auth *a = xcalloc(1, sizeof(*a));
    a->token_file = xstrdup_null(config->token_file);
    if (config->token_file || config->token || config->username) {
        a->authorized = true;
        push(a, NULL);
    }
    if (config->token && !printable(config->token)) {
        err_set(err, ERR_USAGE, "the token has a control character in it");
        goto fail;
    }
    if (config->token_file) {
        a->fallback = xstrdup_null(config->token);
    } else if (config->token) {
        set_authorization(a, xasprintf("Authorization: Bearer %s", config->token));
    } else if (config->username) {
        const char *password = config->password ? config->password : "";
        char *pair = xasprintf("%s:%s", config->username, password);
        char *code = hash_base64(pair, strlen(pair));
        set_authorization(a, xasprintf("Authorization: Basic %s", code));
        wipe(pair);
        wipe(code);
    }
    if (impersonation(a, config, err))
        goto fail;
    if (!a->count) {
        push(a, NULL);
        a->count = 0;
    }
    return a;
fail:
    kube_auth_free(a);
    return NULL;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_token(struct kube_auth *a, struct err **err)
{
    _close_ int fd = open(a->token_file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return err_errno(err, ERR_AUTH, errno, "token file %s", a->token_file);
    if (a->fresh && same_file(&st, &a->seen))
        return 0;
    char *token = xmalloc(LIMIT_TOKEN_BYTES + 1);
    ssize_t n = read(fd, token, LIMIT_TOKEN_BYTES);
    int rc = 0;
    while (n > 0 && strchr(" \t\r\n", token[n - 1]))
        n--;
    token[n > 0 ? n : 0] = '\0';
    if (n <= 0) {
        rc = err_set(err, ERR_AUTH, "token file %s: %s", a->token_file,
                     n < 0 ? strerror(errno) : "empty");
    } else if (strlen(token) != (size_t)n || !printable(token)) {
        rc = err_set(err, ERR_AUTH, "token file %s: a control character in it", a->token_file);
    } else {
        set_authorization(a, xasprintf("Authorization: Bearer %s", token));
        a->seen = st;
        a->fresh = true;
    }
    wipe(token);
    return rc;
}

const char *const *kube_auth_headers(struct kube_auth *a, struct err **err)
{
    if (a->token_file && read_token(a, err)) {
        /* as client-go: what was read last, else the kubeconfig's own token */
        if (!a->headers[0] && a->fallback)
            set_authorization(a, xasprintf("Authorization: Bearer %s", a->fallback));
        if (!a->headers[0])
            return NULL;
        if (err) {
            err_free(*err);
            *err = NULL;
        }
    }
    return (const char *const *)a->headers;
}

bool kube_auth_reread(struct kube_auth *a)
{
    a->fresh = false;
    return a->token_file != NULL;
}

bool kube_auth_secret(const struct kube_auth *a)
{
    return a->authorized;
}

void kube_auth_free(struct kube_auth *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++)
        wipe(a->headers[i]);
    free(a->headers);
    free(a->token_file);
    wipe(a->fallback);
    free(a);
}
