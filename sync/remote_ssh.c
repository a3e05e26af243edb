/* Git's smart protocol over ssh: one channel that runs git-upload-pack there. By libssh2. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libssh2.h>
#include <sys/socket.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/limits.h"
#include "sync/known_hosts.h"
#include "sync/remote_link.h"
#include "sync/remote_talk.h"

#define READ_BYTES (32 * KIB)
#define USER       "git" /* where the url names none */

struct ssh_link {
    struct remote_link link;
    const struct remote_target *target;
    int fd;
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
    struct known_hosts known;
};

/* libssh2's last message, for the end of ours. */
static const char *why(const struct ssh_link *l)
{
    char *text = NULL;
    libssh2_session_last_error(l->session, &text, NULL, 0);
    return text && *text ? text : "no reason given";
}

/* Each call of libssh2 waits so long at most. */
static void set_timeout(struct ssh_link *l)
{
    int64_t left = remote_left_ms(l->target), stall = l->target->stall_ms;
    libssh2_session_set_timeout(l->session, (long)(left < stall ? left : stall));
}

static int timed_out(const struct ssh_link *l, struct err **err)
{
    return clock_monotonic_ms() + 100 >= l->target->until_ms ? remote_err_deadline(l->target, err)
                                                             : remote_err_stalled(l->target, err);
}

/* ---- the connection ---- */

/* 0, or an errno. */
static int connect_one(const struct addrinfo *a, int64_t wait_ms, int *out)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return errno;
    int failed = connect(fd, a->ai_addr, a->ai_addrlen) ? errno : 0;
    if (failed == EINPROGRESS) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        socklen_t len = sizeof(failed);
        int n = poll(&p, 1, (int)wait_ms);
        if (n <= 0)
            failed = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len))
            failed = errno;
    }
    if (failed)
        close(fd);
    else
        *out = fd;
    return failed;
}

static int open_socket(struct ssh_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *all = NULL;
    char port[8];
    snprintf(port, sizeof(port), "%u", t->url->port);
    if (getaddrinfo(t->url->host, port, &hints, &all))
        return err_set(err, ERR_RETRY,
                       "%s: no address is known for %s: check the url, and this machine's name "
                       "servers",
                       t->where, t->url->host);
    int failed = 0;
    int64_t wait = t->stall_ms < LIMIT_CONNECT_MS ? t->stall_ms : LIMIT_CONNECT_MS;
    for (const struct addrinfo *a = all; a && l->fd < 0; a = a->ai_next)
        failed = connect_one(a, wait, &l->fd);
    freeaddrinfo(all);
    if (l->fd >= 0)
        return 0;
    if (failed == ETIMEDOUT)
        return err_set(err, ERR_RETRY,
                       "%s: %s does not answer: check the url, that the server runs, and that no "
                       "firewall is between",
                       t->where, t->url->host);
    return err_set(err, ERR_RETRY,
                   "%s: %s port %u takes no connection: check the url, that the server runs, and "
                   "that no firewall is between",
                   t->where, t->url->host, t->url->port);
}

/* ---- the host key ---- */

static int load_known_hosts(struct ssh_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    const char *host = t->url->host, *file = t->auth->known_hosts_file;
    unsigned port = t->url->port;
    if (!file)
        return err_set(err, ERR_USAGE,
                       "%s: auth.knownHostsFile is not set, and without it nobody knows whether "
                       "the server is %s: run \"ssh-keyscan -p %u %s >FILE\", compare with what "
                       "the server's owner publishes, and name FILE",
                       t->where, host, port, host);
    char *text = auth_read(file, "knownHostsFile", LIMIT_KNOWN_HOSTS, err);
    if (!text)
        return -1;
    known_hosts_find(text, host, port, &l->known);
    auth_forget(text);
    for (size_t i = 0; i < l->known.count; i++) {
        if (!l->known.keys[i].revoked)
            return 0;
    }
    if (l->known.authority)
        return err_set(err, ERR_AUTH,
                       "%s: for %s port %u, %s names only an authority (@cert-authority), and "
                       "host certificates are not read: add the host's own key",
                       t->where, host, port, file);
    return err_set(err, ERR_AUTH,
                   "%s: %s has no key of %s port %u: run \"ssh-keyscan -p %u %s\", compare with "
                   "what the server's owner publishes, and add it",
                   t->where, file, host, port, port, host);
}

/* Asked for are the types of key that the file has, or a host that has others too would show one
 * that nobody knows. */
static void prefer_known(struct ssh_link *l)
{
    static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521", "ssh-rsa"};
    _buf_ struct buf list = BUF_INIT(KIB);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (known_hosts_has(&l->known, types[i]))
            buf_addf(&list, "%s%s", list.len ? "," : "", types[i]);
    }
    if (list.len)
        libssh2_session_method_pref(l->session, LIBSSH2_METHOD_HOSTKEY, buf_str(&list));
}

/* "ssh-ed25519" out of a key as it goes over the wire; owned. */
static char *key_type(const char *key, size_t len)
{
    const unsigned char *p = (const unsigned char *)key;
    size_t n = len < 4 ? 0 : (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    return n && n <= len - 4 ? remote_said(key + 4, n) : xstrdup("unknown");
}

/* As ssh prints it: SHA256 in base64 without the padding. */
static char *fingerprint(const char *key, size_t len)
{
    uint8_t sum[HASH_SHA256_BYTES];
    hash_sha256(key, len, sum);
    char *text = hash_base64(sum, sizeof(sum));
    text[strcspn(text, "=")] = '\0';
    return text;
}

static int check_host(struct ssh_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    size_t len = 0;
    int kind = 0;
    const char *key = libssh2_session_hostkey(l->session, &len, &kind);
    enum known_answer answer = key ? known_hosts_ask(&l->known, key, len) : KNOWN_OTHER;
    if (answer == KNOWN_SAME)
        return 0;
    _free_ char *type = key_type(key, key ? len : 0);
    _free_ char *print = fingerprint(key ? key : "", key ? len : 0);
    if (answer == KNOWN_REVOKED)
        return err_set(err, ERR_AUTH,
                       "%s: %s shows a host key that is revoked in %s (%s SHA256:%s): ask the "
                       "server's owner",
                       t->where, t->url->host, t->auth->known_hosts_file, type, print);
    return err_set(err, ERR_AUTH,
                   "%s: the host key of %s has changed: it shows %s SHA256:%s, and line %u of %s "
                   "says otherwise. Ask the server's owner: if the key is new, put it there; if "
                   "not, somebody is in between",
                   t->where, t->url->host, type, print, l->known.keys[0].line,
                   t->auth->known_hosts_file);
}

static int handshake(struct ssh_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    set_timeout(l);
    prefer_known(l);
    int rc = libssh2_session_handshake(l->session, l->fd);
    if (rc == LIBSSH2_ERROR_TIMEOUT)
        return timed_out(l, err);
    if (rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_METHOD_NONE)
        return err_set(err, ERR_AUTH,
                       "%s: %s and this program have no method in common (%s): it may have no host "
                       "key of a type that %s names; an ed25519 or ecdsa key of it there helps",
                       t->where, t->url->host, why(l), t->auth->known_hosts_file);
    if (rc)
        return err_set(err, ERR_RETRY, "%s: %s port %u does not speak ssh (%s): check the url",
                       t->where, t->url->host, t->url->port, why(l));
    return check_host(l, err);
}

/* ---- signing in ---- */

/* libssh2 1.10 signs with RSA and SHA-1 alone. */
static bool is_rsa(const char *key)
{
    if (strstr(key, "BEGIN RSA PRIVATE KEY"))
        return true;
    const char *begin = strstr(key, "KEY-----\n");
    _buf_ struct buf text = BUF_INIT(LIMIT_TOKEN_BYTES);
    for (const char *p = begin ? begin + 9 : ""; *p && *p != '-'; p++) {
        if (*p != '\n' && *p != '\r')
            buf_add_char(&text, *p);
    }
    size_t len = 0;
    char *raw = hash_unbase64(buf_str(&text), text.len, &len);
    bool rsa = raw && memmem(raw, len, "ssh-rsa", 7);
    if (raw)
        explicit_bzero(raw, len);
    free(raw);
    if (text.data)
        explicit_bzero(text.data, text.len);
    return rsa;
}

static int bad_sign_in(const struct ssh_link *l, int rc, const char *key, const char *user,
                       bool passphrase, struct err **err)
{
    const struct remote_target *t = l->target;
    const char *file = t->auth->ssh_key_file;
    if (rc == LIBSSH2_ERROR_TIMEOUT)
        return timed_out(l, err);
    if (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED || rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
        return is_rsa(key)
                   ? err_set(err, ERR_AUTH,
                             "%s: the server refuses the key %s for user %s: it is an RSA key, "
                             "which is signed with SHA-1 here, and current servers take that no "
                             "more: use an ed25519 key",
                             t->where, file, user)
                   : err_set(err, ERR_AUTH,
                             "%s: the server refuses the key %s for user %s: give its public half "
                             "the right to read the repository",
                             t->where, file, user);
    if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_RECV ||
        rc == LIBSSH2_ERROR_SOCKET_SEND)
        return err_set(err, ERR_RETRY, "%s: the connection broke off (%s)", t->where, why(l));
    /* libssh2 seldom says more of a key, and of some forms of keys nothing */
    if (passphrase)
        return err_set(
            err, ERR_USAGE,
            "auth.sshKeyFile: %s cannot be read with the passphrase of %s: either that is "
            "not its passphrase, or it is no private key",
            file, t->auth->passphrase_file);
    return err_set(err, ERR_USAGE,
                   "auth.sshKeyFile: %s cannot be read: either it has a passphrase (then set "
                   "auth.passphraseFile), or it is no private key",
                   file);
}

static int sign_in(struct ssh_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    const struct source_auth *auth = t->auth;
    const char *user = t->url->user ? t->url->user : USER;
    char *key = auth_read(auth->ssh_key_file, "sshKeyFile", LIMIT_TOKEN_BYTES, err);
    char *passphrase = NULL;
    int rc = key ? 0 : -1;
    if (rc == 0 && auth->passphrase_file) {
        passphrase = auth_read_line(auth->passphrase_file, "passphraseFile", err);
        rc = passphrase ? 0 : -1;
    }
    if (rc == 0) {
        set_timeout(l);
        int ssh = libssh2_userauth_publickey_frommemory(l->session, user, strlen(user), NULL, 0,
                                                        key, strlen(key), passphrase);
        if (ssh)
            rc = bad_sign_in(l, ssh, key, user, passphrase != NULL, err);
    }
    auth_forget(key);
    auth_forget(passphrase);
    return rc;
}

/* ---- the channel ---- */

/* Quoted for the shell there, as git does. */
static char *command(const char *path)
{
    struct buf b = BUF_INIT(16 * KIB);
    buf_add_str(&b, "git-upload-pack '");
    for (; *path; path++) {
        if (*path == '\'' || *path == '!')
            buf_addf(&b, "'\\%c'", *path);
        else
            buf_add_char(&b, *path);
    }
    buf_add_str(&b, "'");
    return buf_take(&b);
}

static int open_channel(struct ssh_link *l, struct err **err)
{
    _free_ char *run = command(l->target->url->path);
    set_timeout(l);
    l->channel = libssh2_channel_open_session(l->session);
    int rc =
        l->channel ? libssh2_channel_exec(l->channel, run) : libssh2_session_last_errno(l->session);
    if (rc == LIBSSH2_ERROR_TIMEOUT)
        return timed_out(l, err);
    if (rc)
        return err_set(err, ERR_RETRY,
                       "%s: the server does not start git-upload-pack (%s): may this account do "
                       "so?",
                       l->target->where, why(l));
    return 0;
}

/* The server's end came early: what it said on its standard error tells why. */
static int ended(struct ssh_link *l, struct err **err)
{
    char text[KIB];
    set_timeout(l);
    ssize_t n = libssh2_channel_read_stderr(l->channel, text, sizeof(text));
    if (n <= 0)
        return 0; /* what came is looked at by whoever asked */
    _free_ char *said = remote_said(text, (size_t)n);
    return err_set(err, ERR_NOT_FOUND,
                   "%s: the server says: \"%s\": check the path in the url, and that this key may "
                   "read it",
                   l->target->where, said);
}

static int feed_all(struct ssh_link *l, remote_feed *feed, void *ctx, struct err **err)
{
    _free_ char *data = xmalloc(READ_BYTES);
    for (;;) {
        set_timeout(l);
        ssize_t n = libssh2_channel_read(l->channel, data, READ_BYTES);
        if (n == LIBSSH2_ERROR_TIMEOUT || clock_monotonic_ms() >= l->target->until_ms)
            return timed_out(l, err);
        if (n < 0)
            return err_set(err, ERR_RETRY, "%s: the connection broke off (%s)", l->target->where,
                           why(l));
        if (n == 0)
            return ended(l, err);
        int rc = feed(ctx, data, (size_t)n, err);
        if (rc < 0)
            return err_wrap(err, "%s", l->target->where);
        if (rc > 0)
            return 0;
    }
}

static int ssh_list(struct remote_link *link, remote_feed *feed, void *ctx, struct err **err)
{
    return feed_all((struct ssh_link *)link, feed, ctx, err);
}

static int ssh_ask(struct remote_link *link, const struct buf *request, remote_feed *feed,
                   void *ctx, struct err **err)
{
    struct ssh_link *l = (struct ssh_link *)link;
    for (size_t at = 0; at < request->len;) {
        set_timeout(l);
        ssize_t n = libssh2_channel_write(l->channel, request->data + at, request->len - at);
        if (n == LIBSSH2_ERROR_TIMEOUT)
            return timed_out(l, err);
        if (n < 0)
            return err_set(err, ERR_RETRY, "%s: the connection broke off (%s)", l->target->where,
                           why(l));
        at += (size_t)n;
    }
    return feed_all(l, feed, ctx, err);
}

static void ssh_close(struct remote_link *link)
{
    struct ssh_link *l = (struct ssh_link *)link;
    /* nothing is waited for: the socket's end says enough */
    if (l->session)
        libssh2_session_set_timeout(l->session, 1000);
    if (l->fd >= 0)
        shutdown(l->fd, SHUT_RDWR);
    if (l->channel)
        libssh2_channel_free(l->channel);
    if (l->session)
        libssh2_session_free(l->session);
    if (l->fd >= 0)
        close(l->fd);
    known_hosts_free(&l->known);
    free(l);
}

static int check_auth(const struct remote_target *t, struct err **err)
{
    if (t->auth->proxy && *t->auth->proxy)
        return err_set(err, ERR_USAGE,
                       "%s: auth.proxy has no meaning with ssh: leave it out, or use https://",
                       t->where);
    if (!t->auth->ssh_key_file)
        return err_set(err, ERR_USAGE,
                       "%s: auth.sshKeyFile is not set: ssh needs a private key (ssh-keygen -t "
                       "ed25519), passwords are not used",
                       t->where);
    return 0;
}

struct remote_link *remote_ssh_open(const struct remote_target *target, struct err **err)
{
    struct ssh_link *l = xcalloc(1, sizeof(*l));
    l->link = (struct remote_link){.list = ssh_list, .ask = ssh_ask, .close = ssh_close};
    l->target = target;
    l->fd = -1;
    if (check_auth(target, err) || load_known_hosts(l, err) || open_socket(l, err)) {
        ssh_close(&l->link);
        return NULL;
    }
    if (libssh2_init(0) == 0)
        l->session = libssh2_session_init();
    if (!l->session)
        err_set(err, ERR_FATAL, "libssh2 does not start");
    else if (handshake(l, err) == 0 && sign_in(l, err) == 0 && open_channel(l, err) == 0)
        return &l->link;
    ssh_close(&l->link);
    return NULL;
}
