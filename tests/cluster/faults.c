/*
 * The fault proxy: stands before the test cluster's API server and damages what goes through.
 * usage: faults --server PORT --pki DIR [--log FILE] [--h2]
 * Says {"port": N} on standard output and then takes commands, one a line, each answered by one:
 *
 *   fault FAULT SETTINGS...   fault_rules.h; "ok ID"
 *   random SEED PERCENT       so many of 100 requests meet a fault that seed and number choose
 *   clear                     all of that ends
 *   cut                       every connection that there is is reset
 *   refuse, deaf, accept      no connection is taken; or none is answered; or as usual
 *   counts                    {"requests", "faulted", "connections", "open", "by": {"list pods":
 * N}}
 *
 * It ends when its standard input does.
 */
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "fault_relay.h"

struct faults {
    struct proxy proxy;
    int listener, port; /* listener -1: refused */
    bool deaf;
    struct buf commands;
};

struct connection {
    struct proxy *proxy;
    int fd;
};

static void die(const char *what)
{
    fprintf(stderr, "faults: %s\n", what);
    exit(2);
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    struct link client;
    if (!link_accept(&client, c->proxy->front, c->fd))
        relay_connection(c->proxy, &client);
    free(c);
    return NULL;
}

static void accept_one(struct faults *f)
{
    pthread_t thread;
    pthread_attr_t detached;
    int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct connection *c = xmalloc(sizeof(*c));
    *c = (struct connection){&f->proxy, fd};
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, serve, c))
        die("no thread for a connection");
    pthread_attr_destroy(&detached);
}

static void listen_on(struct faults *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)f->port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (f->listener < 0 || bind(f->listener, (struct sockaddr *)&a, sizeof(a)) ||
        listen(f->listener, 256) || getsockname(f->listener, (struct sockaddr *)&a, &len))
        die(strerror(errno));
    f->port = ntohs(a.sin_port);
}

/* ---- commands ---- */

static void tell_counts(struct proxy *p)
{
    json_auto_t *o = json_object();
    json_put(o, "requests", json_integer(p->requests));
    json_put(o, "faulted", json_integer(p->faulted));
    json_put(o, "connections", json_integer(p->connections));
    json_put(o, "open", json_integer(p->open));
    json_put(o, "by", json_deep_copy(p->counts));
    _free_ char *text = json_text(o, JSON_WRITE_SORTED);
    puts(text);
}

static void take_random(struct proxy *p, const char *line)
{
    if (sscanf(line, "random %u %u", &p->rules.seed, &p->rules.percent) != 2) {
        puts("error: random SEED PERCENT");
        return;
    }
    fprintf(stderr, "faults: random schedule with seed %u, %u of 100\n", p->rules.seed,
            p->rules.percent);
    puts("ok");
}

static void take_fault(struct proxy *p, const char *text)
{
    struct err _err_ *err = NULL;
    int id = fault_rules_add(&p->rules, text, &err);
    if (id < 0)
        printf("error: %s\n", err_message(err));
    else
        printf("ok %d\n", id);
}

static void take_door(struct faults *f, const char *line)
{
    bool refuse = !strcmp(line, "refuse");
    f->deaf = !strcmp(line, "deaf");
    if (refuse && f->listener >= 0) {
        close(f->listener);
        f->listener = -1;
    } else if (!refuse && f->listener < 0) {
        listen_on(f);
    }
    puts("ok");
}

static void take_command(struct faults *f, const char *line)
{
    struct proxy *p = &f->proxy;
    pthread_mutex_lock(&p->lock);
    if (!strncmp(line, "fault ", 6)) {
        take_fault(p, line + 6);
    } else if (!strncmp(line, "random ", 7)) {
        take_random(p, line);
    } else if (!strcmp(line, "clear")) {
        fault_rules_clear(&p->rules);
        puts("ok");
    } else if (!strcmp(line, "cut")) {
        p->cuts++;
        puts("ok");
    } else if (!strcmp(line, "refuse") || !strcmp(line, "deaf") || !strcmp(line, "accept")) {
        take_door(f, line);
    } else if (!strcmp(line, "counts")) {
        tell_counts(p);
    } else {
        printf("error: no such command: %s\n", line);
    }
    pthread_mutex_unlock(&p->lock);
    fflush(stdout);
}

/* False at the end of standard input. */
static bool take_commands(struct faults *f)
{
    char bytes[4096];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (n <= 0 || buf_add(&f->commands, bytes, (size_t)n))
        return false;
    char *end;
    while (f->commands.len && (end = memchr(f->commands.data, '\n', f->commands.len))) {
        *end = '\0';
        take_command(f, f->commands.data);
        buf_drop(&f->commands, (size_t)(end - f->commands.data) + 1);
    }
    return true;
}

/* ---- the process ---- */

/* What a client offers is chosen as the server would: h2 first. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char both[] = "\x02h2\x08http/1.1", one[] = "\x08http/1.1";
    const struct proxy *p = arg;
    const unsigned char *ours = p->h2 ? both : one;
    unsigned ours_len = p->h2 ? sizeof(both) - 1 : sizeof(one) - 1;
    int how = SSL_select_next_proto((unsigned char **)out, len, ours, ours_len, in, in_len);
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void make_contexts(struct proxy *p, const char *pki)
{
    _free_ char *cert = xasprintf("%s/server.crt", pki), *key = xasprintf("%s/server.key", pki);
    _free_ char *ca = xasprintf("%s/ca.crt", pki);
    p->front = SSL_CTX_new(TLS_server_method());
    p->back = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_use_certificate_file(p->front, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(p->front, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(p->back, ca, NULL) != 1)
        die(ERR_error_string(ERR_get_error(), NULL));
    SSL_CTX_set_verify(p->back, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_alpn_select_cb(p->front, choose_protocol, p);
}

static void read_options(struct proxy *p, int argc, char **argv)
{
    const char *pki = NULL;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--h2"))
            p->h2 = true;
        else if (!value)
            die("usage: faults --server PORT --pki DIR [--log FILE] [--h2]");
        else if (!strcmp(argv[i], "--server"))
            p->port = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--pki"))
            pki = argv[++i];
        else if (!strcmp(argv[i], "--log"))
            p->log = fopen(argv[++i], "we");
        else
            die("usage: faults --server PORT --pki DIR [--log FILE] [--h2]");
    }
    if (!pki || !p->port)
        die("usage: faults --server PORT --pki DIR [--log FILE] [--h2]");
    make_contexts(p, pki);
}

int main(int argc, char **argv)
{
    static struct faults f = {.listener = -1};
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_mutex_init(&f.proxy.lock, NULL);
    f.proxy.counts = json_object();
    f.commands = BUF_INIT(64 * KIB);
    read_options(&f.proxy, argc, argv);
    listen_on(&f);
    printf("{\"port\": %d}\n", f.port);
    fflush(stdout);
    for (;;) {
        struct pollfd polls[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                  {.fd = f.deaf ? -1 : f.listener, .events = POLLIN}};
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            die(strerror(errno));
        if (polls[1].revents)
            accept_one(&f);
        if (polls[0].revents && !take_commands(&f))
            _exit(0); /* threads and all */
    }
}
