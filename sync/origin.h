/*
 * Where a folder on disk comes from: the remote that its branch follows. For `holdfast init`; reads
 * the repository in place and asks nobody.
 */
#ifndef HOLDFAST_SYNC_ORIGIN_H
#define HOLDFAST_SYNC_ORIGIN_H

#include "core/err.h"

/* Owned strings. */
struct origin {
    char *folder; /* the root of the working tree, without a slash at its end */
    char *url;    /* of the remote, without a sign-in; NULL: there is no remote */
    char *branch; /* its name there; NULL: no branch is checked out */
    char *path;   /* of the folder below the root, "" for the root itself */
};

/* ERR_NOT_FOUND where the folder lies in no working tree. Free with origin_free in every case. */
int origin_read(const char *folder, struct origin *out, struct err **err);
void origin_free(struct origin *origin);

/*
 * The URL without what may sign in: user and password of a URL with a scheme (of ssh:// and git://
 * the user stays, which is no secret and needed), its query and its fragment. Owned.
 */
char *origin_clean_url(const char *url);

#endif
