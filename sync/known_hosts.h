/*
 * OpenSSH's known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): the keys that a host may show.
 * Plain and hashed names, patterns, ports, @revoked. Pure.
 */
#ifndef HOLDFAST_SYNC_KNOWN_HOSTS_H
#define HOLDFAST_SYNC_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known_key {
    char *type; /* "ssh-ed25519" */
    char *data; /* the key as it goes over the wire */
    size_t len;
    unsigned line;
    bool revoked;
};

/* The entries that are about one host. */
struct known_hosts {
    struct known_key *keys;
    size_t count, cap;
    bool authority; /* a @cert-authority line names it: certificates are not looked at */
};

/* Adds the entries for `host` at `port` (22: the plain name, else "[host]:port"). Lines that cannot
 * be read are passed over, as OpenSSH does. */
void known_hosts_find(const char *text, const char *host, unsigned port, struct known_hosts *out);

enum known_answer { KNOWN_SAME, KNOWN_OTHER, KNOWN_REVOKED };

/* Whether the host may show this key. */
enum known_answer known_hosts_ask(const struct known_hosts *known, const void *key, size_t len);

/* A key of that type, not revoked, is known. */
bool known_hosts_has(const struct known_hosts *known, const char *type);

void known_hosts_free(struct known_hosts *known);

#endif
