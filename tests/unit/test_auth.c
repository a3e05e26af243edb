/* Sign-ins through the client: what waits for a plugin, what a 401 brings, how often anything runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ev.h>
#include <ftw.h>

#include "providers/kubernetes/auth.h"
#include "providers/kubernetes/client.h"
#include "tests/unit/certificates.h"
#include "tests/unit/http_server.h"
#include "tests/unit/plugin_script.h"

enum { GOOD = 2, REFUSED };

/* Good only with the token "new", and never for "nobody"; the body says who came. */
static void handle(struct server *s, int fd, const struct server_request *r)
{
    static const char status[] = "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}";
    bool new = strstr(r->head, "Authorization: Bearer new\r\n") && !strstr(r->path, "nobody");
    bool good = new || strstr(r->path, "anybody");
    __atomic_add_fetch(&s->count[good ? GOOD : REFUSED], 1, __ATOMIC_SEQ_CST);
    json_auto_t *body = json_pack("{s:s, s:s}", "head", r->head, "path", r->path);
    _free_ char *text = json_dumps(body, 0);
    const char *answer = good ? text : status;
    server_reply(fd, good ? 200 : 401, "Content-Type: application/json\r\n", answer,
                 strlen(answer));
}

struct fixture {
    char dir[40];
    struct server server;
    struct ev_loop *loop;
    struct http *http;
    char *url, *command, *plugin_args[3];
    struct kube_exec exec;
    struct kubeconfig config;
    struct kube_client *client;
    char paths[400]; /* of the good answers, in their order */
    char *head, *error;
    long status;
    unsigned answers;
    unsigned counted[6]; /* by status / 100 */
};

static char *no_env[] = {NULL};

/* $1/token is answered, $1/runs grows with each run; $1/fail makes it fail, $1/more is added. */
static const char script[] =
    "printf . >>\"$1/runs\"\n"
    "[ ! -e \"$1/fail\" ] || exit 1\n"
    "token=$(cat \"$1/token\")\n"
    "[ ! -e \"$1/next\" ] || mv \"$1/next\" \"$1/token\"\n"
    "echo \"{\\\"kind\\\":\\\"ExecCredential\\\",\\\"apiVersion\\\":\\\"" PLUGIN_V1
    "\\\",\\\"status\\\":{\\\"token\\\":\\\"$token\\\"$(cat \"$1/more\" 2>&-)}}\"";

static void put(struct fixture *f, const char *name, const char *text)
{
    _free_ char *path = xasprintf("%s/%s", f->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void on_answer(void *ctx, const char *verb, long code, double seconds)
{
    struct fixture *f = ctx;
    assert_string_equal(verb, "GET");
    assert_true(seconds >= 0 && seconds < 60);
    f->counted[code / 100]++;
}

static void begin(struct fixture *f)
{
    _err_ struct err *err = NULL;
    f->client = kube_client_new(f->http, &f->config, &err);
    if (!f->client)
        fail_msg("%s", err->message);
    kube_client_on_answer(f->client, on_answer, f);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    memcpy(f->dir, "/tmp/holdfast-auth-XXXXXX", sizeof("/tmp/holdfast-auth-XXXXXX"));
    if (!mkdtemp(f->dir))
        return -1;
    server_start(&f->server, handle);
    f->loop = ev_loop_new(EVFLAG_AUTO);
    f->http = http_new(f->loop);
    f->url = xasprintf("http://127.0.0.1:%d", f->server.port);
    f->command = plugin_script(f->dir, "plugin", script);
    f->plugin_args[0] = f->dir;
    f->exec = (struct kube_exec){
        .command = f->command, .api_version = PLUGIN_V1, .args = f->plugin_args, .env = no_env};
    f->config =
        (struct kubeconfig){.server = f->url, .context = "c", .user = "u", .exec = &f->exec};
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    kube_client_free(f->client);
    http_free(f->http);
    ev_loop_destroy(f->loop);
    server_stop(&f->server);
    nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f->url);
    free(f->command);
    free(f->head);
    free(f->error);
    free(f);
    return 0;
}

static void done(void *ctx, const struct kube_answer *a)
{
    struct fixture *f = ctx;
    _err_ struct err *err = NULL;
    const char *path = json_string_value(json_object_get(a->object, "path"));
    const char *head = json_string_value(json_object_get(a->object, "head"));
    f->answers++;
    f->status = a->status;
    if (path)
        memmove(f->paths + strlen(f->paths), path, strlen(path) + 1);
    kube_answer_err(a, "what", &err);
    free(f->error);
    free(f->head);
    f->error = xstrdup(err ? err->message : "");
    f->head = xstrdup(head ? head : "");
}

static void send_path(struct fixture *f, const char *path)
{
    kube_send(f->client,
              &(struct kube_request){.method = "GET", .path = path, .done = done, .ctx = f});
}

static void send_one(struct fixture *f, const char *path)
{
    send_path(f, path);
    ev_run(f->loop, 0);
}

static unsigned runs(struct fixture *f)
{
    _free_ char *text = plugin_text(f->dir, "runs");
    return (unsigned)strlen(text);
}

/* Nothing is sent before the plugin has answered; it runs once for all of them. */
static void test_requests_wait(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "new");
    begin(f);
    send_path(f, "/a");
    send_path(f, "/b");
    send_path(f, "/c");
    assert_int_equal(f->server.count[1], 0);
    ev_run(f->loop, 0);
    assert_int_equal(f->answers, 3);
    assert_int_equal(f->server.count[GOOD], 3);
    assert_int_equal(f->server.count[REFUSED], 0);
    assert_int_equal(runs(f), 1);
    send_path(f, "/d"); /* it does not expire */
    ev_run(f->loop, 0);
    assert_int_equal(f->status, 200);
    assert_int_equal(runs(f), 1);
    assert_int_equal(f->counted[2], 4);
}

static void test_401_runs_it_again(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "old");
    put(f, "next", "new"); /* what the second run answers */
    begin(f);
    for (int i = 0; i < 5; i++)
        send_path(f, "/x");
    ev_run(f->loop, 0);
    assert_int_equal(f->answers, 5);
    assert_string_equal(f->error, "");
    assert_int_equal(f->server.count[GOOD], 5);
    assert_int_equal(runs(f), 2); /* once for all that were refused */
    assert_int_equal(f->counted[2], 5);
    assert_int_equal(f->counted[4], f->server.count[REFUSED]);
}

static void test_refused_for_good(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "old");
    begin(f);
    for (int i = 0; i < 5; i++)
        send_path(f, "/x");
    ev_run(f->loop, 0);
    assert_int_equal(f->answers, 5);
    assert_int_equal(f->status, 401);
    _free_ char *told =
        xasprintf("what: HTTP 401: %s does not accept the sign-in (kubeconfig context c, user u): "
                  "exec plugin %s has run again, and what it answered was refused as well: sign in "
                  "with it by hand, or see whether the cluster knows this account",
                  f->url, f->command);
    assert_string_equal(f->error, told);
    unsigned so_far = runs(f);
    assert_in_range(so_far, 2, 3);
    send_path(f, "/x"); /* not one run for each refusal */
    ev_run(f->loop, 0);
    assert_int_equal(f->status, 401);
    assert_int_equal(runs(f), so_far);
}

static void test_plugin_fails(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "new");
    put(f, "fail", "");
    begin(f);
    for (int i = 0; i < 40; i++)
        send_path(f, "/x");
    assert_int_equal(f->answers, 0);
    ev_run(f->loop, 0);
    assert_int_equal(f->answers, 40);
    assert_int_equal(f->status, 0);
    assert_int_equal(f->server.count[1], 0);
    _free_ char *told = xasprintf("what: %s (kubeconfig context c): user \"u\": exec plugin %s: "
                                  "ended with status 1: run it by hand to see why (what it writes "
                                  "is not shown here: it may hold secrets)",
                                  f->url, f->command);
    assert_string_equal(f->error, told);
    send_path(f, "/x"); /* told again, not run again */
    ev_run(f->loop, 0);
    assert_int_equal(f->answers, 41);
    assert_int_equal(runs(f), 1);
}

/* One that refuses what others take is no reason to have no sign-in at all. */
static void test_refused_by_one(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "new");
    begin(f);
    send_one(f, "/x");
    assert_int_equal(f->status, 200);
    put(f, "fail", "");
    send_one(f, "/nobody");
    assert_int_equal(f->status, 401);
    assert_non_null(strstr(f->error, "ended with status 1: run it by hand to see why"));
    send_one(f, "/x");
    assert_string_equal(f->error, "");
    assert_int_equal(f->status, 200);
    assert_int_equal(runs(f), 2);
}

/* An answer that had expired when it came (clocks differ): not one run for each request. */
static void test_expired_answer(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "new");
    put(f, "more", ",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"");
    begin(f);
    for (int i = 0; i < 3; i++) {
        send_path(f, "/x");
        ev_run(f->loop, 0);
        assert_int_equal(f->status, 200);
    }
    assert_int_equal(runs(f), 1);
}

static void test_freed_while_it_runs(void **state)
{
    struct fixture *f = *state;
    put(f, "token", "new");
    begin(f);
    send_path(f, "/x");
    kube_cancel(kube_send_call(
        f->client, &(struct kube_request){.method = "GET", .path = "/y", .done = done, .ctx = f}));
    kube_client_free(steal(f->client));
    ev_run(f->loop, 0);
    assert_int_equal(f->answers, 0);
}

/* A certificate in place of a token: no Authorization header, the others stay. */
static void test_certificate_only(void **state)
{
    struct fixture *f = *state;
    char *cert, *key;
    certificate_make(3600, &cert, &key);
    json_auto_t *answer =
        json_pack("{s:s, s:s, s:{s:s, s:s}}", "kind", "ExecCredential", "apiVersion", PLUGIN_V1,
                  "status", "clientCertificateData", cert, "clientKeyData", key);
    _free_ char *text = json_dumps(answer, 0);
    put(f, "answer", text);
    free(plugin_script(f->dir, "plugin", "cat \"$1/answer\""));
    f->config.as_user = "me";
    begin(f);
    send_path(f, "/anybody");
    ev_run(f->loop, 0);
    assert_int_equal(f->status, 200);
    assert_null(strstr(f->head, "Authorization"));
    assert_non_null(strstr(f->head, "Impersonate-User: me\r\n"));
    free(cert);
    free(key);
}

static void test_token_file(void **state)
{
    struct fixture *f = *state;
    _free_ char *path = xasprintf("%s/token", f->dir);
    put(f, "token", "one\n");
    f->config.exec = NULL;
    f->config.token_file = path;
    begin(f);
    send_one(f, "/anybody");
    assert_non_null(strstr(f->head, "Bearer one\r\n"));
    put(f, "token", "second"); /* another size, if the clock is too coarse */
    send_one(f, "/anybody");
    assert_non_null(strstr(f->head, "Bearer second\r\n"));
    unlink(path);
    send_one(f, "/anybody"); /* what was read last */
    assert_non_null(strstr(f->head, "Bearer second\r\n"));
    kube_client_free(f->client);
    begin(f);
    send_one(f, "/anybody");
    _free_ char *told = xasprintf("what: %s (kubeconfig context c): user \"u\": token file: %s: No "
                                  "such file or directory",
                                  f->url, path);
    assert_string_equal(f->error, told);
    assert_int_equal(f->status, 0);
}

static void test_token_file_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {{"", ": empty"}, {" \n", ": empty"}, {"s3\ncret", ": a control character in it"}};
    struct fixture *f = *state;
    _free_ char *path = xasprintf("%s/token", f->dir);
    f->config.exec = NULL;
    f->config.token_file = path;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put(f, "token", cases[i].text);
        begin(f);
        send_one(f, "/anybody");
        if (!strstr(f->error, cases[i].says) || strstr(f->error, "cret"))
            fail_msg("%s", f->error);
        kube_client_free(steal(f->client));
    }
}

/* Once more, not for ever; a token that stands in the kubeconfig cannot be another one. */
static void test_401_reads_the_file_again(void **state)
{
    struct fixture *f = *state;
    _free_ char *path = xasprintf("%s/token", f->dir);
    put(f, "token", "old");
    f->config.exec = NULL;
    f->config.token_file = path;
    begin(f);
    send_one(f, "/x");
    assert_int_equal(f->status, 401);
    assert_int_equal(f->server.count[REFUSED], 2);
    kube_client_free(f->client);
    f->config.token_file = NULL;
    f->config.token = "old";
    begin(f);
    send_one(f, "/x");
    assert_int_equal(f->status, 401);
    assert_int_equal(f->server.count[REFUSED], 3);
}

static void test_advice(void **state)
{
    struct fixture *f = *state;
    char *old_cert, *old_key, *cert, *key;
    certificate_make(-3600, &old_cert, &old_key);
    certificate_make(3600, &cert, &key);
    const struct {
        struct kubeconfig config;
        const char *says;
    } cases[] = {
        {{.token = "old"}, "the token in the kubeconfig has expired or was never valid there"},
        {{.username = "me"}, "user name and password are no sign-in for Kubernetes 1.19 and later"},
        {{0}, "the kubeconfig has no token, exec plugin or client certificate for this user"},
        {{.cert_pem = old_cert, .key_pem = old_key},
         "the client certificate (client-certificate-data of the kubeconfig) expired at 20"},
        {{.cert_pem = cert, .key_pem = key},
         "the client certificate (client-certificate-data of the kubeconfig) is not of a CA that"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f->config = cases[i].config;
        f->config.server = f->url;
        begin(f);
        send_path(f, "/x");
        ev_run(f->loop, 0);
        if (f->status != 401 || !strstr(f->error, cases[i].says))
            fail_msg("%s\nwanted: %s", f->error, cases[i].says);
        kube_client_free(steal(f->client));
    }
    free(old_cert);
    free(old_key);
    free(cert);
    free(key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_requests_wait),    TEST(test_401_runs_it_again),
        TEST(test_refused_for_good), TEST(test_plugin_fails),
        TEST(test_expired_answer),   TEST(test_freed_while_it_runs),
        TEST(test_certificate_only), TEST(test_token_file),
        TEST(test_token_file_wrong), TEST(test_401_reads_the_file_again),
        TEST(test_advice),           TEST(test_refused_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
