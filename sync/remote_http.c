/* Git's smart protocol over https (gitprotocol-http): one GET, one POST. */
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include <openssl/x509_vfy.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/version.h"
#include "sync/remote_link.h"
#include "sync/remote_talk.h"

#define REDIRECTS_MAX 3
#define PAGE_BYTES    (256 * KIB)
#define TYPE_LIST     "application/x-git-upload-pack-advertisement"
#define TYPE_ANSWER   "application/x-git-upload-pack-result"
#define LIST_SUFFIX   "/info/refs?service=git-upload-pack"

struct http_link {
    struct remote_link link;
    const struct remote_target *target;
    CURL *easy;
    char *base;            /* of the repository */
    char *user, *password; /* or NULL */
    char *proxy_host;      /* "host:port", for messages; NULL without a proxy */
    char error[CURL_ERROR_SIZE];
    /* of the request under way */
    const char *type; /* what the answer must be */
    remote_feed *feed;
    void *ctx;
    struct err *err;
    bool enough, refused, stalled;
    size_t page;         /* bytes of a page that nobody reads */
    curl_off_t moved;    /* bytes in either direction */
    int64_t moved_at_ms; /* when the last of them did */
};

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct http_link *l = ctx;
    size_t len = size * count;
    long status = 0;
    const char *type = NULL;
    curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(l->easy, CURLINFO_CONTENT_TYPE, &type);
    size_t n = strlen(l->type);
    bool good = type && strncmp(type, l->type, n) == 0 && (!type[n] || type[n] == ';');
    l->refused = status != 200 || !good;
    if (l->refused) { /* a page for people: let it pass, or where it redirects to is not known */
        l->page += len;
        return l->page > PAGE_BYTES ? 0 : len;
    }
    if (l->enough)
        return 0;
    int rc = l->feed(l->ctx, data, len, &l->err);
    l->enough = rc > 0;
    return rc < 0 ? 0 : len;
}

/* Called once a second and more. curl's own limit looks at an average, which takes its time. */
static int on_progress(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                       curl_off_t up)
{
    struct http_link *l = ctx;
    int64_t now = clock_monotonic_ms();
    if (down + up != l->moved || !l->moved_at_ms) {
        l->moved = down + up;
        l->moved_at_ms = now;
    }
    l->stalled = now - l->moved_at_ms >= l->target->stall_ms;
    return l->stalled;
}

/* ---- what went wrong ---- */

static int no_connection(const struct http_link *l, CURLcode code, struct err **err)
{
    const struct remote_target *t = l->target;
    const char *host = t->url->host;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(err, ERR_RETRY,
                       "%s: no address is known for %s: check the url, and this machine's name "
                       "servers",
                       t->where, host);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return err_set(err, ERR_RETRY, "%s: no address is known for the proxy %s: check auth.proxy",
                       t->where, l->proxy_host);
    case CURLE_COULDNT_CONNECT:
        if (l->proxy_host)
            return err_set(err, ERR_RETRY,
                           "%s: the proxy %s takes no connection: check auth.proxy, and that it "
                           "runs",
                           t->where, l->proxy_host);
        return err_set(err, ERR_RETRY,
                       "%s: %s port %u takes no connection: check the url, that the server runs, "
                       "and that no firewall is between",
                       t->where, host, t->url->port);
    default:
        return err_set(err, ERR_RETRY, "%s: the connection broke off (%s)", t->where,
                       *l->error ? l->error : curl_easy_strerror(code));
    }
}

static int timed_out(const struct http_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    double sent = 0;
    curl_easy_getinfo(l->easy, CURLINFO_PRETRANSFER_TIME, &sent);
    if (clock_monotonic_ms() + 100 >= t->until_ms)
        return remote_err_deadline(t, err);
    if (sent > 0)
        return remote_err_stalled(t, err);
    return err_set(err, ERR_RETRY,
                   "%s: %s does not answer: check the url, that the server runs, and that no "
                   "firewall is between",
                   t->where, l->proxy_host ? l->proxy_host : t->url->host);
}

static int bad_certificate(const struct http_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    long result = 0;
    curl_easy_getinfo(l->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    switch (result) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return err_set(err, ERR_AUTH,
                       "%s: the certificate of %s comes from no authority that is trusted (%s): "
                       "name its authority's file in auth.caFile",
                       t->where, t->url->host, X509_verify_cert_error_string(result));
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return err_set(err, ERR_AUTH,
                       "%s: the certificate of %s is not valid now (%s): renew it, or put this "
                       "machine's clock right",
                       t->where, t->url->host, X509_verify_cert_error_string(result));
    default:
        return err_set(err, ERR_AUTH, "%s: the certificate of %s is refused (%s)", t->where,
                       t->url->host, *l->error ? l->error : "no reason given");
    }
}

static int transfer_error(struct http_link *l, CURLcode code, struct err **err)
{
    const struct remote_target *t = l->target;
    long connect_code = 0;
    curl_easy_getinfo(l->easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
    if (connect_code == 407)
        return err_set(err, ERR_AUTH,
                       "%s: the proxy %s wants another user and password (407): write them into "
                       "auth.proxy, http://USER:PASSWORD@%s",
                       t->where, l->proxy_host, l->proxy_host);
    if (connect_code >= 300)
        return err_set(err, ERR_RETRY,
                       "%s: the proxy %s makes no way to %s port %u (%ld): ask who runs it, or "
                       "leave auth.proxy out",
                       t->where, l->proxy_host, t->url->host, t->url->port, connect_code);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_ABORTED_BY_CALLBACK:
        return timed_out(l, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return bad_certificate(l, err);
    case CURLE_SSL_CACERT_BADFILE:
        if (t->auth->ca_file)
            return err_set(err, ERR_USAGE, "auth.caFile: %s cannot be read as certificates (PEM)",
                           t->auth->ca_file);
        return err_set(err, ERR_USAGE,
                       "%s: this machine has no certificates of authorities: install them (Debian: "
                       "ca-certificates), or set auth.caFile",
                       t->where);
    case CURLE_SSL_CONNECT_ERROR:
        return err_set(
            err, ERR_RETRY, "%s: no TLS connection to %s port %u (%s): does that port speak https?",
            t->where, t->url->host, t->url->port, *l->error ? l->error : curl_easy_strerror(code));
    default:
        return no_connection(l, code, err);
    }
}

static int unauthorized(const struct http_link *l, struct err **err)
{
    const struct remote_target *t = l->target;
    if (!l->password)
        return err_set(err, ERR_AUTH,
                       "%s: the server wants a user and password (401): set auth.passwordFile (a "
                       "token is a password) and, where it matters, auth.userFile",
                       t->where);
    return err_set(err, ERR_AUTH,
                   "%s: the server refuses the user and password of %s (401): a token may have "
                   "expired; the file is read again each time",
                   t->where, t->auth->password_file);
}

static int status_error(const struct http_link *l, long status, struct err **err)
{
    const struct remote_target *t = l->target;
    switch (status) {
    case 401:
        return unauthorized(l, err);
    case 403:
        return err_set(err, ERR_AUTH,
                       "%s: the server lets %s not read it (403): give that account the right to "
                       "read the repository",
                       t->where, l->password ? "this account" : "those without an account");
    case 404:
    case 410:
        return err_set(err, ERR_NOT_FOUND, "%s: no repository is there (%ld)%s: check the url",
                       t->where, status,
                       l->password ? ", or this account may not see it"
                                   : ", or only accounts see it (auth.passwordFile)");
    case 407:
        return err_set(err, ERR_AUTH,
                       "%s: the proxy %s wants another user and password (407): write them into "
                       "auth.proxy, http://USER:PASSWORD@%s",
                       t->where, l->proxy_host ? l->proxy_host : "before the server",
                       l->proxy_host ? l->proxy_host : "HOST:PORT");
    case 429:
        return err_set(err, ERR_RETRY,
                       "%s: the server says that it is asked too often (429): raise the source's "
                       "interval",
                       t->where);
    default:
        return err_set(err, ERR_RETRY, "%s: the server answers %ld: see its own log", t->where,
                       status);
    }
}

/* 200, but no Git server. */
static int type_error(const struct http_link *l, struct err **err)
{
    const char *type = NULL;
    curl_easy_getinfo(l->easy, CURLINFO_CONTENT_TYPE, &type);
    _free_ char *said = type ? remote_said(type, strlen(type)) : NULL;
    return err_set(err, ERR_NOT_FOUND,
                   "%s: a web server answers, but no Git server (content type %s, not %s): check "
                   "the url",
                   l->target->where, said ? said : "none", l->type);
}

/* ---- requests ---- */

static void set_tls(struct http_link *l)
{
    const struct source_auth *auth = l->target->auth;
    curl_easy_setopt(l->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(l->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(l->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (!auth->ca_file)
        return;
    curl_easy_setopt(l->easy, CURLOPT_CAINFO, auth->ca_file);
    curl_easy_setopt(l->easy, CURLOPT_CAPATH, NULL); /* this one alone */
}

static void set_limits(struct http_link *l)
{
    const struct remote_target *t = l->target;
    int64_t left = remote_left_ms(t);
    int64_t connect = t->stall_ms < LIMIT_CONNECT_MS ? t->stall_ms : LIMIT_CONNECT_MS;
    curl_easy_setopt(l->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(l->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
    curl_easy_setopt(l->easy, CURLOPT_TIMEOUT_MS, (long)left);
    curl_easy_setopt(l->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(l->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(l->easy, CURLOPT_XFERINFODATA, l);
}

/* All of a request but its method. */
static void prepare(struct http_link *l, const char *url)
{
    CURL *easy = l->easy;
    curl_easy_reset(easy); /* keeps the connection */
    l->error[0] = '\0';
    bool tls = l->target->url->scheme == REMOTE_HTTPS;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, l->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, l);
    _free_ char *agent = xasprintf("git/holdfast-%s", holdfast_version());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
    set_tls(l);
    set_limits(l);
    curl_easy_setopt(easy, CURLOPT_PROXY, l->target->auth->proxy ? l->target->auth->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (l->password) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, l->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, l->password);
    }
}

/* *status is the answer's; 200 with another content type is an error already. */
static int perform(struct http_link *l, const char *type, remote_feed *feed, void *ctx,
                   long *status, struct err **err)
{
    l->type = type;
    l->feed = feed;
    l->ctx = ctx;
    l->enough = l->refused = l->stalled = false;
    l->page = 0;
    l->moved = 0;
    l->moved_at_ms = 0;
    CURLcode code = curl_easy_perform(l->easy);
    curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, status);
    if (l->err) {
        err_wrap(&l->err, "%s", l->target->where);
        return err_move(err, &l->err);
    }
    if (code != CURLE_OK && !l->refused && !l->enough)
        return transfer_error(l, code, err);
    return *status == 200 && l->refused ? type_error(l, err) : 0;
}

/* Where the answer redirects to, owned, or NULL. curl writes our user and password into it. */
static char *redirect_url(CURL *easy)
{
    const char *to = NULL;
    char *text = NULL;
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &to);
    CURLU *url = to ? curl_url() : NULL;
    if (url && curl_url_set(url, CURLUPART_URL, to, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
        text = NULL;
    char *owned = xstrdup_null(text);
    curl_free(text);
    curl_url_cleanup(url);
    return owned;
}

/* Where a redirect leads within this host: l->base becomes that. */
static int redirect(struct http_link *l, long status, struct err **err)
{
    const struct remote_target *t = l->target;
    struct remote_url url = {0};
    _free_ char *base = redirect_url(l->easy);
    char *suffix = base ? strstr(base, "/info/refs") : NULL;
    if (suffix)
        *suffix = '\0';
    _err_ struct err *bad = NULL;
    bool good = base && remote_url_parse(base, &url, &bad) == 0;
    bool here = good && url.scheme == t->url->scheme && url.port == t->url->port &&
                strcasecmp(url.host, t->url->host) == 0;
    int rc = 0;
    if (here && suffix) {
        free(l->base);
        l->base = steal(base);
    } else if (good && !here) {
        rc = err_set(err, ERR_INVALID,
                     "%s: the server sends readers on to another place (%ld, %s), which is not "
                     "followed, as the sign-in would go there too: if that is right, make it the "
                     "url",
                     t->where, status, base);
    } else if (base && !good) {
        rc = err_set(err, ERR_INVALID,
                     "%s: the server sends readers on (%ld) to what is not followed: %s", t->where,
                     status, err_message(bad));
    } else {
        rc = err_set(err, ERR_INVALID,
                     "%s: the server sends readers on (%ld) to where no repository is: check the "
                     "url",
                     t->where, status);
    }
    remote_url_free(&url);
    return rc;
}

static int http_list(struct remote_link *link, remote_feed *feed, void *ctx, struct err **err)
{
    struct http_link *l = (struct http_link *)link;
    for (int i = 0; i <= REDIRECTS_MAX; i++) {
        long status = 0;
        _free_ char *url = xasprintf("%s" LIST_SUFFIX, l->base);
        prepare(l, url);
        if (perform(l, TYPE_LIST, feed, ctx, &status, err))
            return -1;
        if (status == 200)
            return 0;
        if (status < 300 || status > 399 || status == 304)
            return status_error(l, status, err);
        if (redirect(l, status, err))
            return -1;
    }
    return err_set(err, ERR_RETRY, "%s: the server sends readers on and on: check the url",
                   l->target->where);
}

static int http_ask(struct remote_link *link, const struct buf *request, remote_feed *feed,
                    void *ctx, struct err **err)
{
    struct http_link *l = (struct http_link *)link;
    long status = 0;
    _free_ char *url = xasprintf("%s/git-upload-pack", l->base);
    prepare(l, url);
    struct curl_slist *headers = NULL;
    headers = curl_slist_append(headers, "Content-Type: application/x-git-upload-pack-request");
    headers = curl_slist_append(headers, "Accept: " TYPE_ANSWER);
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(l->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(l->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->len);
    curl_easy_setopt(l->easy, CURLOPT_POSTFIELDS, request->data);
    int rc = perform(l, TYPE_ANSWER, feed, ctx, &status, err);
    curl_easy_setopt(l->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    if (rc == 0 && status != 200)
        rc = status_error(l, status, err);
    return rc;
}

static void http_close(struct remote_link *link)
{
    struct http_link *l = (struct http_link *)link;
    curl_easy_cleanup(l->easy);
    auth_forget(l->user);
    auth_forget(l->password);
    err_free(l->err);
    free(l->proxy_host);
    free(l->base);
    free(l);
}

/* ---- opening ---- */

static int read_sign_in(struct http_link *l, struct err **err)
{
    const struct source_auth *auth = l->target->auth;
    if (!auth->password_file && auth->user_file)
        return err_set(err, ERR_USAGE,
                       "%s: auth.userFile is set and auth.passwordFile is not: a user needs a "
                       "password or token",
                       l->target->where);
    if (auth->ca_file && auth_is_pipe(auth->ca_file))
        return err_set(err, ERR_USAGE, "auth.caFile: %s is a pipe, and a file belongs there",
                       auth->ca_file);
    if (!auth->password_file)
        return 0;
    l->password = auth_read_line(auth->password_file, "passwordFile", err);
    if (!l->password)
        return -1;
    /* with a token the name is mostly not looked at, but it must not be empty */
    l->user = auth->user_file ? auth_read_line(auth->user_file, "userFile", err) : xstrdup("git");
    if (l->user && strchr(l->user, ':')) {
        return err_set(err, ERR_USAGE, "auth.userFile: %s has a colon in it, which no user may",
                       auth->user_file);
    }
    return l->user ? 0 : -1;
}

/* "http://[user:password@]host:port". Its text is in no message: a password may be in it. */
static int read_proxy(struct http_link *l, struct err **err)
{
    const char *proxy = l->target->auth->proxy;
    if (!proxy || !*proxy)
        return 0;
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL, *port = NULL;
    unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_DEFAULT_SCHEME;
    bool good = url && curl_url_set(url, CURLUPART_URL, proxy, flags) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (good) {
        /* curl's own default for proxies */
        bool given = curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK;
        const char *usual = strcmp(scheme, "https") == 0 ? "443" : "1080";
        l->proxy_host = xasprintf("%s:%s", host, given ? port : usual);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    if (good)
        return 0;
    return err_set(err, ERR_USAGE,
                   "%s: auth.proxy is no http://[USER:PASSWORD@]HOST:PORT (its text is not shown, "
                   "as a password may be in it)",
                   l->target->where);
}

struct remote_link *remote_http_open(const struct remote_target *target, struct err **err)
{
    const struct remote_url *u = target->url;
    struct http_link *l = xcalloc(1, sizeof(*l));
    l->link = (struct remote_link){.list = http_list, .ask = http_ask, .close = http_close};
    l->target = target;
    bool six = strchr(u->host, ':') != NULL;
    l->base = xasprintf("%s://%s%s%s:%u%s", u->scheme == REMOTE_HTTPS ? "https" : "http",
                        six ? "[" : "", u->host, six ? "]" : "", u->port, u->path);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        l->easy = curl_easy_init();
    if (!l->easy)
        err_set(err, ERR_FATAL, "libcurl does not start");
    else if (read_sign_in(l, err) == 0 && read_proxy(l, err) == 0)
        return &l->link;
    http_close(&l->link);
    return NULL;
}
