/* The resident comparison against a scripted API server: what overtakes what, and what goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "providers/kubernetes/kubernetes.h"
#include "sync/desired.h"
#include "sync/pass.h"
#include "tests/unit/http_server.h"

#define JSON    "Content-Type: application/json\r\n"
#define CHUNKED "HTTP/1.1 200 X\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n"
enum { GETS = 2, PATCHES, EVENTS, GO };

static char dir[] = "/tmp/holdfast-resident-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    return rmdir(dir);
}

/* ---- the server ---- */

static unsigned flag(const struct server *s, int i)
{
    return __atomic_load_n(&s->count[i], __ATOMIC_SEQ_CST);
}

static void wait_flag(const struct server *s, int i)
{
    while (!flag(s, i))
        usleep(1000);
}

static void reply(int fd, int status, const char *body)
{
    server_reply(fd, status, JSON, body, strlen(body));
}

static void reply_list(int fd, const char *items)
{
    _free_ char *body = xasprintf(
        "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[%s]}", items);
    reply(fd, 200, body);
}

static void reply_absent(int fd)
{
    reply(fd, 404,
          "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"message\":\"a not "
          "found\",\"details\":{\"name\":\"a\",\"kind\":\"configmaps\"},\"code\":404}");
}

static void watch_event(struct server *s, int fd, const char *type, const char *object)
{
    _free_ char *line = xasprintf("{\"type\":\"%s\",\"object\":%s}\n", type, object);
    _free_ char *chunk = xasprintf("%zx\r\n%s\r\n", strlen(line), line);
    server_write(fd, chunk, strlen(chunk));
    __atomic_add_fetch(&s->count[EVENTS], 1, __ATOMIC_SEQ_CST);
}

static bool is_watch(const struct server_request *r)
{
    return strstr(r->path, "watch=true");
}

static bool is_get(const struct server_request *r)
{
    size_t len = strlen(r->path);
    return !strcmp(r->method, "GET") && len > 2 && !strcmp(r->path + len - 2, "/a");
}

/* ---- the agent's side ---- */

struct fixture {
    struct server server;
    struct ev_loop *loop;
    struct http *http;
    struct kube_client *client;
    struct discovery *discovery;
    struct desired_set *set;
    struct pass *pass;
    struct provider *provider;
    ev_timer deadline;
    uint8_t key[32];
    json_t *last; /* what the last judgement found */
    unsigned judged;
    bool late;
    const char *until; /* stop when this verdict was found */
};

static void on_event(void *ctx, const json_t *event)
{
}

static void on_done(void *ctx)
{
}

static void on_removed(void *ctx, const struct unit *unit)
{
}

static void on_judged(void *ctx, const struct unit *unit, const json_t *found)
{
    struct fixture *f = ctx;
    json_decref(f->last);
    f->last = json_deep_copy(found);
    f->judged++;
    const char *verdict = json_str_at(json_array_get(f->last, 0), "verdict", NULL);
    if (!strcmp(f->until, verdict ? verdict : "in-sync"))
        ev_break(f->loop, EVBREAK_ALL);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct fixture *f = timer->data;
    f->late = true;
    ev_break(loop, EVBREAK_ALL);
}

/* Runs until some judgement says `verdict`; fails after ten seconds. */
static void run_until(struct fixture *f, const char *verdict)
{
    f->until = verdict;
    ev_timer_start(f->loop, &f->deadline);
    ev_run(f->loop, 0);
    ev_timer_stop(f->loop, &f->deadline);
    if (f->late)
        print_error("no verdict %s; the last of %u: %s\n", verdict, f->judged,
                    json_dumps(f->last, JSON_ENCODE_ANY));
    assert_false(f->late);
}

struct resource {
    const char *version, *kind, *plural; /* "apps/v1" */
};

static struct discovery *make_discovery(const struct resource *resources)
{
    struct discovery *d = xcalloc(1, sizeof(*d));
    d->major = 1;
    d->minor = 36;
    for (; resources->kind; resources++) {
        const char *slash = strchr(resources->version, '/');
        _free_ char *group =
            xstrndup(resources->version, slash ? (size_t)(slash - resources->version) : 0);
        json_auto_t *list =
            json_pack("{s:s, s:[{s:s, s:s, s:b, s:[s,s,s,s,s]}]}", "kind", "APIResourceList",
                      "resources", "name", resources->plural, "kind", resources->kind, "namespaced",
                      1, "verbs", "get", "list", "watch", "patch", "create");
        assert_int_equal(
            discovery_add_legacy(d, group, slash ? slash + 1 : resources->version, list), 0);
    }
    discovery_sort(d);
    return d;
}

static void begin(struct fixture *f,
                  void (*handle)(struct server *, int, const struct server_request *),
                  const struct resource *resources, const char *body)
{
    *f = (struct fixture){0};
    server_start(&f->server, handle);
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    f->discovery = make_discovery(resources);
    ev_timer_init(&f->deadline, on_deadline, 10., 0.);
    f->deadline.data = f;
    _free_ char *url = xasprintf("http://127.0.0.1:%d", f->server.port);
    const struct kubeconfig config = {.server = url, .context = "c"};
    f->client = kube_client_new(f->http, &config, NULL);
    assert_non_null(f->client);
    json_auto_t *object = json_loads(body, 0, NULL);
    assert_non_null(object);
    struct desired d = {.api_version = json_str_at(object, "apiVersion", NULL),
                        .kind = json_str_at(object, "kind", NULL),
                        .namespace = "n",
                        .name = json_str_at(object, "metadata", "name", NULL),
                        .file = "a.yaml",
                        .line = 1,
                        .col = 1,
                        .body_len = (uint32_t)strlen(body)};
    f->set = desired_set_new(dir, NULL);
    assert_int_equal(desired_set_add(f->set, &d, body, "", NULL), 0);
    assert_int_equal(desired_set_finish(f->set, NULL), 0);
    f->pass = pass_new(&(struct pass_config){.loop = f->loop,
                                             .source = "s",
                                             .default_namespace = "n",
                                             .resident = true,
                                             .ctx = f,
                                             .error = on_event,
                                             .note = on_event,
                                             .done = on_done,
                                             .judged = on_judged,
                                             .removed = on_removed});
    f->provider = kube_provider_new(&(struct kube_provider_config){.loop = f->loop,
                                                                   .client = f->client,
                                                                   .discovery = f->discovery,
                                                                   .host = pass_host(f->pass),
                                                                   .default_namespace = "n",
                                                                   .field_manager = "holdfast",
                                                                   .hidden_key = f->key,
                                                                   .follow = true});
    pass_provider(f->pass, f->provider);
    pass_take(f->pass, f->set);
}

static void end(struct fixture *f)
{
    pass_free(f->pass);
    f->provider->ops->free(f->provider);
    desired_set_free(f->set);
    kube_client_free(f->client);
    http_free(f->http);
    discovery_free(f->discovery);
    ev_loop_destroy(f->loop);
    server_stop(&f->server);
    json_decref(f->last);
}

/* ---- a GET that a watch overtakes ---- */

#define MAP                                                                                        \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":"    \
    "\"n\"%s},\"data\":{\"k\":\"v\"}}"
#define LIVE ",\"uid\":\"u\",\"resourceVersion\":\"9\""

static void overtaken_server(struct server *s, int fd, const struct server_request *r)
{
    _free_ char *live = xasprintf(MAP, LIVE);
    if (is_watch(r)) {
        server_write(fd, CHUNKED, strlen(CHUNKED));
        wait_flag(s, GETS);
        watch_event(s, fd, "DELETED", live);
        server_hang(fd);
    } else if (!is_get(r) && !strcmp(r->method, "GET")) {
        reply_list(fd, "");
    } else if (!is_get(r)) {
        reply(fd, 201, live); /* the dry run: it could be made */
    } else if (!__atomic_fetch_add(&s->count[GETS], 1, __ATOMIC_SEQ_CST)) {
        wait_flag(s, EVENTS);
        usleep(100000); /* the event is there by now; where it is not, the test shows less */
        reply(fd, 200, live);
    } else {
        reply_absent(fd);
    }
}

static void get_is_overtaken(void **state)
{
    static const struct resource resources[] = {{"v1", "ConfigMap", "configmaps"}, {0}};
    struct fixture f;
    _free_ char *body = xasprintf(MAP, "");
    begin(&f, overtaken_server, resources, body);
    run_until(&f, "missing");
    assert_int_equal(f.judged, 1); /* in sync was never said */
    end(&f);
}

/* ---- a scaler whose kind goes ---- */

#define DEPLOYMENT                                                                                 \
    "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"a\","            \
    "\"namespace\":\"n\"%s},\"spec\":{\"replicas\":%d}}"

static void scaled_server(struct server *s, int fd, const struct server_request *r)
{
    _free_ char *live = xasprintf(DEPLOYMENT, LIVE, 5);
    _free_ char *applied = xasprintf(DEPLOYMENT, LIVE, 3);
    if (is_watch(r)) {
        server_write(fd, CHUNKED, strlen(CHUNKED));
        server_hang(fd);
    } else if (is_get(r)) {
        reply(fd, 200, live);
    } else if (strcmp(r->method, "GET") != 0) {
        reply(fd, 200, applied);
    } else if (strstr(r->path, "scaledobjects")) {
        reply_list(fd, "{\"metadata\":{\"name\":\"k\",\"namespace\":\"n\",\"resourceVersion\":"
                       "\"3\"},\"spec\":{\"scaleTargetRef\":{\"name\":\"a\"}}}");
    } else {
        reply_list(fd, live);
    }
}

static void scaler_goes_with_its_kind(void **state)
{
    static const struct resource both[] = {{"apps/v1", "Deployment", "deployments"},
                                           {"keda.sh/v1alpha1", "ScaledObject", "scaledobjects"},
                                           {0}};
    static const struct resource one[] = {{"apps/v1", "Deployment", "deployments"}, {0}};
    struct fixture f;
    _free_ char *body = xasprintf(DEPLOYMENT, "", 3);
    begin(&f, scaled_server, both, body);
    run_until(&f, "in-sync");
    struct discovery *old = f.discovery;
    f.discovery = make_discovery(one);
    kube_provider_discovery(f.provider, f.discovery);
    pass_take(f.pass, f.set);
    discovery_free(old);
    run_until(&f, "drifted");
    assert_string_equal(json_str_at(json_array_get(f.last, 0), "field", NULL), "spec.replicas");
    end(&f);
}

/* ---- a status that Git declares ---- */

/* The size is written otherwise, so that it is the server that says that they are the same. */
#define THING                                                                                      \
    "{\"apiVersion\":\"t.example/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\","            \
    "\"namespace\":\"n\"%s},\"spec\":{\"size\":\"%s\"},\"status\":{\"phase\":\"%s\"}}"
#define LATER ",\"uid\":\"u\",\"resourceVersion\":\"11\""

static void status_server(struct server *s, int fd, const struct server_request *r)
{
    _free_ char *live = xasprintf(THING, LIVE, "1024Mi", "good");
    _free_ char *edited = xasprintf(THING, LATER, "1024Mi", "bad");
    _free_ char *applied = xasprintf(THING, LATER, "1024Mi", "good");
    if (is_watch(r)) {
        server_write(fd, CHUNKED, strlen(CHUNKED));
        wait_flag(s, GO);
        watch_event(s, fd, "MODIFIED", edited);
        server_hang(fd);
    } else if (strcmp(r->method, "GET") != 0) {
        reply(fd, 200, flag(s, GO) ? applied : live);
    } else if (is_get(r)) {
        reply(fd, 200, flag(s, GO) ? edited : live);
    } else {
        reply_list(fd, live);
    }
}

static void status_is_compared(void **state)
{
    static const struct resource resources[] = {{"t.example/v1", "Thing", "things"}, {0}};
    struct fixture f;
    _free_ char *body = xasprintf(THING, "", "1Gi", "good");
    begin(&f, status_server, resources, body);
    run_until(&f, "in-sync");
    __atomic_store_n(&f.server.count[GO], 1, __ATOMIC_SEQ_CST);
    run_until(&f, "drifted");
    assert_string_equal(json_str_at(json_array_get(f.last, 0), "field", NULL), "status.phase");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_is_overtaken),
        cmocka_unit_test(scaler_goes_with_its_kind),
        cmocka_unit_test(status_is_compared),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
