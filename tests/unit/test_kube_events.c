/* Kubernetes Events: what is in one, and how many are sent, against a small server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "kube_events.h"
#include "tests/unit/http_server.h"

enum { POSTS = 2, PATCHES, FAIL, FAIL_ONCE };
#define LAST(s) ((char *)(s)->count + 64) /* shared: path and body of the last request */

static void handle(struct server *s, int fd, const struct server_request *r)
{
    if (!strcmp(r->method, "GET")) { /* the object's metadata, for its uid */
        const char *uid = "{\"metadata\":{\"uid\":\"uid-7\"}}";
        bool good = !strcmp(r->path, "/api/v1/namespaces/ml/configmaps/x") &&
                    strstr(r->head, "as=PartialObjectMetadata;");
        server_reply(fd, good ? 200 : 404, "Content-Type: application/json\r\n", uid, strlen(uid));
        return;
    }
    snprintf(LAST(s), 4096 - 64, "%.500s %.3000s", r->path, r->body);
    bool post = !strcmp(r->method, "POST");
    __atomic_add_fetch(&s->count[post ? POSTS : PATCHES], 1, __ATOMIC_SEQ_CST);
    unsigned fail = __atomic_load_n(&s->count[FAIL], __ATOMIC_SEQ_CST);
    unsigned once = __atomic_exchange_n(&s->count[FAIL_ONCE], 0, __ATOMIC_SEQ_CST);
    if (once)
        fail = once;
    _free_ char *body = xasprintf("{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"no "
                                  "right to create events\"}");
    server_reply(fd,
                 fail   ? (int)fail
                 : post ? 201
                        : 200,
                 "Content-Type: application/json\r\n", fail ? body : "{}", fail ? strlen(body) : 2);
}

struct fixture {
    struct server server;
    struct ev_loop *loop;
    struct http *http;
    struct kube_client *client;
    struct kube_events *e;
    char *url, *note;
    unsigned notes;
};

static void on_note(void *ctx, const char *message)
{
    struct fixture *f = ctx;
    free(f->note);
    f->note = xstrdup(message);
    f->notes++;
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    server_start(&f->server, handle);
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    f->url = xasprintf("http://127.0.0.1:%d", f->server.port);
    f->client = kube_client_new(f->http, &(struct kubeconfig){.server = f->url}, NULL);
    f->e = kube_events_new(&(struct kube_events_config){
        .client = f->client, .loop = f->loop, .ctx = f, .note = on_note});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    kube_events_free(f->e);
    kube_client_free(f->client);
    http_free(f->http);
    ev_loop_destroy(f->loop);
    server_stop(&f->server);
    free(f->url);
    free(f->note);
    free(f);
    return 0;
}

static json_t *parse(const char *text)
{
    json_t *v = json_parse(text, strlen(text), "drift", NULL);
    assert_non_null(v);
    return v;
}

/* A drift event; `more` are its own members. */
static json_t *drift(const char *id, const char *kind, const char *more)
{
    _free_ char *text =
        xasprintf("{\"time\":\"2026-03-01T12:00:00.000Z\",\"event\":\"drift\",\"source\":\"ml\","
                  "\"revision\":\"a1b2c3d4e5f6\",\"state\":\"opened\",\"id\":\"%s\",\"object\":{"
                  "\"provider\":\"kubernetes\",\"group\":\"\",\"kind\":\"%s\",\"namespace\":\"ml\","
                  "\"name\":\"x\"},\"file\":\"x.yaml\",\"line\":12,%s}",
                  id, kind, more);
    return parse(text);
}

#define FIELD                                                                                      \
    "\"verdict\":\"drifted\",\"class\":\"changed\",\"field\":\"data.a\",\"want\":\"one\","         \
    "\"have\":\"two\",\"by\":\"kubectl\",\"since\":\"2026-03-01T11:58:00Z\","                      \
    "\"since_kind\":\"at-or-before\""

static void bodies(void **state _unused_)
{
    static const struct {
        const char *kind, *more, *reason, *note;
    } table[] = {
        {"ConfigMap", FIELD, "Drifted",
         "data.a: changed, want one, have two; by kubectl, at or before 2026-03-01T11:58:00Z; "
         "Git: x.yaml:12 (a1b2c3d)"},
        {"Secret", FIELD, "Drifted",
         "data.a: changed (values are not shown); by kubectl, at or before 2026-03-01T11:58:00Z; "
         "Git: x.yaml:12 (a1b2c3d)"},
        {"Widget",
         "\"verdict\":\"drifted\",\"class\":\"changed\",\"field\":\"spec.key\",\"want\":"
         "{\"hidden\":\"1a2b3c4d\"},\"have\":{\"hidden\":\"00000000\"}",
         "Drifted", "spec.key: changed (values are not shown); Git: x.yaml:12 (a1b2c3d)"},
        {"ConfigMap", "\"verdict\":\"missing\",\"by\":null,\"by_reason\":\"deleted\"", "Missing",
         "missing; by nobody known (deleted); Git: x.yaml:12 (a1b2c3d)"},
        {"Service",
         "\"verdict\":\"blocked\",\"reason\":\"immutable\",\"message\":\"spec.clusterIP\","
         "\"remedy\":\"delete it\"",
         "Blocked",
         "blocked: immutable; spec.clusterIP; remedy: delete it; Git: x.yaml:12 (a1b2c3d)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        json_auto_t *d = drift("0123456789abcdef", table[i].kind, table[i].more);
        json_auto_t *b = kube_events_body(d, "v1", "uid-1", "holdfast-1", 1772366400250);
        assert_string_equal(json_str_at(b, "note", NULL), table[i].note);
        assert_string_equal(json_str_at(b, "reason", NULL), table[i].reason);
        assert_string_equal(json_str_at(b, "type", NULL), "Warning");
        assert_string_equal(json_str_at(b, "eventTime", NULL), "2026-03-01T12:00:00.250000Z");
        assert_string_equal(json_str_at(b, "regarding", "uid", NULL), "uid-1");
        assert_string_equal(json_str_at(b, "metadata", "namespace", NULL), "ml");
        _free_ char *text = json_text(b, 0);
        assert_null(strstr(text, "1a2b3c4d"));
    }
}

static void no_event(void **state _unused_)
{
    static const char *const members[] = {
        "\"verdict\":\"unknown\"", "\"verdict\":\"missing\",\"state\":\"cleared\"",
        "\"verdict\":\"missing\",\"state\":\"opened\",\"reminder\":true", "\"a\":1"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_auto_t *base = drift("0", "Pod", "\"b\":1");
        _free_ char *text = xasprintf("{%s}", members[i]);
        json_auto_t *more = parse(text);
        json_object_update(base, more);
        assert_null(kube_events_body(base, "v1", NULL, "n", 0));
    }
}

/* A long value is cut so that the API takes it, between characters. */
static void long_note(void **state _unused_)
{
    struct buf _buf_ b = BUF_INIT(65536);
    buf_add_str(&b, "\"verdict\":\"blocked\",\"reason\":\"denied\",\"message\":\"");
    for (int i = 0; i < 2000; i++)
        buf_add_str(&b, "ü");
    buf_add_str(&b, "\"");
    json_auto_t *d = drift("0", "Pod", buf_str(&b));
    json_auto_t *body = kube_events_body(d, "v1", NULL, "n", 0);
    const char *note = json_str_at(body, "note", NULL);
    assert_non_null(note); /* jansson takes UTF-8 alone */
    assert_true(strlen(note) <= 1024 && strlen(note) > 1000);
    assert_string_equal(note + strlen(note) - strlen("…"), "…");
}

static void late(struct ev_loop *loop _unused_, ev_timer *w _unused_, int events _unused_)
{
    fail_msg("nothing happened for 20 seconds");
}

/* Until the server was asked so often. */
static void wait_for(struct fixture *f, unsigned posts, unsigned patches, uint64_t ended)
{
    struct kube_events_counts c = {0};
    ev_timer t;
    ev_timer_init(&t, late, 20., 0.);
    ev_timer_start(f->loop, &t);
    while (c.written + c.failed < ended) {
        ev_run(f->loop, EVRUN_ONCE);
        kube_events_counts(f->e, &c);
    }
    ev_timer_stop(f->loop, &t);
    assert_int_equal(__atomic_load_n(&f->server.count[POSTS], __ATOMIC_SEQ_CST), posts);
    assert_int_equal(__atomic_load_n(&f->server.count[PATCHES], __ATOMIC_SEQ_CST), patches);
}

static void tell(struct fixture *f, unsigned i)
{
    _free_ char *id = xasprintf("%016x", i);
    json_auto_t *d = drift(id, "ConfigMap", FIELD);
    kube_events_drift(f->e, d, "v1", i == 2 ? NULL : "/api/v1/namespaces/ml/configmaps/x");
}

/* The same drift again is the same Event, counted up; a burst of it is one request. */
static void series(void **state)
{
    struct fixture *f = *state;
    tell(f, 1);
    wait_for(f, 1, 0, 1);
    assert_non_null(strstr(LAST(&f->server), "/apis/events.k8s.io/v1/namespaces/ml/events {"));
    assert_non_null(strstr(LAST(&f->server), "\"uid\":\"uid-7\""));
    tell(f, 1);
    for (int i = 0; i < 50; i++)
        tell(f, 1);
    wait_for(f, 1, 2, 3);
    assert_non_null(strstr(LAST(&f->server), "/events/holdfast-0000000000000001-"));
    assert_non_null(strstr(LAST(&f->server), "{\"series\":{\"count\":52,"));
    tell(f, 2);
    wait_for(f, 2, 2, 4);
    assert_null(strstr(LAST(&f->server), "\"uid\""));
    assert_int_equal(f->notes, 0);
}

/* After its time the same drift is another Event. */
static void series_end(void **state)
{
    struct fixture *f = *state;
    kube_events_free(f->e);
    f->e = kube_events_new(&(struct kube_events_config){
        .client = f->client, .loop = f->loop, .ctx = f, .note = on_note, .series_ms = 1});
    tell(f, 1);
    wait_for(f, 1, 0, 1);
    usleep(5000); /* longer than the series; how much longer does not matter */
    tell(f, 1);
    wait_for(f, 2, 0, 2);
}

/* 25 at once, then one a second; what the queue cannot take is left out, told once. */
static void rate(void **state)
{
    struct fixture *f = *state;
    double begin = ev_time();
    for (unsigned i = 0; i < 600; i++)
        tell(f, i);
    struct kube_events_counts c;
    kube_events_counts(f->e, &c);
    assert_int_equal(c.left_out, 600 - LIMIT_EVENTS_WAITING - 1); /* one is under way */
    assert_int_equal(f->notes, 1);
    assert_non_null(strstr(f->note, "some are left out"));
    wait_for(f, LIMIT_EVENTS_BURST + 2, 0, LIMIT_EVENTS_BURST + 2);
    assert_true(ev_time() - begin > 1.9); /* however slow the machine is */
}

/* No right: told once, not for each; told again after one that went well. */
static void failures(void **state)
{
    struct fixture *f = *state;
    f->server.count[FAIL] = 403;
    for (unsigned i = 0; i < 3; i++)
        tell(f, i);
    wait_for(f, 3, 0, 3);
    assert_int_equal(f->notes, 1);
    assert_non_null(
        strstr(f->note, "Kubernetes Event in namespace ml: HTTP 403 Forbidden: no right"));
    f->server.count[FAIL] = 0;
    tell(f, 0);
    wait_for(f, 4, 0, 4);
    f->server.count[FAIL] = 404; /* the Event is gone: the next one is new */
    tell(f, 0);
    wait_for(f, 4, 1, 5);
    assert_int_equal(f->notes, 1);
    f->server.count[FAIL] = 0;
    tell(f, 0);
    wait_for(f, 5, 1, 6);
}

/* The same drift again while its Event is on its way: no Event, no series. */
static void failures_meanwhile(void **state)
{
    struct fixture *f = *state;
    f->server.count[FAIL_ONCE] = 403;
    tell(f, 2);
    tell(f, 2);
    wait_for(f, 2, 0, 2);
    assert_non_null(strstr(LAST(&f->server), "\"reason\":\"Drifted\""));
    assert_int_equal(f->notes, 1);
    f->server.count[FAIL_ONCE] = 404; /* it is gone, or its namespace was */
    tell(f, 2);
    tell(f, 2);
    wait_for(f, 3, 1, 4);
    f->server.count[FAIL_ONCE] = 403; /* it is there: it is counted up a moment later */
    tell(f, 2);
    tell(f, 2);
    wait_for(f, 3, 3, 6);
    assert_non_null(strstr(LAST(&f->server), "{\"series\":{\"count\":3,"));
    assert_int_equal(f->notes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(no_event),
        cmocka_unit_test(long_note),
        cmocka_unit_test_setup_teardown(series, setup, teardown),
        cmocka_unit_test_setup_teardown(series_end, setup, teardown),
        cmocka_unit_test_setup_teardown(rate, setup, teardown),
        cmocka_unit_test_setup_teardown(failures, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_meanwhile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
