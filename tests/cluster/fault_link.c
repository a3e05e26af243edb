#include "fault_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A peer that takes, or sends, nothing for so long within one message is gone. */
#define PATIENCE_S 30

static void forget(struct link *l)
{
    SSL_free(l->ssl);
    if (l->fd >= 0)
        close(l->fd);
    *l = (struct link){.fd = -1};
}

static void prepare(struct link *l, SSL_CTX *context, int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    *l = (struct link){.fd = fd, .ssl = SSL_new(context)};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    SSL_clear_mode(l->ssl, SSL_MODE_AUTO_RETRY); /* link_take tells of records without data */
    SSL_set_fd(l->ssl, fd);
}

static int made(struct link *l, int result)
{
    const unsigned char *name;
    unsigned len;
    if (result != 1) {
        forget(l);
        return -1;
    }
    SSL_get0_alpn_selected(l->ssl, &name, &len);
    l->h2 = len == 2 && !memcmp(name, "h2", 2);
    return 0;
}

int link_accept(struct link *l, SSL_CTX *context, int fd)
{
    prepare(l, context, fd);
    return made(l, SSL_accept(l->ssl));
}

int link_connect(struct link *l, SSL_CTX *context, int port, bool h2)
{
    static const unsigned char two[] = "\x02h2", one[] = "\x08http/1.1";
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *l = (struct link){.fd = -1};
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to))) {
        close(fd);
        return -1;
    }
    prepare(l, context, fd);
    SSL_set1_host(l->ssl, "127.0.0.1");
    SSL_set_alpn_protos(l->ssl, h2 ? two : one, h2 ? sizeof(two) - 1 : sizeof(one) - 1);
    return made(l, SSL_connect(l->ssl));
}

int link_take(struct link *l, void *data, size_t len)
{
    int n = SSL_read(l->ssl, data, (int)len);
    if (n > 0)
        return n;
    switch (SSL_get_error(l->ssl, n)) {
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
        return LINK_NOTHING;
    default:
        return -1;
    }
}

int link_read(struct link *l, void *data, size_t len)
{
    int n;
    while ((n = link_take(l, data, len)) == LINK_NOTHING) {
        if (!link_readable(l, PATIENCE_S * 1000))
            return -1;
    }
    return n;
}

int link_write(struct link *l, const void *data, size_t len)
{
    return !len || SSL_write(l->ssl, data, (int)len) == (int)len ? 0 : -1;
}

unsigned link_readable_of(const struct link *a, const struct link *b, int ms)
{
    struct pollfd polls[2] = {{.fd = a->fd, .events = POLLIN}, {.fd = -1}};
    if (b)
        polls[1] = (struct pollfd){.fd = b->fd, .events = POLLIN};
    unsigned pending = SSL_pending(a->ssl) > 0 ? 1U : 0U;
    if (b && SSL_pending(b->ssl) > 0)
        pending |= 2U;
    if (poll(polls, 2, pending ? 0 : ms) > 0)
        pending |= (polls[0].revents ? 1U : 0U) | (polls[1].revents ? 2U : 0U);
    return pending;
}

bool link_readable(const struct link *l, int ms)
{
    return link_readable_of(l, NULL, ms) != 0;
}

bool link_hung_up(const struct link *l, int ms)
{
    struct pollfd p = {.fd = l->fd, .events = POLLRDHUP};
    return poll(&p, 1, ms) > 0;
}

int link_read_to(struct link *l, struct buf *b, size_t len)
{
    char bytes[16384];
    while (b->len < len) {
        int n = link_read(l, bytes, sizeof(bytes));
        if (n <= 0 || buf_add(b, bytes, (size_t)n))
            return -1;
    }
    return 0;
}

size_t link_read_until(struct link *l, struct buf *b, const char *end)
{
    for (;;) {
        const char *at = strstr(buf_str(b), end);
        if (at)
            return (size_t)(at - buf_str(b)) + strlen(end);
        if (link_read_to(l, b, b->len + 1))
            return 0;
    }
}

void link_close(struct link *l)
{
    if (l->ssl)
        SSL_shutdown(l->ssl);
    forget(l);
}

void link_close_rudely(struct link *l)
{
    if (l->ssl)
        SSL_set_quiet_shutdown(l->ssl, 1);
    forget(l);
}

void link_reset(struct link *l)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (l->fd >= 0)
        setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    forget(l);
}
