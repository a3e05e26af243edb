/* kubeconfig files: what is taken, merged, refused, and what the refusal says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "providers/kubernetes/kubeconfig.h"

static char dir[] = "/tmp/holdfast-kubeconfig-XXXXXX";

static char *put(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int setup(void **state)
{
    if (!mkdtemp(dir))
        return -1;
    setenv("HOME", dir, 1);
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    return 0;
}

static int teardown(void **state)
{
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A kubeconfig with one context "c", whose cluster and user have these members (flow style). */
static char *config_of(const char *cluster, const char *user)
{
    return xasprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                     "contexts:\n- name: c\n  context: {cluster: k, user: u, namespace: ml}\n"
                     "clusters:\n- name: k\n  cluster: {%s}\n"
                     "users:\n- name: u\n  user: {%s}\n",
                     cluster, user);
}

static int load(const char *file, const char *context, struct kubeconfig *out, struct err **err)
{
    return kubeconfig_load(&(struct kubeconfig_options){.file = file, .context = context}, out,
                           err);
}

#define V1     "apiVersion: client.authentication.k8s.io/v1"
#define SERVER "server: 'https://h:1/'"

static void test_all_members(void **state)
{
    struct kubeconfig k;
    _free_ char *text = config_of(
        SERVER ", tls-server-name: n, proxy-url: 'http://p:2', certificate-authority-data: Q0E=",
        "token: t, tokenFile: tok, client-certificate-data: Q0VSVA==, client-key-data: S0VZ, "
        "as: me, as-uid: '7', as-groups: [g1, g2]");
    _free_ char *path = put("all", text);
    _free_ char *token = xasprintf("%s/tok", dir);
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_string_equal(k.server, "https://h:1");
    assert_string_equal(k.context, "c");
    assert_string_equal(k.namespace, "ml");
    assert_string_equal(k.tls_server_name, "n");
    assert_string_equal(k.proxy, "http://p:2");
    assert_string_equal(k.ca_pem, "CA");
    assert_string_equal(k.cert_pem, "CERT");
    assert_string_equal(k.key_pem, "KEY");
    assert_string_equal(k.token, "t");
    assert_string_equal(k.token_file, token);
    assert_string_equal(k.as_user, "me");
    assert_string_equal(k.as_uid, "7");
    assert_string_equal(k.as_groups[0], "g1");
    assert_string_equal(k.as_groups[1], "g2");
    assert_null(k.as_groups[2]);
    assert_false(k.insecure);
    kubeconfig_free(&k);
}

static void test_files_beside(void **state)
{
    struct kubeconfig k;
    _free_ char *sub = xasprintf("%s/sub", dir);
    mkdir(sub, 0700);
    _free_ char *ca = put("sub/ca.crt", "FILE CA");
    _free_ char *cert = put("cert.pem", "FILE CERT"), *key = put("sub/key.pem", "FILE KEY");
    _free_ char *user = xasprintf("client-certificate: ../cert.pem, client-key: %s", key);
    _free_ char *text = config_of(SERVER ", certificate-authority: ca.crt", user);
    _free_ char *path = put("sub/config", text);
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_string_equal(k.ca_pem, "FILE CA");
    assert_string_equal(k.cert_pem, "FILE CERT");
    assert_string_equal(k.key_pem, "FILE KEY");
    assert_string_equal(k.ca_file, ca);
    assert_string_equal(k.key_file, key);
    assert_non_null(strstr(k.cert_file, "/sub/../cert.pem"));
    kubeconfig_free(&k);
}

static void test_basic_insecure_anonymous(void **state)
{
    struct kubeconfig k;
    _free_ char *text =
        config_of(SERVER ", insecure-skip-tls-verify: true", "username: u, password: 'p:w'");
    _free_ char *path = put("basic", text);
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_true(k.insecure);
    assert_string_equal(k.username, "u");
    assert_string_equal(k.password, "p:w");
    kubeconfig_free(&k);
    _free_ char *none = put("anonymous", "current-context: c\ncontexts: [{name: c, context: "
                                         "{cluster: k}}]\nclusters: [{name: k, cluster: {server: "
                                         "'https://h'}}]\nusers: null\n");
    assert_int_equal(load(none, NULL, &k, NULL), 0);
    assert_null(k.token);
    assert_null(k.namespace);
    kubeconfig_free(&k);
}

static void test_json(void **state)
{
    struct kubeconfig k;
    _free_ char *path = put("json", "{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\","
                                    "\"context\":{\"cluster\":\"k\",\"user\":\"u\"}}],\"clusters\":"
                                    "[{\"name\":\"k\",\"cluster\":{\"server\":\"https://h\"}}],"
                                    "\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"null\"}}]}");
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_string_equal(k.token, "null"); /* quoted: a string */
    kubeconfig_free(&k);
}

static void test_as_user_option(void **state)
{
    struct kubeconfig k;
    _free_ char *text = config_of(SERVER, "as: me");
    _free_ char *path = put("as", text);
    struct kubeconfig_options o = {.file = path, .as_user = "other"};
    assert_int_equal(kubeconfig_load(&o, &k, NULL), 0);
    assert_string_equal(k.as_user, "other");
    kubeconfig_free(&k);
}

/* The first file that has an entry wins as a whole; the context may name what stands elsewhere. */
static void test_merge(void **state)
{
    struct kubeconfig k;
    _free_ char *one =
        put("one", "current-context: c\ncontexts:\n- {name: c, context: {cluster: k, "
                   "user: u}}\nusers:\n- {name: u, user: {token: first}}\n");
    _free_ char *two = put("two", "current-context: other\n"
                                  "contexts:\n- {name: c, context: {cluster: no, namespace: no}}\n"
                                  "- {name: d, context: {cluster: k, user: v, namespace: two}}\n"
                                  "clusters:\n- {name: k, cluster: {server: 'https://two'}}\n"
                                  "users:\n- {name: u, user: {token: second, as: no}}\n"
                                  "- {name: v, user: {token: v}}\n");
    _free_ char *list = xasprintf("%s/absent:%s::%s", dir, one, two);
    setenv("KUBECONFIG", list, 1);
    assert_int_equal(load(NULL, NULL, &k, NULL), 0);
    assert_string_equal(k.server, "https://two");
    assert_string_equal(k.token, "first");
    assert_null(k.as_user);
    assert_null(k.namespace);
    kubeconfig_free(&k);
    assert_int_equal(load(NULL, "d", &k, NULL), 0);
    assert_string_equal(k.token, "v");
    assert_string_equal(k.namespace, "two");
    kubeconfig_free(&k);
    unsetenv("KUBECONFIG");
}

static void test_home(void **state)
{
    struct kubeconfig k;
    _err_ struct err *err = NULL;
    assert_int_equal(load(NULL, NULL, &k, &err), -1);
    assert_non_null(strstr(err->message, "/.kube/config does not exist"));
    assert_non_null(strstr(err->message, "$KUBECONFIG is not set"));
    kubeconfig_free(&k);
    _free_ char *folder = xasprintf("%s/.kube", dir);
    mkdir(folder, 0700);
    _free_ char *text = config_of(SERVER, "token: t");
    _free_ char *path = put(".kube/config", text);
    assert_int_equal(load(NULL, NULL, &k, NULL), 0);
    assert_string_equal(k.token, "t");
    kubeconfig_free(&k);
    unlink(path);
}

static void test_in_cluster(void **state)
{
    struct kubeconfig k;
    _free_ char *folder = xasprintf("%s/sa", dir);
    mkdir(folder, 0700);
    _free_ char *token = put("sa/token", "T"), *ca = put("sa/ca.crt", "SA CA");
    _free_ char *ns = put("sa/namespace", "kube-system\n");
    struct kubeconfig_options o = {.service_account = folder};
    assert_int_equal(kubeconfig_load(&o, &k, NULL), -1); /* not a Pod */
    kubeconfig_free(&k);
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_int_equal(kubeconfig_load(&o, &k, NULL), 0);
    assert_string_equal(k.server, "https://[fd00::1]:443");
    assert_string_equal(k.ca_pem, "SA CA");
    assert_string_equal(k.namespace, "kube-system");
    assert_string_equal(k.token_file, token);
    assert_string_equal(k.ca_file, ca);
    assert_string_equal(k.context, "in-cluster");
    kubeconfig_free(&k);
    unsetenv("KUBERNETES_SERVICE_HOST");
}

static void test_refused(void **state)
{
    static const struct {
        const char *cluster, *user, *says;
    } cases[] = {
        {"", "token: t", "cluster \"k\": no server"},
        {"server: 'h:1'", "token: t", "cluster \"k\": server must begin with https://"},
        {"server: 'https:///api'", "token: t", "cluster \"k\": server names no host"},
        {SERVER ", certificate-authority: absent", "", "certificate-authority: "},
        {SERVER ", certificate-authority-data: '!'", "",
         "certificate-authority-data is not base64"},
        {SERVER ", certificate-authority-data: Q0E=, insecure-skip-tls-verify: true", "",
         "certificate-authority together with insecure-skip-tls-verify"},
        {SERVER ", insecure-skip-tls-verify: maybe", "", "must be true or false"},
        {"server: 'https://me:pw@h:1'", "", "inside server (before the @) is never sent"},
        {"server: 'https:///me:pw@h:1'", "", "server names no host"},
        {"server: 'https://'", "", "server names no host"},
        {"server: 'https://h?token=pw'", "", "server must end before any ? or #"},
        {SERVER ", proxy-url: 'ftp://p'", "", "proxy-url must be a URL with http, https or socks5"},
        {SERVER ", certificate-authority: x, certificate-authority-data: Q0E=", "",
         "both certificate-authority and certificate-authority-data"},
        {SERVER, "client-key: x, client-key-data: Q0E=", "both client-key and client-key-data"},
        {SERVER, "exec: {" V1 "}", "user \"u\": exec: no command"},
        {SERVER, "exec: []", "exec: no command"},
        {SERVER, "exec: {command: x}", "exec: no apiVersion"},
        {SERVER, "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
         "holdfast speaks client.authentication.k8s.io/v1 and v1beta1"},
        {SERVER, "exec: {command: x, " V1 "}", "exec: no interactiveMode"},
        {SERVER, "exec: {command: x, interactiveMode: Always, " V1 "}",
         "exec: interactiveMode is Always, and holdfast has nobody to ask"},
        {SERVER, "exec: {command: x, interactiveMode: Maybe, " V1 "}", "must be Never, "},
        {SERVER, "exec: {command: x, interactiveMode: Never, " V1 ", env: [{value: v}]}",
         "exec: each element of env needs a name"},
        {SERVER, "exec: {command: x, interactiveMode: Never, " V1 ", args: [{}]}",
         "exec: args must be a list of texts"},
        {SERVER, "exec: {command: x, interactiveMode: Never, " V1 ", provideClusterInfo: 1}",
         "provideClusterInfo must be true or false"},
        {SERVER, "auth-provider: {name: x}",
         "sign-in by auth-provider x is the old way, which holdfast does not know: use an exec "
         "plugin, a token file or a client certificate"},
        {SERVER, "auth-provider: {name: gcp}", "gke-gcloud-auth-plugin"},
        {SERVER, "auth-provider: {name: azure}", "kubelogin convert-kubeconfig"},
        {SERVER, "auth-provider: {}", "sign-in by auth-provider is the old way"},
        {SERVER, "client-certificate-data: Q0E=", "client-certificate without client-key"},
        {SERVER, "client-key-data: Q0E=", "client-key without client-certificate"},
        {SERVER, "token: t, username: u", "only one is allowed"},
        {SERVER, "as: a, as-user-extra: {x: [y]}", "as-user-extra is not supported"},
        {SERVER, "as: a, as-groups: [[x]]", "as-groups must be a list of names"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kubeconfig k;
        _err_ struct err *err = NULL;
        _free_ char *text = config_of(cases[i].cluster, cases[i].user);
        _free_ char *path = put("refused", text);
        assert_int_equal(load(path, NULL, &k, &err), -1);
        assert_int_equal(err->kind, ERR_USAGE);
        assert_non_null(strstr(err->message, path));
        if (!strstr(err->message, cases[i].says) || strstr(err->message, "pw"))
            fail_msg("%s\nwanted: %s", err->message, cases[i].says);
        kubeconfig_free(&k);
    }
}

/* A pipe that nobody writes into keeps nobody waiting. */
static void test_pipes(void **state)
{
    struct kubeconfig k;
    _free_ char *pipe = put("pipe", "");
    assert_int_equal(unlink(pipe), 0);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    _err_ struct err *err = NULL, *of_ca = NULL;
    assert_int_equal(load(pipe, NULL, &k, &err), -1);
    assert_non_null(strstr(err->message, "is a pipe"));
    kubeconfig_free(&k);
    _free_ char *text = config_of(SERVER ", certificate-authority: pipe", "");
    _free_ char *path = put("refused", text);
    assert_int_equal(load(path, NULL, &k, &of_ca), -1);
    assert_non_null(strstr(of_ca->message, "is a pipe"));
    kubeconfig_free(&k);
    assert_int_equal(unlink(pipe), 0);
}

static void test_refused_files(void **state)
{
    static const struct {
        const char *text, *context, *says;
    } cases[] = {
        {"contexts:\n- {name: a}\n- {name: b}\n", NULL,
         "no current-context: choose one with --context (there is: a, b)"},
        {"", NULL, "no current-context: choose one with --context (there is: none)"},
        {"current-context: x\ncontexts:\n- {name: a}\n", NULL, "no context \"x\" (there is: a)"},
        {"contexts:\n- {name: a}\n", "z", "no context \"z\" (there is: a)"},
        {"contexts:\n- {name: a}\n", "a", "context \"a\": no cluster"},
        {"contexts:\n- {name: a, context: {cluster: k}}\n", "a",
         "no cluster \"k\" (there is: none)"},
        {"contexts:\n- {name: a, context: {cluster: k, user: u}}\n"
         "clusters:\n- {name: k, cluster: {server: 'https://h'}}\n",
         "a", "no user \"u\" (there is: none)"},
        {"- 1\n", NULL, "not a kubeconfig"},
        {"a: [secret\n", NULL, "not YAML"},
        {"users:\n- {name: u}\n- {name: v}\n- {name: u}\n", NULL,
         "broken:4: the name \"u\" stands twice in users: remove or rename one"},
        {"clusters: [{name: u}, {name: u}]\n", NULL, "stands twice in clusters"},
        {"contexts: [{name: u}, {name: u}]\n", NULL, "stands twice in contexts"},
        {"a: b: secret\n", NULL, ":1: not YAML"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kubeconfig k;
        _err_ struct err *err = NULL;
        _free_ char *path = put("broken", cases[i].text);
        assert_int_equal(load(path, cases[i].context, &k, &err), -1);
        if (!strstr(err->message, cases[i].says) || strstr(err->message, "secret"))
            fail_msg("%s\nwanted: %s", err->message, cases[i].says);
        kubeconfig_free(&k);
    }
}

/* Two members of one name: the last one, as kubectl has it. */
static void test_members_twice(void **state)
{
    struct kubeconfig k;
    _free_ char *text = config_of("server: 'https://a', server: 'https://b'",
                                  "token: x, token: y, exec: null, auth-provider: null");
    _free_ char *path = put("twice", text);
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_string_equal(k.server, "https://b");
    assert_string_equal(k.token, "y");
    kubeconfig_free(&k);
}

static void test_depth(void **state)
{
    static const struct {
        unsigned depth;
        const char *open, *close;
        bool good;
    } cases[] = {
        {99, "[", "]", true},      {100, "[", "]", false},    {100, "{a: ", "}", false},
        {100000, "[", "]", false}, {100000, "- ", "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct kubeconfig k;
        _err_ struct err *err = NULL;
        _buf_ struct buf b = BUF_INIT(1000000);
        _free_ char *text = config_of(SERVER, "token: t");
        buf_addf(&b, "%spreferences: ", text);
        if (!*cases[i].close)
            buf_add_char(&b, '\n');
        for (unsigned d = 0; d < cases[i].depth; d++)
            buf_add_str(&b, cases[i].open);
        for (unsigned d = 0; d < cases[i].depth; d++)
            buf_add_str(&b, cases[i].close);
        _free_ char *path = put("deep", buf_str(&b));
        assert_int_equal(load(path, NULL, &k, &err), cases[i].good ? 0 : -1);
        if (!cases[i].good && !strstr(err->message, "nested deeper than 100"))
            fail_msg("%s", err->message);
        kubeconfig_free(&k);
    }
}

static void test_exec(void **state)
{
    struct kubeconfig k;
    _free_ char *sub = xasprintf("%s/exec", dir);
    mkdir(sub, 0700);
    _free_ char *text = config_of(
        SERVER ", extensions: [{name: other, extension: 1}, {name: "
               "client.authentication.k8s.io/exec, extension: {a: [1, -2.5, yes, null, 'no', x], "
               "b: {c: \"\"}}}]",
        "exec: {command: bin/plugin, args: [a, '', --x=y], env: [{name: A, value: '1'}, {name: "
        "B}], "
        "interactiveMode: IfAvailable, provideClusterInfo: true, installHint: \"get\\n\\e[1m "
        "it\\n\", " V1 "}");
    _free_ char *path = put("exec/config", text), *command = xasprintf("%s/exec/bin/plugin", dir);
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_string_equal(k.user, "u");
    assert_string_equal(k.exec->command, command);
    assert_string_equal(k.exec->args[0], "a");
    assert_string_equal(k.exec->args[1], "");
    assert_string_equal(k.exec->args[2], "--x=y");
    assert_null(k.exec->args[3]);
    assert_string_equal(k.exec->env[0], "A=1");
    assert_string_equal(k.exec->env[1], "B=");
    assert_null(k.exec->env[2]);
    assert_string_equal(k.exec->install_hint, "get [1m it");
    assert_true(k.exec->cluster_info);
    _free_ char *settings = json_dumps(k.exec->cluster_config, JSON_COMPACT);
    assert_string_equal(settings, "{\"a\":[1,-2.5,true,null,\"no\",\"x\"],\"b\":{\"c\":\"\"}}");
    kubeconfig_free(&k);
}

/* A mere name is looked up in PATH; v1beta1 has a default mode. */
static void test_exec_in_path(void **state)
{
    struct kubeconfig k;
    _free_ char *text = config_of(
        SERVER, "exec: {command: plugin, apiVersion: client.authentication.k8s.io/v1beta1}");
    _free_ char *path = put("path", text);
    assert_int_equal(load(path, NULL, &k, NULL), 0);
    assert_string_equal(k.exec->command, "plugin");
    assert_false(k.exec->cluster_info);
    assert_null(k.exec->args);
    assert_null(k.exec->cluster_config);
    kubeconfig_free(&k);
}

/* As client-go: what the file itself holds is the sign-in, and the plugin is not asked. */
static void test_exec_needless(void **state)
{
    static const char *const users[] = {"token: t", "tokenFile: f", "username: u",
                                        "client-certificate-data: Q0VSVA==, client-key-data: S0VZ"};
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        struct kubeconfig k;
        _free_ char *user = xasprintf("exec: {command: plugin, apiVersion: x}, %s", users[i]);
        _free_ char *text = config_of(SERVER, user), *path = put("needless", text);
        assert_int_equal(load(path, NULL, &k, NULL), 0);
        assert_null(k.exec);
        kubeconfig_free(&k);
    }
}

static void test_missing_files(void **state)
{
    struct kubeconfig k;
    _err_ struct err *err = NULL, *list_err = NULL;
    assert_int_equal(load("/nowhere/config", NULL, &k, &err), -1);
    assert_string_equal(err->message, "--kubeconfig: /nowhere/config: No such file or directory");
    kubeconfig_free(&k);
    setenv("KUBECONFIG", "/nowhere/a:/nowhere/b", 1);
    assert_int_equal(load(NULL, NULL, &k, &list_err), -1);
    assert_non_null(strstr(list_err->message, "$KUBECONFIG names /nowhere/a:/nowhere/b"));
    kubeconfig_free(&k);
    unsetenv("KUBECONFIG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_files_beside),
        cmocka_unit_test(test_basic_insecure_anonymous),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_as_user_option),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_home),
        cmocka_unit_test(test_in_cluster),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_pipes),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_members_twice),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_exec),
        cmocka_unit_test(test_exec_in_path),
        cmocka_unit_test(test_exec_needless),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
