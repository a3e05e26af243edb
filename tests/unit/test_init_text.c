/* The file that `holdfast init` writes: it parses, also with every comment taken away, and explains
 * every key that there is, with its default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "config.h"
#include "core/alloc.h"
#include "init_text.h"

static const struct init_found nothing = {.name = "infra", .url = "https://git.example.com/i.git"};
static const struct init_found everything = {
    .name = "infra",
    .url = "https://git.example.com/i.git",
    .ref = "on", /* a YAML bool, were it not quoted */
    .path = "a: b # \"c\"",
    .kubeconfig = "/etc/k",
    .context = "prod",
    .state_dir = "/var/lib/x",
};

static char *text_of(const struct init_found *found)
{
    struct buf b = BUF_INIT(100000);
    assert_int_equal(init_text(&b, found), 0);
    return buf_take(&b);
}

static void parse(const char *text, struct config *c)
{
    struct err _err_ *err = NULL;
    if (config_parse("holdfast.yaml", text, strlen(text), c, &err))
        fail_msg("%s\n%s", err_message(err), text);
}

/* Takes away each # that no blank follows. */
static void uncomment(char *text)
{
    char *to = text;
    for (char *line = text; *line;) {
        size_t len = strcspn(line, "\n") + 1, indent = strspn(line, " ");
        bool setting = line[indent] == '#' && line[indent + 1] != ' ';
        memmove(to, line, indent);
        to += indent;
        memmove(to, line + indent + setting, len - indent - setting);
        to += len - indent - setting;
        line += len;
    }
    *to = '\0';
}

static void test_parses(void **state _unused_)
{
    struct config c;
    _free_ char *plain = text_of(&nothing), *full = text_of(&everything);
    parse(plain, &c);
    assert_int_equal(c.sources.count, 1);
    assert_string_equal(c.sources.items[0].name, "infra");
    assert_null(c.sources.items[0].ref);
    assert_null(c.kubernetes.context);
    assert_null(c.http.listen);
    config_free(&c);
    parse(full, &c);
    assert_string_equal(c.sources.items[0].ref, "on");
    assert_string_equal(c.sources.items[0].path, "a: b # \"c\"");
    assert_string_equal(c.kubernetes.kubeconfig, "/etc/k");
    assert_string_equal(c.kubernetes.context, "prod");
    config_free(&c);
}

/* A setting that is shown as a default is the default. */
static void test_uncommented(void **state _unused_)
{
    struct config c, plain;
    _free_ char *text = text_of(&nothing), *commented = text_of(&nothing);
    uncomment(text);
    parse(text, &c);
    parse(commented, &plain);
    const struct config_source *s = &c.sources.items[0], *p = &plain.sources.items[0];
    assert_true(s->interval == p->interval);
    assert_int_equal(s->mode, p->mode);
    assert_int_equal(s->prune, p->prune);
    assert_int_equal(s->guard.objects, p->guard.objects);
    assert_int_equal(s->guard.percent, p->guard.percent);
    assert_true(s->render.timeout == p->render.timeout);
    assert_non_null(s->render.command);
    assert_int_equal(s->ignore.count, 1);
    assert_string_equal(c.kubernetes.field_manager, plain.kubernetes.field_manager);
    assert_non_null(c.http.listen);
    assert_int_equal(c.limits.fetch_bytes, plain.limits.fetch_bytes);
    assert_int_equal(c.limits.file_bytes, plain.limits.file_bytes);
    assert_int_equal(c.limits.objects, plain.limits.objects);
    config_free(&c);
    config_free(&plain);
}

/* "interval: 1m" on a line of its own. */
static void check_key(void *ctx, const char *key, const char *fallback)
{
    const char *text = ctx, *dot = strrchr(key, '.');
    _free_ char *wanted =
        xasprintf("%s:%s%s", dot ? dot + 1 : key, fallback ? " " : "", fallback ? fallback : "");
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        const char *word = line + strspn(line, " -");
        size_t n = strlen(wanted);
        if (!strncmp(word, wanted, n) && (!fallback || word[n] == '\n'))
            return;
    }
    fail_msg("holdfast init does not say `%s` of the key %s: add it to agent/init_text.c", wanted,
             key);
}

static void test_explains_all(void **state _unused_)
{
    _free_ char *text = text_of(&everything);
    uncomment(text);
    config_each_key(check_key, text);
}

static void test_full(void **state _unused_)
{
    struct buf _buf_ b = BUF_INIT(100);
    assert_int_equal(init_text(&b, &nothing), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses),
        cmocka_unit_test(test_uncommented),
        cmocka_unit_test(test_explains_all),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
