#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/limits.h"

/* Host and port of "HOST:PORT"; the host is owned, without brackets, "" for all addresses. */
static int split(const char *address, char **host, const char **port, struct err **err)
{
    const char *colon = strrchr(address, ':');
    bool bracket = colon && address[0] == '[' && colon > address && colon[-1] == ']';
    char *end = NULL;
    unsigned long n =
        colon && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 65536;
    if (!colon || n > 65535 || *end ||
        (!bracket && memchr(address, ':', (size_t)(colon - address))))
        return err_set(err, ERR_USAGE,
                       "http.listen: %s: ADDRESS:PORT belongs here, as 127.0.0.1:8080, [::1]:8080 "
                       "or :8080",
                       address);
    *host = bracket ? xstrndup(address + 1, (size_t)(colon - address - 2))
                    : xstrndup(address, (size_t)(colon - address));
    *port = colon + 1;
    return 0;
}

/* Owned; NULL where the host is a name. */
static struct addrinfo *numeric(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    return getaddrinfo(host, port, &hints, &found) ? NULL : found;
}

static bool is_local(const char *host)
{
    return !strcmp(host, "localhost");
}

const char *listen_check(const char *address)
{
    _free_ char *host = NULL;
    const char *port = NULL;
    if (split(address, &host, &port, NULL))
        return "ADDRESS:PORT belongs here, as 127.0.0.1:8080, [::1]:8080 or :8080";
    if (!*host || is_local(host))
        return NULL;
    struct addrinfo *found = numeric(host, port);
    if (!found)
        return "an address belongs here, not a name";
    freeaddrinfo(found);
    return NULL;
}

static int bind_one(const struct addrinfo *a, int beside)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (beside >= 0) {
        (void)setsockopt(beside, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int));
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int));
    }
    if (a->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
    if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, LIMIT_CLIENTS)) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

int listen_open(const char *address, int beside, struct err **err)
{
    _free_ char *host = NULL;
    const char *port = NULL;
    if (split(address, &host, &port, err))
        return -1;
    /* all addresses: IPv6's wildcard takes IPv4 as well, but a machine may have none of it */
    const char *all[] = {"::", "0.0.0.0", NULL};
    const char *local[] = {"127.0.0.1", "::1", NULL}, *one[] = {host, NULL};
    const char **names = !*host ? all : is_local(host) ? local : one;
    int saved = EADDRNOTAVAIL;
    for (; *names; names++) {
        struct addrinfo *found = numeric(*names, port);
        if (!found)
            return err_set(err, ERR_USAGE, "http.listen: %s: an address belongs here, not a name",
                           address);
        int fd = bind_one(found, beside);
        saved = errno;
        freeaddrinfo(found);
        if (fd >= 0)
            return fd;
        if (saved != EAFNOSUPPORT && saved != EADDRNOTAVAIL)
            break;
    }
    return err_errno(err, ERR_USAGE, saved, "http.listen: %s", address);
}

char *listen_name(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof(a);
    char host[64], port[16];
    if (getsockname(fd, (struct sockaddr *)&a, &len) ||
        getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return xstrdup("?");
    return xasprintf(a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

char *listen_url(const char *address, struct err **err)
{
    _free_ char *host = NULL;
    const char *port = NULL;
    if (split(address, &host, &port, err))
        return NULL;
    const char *to = host;
    if (!*host || !strcmp(host, "0.0.0.0"))
        to = "127.0.0.1";
    else if (!strcmp(host, "::"))
        to = "::1";
    return xasprintf(strchr(to, ':') ? "http://[%s]:%s" : "http://%s:%s", to, port);
}
