/* What `holdfast status` makes of the agent's document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "command.h"
#include "core/alloc.h"
#include "core/json.h"
#include "status.h"

static json_t *parse(const char *text)
{
    json_t *v = json_parse(text, strlen(text), "test", NULL);
    assert_non_null(v);
    return v;
}

static char *printed(const json_t *status)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(status_print(out, status, false, 0), 0);
    fclose(out);
    return text;
}

#define EVENT(id, at, name)                                                                        \
    "{\"time\":\"2026-03-01T" at ".000Z\",\"event\":\"drift\",\"source\":\"ml\",\"revision\":"     \
    "\"a1b2c3d4e5f6\",\"state\":\"opened\",\"id\":\"" id "\",\"object\":{\"provider\":"            \
    "\"kubernetes\",\"group\":\"apps\",\"kind\":\"Deployment\",\"namespace\":\"ml\",\"name\":"     \
    "\"" name "\"},\"verdict\":\"drifted\",\"class\":\"changed\",\"field\":\"spec.replicas\","     \
    "\"want\":3,\"have\":5,\"by\":\"kubectl\",\"since\":\"2026-03-01T11:58:00Z\",\"since_kind\":"  \
    "\"at-or-before\",\"file\":\"x.yaml\",\"line\":12}"

#define HEAD                                                                                       \
    "{\"version\":\"1.2.3\",\"started\":\"2026-03-01T09:00:00.000Z\",\"time\":"                    \
    "\"2026-03-01T12:00:00.000Z\","

static void whole(void **state _unused_)
{
    json_auto_t *v = parse(
        HEAD
        "\"sources\":[{\"name\":\"ml\",\"url\":\"https://git.example/ml.git\",\"ref\":\"main\","
        "\"revision\":\"a1b2c3d4e5f6\",\"commitTime\":\"2026-03-01T10:00:00Z\",\"read\":"
        "\"2026-03-01T11:59:40.000Z\",\"readError\":null,\"ready\":true,\"objects\":12,\"inSync\":"
        "9,\"paused\":2,"
        "\"drift\":{\"changed\":2,\"missing\":1,\"ignored\":4},\"unjudged\":5,\"open\":[" EVENT(
            "2", "11:59:00", "b") "," EVENT("1", "11:58:30",
                                            "a") "]},"
                                                 "{\"name\":\"infra\",\"url\":\"/"
                                                 "srv/infra\",\"ref\":null,\"revision\":null,"
                                                 "\"commitTime\":null,\"read\":null,\"readError\":"
                                                 "\"no \\u001b[31msuch folder\",\"ready\":false,"
                                                 "\"objects\":0,\"inSync\":0,\"drift\":{},"
                                                 "\"open\":[]}],"
                                                 "\"kinds\":[{\"source\":\"ml\",\"group\":\"apps\","
                                                 "\"kind\":\"Deployment\",\"scope\":\"\",\"state\":"
                                                 "\"watching\",\"since\":\"2026-03-01T11:00:00Z\","
                                                 "\"message\":null},{\"source\":\"ml\",\"group\":"
                                                 "\"\",\"kind\":\"Secret\",\"scope\":\"namespace "
                                                 "ml\",\"state\":\"denied\",\"since\":"
                                                 "\"2026-03-01T11:00:00Z\",\"message\":\"HTTP "
                                                 "403\"}],"
                                                 "\"exports\":[{\"name\":\"url\",\"namespace\":"
                                                 "\"ml\",\"value\":\"pending...\",\"default\":true,"
                                                 "\"since\":null,\"message\":null},{\"name\":\"n\","
                                                 "\"namespace\":null,\"value\":[1],\"default\":"
                                                 "false}]}");
    _free_ char *text = printed(v);
    assert_string_equal(
        text,
        "holdfast 1.2.3, running since 2026-03-01T09:00:00.000Z (3h ago)\n"
        "\n"
        "ml  https://git.example/ml.git main  a1b2c3d (2h ago), read 20s ago\n"
        "  12 objects, 9 in sync, 2 paused; open: 2 changed, 1 missing; 4 ignored by rules; "
        "5 compared without the server (unjudged)\n"
        "\n"
        "infra  /srv/infra, read never\n"
        "  could not be read: no \\x1b[31msuch folder\n"
        "  not ready: not every object was seen yet\n"
        "  0 objects, 0 in sync\n"
        "\n"
        "open:\n"
        "~ Deployment ml/a  spec.replicas  want 3  have 5  kubectl, at or before 11:58Z (2m ago)  "
        "x.yaml:12 (a1b2c3d)\n"
        "~ Deployment ml/b  spec.replicas  want 3  have 5  kubectl, at or before 11:58Z (2m ago)  "
        "x.yaml:12 (a1b2c3d)\n"
        "\n"
        "not watched:\n"
        "  Secret, namespace ml: denied (1h ago): HTTP 403\n"
        "\n"
        "exports:\n"
        "  ml/url = pending...\n"
        "  n = [1]\n");
    assert_int_equal(status_exit(v), EXIT_BLOCKED);
}

/* Of many, those that are open longest. */
static void longest(void **state _unused_)
{
    struct buf _buf_ b = BUF_INIT(65536);
    buf_add_str(&b, HEAD "\"sources\":[{\"name\":\"ml\",\"ready\":true,\"open\":[");
    for (int i = 0; i < 12; i++)
        buf_addf(&b,
                 "%s{\"time\":\"2026-03-01T11:%02d:00.000Z\",\"object\":{\"kind\":\"Pod\","
                 "\"name\":\"p%02d\"},\"verdict\":\"missing\",\"file\":\"x\",\"line\":1}",
                 i ? "," : "", 59 - i, i);
    buf_add_str(&b, "]}]}");
    json_auto_t *v = parse(buf_str(&b));
    _free_ char *text = printed(v);
    assert_non_null(strstr(text, "open, the longest 10 of 12:\n"));
    assert_non_null(strstr(text, "Pod p11"));
    assert_non_null(strstr(text, "Pod p02"));
    assert_null(strstr(text, "Pod p01"));
}

static void exits(void **state _unused_)
{
    static const struct {
        const char *sources;
        int exit;
    } table[] = {
        {"[]", EXIT_IN_SYNC},
        {"[{\"ready\":true,\"drift\":{\"ignored\":3}}]", EXIT_IN_SYNC},
        {"[{\"ready\":true,\"readError\":null}]", EXIT_IN_SYNC},
        {"[{\"ready\":true,\"drift\":{\"extra\":1}}]", EXIT_DRIFT},
        {"[{\"ready\":true,\"drift\":{\"terminating\":1}},{\"ready\":true}]", EXIT_DRIFT},
        {"[{\"ready\":true,\"drift\":{\"changed\":1,\"unknown\":1}}]", EXIT_BLOCKED},
        {"[{\"ready\":true,\"drift\":{\"blocked\":1}},{\"ready\":true,\"drift\":{\"missing\":1}}]",
         EXIT_BLOCKED},
        {"[{\"ready\":false}]", EXIT_BLOCKED},
        {"[{}]", EXIT_BLOCKED},
        {"[{\"ready\":true,\"readError\":\"x\"}]", EXIT_BLOCKED},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        _free_ char *text = xasprintf("{\"sources\":%s}", table[i].sources);
        json_auto_t *v = parse(text);
        assert_int_equal(status_exit(v), table[i].exit);
    }
}

/* Another version's document, or nonsense: printed as far as it goes. */
/* Said before all else: without the cluster nothing is compared. */
static void cluster_error(void **state _unused_)
{
    json_auto_t *v = parse(HEAD "\"clusterError\":\"HTTP 401\",\"sources\":[{\"ready\":true}]}");
    _free_ char *text = printed(v);
    assert_non_null(strstr(text, "\nthe cluster does not answer as it should: HTTP 401\n"));
    assert_int_equal(status_exit(v), EXIT_BLOCKED);
}

/* What cannot be read is in no other count. */
static void unread(void **state _unused_)
{
    json_auto_t *v = parse(HEAD "\"sources\":[{\"name\":\"ml\",\"ready\":true,\"objects\":3,"
                                "\"inSync\":3,\"errors\":1}]}");
    _free_ char *text = printed(v);
    assert_non_null(
        strstr(text, "\n  1 error: what they are about is not compared; the log says why\n"));
    assert_int_equal(status_exit(v), EXIT_BLOCKED);
}

/* The first of them, where the document has them. */
static void errors(void **state _unused_)
{
    struct buf _buf_ b = BUF_INIT(65536);
    buf_add_str(&b,
                HEAD "\"sources\":[{\"name\":\"ml\",\"ready\":true,\"errors\":12,\"problems\":[3");
    for (int i = 1; i < 12; i++)
        buf_addf(&b, ",{\"file\":\"a.yaml\",\"line\":%d,\"object\":\"Pod a\",\"message\":\"bad\"}",
                 i);
    buf_add_str(&b, "]}]}");
    json_auto_t *v = parse(buf_str(&b));
    _free_ char *text = printed(v);
    assert_non_null(strstr(text, "\n  12 errors: what they are about is not compared:\n"
                                 "    a.yaml:1: error: Pod a: bad\n"));
    assert_non_null(
        strstr(text, "\n    a.yaml:10: error: Pod a: bad\n    and 2 more: the log has them\n"));
}

static void odd(void **state _unused_)
{
    static const char *const texts[] = {
        "{}", "[]",
        "{\"sources\":[1,null,{\"errors\":2,\"problems\":[7,{}],\"open\":[7,{}],\"drift\":[]}],"
        "\"kinds\":{},\"exports\":"
        "[null,{}]}",
        "{\"time\":3,\"sources\":{\"a\":1},\"kinds\":[{\"state\":\"x\"},3]}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_auto_t *v = parse(texts[i]);
        free(printed(v));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),         cmocka_unit_test(longest), cmocka_unit_test(exits),
        cmocka_unit_test(cluster_error), cmocka_unit_test(unread),  cmocka_unit_test(odd),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
