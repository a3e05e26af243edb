#include "core/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* An address of either family; an IPv4 one as the IPv6 one that maps it. */
struct address {
    uint8_t bytes[16];
    bool v4;
};

static bool address_parse(const char *text, struct address *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    out->v4 = inet_pton(AF_INET, text, out->bytes + 12) == 1;
    if (!out->v4)
        return inet_pton(AF_INET6, text, out->bytes) == 1;
    memcpy(out->bytes, mapped, sizeof(mapped));
    return true;
}

static bool address_loopback(const struct address *a)
{
    static const uint8_t one[16] = {[15] = 1};
    return a->v4 ? a->bytes[12] == 127 : !memcmp(a->bytes, one, 16);
}

static bool address_in(const struct address *a, const struct address *net, unsigned bits)
{
    if (a->v4 != net->v4 || bits > (net->v4 ? 32 : 128))
        return false;
    bits += net->v4 ? 96 : 0;
    for (unsigned i = 0; i < bits; i++) {
        uint8_t bit = (uint8_t)(0x80 >> i % 8);
        if ((a->bytes[i / 8] ^ net->bytes[i / 8]) & bit)
            return false;
    }
    return true;
}

/* Cuts ":port" off "host:port" or "[v6]:port", and brackets. "" where there is no port. */
static const char *cut_port(char **entry)
{
    char *close = **entry == '[' ? strchr(*entry, ']') : NULL;
    if (close) {
        ++*entry;
        *close = '\0';
        return close[1] == ':' ? close + 2 : "";
    }
    char *colon = strchr(*entry, ':');
    if (!colon || strchr(colon + 1, ':'))
        return ""; /* a bare IPv6 address */
    *colon = '\0';
    return colon + 1;
}

static bool domain_matches(const char *entry, const char *host)
{
    if (!strncmp(entry, "*.", 2))
        entry++;
    bool itself = *entry != '.';
    if (itself && !strcmp(entry, host))
        return true;
    size_t want = strlen(entry) + itself, have = strlen(host);
    if (want >= have && !(want == have && !itself))
        return false;
    const char *tail = host + have - want;
    return itself ? *tail == '.' && !strcmp(tail + 1, entry) : !strcmp(tail, entry);
}

static bool entry_matches(char *entry, const char *host, const char *port)
{
    struct address have, want;
    bool is_address = address_parse(host, &have);
    char *slash = strchr(entry, '/');
    if (!strcmp(entry, "*"))
        return true;
    if (slash) {
        char *end;
        *slash = '\0';
        unsigned long bits = strtoul(slash + 1, &end, 10);
        return is_address && slash[1] && !*end && address_parse(entry, &want) &&
               address_in(&have, &want, (unsigned)bits);
    }
    const char *only = cut_port(&entry);
    if (!*entry || (*only && strcmp(only, port) != 0))
        return false;
    if (address_parse(entry, &want))
        return is_address && have.v4 == want.v4 && !memcmp(have.bytes, want.bytes, 16);
    return !is_address && domain_matches(entry, host);
}

bool proxy_excluded(const char *no_proxy, const char *host, const char *port)
{
    _free_ char *copy = xstrdup(no_proxy);
    char *rest = copy, *entry;
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    while ((entry = strsep(&rest, ","))) {
        entry += strspn(entry, " \t");
        entry[strcspn(entry, " \t")] = '\0';
        if (*entry && entry_matches(entry, host, port))
            return true;
    }
    return false;
}

static const char *env_any(const char *upper, const char *lower)
{
    const char *s = getenv(upper);
    if (!s || !*s)
        s = getenv(lower);
    return s && *s ? s : NULL;
}

/* Host (in lower case, without brackets) and port of a URL; both owned. */
static bool url_parts(const char *url, unsigned flags, char **host, char **port)
{
    CURLU *u = curl_url();
    char *h = NULL, *p = NULL;
    bool good = u && !curl_url_set(u, CURLUPART_URL, url, flags) &&
                !curl_url_get(u, CURLUPART_HOST, &h, 0) && *h;
    if (good) {
        size_t len = strlen(h);
        bool brackets = *h == '[' && h[len - 1] == ']';
        *host = brackets ? xstrndup(h + 1, len - 2) : xstrdup(h);
        for (char *c = *host; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        /* libcurl's list of schemes has no SOCKS */
        bool known = !curl_url_get(u, CURLUPART_PORT, &p, CURLU_DEFAULT_PORT);
        *port = xstrdup(known ? p : "1080");
    }
    curl_free(h);
    curl_free(p);
    curl_url_cleanup(u);
    return good;
}

char *proxy_from_env(const char *url)
{
    bool https = !strncasecmp(url, "https://", 8);
    const char *proxy = https ? env_any("HTTPS_PROXY", "https_proxy") : NULL;
    _free_ char *host = NULL, *port = NULL;
    struct address address;
    if (!https && !getenv("REQUEST_METHOD")) /* as a CGI program it could be anybody's header */
        proxy = env_any("HTTP_PROXY", "http_proxy");
    if (!proxy || !url_parts(url, 0, &host, &port) || !strcmp(host, "localhost") ||
        (address_parse(host, &address) && address_loopback(&address)))
        return NULL;
    const char *none = env_any("NO_PROXY", "no_proxy");
    return none && proxy_excluded(none, host, port) ? NULL : xstrdup(proxy);
}

#define PROXY_URL (CURLU_NON_SUPPORT_SCHEME | CURLU_DEFAULT_SCHEME)

/* "user:password@host:1" and "host:1" have no scheme, whatever a URL parser takes for one. */
static char *with_scheme(const char *proxy)
{
    return strstr(proxy, "://") ? xstrdup(proxy) : xasprintf("http://%s", proxy);
}

static void wipe(char **s)
{
    if (*s)
        explicit_bzero(*s, strlen(*s));
    free(*s);
}
#define _wipe_ __attribute__((cleanup(wipe)))

static bool has_scheme(const char *url, const char *scheme)
{
    size_t len = strlen(scheme);
    return !strncasecmp(url, scheme, len) && !strncmp(url + len, "://", 3);
}

bool proxy_valid(const char *proxy)
{
    _wipe_ char *url = with_scheme(proxy);
    _free_ char *host = NULL, *port = NULL;
    return (has_scheme(url, "http") || has_scheme(url, "https") || has_scheme(url, "socks5") ||
            has_scheme(url, "socks5h")) &&
           url_parts(url, PROXY_URL, &host, &port);
}

char *proxy_for_curl(const char *proxy)
{
    _wipe_ char *url = with_scheme(proxy);
    const char *rest = strstr(url, "://") + 3;
    const char *at = strrchr(rest, '@');
    const char *host = at ? at + 1 : rest;
    if (has_scheme(url, "socks5"))
        return xasprintf("socks5h://%s", rest);
    /* libcurl's default is 1080 for http and 443 for https; Go's is 80 and 443 */
    size_t len = strcspn(host, "/?#");
    const char *close = memchr(host, ']', len);
    const char *from = close ? close : host;
    bool port = memchr(from, ':', len - (size_t)(from - host));
    if (has_scheme(url, "http") && !port)
        return xasprintf("%.*s:80", (int)(host - url + (long)len), url);
    return xstrdup(url);
}

char *proxy_shown(const char *proxy)
{
    _wipe_ char *url = with_scheme(proxy);
    _free_ char *host = NULL, *port = NULL;
    if (!url_parts(url, PROXY_URL, &host, &port))
        return xstrdup("(not a URL)");
    return xasprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
