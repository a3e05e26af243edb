/* The HTTP client against a small server: answers, faults, caps, cancelling, and what goes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/http.h"
#include "core/limits.h"
#include "tests/unit/http_server.h"

static void reply_gzip(int fd)
{
    static char plain[300000];
    static unsigned char packed[300000];
    memset(plain, 'z', sizeof(plain));
    z_stream z = {.next_in = (unsigned char *)plain,
                  .avail_in = sizeof(plain),
                  .next_out = packed,
                  .avail_out = sizeof(packed)};
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    server_reply(fd, 200, "Content-Encoding: gzip\r\n", (char *)packed, z.total_out);
    deflateEnd(&z);
}

static void handle(struct server *s, int fd, const struct server_request *r)
{
    if (!strcmp(r->path, "/ok")) {
        server_reply(fd, 200, "Content-Type: text/plain\r\n", "hello", 5);
    } else if (!strcmp(r->path, "/echo")) {
        static char text[90000];
        int n = snprintf(text, sizeof(text), "%s%s", r->head, r->body);
        server_reply(fd, 200, "", text, (size_t)n);
    } else if (!strcmp(r->path, "/busy")) {
        server_reply(fd, 429, "Retry-After: 7\r\n", "later", 5);
    } else if (!strcmp(r->path, "/busy0")) {
        server_reply(fd, 429, "Retry-After: 0\r\n", "", 0);
    } else if (!strcmp(r->path, "/redirect")) {
        server_reply(fd, 302, "Location: /ok\r\n", "", 0);
    } else if (!strcmp(r->path, "/gzip")) {
        reply_gzip(fd);
    } else if (!strcmp(r->path, "/cut")) {
        server_write(fd, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n0123456789", 49);
        _exit(0);
    } else if (!strcmp(r->path, "/stall")) {
        server_write(fd, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n0123456789", 49);
        server_hang(fd);
    } else if (!strcmp(r->path, "/headers")) {
        server_write(fd, "HTTP/1.1 200 X\r\n", 16);
        for (;;)
            server_write(fd, "X-A: 0123456789012345678901234567890123456789\r\n", 47);
    } else if (!strcmp(r->path, "/close")) {
        _exit(0);
    } else { /* "/silent" */
        server_hang(fd);
    }
}

struct fixture {
    struct server server;
    struct ev_loop *loop;
    struct http *http;
    struct http_target *target;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    server_start(&f->server, handle);
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    f->target = http_target_new(f->http, &(struct http_target_config){0});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_target_free(f->target);
    http_free(f->http);
    ev_loop_destroy(f->loop);
    server_stop(&f->server);
    free(f);
    return 0;
}

/* What one answer was; strings are copies. */
struct got {
    unsigned calls;
    long status;
    char *body, *type;
    double retry_after;
    int kind; /* of the error, 0 for none */
    char *message;
    size_t streamed;
    struct fixture *f;
    struct http_call *victim; /* cancelled by done or sink */
    bool refuse;              /* the sink says no */
    bool send_more;
};

static void got_clear(struct got *g)
{
    free(g->body);
    free(g->type);
    free(g->message);
}
#define _got_ __attribute__((cleanup(got_clear)))

static struct http_call *start(struct fixture *f, const char *path, struct got *g,
                               struct http_request r);

static void done(void *ctx, const struct http_answer *a)
{
    struct got *g = ctx;
    g->calls++;
    got_clear(g);
    g->status = a->status;
    g->body = xstrdup(a->body);
    g->type = xstrdup(a->content_type);
    g->retry_after = a->retry_after;
    g->kind = a->err ? (int)a->err->kind : 0;
    g->message = xstrdup(a->err ? a->err->message : "");
    if (g->victim)
        http_cancel(steal(g->victim));
    if (g->send_more) {
        g->send_more = false;
        start(g->f, "/ok", g, (struct http_request){0});
    }
}

static int sink(void *ctx, const char *data, size_t len, struct err **err)
{
    struct got *g = ctx;
    g->streamed += len;
    if (g->victim)
        http_cancel(steal(g->victim));
    if (g->send_more) {
        g->send_more = false;
        start(g->f, "/ok", g, (struct http_request){0});
    }
    return g->refuse ? err_set(err, ERR_INVALID, "no thanks") : 0;
}

static struct http_call *start(struct fixture *f, const char *path, struct got *g,
                               struct http_request r)
{
    _free_ char *url = xasprintf("http://127.0.0.1:%d%s", f->server.port, path);
    g->f = f;
    r.url = r.url ? r.url : url;
    r.method = r.method ? r.method : "GET";
    r.done = done;
    r.ctx = g;
    return http_send(f->http, f->target, &r);
}

#define RUN(f, path, g, ...)                                                                       \
    do {                                                                                           \
        struct fixture *run_ = (f);                                                                \
        start(run_, path, g, (struct http_request){__VA_ARGS__});                                  \
        ev_run(run_->loop, 0);                                                                     \
        assert_int_equal((g)->calls, 1);                                                           \
    } while (0)

static void test_ok(void **state)
{
    struct fixture *f = *state;
    _got_ struct got g = {0};
    start(f, "/ok", &g, (struct http_request){0});
    assert_int_equal(g.calls, 0); /* never from inside http_send */
    ev_run(f->loop, 0);
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "hello");
    assert_string_equal(g.type, "text/plain");
    assert_true(g.retry_after < 0);
    assert_int_equal(http_count(f->http), 1);
}

static void test_one_connection_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 50; i++) {
        _got_ struct got g = {0};
        RUN(f, "/ok", &g, .body_len = 0);
        assert_int_equal(g.status, 200);
    }
    assert_int_equal(f->server.count[0], 1);
    assert_int_equal(f->server.count[1], 50);
}

static void test_what_goes_out(void **state)
{
    struct fixture *f = *state;
    static const char *const headers[] = {"Authorization: Bearer t", "Accept: x/y", NULL};
    static const char *const typed[] = {"Content-Type: a/b", NULL};
    _got_ struct got get = {0}, patch = {0}, post = {0};
    RUN(f, "/echo", &get, .headers = headers);
    assert_memory_equal(get.body, "GET /echo HTTP/1.1\r\n", 20);
    assert_non_null(strstr(get.body, "\r\nAuthorization: Bearer t\r\n"));
    assert_non_null(strstr(get.body, "\r\nAccept: x/y\r\n"));
    assert_non_null(strstr(get.body, "\r\nAccept-Encoding: gzip\r\n"));
    assert_null(strcasestr(get.body, "Content-Type"));
    static char body[9000];
    memset(body, 'b', sizeof(body));
    body[4] = '\0'; /* bytes, not a string */
    RUN(f, "/echo", &patch, .method = "PATCH", .headers = typed, .body = body,
        .body_len = sizeof(body));
    assert_memory_equal(patch.body, "PATCH /echo ", 12);
    assert_non_null(strstr(patch.body, "\r\nContent-Type: a/b\r\n"));
    assert_non_null(strstr(patch.body, "\r\nContent-Length: 9000\r\n"));
    assert_null(strcasestr(patch.body, "Expect"));
    assert_memory_equal(strstr(patch.body, "\r\n\r\n") + 4, "bbbb", 4);
    RUN(f, "/echo", &post, .method = "POST");
    assert_non_null(strstr(post.body, "\r\nContent-Length: 0\r\n"));
    assert_null(strcasestr(post.body, "Content-Type"));
    _got_ struct got del = {0};
    RUN(f, "/echo", &del, .method = "DELETE"); /* after a POST the reused handle must not be one */
    assert_memory_equal(del.body, "DELETE /echo ", 13);
    assert_null(strcasestr(del.body, "Content-Length"));
}

static void test_no_redirect(void **state)
{
    _got_ struct got g = {0};
    RUN(*state, "/redirect", &g, .body_len = 0);
    assert_int_equal(g.status, 302);
    assert_int_equal(((struct fixture *)*state)->server.count[1], 1);
}

static void test_retry_after(void **state)
{
    _got_ struct got g = {0}, zero = {0};
    RUN(*state, "/busy", &g, .body_len = 0);
    assert_int_equal(g.status, 429);
    assert_string_equal(g.body, "later");
    assert_true(g.retry_after == 7);
    RUN(*state, "/busy0", &zero, .body_len = 0);
    assert_true(zero.retry_after == 0);
}

static void test_gzip_and_caps(void **state)
{
    _got_ struct got g = {0}, capped = {0}, exact = {0}, streamed = {0};
    RUN(*state, "/gzip", &g, .body_len = 0);
    assert_int_equal(strlen(g.body), 300000);
    RUN(*state, "/gzip", &exact, .body_max = 300000);
    assert_int_equal(exact.kind, 0);
    /* the decoded bytes count: a small answer can be a large one */
    RUN(*state, "/gzip", &capped, .body_max = 299999);
    assert_int_equal(capped.kind, ERR_LIMIT);
    assert_non_null(strstr(capped.message, "larger than 299999 bytes"));
    RUN(*state, "/gzip", &streamed, .body_max = 100000, .sink = sink);
    assert_int_equal(streamed.kind, ERR_LIMIT);
    assert_in_range(streamed.streamed, 1, 100000);
}

static void test_sink(void **state)
{
    _got_ struct got g = {0}, refused = {.refuse = true}, other = {0};
    RUN(*state, "/gzip", &g, .sink = sink);
    assert_int_equal(g.streamed, 300000);
    assert_string_equal(g.body, "");
    RUN(*state, "/gzip", &refused, .sink = sink);
    assert_int_equal(refused.kind, ERR_INVALID);
    assert_string_equal(refused.message, "no thanks");
    RUN(*state, "/busy", &other, .sink = sink); /* not a 200: kept whole */
    assert_int_equal(other.streamed, 0);
    assert_string_equal(other.body, "later");
}

static void test_faults(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path;
        int kind;
        const char *says;
    } cases[] = {
        {"/cut", ERR_RETRY, "90 bytes remaining"},
        {"/close", ERR_RETRY, "Empty reply"},
        {"/silent", ERR_RETRY, "no whole answer within 0.2 s"},
        {"/headers", ERR_LIMIT, "headers are larger"},
    };
    _free_ char *host = xasprintf("127.0.0.1:%d: ", f->server.port);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _got_ struct got g = {0};
        RUN(f, cases[i].path, &g, .timeout_ms = strcmp(cases[i].path, "/silent") ? 0 : 200);
        assert_int_equal(g.kind, cases[i].kind);
        assert_memory_equal(g.message, host, strlen(host));
        if (!strstr(g.message, cases[i].says))
            fail_msg("%s: %s", cases[i].path, g.message);
    }
}

static void test_stall(void **state)
{
    _got_ struct got g = {0};
    RUN(*state, "/stall", &g, .sink = sink, .stall_ms = 1000);
    assert_int_equal(g.kind, ERR_RETRY);
    assert_non_null(strstr(g.message, "stalled: no data for 1 s, after 10 bytes"));
}

static void test_bad_requests(void **state)
{
    struct fixture *f = *state;
    static const char *const split[] = {"X: a\r\nY: b", NULL};
    _got_ struct got file = {0}, url = {0}, header = {0}, refused = {0};
    RUN(f, "", &file, .url = "file:///etc/passwd");
    assert_int_equal(file.kind, ERR_FATAL);
    RUN(f, "", &url, .url = "http://");
    assert_int_equal(url.kind, ERR_FATAL);
    RUN(f, "/ok", &header, .headers = split);
    assert_int_equal(header.kind, ERR_FATAL);
    assert_int_equal(f->server.count[1], 0);
    RUN(f, "", &refused, .url = "http://127.0.0.1:1/");
    assert_int_equal(refused.kind, ERR_RETRY);
    assert_string_equal(refused.message, "127.0.0.1:1: cannot connect: Connection refused");
}

/* A kept connection that is closed under a request: repeated, unless it is to be sent once. */
static void test_once(void **state)
{
    struct fixture *f = *state;
    _got_ struct got warm = {0}, again = {0}, warm_too = {0}, once = {0}, bare = {0}, whole = {0};
    RUN(f, "/ok", &warm, .body_len = 0);
    RUN(f, "/close", &again, .method = "PATCH", .body = "x", .body_len = 1);
    assert_int_equal(again.kind, ERR_RETRY);
    assert_int_equal(f->server.count[1], 3);
    RUN(f, "/ok", &warm_too, .body_len = 0);
    RUN(f, "/close", &once, .method = "PATCH", .body = "x", .body_len = 1, .once = true);
    assert_int_equal(once.kind, ERR_RETRY);
    assert_non_null(strstr(once.message, "whether it was done is unknown"));
    assert_int_equal(f->server.count[1], 5);
    RUN(f, "/close", &bare, .method = "POST", .once = true);
    assert_int_equal(f->server.count[1], 6);
    static char body[50000];
    memset(body, 'y', sizeof(body) - 1);
    RUN(f, "/echo", &whole, .method = "PATCH", .body = body, .body_len = sizeof(body) - 1,
        .once = true);
    assert_string_equal(strstr(whole.body, "\r\n\r\n") + 4, body);
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    _got_ struct got fresh = {0}, running = {0}, by_done = {0}, killer = {0};
    http_cancel(start(f, "/ok", &fresh, (struct http_request){0}));
    struct http_call *call = start(f, "/silent", &running, (struct http_request){0});
    start(f, "/ok", &killer, (struct http_request){0});
    ev_run(f->loop, EVRUN_ONCE); /* both are under way now */
    http_cancel(call);
    killer.victim = start(f, "/silent", &by_done, (struct http_request){0});
    ev_run(f->loop, 0); /* ends: nothing is left waiting */
    assert_int_equal(killer.status, 200);
    assert_int_equal(fresh.calls + running.calls + by_done.calls, 0);
}

/* Two answers that are drained in one turn: the first's `done` may cancel the second. */
static void test_cancel_finished(void **state)
{
    struct fixture *f = *state;
    static const char *const split[] = {"X: a\nY: b", NULL};
    _got_ struct got first = {0}, second = {0};
    start(f, "/ok", &first, (struct http_request){.headers = split});
    first.victim = start(f, "/ok", &second, (struct http_request){.headers = split});
    ev_run(f->loop, 0);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 0);
}

static void test_from_inside(void **state)
{
    struct fixture *f = *state;
    _got_ struct got by_done = {.send_more = true}, by_sink = {.send_more = true}, own = {0};
    start(f, "/busy", &by_done, (struct http_request){0});
    start(f, "/gzip", &by_sink, (struct http_request){.sink = sink});
    ev_run(f->loop, 0);
    assert_int_equal(by_done.calls, 2);
    assert_string_equal(by_done.body, "hello");
    assert_int_equal(by_sink.calls, 2);
    own.victim = start(f, "/gzip", &own, (struct http_request){.sink = sink});
    ev_run(f->loop, 0);
    assert_int_equal(own.calls, 0); /* a call cancelled by its own sink */
    assert_true(own.streamed > 0);
}

static void test_many(void **state)
{
    struct fixture *f = *state;
    struct got all[100] = {0};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        start(f, i % 3 ? "/ok" : "/gzip", &all[i], (struct http_request){0});
    ev_run(f->loop, 0);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(all[i].calls, 1);
        assert_int_equal(all[i].status, 200);
        got_clear(&all[i]);
    }
    assert_int_equal(http_rebuilds(f->http), 0);
}

static void test_free_under_way(void **state)
{
    struct fixture *f = *state;
    struct got g = {0};
    start(f, "/silent", &g, (struct http_request){0});
    start(f, "/stall", &g, (struct http_request){.sink = sink});
    ev_run(f->loop, EVRUN_ONCE);
    ev_run(f->loop, EVRUN_NOWAIT);
    start(f, "/ok", &g, (struct http_request){0});
    /* teardown frees with calls in every state */
    assert_int_equal(g.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ok),
        TEST(test_one_connection_again),
        TEST(test_what_goes_out),
        TEST(test_no_redirect),
        TEST(test_retry_after),
        TEST(test_gzip_and_caps),
        TEST(test_sink),
        TEST(test_faults),
        TEST(test_stall),
        TEST(test_bad_requests),
        TEST(test_once),
        TEST(test_cancel),
        TEST(test_cancel_finished),
        TEST(test_from_inside),
        TEST(test_many),
        TEST(test_free_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
