/*
 * Proxies as Go's net/http, and so kubectl, understands them: HTTPS_PROXY, HTTP_PROXY and NO_PROXY
 * (or in lower case), this machine itself never through one (golang.org/x/net/http/httpproxy).
 */
#ifndef HOLDFAST_CORE_PROXY_H
#define HOLDFAST_CORE_PROXY_H

#include <stdbool.h>

/* The proxy that the environment names for a URL, as it stands there. Owned, or NULL for none. */
char *proxy_from_env(const char *url);

/* Whether a list as in NO_PROXY names this host (without brackets, lower case) and port. */
bool proxy_excluded(const char *no_proxy, const char *host, const char *port);

/* A URL with http, https or socks5 (or no scheme: http) and a host. */
bool proxy_valid(const char *proxy);

/*
 * What libcurl has to be told: Go lets a SOCKS proxy resolve names, which libcurl calls socks5h.
 * Owned; may hold a password.
 */
char *proxy_for_curl(const char *proxy);

/* "host:port", without user and password, for messages. Owned. */
char *proxy_shown(const char *proxy);

#endif
