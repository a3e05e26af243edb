/*
 * A small HTTP/1.1 server for unit tests: a forked child on a free loopback port, one more child
 * for each connection. What it answers is the test's own function. Counters are shared with the
 * test.
 */
#ifndef HOLDFAST_TEST_HTTP_SERVER_H
#define HOLDFAST_TEST_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct server_request {
    char method[16], path[512], head[16384];
    char body[65536];
    size_t body_len;
};

struct server {
    pid_t pid;
    int port;
    unsigned *count; /* shared: [0] connections, [1] requests, the rest is the test's own */
    void (*handle)(struct server *s, int fd, const struct server_request *r);
};

static inline void server_write(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            _exit(0);
        data += n;
        len -= (size_t)n;
    }
}

/* A whole answer; `headers` ends each line with \r\n. */
static inline void server_reply(int fd, int status, const char *headers, const char *body,
                                size_t len)
{
    char head[1024];
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status,
                     len, headers);
    server_write(fd, head, (size_t)n);
    server_write(fd, body, len);
}

/* Waits until the client hangs up. */
static inline void server_hang(int fd)
{
    char c;
    while (recv(fd, &c, 1, 0) > 0)
        ;
    _exit(0);
}

static inline void server_read(int fd, void *to, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = recv(fd, (char *)to + at, len - at, 0);
        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
}

static inline void server_connection(struct server *s, int fd)
{
    static struct server_request r;
    for (;;) {
        size_t n = 0;
        do {
            server_read(fd, r.head + n, 1);
            r.head[++n] = '\0';
        } while (n + 1 < sizeof(r.head) && (n < 4 || strcmp(r.head + n - 4, "\r\n\r\n") != 0));
        if (sscanf(r.head, "%15s %511s", r.method, r.path) != 2)
            _exit(1);
        const char *length = strcasestr(r.head, "\r\nContent-Length:");
        r.body_len = length ? strtoul(length + 17, NULL, 10) : 0;
        if (r.body_len >= sizeof(r.body))
            _exit(1);
        server_read(fd, r.body, r.body_len);
        r.body[r.body_len] = '\0';
        __atomic_add_fetch(&s->count[1], 1, __ATOMIC_SEQ_CST);
        s->handle(s, fd, &r);
    }
}

static inline void server_start(struct server *s, void (*handle)(struct server *s, int fd,
                                                                 const struct server_request *r))
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 64) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        abort();
    s->port = ntohs(a.sin_port);
    s->handle = handle;
    s->count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s->pid = fork();
    if (s->pid) {
        close(fd);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int c = accept(fd, NULL, NULL);
        if (c < 0)
            continue;
        if (!fork()) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(fd);
            setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            __atomic_add_fetch(&s->count[0], 1, __ATOMIC_SEQ_CST);
            server_connection(s, c);
        }
        close(c);
    }
}

static inline void server_stop(struct server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap(s->count, 4096);
}

#endif
