/* Requests to the API server are counted: each try, by verb and status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "providers/kubernetes/client.h"
#include "tests/unit/http_server.h"

static void handle(struct server *s, int fd, const struct server_request *r)
{
    bool first = __atomic_add_fetch(&s->count[2], 1, __ATOMIC_SEQ_CST) == 1;
    int status = !strcmp(r->method, "PATCH") ? 422 : first ? 503 : 200;
    server_reply(fd, status, "Content-Type: application/json\r\nRetry-After: 0\r\n", "{}", 2);
}

static void on_done(void *ctx, const struct kube_answer *answer _unused_)
{
    ev_break(ctx, EVBREAK_ONE);
}

static void counted(void **state _unused_)
{
    struct server server;
    server_start(&server, handle);
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    struct http *http = http_new(loop);
    _free_ char *url = xasprintf("http://127.0.0.1:%d", server.port);
    struct kube_client *c = kube_client_new(http, &(struct kubeconfig){.server = url}, NULL);
    metrics_reset();
    struct kube_request r = {.method = "GET", .path = "/x", .done = on_done, .ctx = loop};
    kube_send(c, &r);
    ev_run(loop, 0);
    r.list = true;
    kube_send(c, &r);
    ev_run(loop, 0);
    r.method = "PATCH";
    kube_send(c, &r);
    ev_run(loop, 0);
    struct buf _buf_ text = BUF_INIT(LIMIT_JSON_BYTES);
    metrics_write(&text);
    static const char *const lines[] = {
        "_total{verb=\"get\",code=\"503\"} 1\n",  "_total{verb=\"get\",code=\"200\"} 1\n",
        "_total{verb=\"list\",code=\"200\"} 1\n", "_total{verb=\"patch\",code=\"422\"} 1\n",
        "_seconds_count{verb=\"get\"} 2\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_non_null(strstr(buf_str(&text), lines[i]));
    metrics_reset();
    kube_client_free(c);
    http_free(http);
    ev_loop_destroy(loop);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
