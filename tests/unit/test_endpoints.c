/* The endpoints, really listening: asked with our own client, and with sockets that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/http.h"
#include "core/json.h"
#include "core/limits.h"
#include "endpoints.h"

#define TOKEN "correct horse"

struct fixture {
    struct ev_loop *loop;
    struct http *http;
    struct endpoints *e;
    char token_file[32];
    bool ready, healthy;
    unsigned idle; /* seconds */
    size_t status_bytes;
    /* what sync was asked, "source|url url|ref" */
    char *synced;
    size_t answer;
    char *told;
    unsigned told_count;
    /* the last answer */
    long status;
    struct buf body;
    char *type, *error;
    bool done;
};

static bool healthy(void *ctx)
{
    return ((struct fixture *)ctx)->healthy;
}

static bool ready(void *ctx, struct buf *why)
{
    const struct fixture *f = ctx;
    if (!f->ready)
        buf_add_str(why, "source a was not read yet\nDeployment was not listed yet");
    return f->ready;
}

static json_t *status(void *ctx)
{
    const struct fixture *f = ctx;
    _free_ char *text = xcalloc(1, f->status_bytes + 1);
    memset(text, 'x', f->status_bytes);
    json_t *o = json_object();
    json_put_str(o, "version", "1");
    json_put_str(o, "filler", text);
    return o;
}

static void metrics(void *ctx _unused_, struct buf *out)
{
    buf_add_str(out, "holdfast_source_ready{source=\"a\"} 1\n");
}

static size_t on_sync(void *ctx, const char *source, const char *const *urls, const char *ref)
{
    struct fixture *f = ctx;
    struct buf b = BUF_INIT(KIB);
    buf_addf(&b, "%s|", source ? source : "-");
    for (size_t i = 0; urls && urls[i]; i++)
        buf_addf(&b, "%s%s", i ? " " : "", urls[i]);
    buf_addf(&b, "|%s", ref ? ref : "-");
    free(f->synced);
    f->synced = buf_take(&b);
    return f->answer;
}

static void on_told(void *ctx, const char *message)
{
    struct fixture *f = ctx;
    free(f->told);
    f->told = xstrdup(message);
    f->told_count++;
}

static void write_token(const struct fixture *f, const char *text)
{
    FILE *out = fopen(f->token_file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void begin(struct fixture *f, bool token)
{
    f->e = endpoints_new(&(struct endpoints_config){.loop = f->loop,
                                                    .listen = "127.0.0.1:0",
                                                    .token_file = token ? f->token_file : NULL,
                                                    .ctx = f,
                                                    .healthy = healthy,
                                                    .ready = ready,
                                                    .status = status,
                                                    .metrics = metrics,
                                                    .sync = on_sync,
                                                    .told = on_told,
                                                    .idle_s = f->idle},
                         NULL);
    assert_non_null(f->e);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    f->ready = f->healthy = true;
    f->answer = 1;
    f->idle = 1;
    f->body = BUF_INIT(64 * MIB);
    snprintf(f->token_file, sizeof(f->token_file), "/tmp/holdfast-XXXXXX");
    close(mkstemp(f->token_file));
    write_token(f, TOKEN "\n");
    begin(f, true);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    endpoints_free(f->e);
    http_free(f->http);
    ev_loop_destroy(f->loop);
    unlink(f->token_file);
    buf_free(&f->body);
    free(f->synced);
    free(f->told);
    free(f->type);
    free(f->error);
    free(f);
    return 0;
}

static void on_done(void *ctx, const struct http_answer *a)
{
    struct fixture *f = ctx;
    f->status = a->status;
    buf_clear(&f->body);
    buf_add(&f->body, a->body, a->body_len);
    free(f->type);
    f->type = xstrdup(a->content_type);
    free(f->error);
    f->error = a->err ? xstrdup(err_message(a->err)) : NULL;
    f->done = true;
    ev_break(f->loop, EVBREAK_ONE);
}

static void late(struct ev_loop *loop _unused_, ev_timer *w _unused_, int events _unused_)
{
    fail_msg("nothing happened for 20 seconds");
}

/* Runs the loop until somebody breaks it. */
static void run(struct fixture *f)
{
    ev_timer t;
    ev_timer_init(&t, late, 20., 0.);
    ev_timer_start(f->loop, &t);
    ev_run(f->loop, 0);
    ev_timer_stop(f->loop, &t);
}

static long ask_body(struct fixture *f, const char *method, const char *path,
                     const char *const *headers, const char *body, size_t len)
{
    _free_ char *url = xasprintf("http://%s%s", endpoints_address(f->e), path);
    struct http_target *t = http_target_new(f->http, &(struct http_target_config){0});
    f->done = false;
    http_send(f->http, t,
              &(struct http_request){.method = method,
                                     .url = url,
                                     .headers = headers,
                                     .body = body,
                                     .body_len = len,
                                     .done = on_done,
                                     .ctx = f});
    http_target_free(t);
    while (!f->done)
        run(f);
    return f->status;
}

static long ask(struct fixture *f, const char *method, const char *path, const char *header)
{
    const char *headers[] = {header, NULL};
    return ask_body(f, method, path, headers, NULL, 0);
}

static void probes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
    assert_string_equal(buf_str(&f->body), "ok\n");
    assert_int_equal(ask(f, "GET", "/readyz", NULL), 200);
    f->ready = f->healthy = false;
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 503);
    assert_int_equal(ask(f, "GET", "/readyz", NULL), 503);
    assert_string_equal(buf_str(&f->body),
                        "source a was not read yet\nDeployment was not listed yet\n");
}

static void documents(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "GET", "/metrics", NULL), 200);
    assert_string_equal(f->type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(buf_str(&f->body), "\nholdfast_source_ready{source=\"a\"} 1\n"));
    assert_non_null(strstr(buf_str(&f->body), "\nprocess_open_fds "));
    assert_int_equal(ask(f, "GET", "/status", NULL), 200);
    assert_string_equal(f->type, "application/json");
    assert_string_equal(buf_str(&f->body), "{\"version\":\"1\",\"filler\":\"\"}\n");
}

static void methods_and_paths(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "GET", "/", NULL), 404);
    assert_int_equal(ask(f, "GET", "/healthz/x", NULL), 404);
    assert_int_equal(ask(f, "GET", "/healthzx", NULL), 404);
    assert_int_equal(ask(f, "POST", "/status", NULL), 405);
    assert_string_equal(buf_str(&f->body), "/status takes GET, HEAD\n");
    assert_int_equal(ask(f, "GET", "/sync", NULL), 405);
    assert_int_equal(ask(f, "DELETE", "/webhook", NULL), 405);
    assert_int_equal(ask(f, "PUT", "/sync", NULL), 405);
    assert_null(f->synced);
}

static void sync_with_token(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer " TOKEN), 202);
    assert_string_equal(f->synced, "-||-");
    assert_string_equal(buf_str(&f->body), "{\"sources\":1}\n");
    assert_int_equal(ask(f, "POST", "/sync?source=ml%2Dinfra", "Authorization: bearer " TOKEN),
                     202);
    assert_string_equal(f->synced, "ml-infra||-");
    f->answer = 0;
    assert_int_equal(ask(f, "POST", "/sync?source=none", "Authorization: Bearer " TOKEN), 404);
    assert_string_equal(buf_str(&f->body), "no source is called none\n");
    /* read again at each use */
    write_token(f, "another");
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer " TOKEN), 401);
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer another"), 200);
}

static void sync_without(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) /* no guesses: never 429 */
        assert_int_equal(ask(f, "POST", "/sync", NULL), 401);
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Basic eDp5"), 401);
    write_token(f, "");
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer "), 403);
    assert_string_equal(buf_str(&f->body), "http.tokenFile is empty: nobody can be let in\n");
    unlink(f->token_file);
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer " TOKEN), 503);
    assert_non_null(strstr(f->told, "No such file"));
    endpoints_free(f->e);
    begin(f, false);
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer " TOKEN), 403);
    assert_non_null(strstr(buf_str(&f->body), "no http.tokenFile"));
    assert_int_equal(ask(f, "POST", "/webhook", "X-Gitlab-Token: " TOKEN), 403);
    assert_null(f->synced);
}

/* After ten wrong ones nobody is let in, and the log says so once, without the token. */
static void guessing(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(f, "POST", i % 2 ? "/sync" : "/webhook",
                             i % 2 ? "Authorization: Bearer guess" : "X-Gitlab-Token: guess"),
                         401);
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer guess"), 429);
    assert_int_equal(ask(f, "POST", "/sync", "Authorization: Bearer " TOKEN), 429);
    assert_int_equal(ask(f, "POST", "/webhook", "X-Gitlab-Token: " TOKEN), 429);
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
    assert_null(f->synced);
    assert_int_equal(f->told_count, 1);
    assert_null(strstr(f->told, "guess"));
}

#define PUSH                                                                                       \
    "{\"ref\":\"refs/heads/main\",\"repository\":{\"clone_url\":\"https://git.example/a.git\","    \
    "\"ssh_url\":\"git@git.example:a.git\"}}"

static char *signature(const char *name, const char *body, size_t len)
{
    uint8_t mac[HASH_SHA256_BYTES];
    char hex[2 * HASH_SHA256_BYTES + 1];
    hash_hmac_sha256((const uint8_t *)TOKEN, strlen(TOKEN), body, len, mac);
    hash_hex(mac, sizeof(mac), hex);
    return xasprintf("%s%s", name, hex);
}

static long hook(struct fixture *f, const char *path, const char *event, const char *body,
                 size_t len)
{
    _free_ char *sign = signature("X-Hub-Signature-256: sha256=", body, len);
    return ask_body(f, "POST", path, (const char *[]){sign, event, NULL}, body, len);
}

static void webhooks(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(hook(f, "/webhook", "X-GitHub-Event: push", PUSH, strlen(PUSH)), 202);
    assert_string_equal(f->synced,
                        "-|https://git.example/a.git git@git.example:a.git|refs/heads/main");
    assert_int_equal(hook(f, "/webhook/ml-infra", "X-GitHub-Event: push", PUSH, strlen(PUSH)), 202);
    assert_string_equal(f->synced, "ml-infra||-");
    free(steal(f->synced));
    assert_int_equal(hook(f, "/webhook", "X-GitHub-Event: ping", "{}", 2), 200);
    assert_int_equal(hook(f, "/webhook", "X-GitHub-Event: issues", "{}", 2), 200);
    assert_int_equal(hook(f, "/webhook", "X-GitHub-Event: push", "{}", 2), 400);
    assert_int_equal(ask_body(f, "POST", "/webhook", NULL, PUSH, strlen(PUSH)), 401);
    _free_ char *sign = signature("X-Hub-Signature: sha256=", PUSH, strlen(PUSH));
    const char *headers[] = {sign, NULL};
    assert_int_equal(ask_body(f, "POST", "/webhook", headers, PUSH " ", strlen(PUSH) + 1), 401);
    assert_null(f->synced);
    assert_int_equal(ask_body(f, "POST", "/webhook", headers, PUSH, strlen(PUSH)), 202);
    headers[0] = "X-Gitlab-Token: " TOKEN;
    assert_int_equal(ask_body(f, "POST", "/webhook", headers, PUSH, strlen(PUSH)), 202);
}

/* Larger than what is kept: its signature alone is checked. Larger than anybody's: cut off. */
static void large_bodies(void **state)
{
    struct fixture *f = *state;
    size_t len = 5 * MIB;
    _free_ char *body = xmalloc(26 * MIB);
    memset(body, ' ', 26 * MIB);
    assert_int_equal(hook(f, "/webhook", "X-GitHub-Event: push", body, len), 202);
    assert_string_equal(f->synced, "-||-");
    free(steal(f->synced));
    _free_ char *sign = signature("X-Hub-Signature-256: sha256=", body, len);
    body[len - 1] = 'x';
    assert_int_equal(ask_body(f, "POST", "/webhook", (const char *[]){sign, NULL}, body, len), 401);
    (void)hook(f, "/webhook", "X-GitHub-Event: push", body, 26 * MIB);
    assert_int_equal(f->status, 0);
    assert_non_null(f->error);
    assert_null(f->synced);
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
}

/* ---- sockets that misbehave ---- */

static int dial(const struct fixture *f, const char *text)
{
    const char *port = strrchr(endpoints_address(f->e), ':') + 1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

struct reader {
    ev_io io;
    struct buf text;
};

static void on_readable(struct ev_loop *loop, ev_io *w, int events _unused_)
{
    struct reader *r = w->data;
    char data[4096];
    ssize_t n = recv(w->fd, data, sizeof(data), 0);
    if (n > 0)
        buf_add(&r->text, data, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        ev_break(loop, EVBREAK_ONE);
}

/* All that comes until the other side hangs up; owned. */
static char *read_all(struct fixture *f, int fd)
{
    struct reader r = {.text = BUF_INIT(64 * MIB)};
    ev_io_init(&r.io, on_readable, fd, EV_READ);
    r.io.data = &r;
    ev_io_start(f->loop, &r.io);
    run(f);
    ev_io_stop(f->loop, &r.io);
    close(fd);
    return buf_take(&r.text);
}

static void head(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f, "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    _free_ char *got = read_all(f, fd);
    assert_non_null(strstr(got, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(got, "\r\nContent-Length: 3\r\n"));
    assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
    fd = dial(f, "PUT /sync HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    _free_ char *refused = read_all(f, fd);
    assert_non_null(strstr(refused, "HTTP/1.1 405 "));
    assert_non_null(strstr(refused, "\r\nAllow: POST\r\n"));
    fd = dial(f, "POST /sync HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    _free_ char *stranger = read_all(f, fd);
    assert_non_null(strstr(stranger, "\r\nWWW-Authenticate: Bearer\r\n"));
}

static void nonsense(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /healthz HTTP/9.9\r\n\r\n",
        "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /webhook HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: " TOKEN
        "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /%00%ff%2e%2e/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        _free_ char *got = read_all(f, dial(f, texts[i]));
        assert_null(strstr(got, " 200 "));
    }
    _free_ char *big = xmalloc(LIMIT_CLIENT_MEMORY * 2);
    memset(big, 'a', LIMIT_CLIENT_MEMORY * 2);
    memcpy(big, "GET /healthz?", 13);
    big[LIMIT_CLIENT_MEMORY * 2 - 1] = '\0';
    free(read_all(f, dial(f, big)));
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
}

/* Half a request: the connection is ended, and meanwhile others are served. */
static void slow(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f, "GET /healthz HTTP/1.1\r\nHost:");
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
    free(read_all(f, fd));
    fd = dial(f, "POST /webhook HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: " TOKEN
                 "\r\nContent-Length: 100\r\n\r\n{");
    free(read_all(f, fd));
    assert_null(f->synced);
}

/* 64 that say nothing: the next one waits until their time is over, and is served then. */
static void crowd(void **state)
{
    struct fixture *f = *state;
    int fds[LIMIT_CLIENTS];
    for (size_t i = 0; i < LIMIT_CLIENTS; i++)
        fds[i] = dial(f, "GET ");
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
    for (size_t i = 0; i < LIMIT_CLIENTS; i++)
        close(fds[i]);
}

/* Answers that nobody reads are bounded all together. */
static void unread(void **state)
{
    struct fixture *f = *state;
    endpoints_free(f->e);
    f->idle = 60; /* on a busy machine, too, they are there until we are done */
    begin(f, true);
    f->status_bytes = 12 * MIB;
    int a = dial(f, "GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200); /* a's answer is held from here on */
    int b = dial(f, "GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
    long most = 0;
    for (int i = 0; i < 3; i++)
        most = ask(f, "GET", "/status", NULL) > most ? f->status : most;
    assert_int_equal(most, 503);
    close(a);
    close(b);
    int fd = dial(f, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    free(read_all(f, fd));
    f->status_bytes = 1 * MIB;
    assert_int_equal(ask(f, "GET", "/status", NULL), 200);
    assert_true(f->body.len > MIB);
    f->status_bytes = 33 * MIB;
    assert_int_equal(ask(f, "GET", "/status", NULL), 503);
}

/* What others hold does not keep probes from their answers, whatever these are. */
static void probes_when_full(void **state)
{
    struct fixture *f = *state;
    endpoints_free(f->e);
    f->idle = 60;
    begin(f, true);
    f->status_bytes = 24 * MIB;
    int a = dial(f, "GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)ask(f, "GET", "/healthz", NULL); /* a's answer is held from here on */
    assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
    f->ready = false;
    assert_int_equal(ask(f, "GET", "/readyz", NULL), 503);
    assert_string_equal(buf_str(&f->body),
                        "source a was not read yet\nDeployment was not listed yet\n");
    close(a);
}

static void addresses(void **state)
{
    struct fixture *f = *state;
    _err_ struct err *err = NULL;
    const struct endpoints_config again = {.loop = f->loop, .listen = endpoints_address(f->e)};
    assert_null(endpoints_new(&again, &err));
    assert_non_null(strstr(err->message, "Address already in use"));
    assert_non_null(strstr(err->message, endpoints_address(f->e)));
}

static void on_tick(struct ev_loop *loop, ev_timer *w _unused_, int events _unused_)
{
    ev_break(loop, EVBREAK_ONE);
}

/* With nobody there nothing wakes the loop: in two seconds it turns for our own timer alone. */
static void idle(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    free(read_all(f, fd));
    ev_run(f->loop, EVRUN_NOWAIT);
    unsigned before = ev_iteration(f->loop);
    ev_timer t;
    ev_timer_init(&t, on_tick, 2., 0.);
    ev_timer_start(f->loop, &t);
    ev_run(f->loop, 0);
    assert_int_equal(ev_iteration(f->loop) - before, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(probes, setup, teardown),
        cmocka_unit_test_setup_teardown(documents, setup, teardown),
        cmocka_unit_test_setup_teardown(methods_and_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(sync_with_token, setup, teardown),
        cmocka_unit_test_setup_teardown(sync_without, setup, teardown),
        cmocka_unit_test_setup_teardown(guessing, setup, teardown),
        cmocka_unit_test_setup_teardown(webhooks, setup, teardown),
        cmocka_unit_test_setup_teardown(large_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(head, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense, setup, teardown),
        cmocka_unit_test_setup_teardown(slow, setup, teardown),
        cmocka_unit_test_setup_teardown(crowd, setup, teardown),
        cmocka_unit_test_setup_teardown(unread, setup, teardown),
        cmocka_unit_test_setup_teardown(probes_when_full, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(idle, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
