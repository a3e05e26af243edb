/* Whether two clone URLs mean one repository, for webhooks, which name it in their own way. Pure.
 */
#ifndef HOLDFAST_SYNC_GIT_URL_H
#define HOLDFAST_SYNC_GIT_URL_H

#include <stdbool.h>

/*
 * True where both name the same host and path: https, http, ssh, git, user@host:path and a web
 * page's address are the same; user, password, query, ".git" and slashes at the ends do not count.
 * Ports count where both have one scheme (else ssh's never equals https's). Hosts and paths of URLs
 * are compared without case, as the large services do: a false match costs one look at the
 * repository, a false miss would make a webhook silently useless. Folders (also file://) are
 * compared exactly, and are never a URL's. NULL or empty: false.
 */
bool git_url_same(const char *a, const char *b);

#endif
