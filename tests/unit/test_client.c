/* The Kubernetes client against a small server: sign-in, Status answers, retries, the queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "providers/kubernetes/client.h"
#include "providers/kubernetes/items.h"
#include "tests/unit/http_server.h"

#define JSON    "Content-Type: application/json\r\n"
#define CHUNKED "HTTP/1.1 200 X\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n"
enum { TRIES = 2, RUNNING, MOST };

static void reply_json(int fd, int status, const char *headers, const char *body)
{
    _free_ char *all = xasprintf(JSON "%s", headers);
    server_reply(fd, status, all, body, strlen(body));
}

/* What went out, as a JSON string of the request's head. */
static void reply_head(int fd, const struct server_request *r)
{
    json_auto_t *v = json_pack("{s:s, s:s}", "head", r->head, "body", r->body);
    _free_ char *text = json_dumps(v, 0);
    reply_json(fd, 200, "", text);
}

/* Keeps the most requests that were under way at one time. */
static void reply_slow(struct server *s, int fd)
{
    unsigned now = __atomic_add_fetch(&s->count[RUNNING], 1, __ATOMIC_SEQ_CST);
    unsigned most = __atomic_load_n(&s->count[MOST], __ATOMIC_SEQ_CST);
    while (now > most && !__atomic_compare_exchange_n(&s->count[MOST], &most, now, false,
                                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    usleep(20000); /* so that requests overlap; nothing depends on how much */
    __atomic_sub_fetch(&s->count[RUNNING], 1, __ATOMIC_SEQ_CST);
    reply_json(fd, 200, "", "{}");
}

/* "/flaky/STATUS/N…": fails N times, then answers. */
static void reply_flaky(struct server *s, int fd, const struct server_request *r)
{
    unsigned status = 0, times = 0;
    sscanf(r->path, "/flaky/%u/%u", &status, &times);
    if (__atomic_add_fetch(&s->count[TRIES], 1, __ATOMIC_SEQ_CST) > times)
        reply_json(fd, 200, "", "{\"kind\":\"Good\"}");
    else if (!status)
        _exit(0);
    else
        reply_json(fd, (int)status, strstr(r->path, "after") ? "Retry-After: 0\r\n" : "",
                   "{\"kind\":\"Status\",\"reason\":\"Flaky\",\"message\":\"value is secret\"}");
}

static void handle(struct server *s, int fd, const struct server_request *r)
{
    if (!strncmp(r->path, "/head", 5))
        reply_head(fd, r);
    else if (!strncmp(r->path, "/flaky/", 7))
        reply_flaky(s, fd, r);
    else if (!strcmp(r->path, "/slow"))
        reply_slow(s, fd);
    else if (!strcmp(r->path, "/html"))
        server_reply(fd, 200, "Content-Type: text/html\r\n", "<html>", 6);
    else if (!strcmp(r->path, "/html404"))
        server_reply(fd, 404, "Content-Type: text/html\r\n", "<html>", 6);
    else if (!strcmp(r->path, "/empty"))
        server_reply(fd, 200, "", "", 0);
    else if (!strcmp(r->path, "/forbidden"))
        reply_json(fd, 403, "",
                   "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"pods "
                   "is forbidden\\nsecond line\"}");
    else if (!strcmp(r->path, "/invalid"))
        reply_json(fd, 422, "",
                   "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"secret\"}");
    else if (!strcmp(r->path, "/list"))
        reply_json(fd, 200, "",
                   "{\"kind\":\"L\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":"
                   "[{\"metadata\":{\"name\":\"a\"}}]}");
    else if (!strcmp(r->path, "/torn")) {
        __atomic_add_fetch(&s->count[TRIES], 1, __ATOMIC_SEQ_CST);
        server_write(fd, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{\"items\":[", 49);
        _exit(0);
    } else if (!strncmp(r->path, "/watch", 6)) {
        server_write(fd, CHUNKED, strlen(CHUNKED));
        if (!strcmp(r->path, "/watch/end")) {
            server_write(fd, "3\r\n{}\n\r\n0\r\n\r\n", 13);
            return;
        }
        server_write(fd, "11\r\n{\"type\":\"ADDED\"}\n\r\n", 23);
        server_hang(fd);
    } else if (!strcmp(r->path, "/401")) {
        reply_json(fd, 401, "", "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}");
    } else {
        server_hang(fd);
    }
}

struct fixture {
    struct server server;
    struct ev_loop *loop;
    struct http *http;
    char *url;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    server_start(&f->server, handle);
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    f->url = xasprintf("http://127.0.0.1:%d", f->server.port);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_free(f->http);
    ev_loop_destroy(f->loop);
    server_stop(&f->server);
    free(f->url);
    free(f);
    return 0;
}

struct got {
    unsigned calls;
    long status;
    json_t *object;
    char *reason, *error, *told;
    int kind;
    struct items_parser *items;
};

static void got_clear(struct got *g)
{
    json_decref(g->object);
    free(g->reason);
    free(g->error);
    free(g->told);
}
#define _got_ __attribute__((cleanup(got_clear)))

static void done(void *ctx, const struct kube_answer *a)
{
    struct got *g = ctx;
    _err_ struct err *err = NULL;
    kube_answer_err(a, "what", &err);
    got_clear(g);
    g->calls++;
    g->status = a->status;
    g->object = json_incref((json_t *)a->object);
    g->reason = xstrdup(a->reason);
    g->error = xstrdup(a->err ? a->err->message : "");
    g->told = xstrdup(err ? err->message : "");
    g->kind = err ? (int)err->kind : 0;
}

static int sink(void *ctx, const char *data, size_t len, struct err **err)
{
    return items_parser_feed(((struct got *)ctx)->items, data, len, err);
}

static void send_path(struct kube_client *c, struct got *g, const char *method, const char *path)
{
    kube_send(c, &(struct kube_request){
                     .method = method,
                     .path = path,
                     .body = strcmp(method, "GET") ? "{}" : NULL,
                     .body_len = strcmp(method, "GET") ? 2 : 0,
                     .content_type = strcmp(method, "GET") ? "application/apply-patch+yaml" : NULL,
                     .done = done,
                     .ctx = g,
                     .list = g->items != NULL,
                     .sink = g->items ? sink : NULL,
                 });
}

static struct kube_client *client(struct fixture *f, struct kubeconfig config)
{
    config.server = config.server ? config.server : f->url;
    config.context = "ctx";
    _err_ struct err *err = NULL;
    struct kube_client *c = kube_client_new(f->http, &config, &err);
    if (!c)
        fail_msg("%s", err->message);
    return c;
}

static void run(struct fixture *f, struct kubeconfig config, struct got *g, const char *method,
                const char *path)
{
    struct kube_client *c = client(f, config);
    f->server.count[TRIES] = 0;
    send_path(c, g, method, path);
    assert_int_equal(g->calls, 0);
    ev_run(f->loop, 0);
    assert_int_equal(g->calls, 1);
    kube_client_free(c);
}

static const char *head_of(const struct got *g)
{
    return json_string_value(json_object_get(g->object, "head"));
}

static void test_headers(void **state)
{
    char *groups[] = {"g1", "g2", NULL};
    _got_ struct got token = {0}, basic = {0}, none = {0}, as = {0};
    run(*state, (struct kubeconfig){.token = "abc"}, &token, "PATCH", "/head?dryRun=All");
    assert_non_null(strstr(head_of(&token), "PATCH /head?dryRun=All HTTP/1.1\r\n"));
    assert_non_null(strstr(head_of(&token), "\r\nAuthorization: Bearer abc\r\n"));
    assert_non_null(strstr(head_of(&token), "\r\nUser-Agent: holdfast/"));
    assert_non_null(strstr(head_of(&token), "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(head_of(&token), "\r\nContent-Type: application/apply-patch+yaml\r\n"));
    run(*state, (struct kubeconfig){.username = "u", .password = "p:w"}, &basic, "GET", "/head");
    assert_non_null(strstr(head_of(&basic), "\r\nAuthorization: Basic dTpwOnc=\r\n"));
    run(*state, (struct kubeconfig){0}, &none, "GET", "/head");
    assert_null(strstr(head_of(&none), "Authorization"));
    run(*state,
        (struct kubeconfig){.token = "t", .as_user = "me", .as_uid = "1", .as_groups = groups}, &as,
        "GET", "/head");
    assert_non_null(strstr(head_of(&as), "\r\nImpersonate-User: me\r\nImpersonate-Uid: 1\r\n"
                                         "Impersonate-Group: g1\r\nImpersonate-Group: g2\r\n"));
}

static void test_refused_configs(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct kubeconfig config;
        const char *says;
    } cases[] = {
        {{.server = "http://10.0.0.1", .token = "t"}, "it is not https"},
        {{.server = "http://127.evil.example", .token = "t"}, "it is not https"},
        {{.server = "http://localhost.evil.example", .token = "t"}, "it is not https"},
        {{.server = "http://127.0.0.1@evil.example", .username = "u"}, "it is not https"},
        {{.server = "http://[::1].evil.example", .token_file = "/x"}, "it is not https"},
        {{.server = "http://127.0.0.1", .token = "t", .proxy = "http://far.example:3128"},
         "it is not https, and goes through the proxy-url"},
        {{.server = "https://h", .token = "a\nb"}, "control character"},
        {{.server = "https://h", .as_user = "a\r\nX: y"}, "control character"},
        {{.server = "https://h", .as_uid = "a"}, "without as"},
    };
    static const char *const fine[] = {"http://127.0.0.1:1", "http://localhost",
                                       "http://[::1]:80/x", "http://127.1.2.3",
                                       "https://far.example"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _err_ struct err *err = NULL;
        assert_null(kube_client_new(f->http, &cases[i].config, &err));
        assert_int_equal(err->kind, ERR_USAGE);
        if (!strstr(err->message, cases[i].says))
            fail_msg("%s", err->message);
    }
    for (size_t i = 0; i < ARRAY_LEN(fine); i++)
        kube_client_free(client(f, (struct kubeconfig){.server = (char *)fine[i], .token = "t"}));
    kube_client_free(client(f, (struct kubeconfig){.server = "http://far.example"}));
}

static void test_answers(void **state)
{
    static const struct {
        const char *path;
        long status;
        int kind;
        const char *reason, *told;
    } cases[] = {
        {"/forbidden", 403, ERR_AUTH, "Forbidden",
         "what: HTTP 403 Forbidden: pods is forbidden, from URL (kubeconfig context ctx, user u)"},
        {"/invalid", 422, ERR_INVALID, "Invalid",
         "what: HTTP 422 Invalid, from URL (kubeconfig context ctx, user u)"},
        {"/html404", 404, ERR_NOT_FOUND, "",
         "what: HTTP 404 from URL (kubeconfig context ctx, user u), and the answer is not the "
         "Kubernetes API's: see the server's URL and proxy"},
        {"/401", 401, ERR_AUTH, "Unauthorized",
         "what: HTTP 401: URL does not accept the sign-in (kubeconfig context ctx, user u): the "
         "kubeconfig has no token, exec plugin or client certificate for this user: add one"},
        {"/html", 200, ERR_RETRY, "", NULL},
        {"/empty", 200, ERR_RETRY, "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _got_ struct got g = {0};
        run(*state, (struct kubeconfig){.user = "u"}, &g, "GET", cases[i].path);
        assert_int_equal(g.status, cases[i].status);
        assert_int_equal(g.kind, cases[i].kind);
        assert_string_equal(g.reason, cases[i].reason);
        const char *url = ((struct fixture *)*state)->url;
        const char *at = cases[i].told ? strstr(cases[i].told, "URL") : NULL;
        _free_ char *told =
            at ? xasprintf("%.*s%s%s", (int)(at - cases[i].told), cases[i].told, url, at + 3)
               : NULL;
        if (told)
            assert_string_equal(g.told, told);
        else
            assert_non_null(strstr(g.told, "the answer is not JSON"));
    }
}

static void test_retries(void **state)
{
    static const struct {
        const char *method, *path;
        long status;
        unsigned tries;
    } cases[] = {
        {"GET", "/flaky/503/2", 200, 3},
        {"GET", "/flaky/504/1", 200, 2},
        {"GET", "/flaky/429/2/after", 200, 3},
        {"GET", "/flaky/500/1/after", 200, 2},
        {"GET", "/flaky/500/1", 500, 1},
        {"GET", "/flaky/0/2", 200, 3},
        {"GET", "/flaky/503/9/after", 503, LIMIT_RETRIES},
        {"PATCH", "/flaky/503/1?dryRun=All", 200, 2},
        {"PATCH", "/flaky/0/1?dryRun=All", 200, 2},
        {"PATCH", "/flaky/429/1/after", 200, 2}, /* refused before it was looked at */
        {"PATCH", "/flaky/503/1", 503, 1},       /* may have been done */
        {"PATCH", "/flaky/0/1", 0, 1},
        {"POST", "/flaky/504/1", 504, 1},
        {"GET", "/flaky/409/1", 409, 1},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _got_ struct got g = {0};
        run(f, (struct kubeconfig){0}, &g, cases[i].method, cases[i].path);
        if (g.status != cases[i].status || f->server.count[TRIES] != cases[i].tries)
            fail_msg("%s %s: %ld after %u tries", cases[i].method, cases[i].path, g.status,
                     f->server.count[TRIES]);
        assert_null(strstr(g.told, "secret"));
    }
}

static void test_refused_connection(void **state)
{
    _got_ struct got g = {0};
    run(*state, (struct kubeconfig){.server = "http://127.0.0.1:1"}, &g, "PATCH", "/x");
    assert_int_equal(g.kind, ERR_RETRY);
    assert_string_equal(g.error, "http://127.0.0.1:1 (kubeconfig context ctx): cannot connect: "
                                 "Connection refused");
}

static void on_item(void *ctx, const struct item *item)
{
    ++*(unsigned *)ctx;
}

static void test_list(void **state)
{
    unsigned count = 0;
    _free_ char *token = NULL, *version = NULL;
    _got_ struct got g = {.items = items_parser_new(on_item, &count)};
    _got_ struct got torn = {.items = items_parser_new(on_item, &count)};
    run(*state, (struct kubeconfig){0}, &g, "GET", "/list");
    assert_int_equal(g.kind, 0);
    assert_null(g.object);
    assert_int_equal(items_parser_end(g.items, &token, &version, NULL), 0);
    assert_string_equal(version, "5");
    assert_int_equal(count, 1);
    /* bytes went to the sink: whoever owns it has to begin anew */
    run(*state, (struct kubeconfig){0}, &torn, "GET", "/torn");
    assert_int_equal(torn.kind, ERR_RETRY);
    assert_int_equal(((struct fixture *)*state)->server.count[TRIES], 1);
    items_parser_free(g.items);
    items_parser_free(torn.items);
}

static void test_queue(void **state)
{
    struct fixture *f = *state;
    struct kube_client *c = client(f, (struct kubeconfig){0});
    struct got all[100] = {0};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        send_path(c, &all[i], "GET", "/slow");
    ev_run(f->loop, 0);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(all[i].calls, 1);
        assert_int_equal(all[i].status, 200);
        got_clear(&all[i]);
    }
    assert_in_range(f->server.count[MOST], 1, LIMIT_REQUESTS_IN_FLIGHT);
    assert_int_equal(http_count(f->http), 100);
    kube_client_free(c);
}

static void test_free_under_way(void **state)
{
    struct fixture *f = *state;
    struct kube_client *c = client(f, (struct kubeconfig){0});
    struct got g = {0};
    send_path(c, &g, "GET", "/flaky/503/9"); /* will be in its pause */
    for (int i = 0; i < LIMIT_REQUESTS_IN_FLIGHT + 3; i++)
        send_path(c, &g, "GET", "/hang");
    while (!f->server.count[TRIES])
        ev_run(f->loop, EVRUN_ONCE);
    kube_client_free(c);
    ev_run(f->loop, EVRUN_NOWAIT);
    assert_int_equal(g.calls, 0);
}

/* A watch of the small server: an event, then "more" once it is asked for elsewhere, then the end.
 */
struct watch {
    struct got got; /* first: `done` takes it */
    struct fixture *f;
    struct kube_client *client;
    struct kube_call *call;
    struct buf bytes;
    bool cancel; /* in the sink */
};

static int watch_sink(void *ctx, const char *data, size_t len, struct err **err)
{
    struct watch *w = ctx;
    buf_add(&w->bytes, data, len);
    if (w->cancel)
        kube_cancel(steal(w->call));
    return 0;
}

static void watch_start(struct watch *w, const char *path)
{
    w->call = kube_send_call(w->client, &(struct kube_request){
                                            .method = "GET",
                                            .path = path,
                                            .watch = true,
                                            .sink = watch_sink,
                                            .done = done,
                                            .ctx = w,
                                        });
}

static void test_watch(void **state)
{
    struct fixture *f = *state;
    struct kube_client *c = client(f, (struct kubeconfig){.token = "new"});
    struct watch all[LIMIT_REQUESTS_IN_FLIGHT + 4] = {0};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        all[i].client = c;
        all[i].bytes = BUF_INIT(256);
        watch_start(&all[i], "/watch");
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        while (!all[i].bytes.len)
            ev_run(f->loop, EVRUN_ONCE);
        assert_string_equal(buf_str(&all[i].bytes), "{\"type\":\"ADDED\"}\n");
    }
    assert_int_equal(f->server.count[0], ARRAY_LEN(all)); /* a connection for each */
    _got_ struct got g = {0};
    send_path(c, &g, "GET", "/head"); /* they are in nobody's way */
    while (!g.calls)
        ev_run(f->loop, EVRUN_ONCE);
    assert_int_equal(g.status, 200);
    kube_cancel(all[0].call);
    for (size_t i = 1; i < ARRAY_LEN(all); i++) {
        if (i % 2)
            kube_cancel(all[i].call);
        assert_int_equal(all[i].got.calls, 0);
    }
    kube_client_free(c);
    ev_run(f->loop, EVRUN_NOWAIT);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(all[i].got.calls, 0);
        buf_free(&all[i].bytes);
    }
}

static void test_watch_ends(void **state)
{
    static const struct {
        const char *path, *bytes;
        long status;
        int kind;
        unsigned requests;
    } cases[] = {
        {"/watch/end", "{}\n", 200, 0, 1},
        {"/torn", "{\"items\":[", 200, ERR_RETRY, 1},
        {"/flaky/503/1", "", 503, ERR_RETRY, 1},
        {"/flaky/429/1/after", "", 429, ERR_RETRY, 1},
        {"/flaky/410/1", "", 410, ERR_NOT_FOUND, 1},
        {"/flaky/0/1", "", 0, ERR_RETRY, 1},
        {"/401", "", 401, ERR_AUTH, 1},
    };
    struct fixture *f = *state;
    struct kube_client *c = client(f, (struct kubeconfig){.token = "old"});
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct watch w = {.client = c, .bytes = BUF_INIT(256)};
        f->server.count[TRIES] = f->server.count[1] = 0;
        watch_start(&w, cases[i].path);
        ev_run(f->loop, 0);
        if (w.got.status != cases[i].status || w.got.kind != cases[i].kind ||
            strcmp(buf_str(&w.bytes), cases[i].bytes) || f->server.count[1] != cases[i].requests)
            fail_msg("%s: %ld %d \"%s\" %s", cases[i].path, w.got.status, w.got.kind,
                     buf_str(&w.bytes), w.got.told);
        assert_int_equal(w.got.calls, 1);
        got_clear(&w.got);
        buf_free(&w.bytes);
    }
    kube_client_free(c);
}

static void test_watch_cancelled_in_sink(void **state)
{
    struct fixture *f = *state;
    struct watch w = {
        .client = client(f, (struct kubeconfig){0}), .bytes = BUF_INIT(256), .cancel = true};
    watch_start(&w, "/watch");
    ev_run(f->loop, 0); /* comes back: nothing is left */
    assert_non_null(strstr(buf_str(&w.bytes), "ADDED"));
    assert_null(w.call);
    assert_int_equal(w.got.calls, 0);
    kube_client_free(w.client);
    buf_free(&w.bytes);
}

/* What waits and what is paused can be ended as well, and makes room. */
static void test_cancel(void **state)
{
    struct fixture *f = *state;
    struct kube_client *c = client(f, (struct kubeconfig){0});
    struct kube_call *calls[LIMIT_REQUESTS_IN_FLIGHT];
    struct kube_request hang = {.method = "GET", .path = "/hang"};
    _got_ struct got g = {0}, first = {0};
    send_path(c, &first, "GET", "/head"); /* libcurl learns that nothing can be multiplexed */
    ev_run(f->loop, 0);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        calls[i] = kube_send_call(c, &hang);
    kube_cancel(kube_send_call(c, &hang));
    kube_cancel(NULL);
    send_path(c, &g, "GET", "/head");
    kube_cancel(calls[3]);
    while (!g.calls)
        ev_run(f->loop, EVRUN_ONCE);
    assert_int_equal(g.status, 200);
    struct kube_call *paused = kube_send_call(
        c,
        &(struct kube_request){.method = "GET", .path = "/flaky/503/9", .done = done, .ctx = &g});
    while (!f->server.count[TRIES])
        ev_run(f->loop, EVRUN_ONCE);
    kube_cancel(paused);
    assert_int_equal(g.calls, 1);
    kube_client_free(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_headers),    TEST(test_refused_configs),         TEST(test_answers),
        TEST(test_retries),    TEST(test_refused_connection),      TEST(test_list),
        TEST(test_queue),      TEST(test_free_under_way),          TEST(test_watch),
        TEST(test_watch_ends), TEST(test_watch_cancelled_in_sink), TEST(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
