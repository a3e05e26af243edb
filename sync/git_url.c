#include "sync/git_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A piece of the text, not terminated. */
struct piece {
    const char *s;
    size_t len;
};

struct git_url {
    struct piece scheme, host, path; /* a folder has neither scheme nor host */
    long port;
};

static bool piece_is(struct piece p, const char *s)
{
    return p.len == strlen(s) && !strncasecmp(p.s, s, p.len);
}

static bool same(struct piece a, struct piece b, bool exact)
{
    return a.len == b.len && !(exact ? memcmp(a.s, b.s, a.len) : strncasecmp(a.s, b.s, a.len));
}

static long default_port(struct piece scheme)
{
    if (piece_is(scheme, "https"))
        return 443;
    if (piece_is(scheme, "http"))
        return 80;
    return piece_is(scheme, "ssh") ? 22 : piece_is(scheme, "git") ? 9418 : 0;
}

/* [user[:password]@]host[:port] */
static void read_authority(struct git_url *u, struct piece a)
{
    const char *at = memrchr(a.s, '@', a.len);
    if (at)
        a = (struct piece){at + 1, a.len - (size_t)(at + 1 - a.s)};
    const char *bracket = a.len && *a.s == '[' ? memchr(a.s, ']', a.len) : NULL;
    const char *from = bracket ? bracket : a.s;
    const char *colon = memchr(from, ':', a.len - (size_t)(from - a.s));
    u->host = (struct piece){a.s, colon ? (size_t)(colon - a.s) : a.len};
    if (colon && colon + 1 < a.s + a.len)
        u->port = strtol(colon + 1, NULL, 10); /* ends at '/', or with the text */
    else
        u->port = default_port(u->scheme);
}

static struct piece trim_path(struct piece p, bool folder)
{
    while (!folder && p.len && *p.s == '/')
        p = (struct piece){p.s + 1, p.len - 1};
    while (p.len > 1 && p.s[p.len - 1] == '/')
        p.len--;
    if (p.len > 4 && !strncasecmp(p.s + p.len - 4, ".git", 4) && p.s[p.len - 5] != '/')
        p.len -= 4;
    return p;
}

static bool read_url(const char *text, struct git_url *u)
{
    *u = (struct git_url){0};
    if (!text || !*text)
        return false;
    const char *sep = strstr(text, "://"), *colon = strchr(text, ':');
    if (sep) {
        u->scheme = (struct piece){text, (size_t)(sep - text)};
        const char *rest = sep + 3;
        size_t len = strcspn(rest, "/?#");
        const char *path = rest + len;
        bool file = piece_is(u->scheme, "file");
        if (file)
            u->scheme = (struct piece){0};
        else
            read_authority(u, (struct piece){rest, len});
        u->path = trim_path((struct piece){path, file ? strlen(path) : strcspn(path, "?#")}, file);
        return file || u->host.len;
    }
    if (colon && !memchr(text, '/', (size_t)(colon - text))) {
        u->scheme = (struct piece){"ssh", 3};
        read_authority(u, (struct piece){text, (size_t)(colon - text)});
        u->port = 22;
        u->path = trim_path((struct piece){colon + 1, strlen(colon + 1)}, false);
        return u->host.len > 0;
    }
    u->path = trim_path((struct piece){text, strlen(text)}, true);
    return true;
}

bool git_url_same(const char *a, const char *b)
{
    struct git_url x, y;
    if (!read_url(a, &x) || !read_url(b, &y))
        return false;
    if (!x.host.len || !y.host.len)
        return !x.host.len && !y.host.len && same(x.path, y.path, true);
    if (same(x.scheme, y.scheme, false) && x.port != y.port)
        return false;
    return same(x.host, y.host, false) && same(x.path, y.path, false);
}
