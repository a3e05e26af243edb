#include "sync/remote_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"

#define URL_BYTES (4 * KIB)

/* RFC 3986: what is no scheme of ours is still one, and no folder */
#define SCHEME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

static const struct {
    const char *name;
    enum remote_scheme scheme;
    unsigned port;
} schemes[] = {
    {"https", REMOTE_HTTPS, 443},
    {"http", REMOTE_HTTP, 80},
    {"ssh", REMOTE_SSH, 22},
};

bool remote_url_is(const char *url)
{
    const char *scheme = strstr(url, "://"), *colon = strchr(url, ':');
    const char *slash = strchr(url, '/'), *at = strchr(url, '@');
    if (scheme && scheme == url + strspn(url, SCHEME_LETTERS))
        return strncmp(url, "file://", 7) != 0;
    return at && colon && at < colon && (!slash || colon < slash);
}

void remote_url_free(struct remote_url *url)
{
    free(url->user);
    free(url->host);
    free(url->path);
    *url = (struct remote_url){0};
}

static int hex_digit(char c)
{
    const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* %41 is A. Owned; NULL where a NUL or a newline would come out. */
static char *decode(const char *text)
{
    struct buf b = BUF_INIT(URL_BYTES);
    for (; *text; text++) {
        char c = *text;
        int high = c == '%' ? hex_digit(text[1]) : -1;
        int low = high >= 0 ? hex_digit(text[2]) : -1;
        if (low >= 0) {
            c = (char)(high << 4 | low);
            text += 2;
        }
        if ((unsigned char)c < ' ' || c == 0x7f) {
            buf_free(&b);
            return NULL;
        }
        buf_add_char(&b, c);
    }
    return buf_take(&b);
}

static int no_host(const char *url, struct err **err)
{
    return err_set(err, ERR_USAGE, "%s: the url names no host: https://host/path", url);
}

static bool good_host(const char *host)
{
    /* one that begins with a dash is an option to somebody */
    return *host && *host != '-' &&
           !host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789.-_:")];
}

static int parse_port(const char *url, const char *text, struct remote_url *out, struct err **err)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long number = strtoul(text, NULL, 10);
    if (text[digits] || digits > 5 || number == 0 || number > 65535)
        return err_set(err, ERR_USAGE, "%s: \"%s\" is no port (1 to 65535)", url, text);
    out->port = (unsigned)number;
    return 0;
}

/* "host", "host:port", "[::1]:port" */
static int parse_host(const char *url, const char *text, struct remote_url *out, struct err **err)
{
    bool six = *text == '[';
    const char *begin = text + six, *end = strchr(text, six ? ']' : ':');
    if (six && (!end || (end[1] && end[1] != ':')))
        return no_host(url, err);
    const char *colon = six && end[1] ? end + 1 : six ? NULL : end;
    out->host = xstrndup(begin, end ? (size_t)(end - begin) : strlen(begin));
    if (!good_host(out->host))
        return no_host(url, err);
    return colon && colon[1] ? parse_port(url, colon + 1, out, err) : 0;
}

static bool is_loopback(const char *host)
{
    if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
        return true;
    unsigned a, b, c, d;
    char rest;
    return sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) == 4 && a == 127 && b < 256 &&
           c < 256 && d < 256;
}

static int check_path(const char *url, const struct remote_url *u, struct err **err)
{
    const char *name = u->path + strspn(u->path, "/");
    if (!*name)
        return err_set(err, ERR_USAGE, "%s: the url names no repository behind its host", url);
    if (*u->path == '-')
        return err_set(err, ERR_USAGE, "%s: a path must not begin with a dash", url);
    if (u->scheme != REMOTE_SSH && strpbrk(u->path, "?#"))
        return err_set(err, ERR_USAGE,
                       "%s: ? and # have no meaning in a repository's url: write them as %%3F and "
                       "%%23 where they are part of its name",
                       url);
    return 0;
}

static int check_user(struct remote_url *u, char *user, const char *shown, struct err **err)
{
    char *colon = user ? strchr(user, ':') : NULL;
    if (user && u->scheme != REMOTE_SSH)
        return err_set(err, ERR_USAGE,
                       "%s: no user and no password belong in a url, where logs show them: use "
                       "auth.userFile and auth.passwordFile",
                       shown);
    if (colon)
        return err_set(err, ERR_USAGE,
                       "%s: no password belongs in a url, where logs show it: use "
                       "auth.sshKeyFile and auth.passphraseFile",
                       shown);
    if (user && (!*user || *user == '-'))
        return err_set(err, ERR_USAGE, "%s: the user before the @ is missing or no user", shown);
    u->user = user ? decode(user) : NULL;
    if (user && !u->user)
        return err_set(err, ERR_USAGE, "%s: a control character in the user", shown);
    return 0;
}

/* Its index; ARRAY_LEN(schemes) for none of them. */
static size_t scheme_of(const char *url, size_t len)
{
    size_t i = 0;
    while (i < ARRAY_LEN(schemes) &&
           (strlen(schemes[i].name) != len || strncasecmp(url, schemes[i].name, len) != 0))
        i++;
    return i;
}

/* https: as written, without a slash at its end; ssh: decoded, "/~user/..." from that home. */
static char *parse_path(enum remote_scheme scheme, const char *text)
{
    if (scheme == REMOTE_SSH)
        return decode(strncmp(text, "/~", 2) == 0 ? text + 1 : text);
    size_t len = strlen(text);
    while (len && text[len - 1] == '/')
        len--;
    return xstrndup(text, len);
}

/*
 * What may be shown of a url with a scheme: never what stands before an @, wherever it is (a
 * password may have a slash in it), and no query, where tokens stand as well. Owned.
 */
static char *show_url(const char *url, size_t scheme_len)
{
    const char *begin = url + scheme_len, *at = strrchr(begin, '@');
    const char *host = at ? at + 1 : begin;
    return xasprintf("%.*s%.*s", (int)scheme_len, url, (int)strcspn(host, "?#"), host);
}

/* "user:pass/word@host/path" is no port and a path with an @. */
static bool is_torn_password(const char *authority, const char *rest)
{
    const char *bracket = *authority == '[' ? strchr(authority, ']') : NULL;
    return !strchr(authority, '@') && strchr(bracket ? bracket : authority, ':') &&
           strchr(rest, '@');
}

/* scheme://[user@]host[:port]/path */
static int parse_full(const char *url, struct remote_url *out, struct err **err)
{
    size_t n = strspn(url, SCHEME_LETTERS), i = scheme_of(url, n);
    const char *begin = url + n + 3;
    _free_ char *authority = xstrndup(begin, strcspn(begin, "/?#"));
    const char *rest = begin + strlen(authority);
    char *at = strrchr(authority, '@');
    _free_ char *shown = show_url(url, n + 3);
    if (i == ARRAY_LEN(schemes))
        return err_set(err, ERR_USAGE, "%s: a source is https://, ssh:// or file://, or a folder",
                       shown);
    out->scheme = schemes[i].scheme;
    out->port = schemes[i].port;
    if (is_torn_password(authority, rest))
        return err_set(err, ERR_USAGE,
                       "%s: what stands before the @ looks like a password, and none belongs in a "
                       "url, where logs show it: an @ of a path is written as %%40",
                       shown);
    if (at)
        *at = '\0';
    if (check_user(out, at ? authority : NULL, shown, err) ||
        parse_host(shown, at ? at + 1 : authority, out, err))
        return -1;
    out->path = parse_path(out->scheme, rest);
    if (!out->path)
        return err_set(err, ERR_USAGE, "%s: a control character in the path", shown);
    if (out->scheme == REMOTE_HTTP && !is_loopback(out->host))
        return err_set(err, ERR_USAGE,
                       "%s: http:// shows what it carries to everybody on the way and is read from "
                       "this machine alone: use https://",
                       shown);
    return check_path(shown, out, err);
}

/* user@host:path */
static int parse_scp(const char *url, struct remote_url *out, struct err **err)
{
    const char *at = strchr(url, '@');
    const char *host = at + 1;
    const char *end = *host == '[' ? strchr(host, ']') : NULL;
    const char *colon = strchr(end ? end : host, ':');
    _free_ char *user = xstrndup(url, (size_t)(at - url));
    out->scheme = REMOTE_SSH;
    out->port = 22;
    if (!colon)
        return no_host(url, err);
    _free_ char *name = xstrndup(host, (size_t)(colon - host));
    out->path = xstrdup(colon + 1);
    return check_user(out, user, url, err) || parse_host(url, name, out, err) ||
                   check_path(url, out, err)
               ? -1
               : 0;
}

int remote_url_parse(const char *url, struct remote_url *out, struct err **err)
{
    *out = (struct remote_url){0};
    if (strlen(url) > URL_BYTES)
        return err_set(err, ERR_USAGE, "the url has more than %lu bytes", URL_BYTES);
    for (const char *p = url; *p; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return err_set(err, ERR_USAGE,
                           "the url has a space or control character at byte %zu: write it as "
                           "%%%02X",
                           (size_t)(p - url) + 1, (unsigned char)*p);
    }
    const char *scheme = strstr(url, "://");
    if (scheme && scheme == url + strspn(url, SCHEME_LETTERS))
        return parse_full(url, out, err);
    return parse_scp(url, out, err);
}
