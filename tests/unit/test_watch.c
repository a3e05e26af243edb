/* LIST and WATCH against a scripted server: refusals that pass, cuts, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "providers/kubernetes/watch.h"
#include "tests/unit/http_server.h"

#define JSON    "Content-Type: application/json\r\n"
#define CHUNKED "HTTP/1.1 200 X\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n"
enum { LISTS = 2, WATCHES };

static const char forbidden[] = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":"
                                "\"Forbidden\",\"message\":\"things is forbidden: User u\","
                                "\"details\":{\"kind\":\"things\"},\"code\":403}";

static void event(int fd, const char *name)
{
    _free_ char *line = xasprintf("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"%s\","
                                  "\"uid\":\"u\",\"resourceVersion\":\"11\"}}}\n",
                                  name);
    _free_ char *chunk = xasprintf("%zx\r\n%s\r\n", strlen(line), line);
    server_write(fd, CHUNKED, strlen(CHUNKED));
    server_write(fd, chunk, strlen(chunk));
    server_hang(fd);
}

/* "/refused/N": so many WATCHes get a 403. "/cut/N": so many are cut as soon as they are there. */
static void handle(struct server *s, int fd, const struct server_request *r)
{
    unsigned times = 0;
    sscanf(r->path, "/%*[a-z]/%u", &times);
    if (!strstr(r->path, "watch=true")) {
        static const char list[] = "{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[]}";
        __atomic_add_fetch(&s->count[LISTS], 1, __ATOMIC_SEQ_CST);
        server_reply(fd, 200, JSON, list, strlen(list));
    } else if (__atomic_add_fetch(&s->count[WATCHES], 1, __ATOMIC_SEQ_CST) > times) {
        event(fd, "a");
    } else if (strstr(r->path, "refused")) {
        server_reply(fd, 403, JSON, forbidden, strlen(forbidden));
    } else if (strstr(r->path, "cut")) {
        server_write(fd, CHUNKED, strlen(CHUNKED));
        server_write(fd, "0\r\n\r\n", 5);
    } else {
        _exit(0);
    }
}

struct fixture {
    struct server server;
    struct ev_loop *loop;
    struct http *http;
    struct kube_client *client;
    struct kube_watch *watch;
    ev_timer deadline;
    unsigned events, notes, failures, listed;
    unsigned until_notes;
    bool late;
};

static void on_listing(void *ctx)
{
}

static void on_listed(void *ctx)
{
    struct fixture *f = ctx;
    f->listed++;
}

static void on_item(void *ctx, const struct item *item, bool listed)
{
    struct fixture *f = ctx;
    f->events++;
    ev_break(f->loop, EVBREAK_ALL);
}

static void on_deleted(void *ctx, const struct item *item)
{
}

static void on_failed(void *ctx, enum watch_failure how, const char *why)
{
    struct fixture *f = ctx;
    f->failures++;
}

static void on_note(void *ctx, const char *text)
{
    struct fixture *f = ctx;
    if (++f->notes == f->until_notes)
        ev_break(f->loop, EVBREAK_ALL);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct fixture *f = timer->data;
    f->late = true;
    ev_break(loop, EVBREAK_ALL);
}

/* Watches until the event came, or so many notes did (0: none is waited for). */
static void run(struct fixture *f, const char *path, unsigned notes)
{
    *f = (struct fixture){.until_notes = notes};
    server_start(&f->server, handle);
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    _free_ char *url = xasprintf("http://127.0.0.1:%d", f->server.port);
    const struct kubeconfig config = {.server = url, .context = "c"};
    f->client = kube_client_new(f->http, &config, NULL);
    f->watch = kube_watch_new(&(struct kube_watch_config){.client = f->client,
                                                          .loop = f->loop,
                                                          .path = path,
                                                          .follow = true,
                                                          .ctx = f,
                                                          .listing = on_listing,
                                                          .item = on_item,
                                                          .deleted = on_deleted,
                                                          .listed = on_listed,
                                                          .failed = on_failed,
                                                          .note = on_note});
    ev_timer_init(&f->deadline, on_deadline, 60., 0.);
    f->deadline.data = f;
    ev_timer_start(f->loop, &f->deadline);
    ev_run(f->loop, 0);
}

static void end(struct fixture *f)
{
    kube_watch_free(f->watch);
    kube_client_free(f->client);
    http_free(f->http);
    ev_loop_destroy(f->loop);
    server_stop(&f->server);
}

/* A server that has just begun knows no rights for a moment. */
static void refused_for_a_moment(void **state)
{
    struct fixture f;
    run(&f, "/refused/2/", 0);
    assert_false(f.late);
    assert_int_equal(f.events, 1);
    assert_int_equal(f.notes, 0);
    assert_int_equal(f.failures, 0);
    assert_int_equal(f.listed, 3);
    end(&f);
}

static void refused_for_good(void **state)
{
    struct fixture f;
    run(&f, "/refused/1000/", 1);
    assert_false(f.late);
    assert_int_equal(f.notes, 1);
    assert_int_equal(f.failures, 0);
    assert_string_equal(kube_watch_state_name(f.watch), "polling");
    assert_int_equal(f.server.count[WATCHES], LIMIT_DENIALS + 1);
    end(&f);
}

/* It begins again where it was: no LIST, and nothing is told. */
static void cut_at_once(void **state)
{
    struct fixture f;
    run(&f, "/cut/3/", 0);
    assert_false(f.late);
    assert_int_equal(f.events, 1);
    assert_int_equal(f.notes + f.failures, 0);
    assert_int_equal(f.server.count[LISTS], 1);
    end(&f);
}

/* WATCHes fail while LISTs work: nothing is told, and the LISTs go on with pauses. */
static void watch_fails(void **state)
{
    struct fixture f;
    run(&f, "/torn/4/", 0);
    assert_false(f.late);
    assert_int_equal(f.events, 1);
    assert_int_equal(f.notes + f.failures, 0);
    assert_true(f.server.count[LISTS] <= 4);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_for_a_moment),
        cmocka_unit_test(refused_for_good),
        cmocka_unit_test(cut_at_once),
        cmocka_unit_test(watch_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
