/*
 * The URL of a repository on the network: https, http (to this machine alone), ssh, and
 * user@host:path. Pure.
 */
#ifndef HOLDFAST_SYNC_REMOTE_URL_H
#define HOLDFAST_SYNC_REMOTE_URL_H

#include <stdbool.h>

#include "core/err.h"

enum remote_scheme { REMOTE_HTTP, REMOTE_HTTPS, REMOTE_SSH };

struct remote_url {
    enum remote_scheme scheme;
    char *user;    /* ssh; NULL elsewhere */
    char *host;    /* without the brackets of an IPv6 address */
    unsigned port; /* 443, 80, 22 where none is written */
    char *path;    /* https: as written, with its slash; ssh: as the server's git is to see it */
};

/* It is no folder and no file:// URL: it has a scheme, or is user@host:path. */
bool remote_url_is(const char *url);

/*
 * ERR_USAGE for whatever cannot be meant, for a scheme that is not safe, and for a URL with a
 * password (or, with https, a user) in it, which no message then shows: nothing before its last @
 * and no query. Free in either case.
 */
int remote_url_parse(const char *url, struct remote_url *out, struct err **err);
void remote_url_free(struct remote_url *url);

#endif
