/* The socket of `http.listen`. */
#ifndef HOLDFAST_LISTEN_H
#define HOLDFAST_LISTEN_H

#include "core/err.h"

/*
 * Opens a listening TCP socket: "127.0.0.1:8080", "[::]:8080" (IPv4 too), ":8080" (all addresses),
 * "localhost:8080"; no other names, so that no start waits for a name server. Port 0: any free one.
 * `beside` is a listening socket of ours, or -1: one on the same port is not in the way, so that it
 * can be closed when the new one is had (SO_REUSEPORT, socket(7)).
 * The descriptor (non-blocking, close-on-exec), or -1 with *err (ERR_USAGE) that names the address.
 */
int listen_open(const char *address, int beside, struct err **err);

/* NULL, or why listen_open would refuse the text, whoever holds the address (static). */
const char *listen_check(const char *address);

/* What the socket is bound to, "127.0.0.1:40123"; owned. */
char *listen_name(int fd);

/*
 * The base URL under which this machine reaches an agent that listens at `address`:
 * "http://127.0.0.1:8080" for ":8080". Owned; NULL with *err where it is no address.
 */
char *listen_url(const char *address, struct err **err);

#endif
