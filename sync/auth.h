/*
 * `auth` of a source (SPEC 4): files and a proxy, never a secret itself. Files are read again at
 * each use, so that a renewed token or certificate is taken up by the next read. Borrowed texts;
 * NULL where not given.
 */
#ifndef HOLDFAST_SYNC_AUTH_H
#define HOLDFAST_SYNC_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct source_auth {
    const char *user_file, *password_file; /* https: a token is a password */
    const char *ssh_key_file, *passphrase_file, *known_hosts_file;
    const char *ca_file; /* https: the only authorities that are trusted then */
    const char *proxy;   /* https: http://[user:password@]host:port */
};

/* A pipe that nobody writes into keeps its reader waiting. */
bool auth_is_pipe(const char *path);

/*
 * The file's text, or its one line without the newline at its end, owned: give it back with
 * auth_forget, which overwrites it. `key` names it in errors (ERR_USAGE), which never show what is
 * in it. NULL with *err when it cannot be read, has more than `max` bytes, or has no line or more
 * than one.
 */
char *auth_read(const char *path, const char *key, size_t max, struct err **err);
char *auth_read_line(const char *path, const char *key, struct err **err);
void auth_forget(char *secret);

#endif
