/*
 * A reading child that was taken over by what it read: it writes garbage, or never ends. This
 * program is the child, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <ev.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/record.h"
#include "sync/source.h"

static char state_dir[] = "/tmp/holdfast-child-XXXXXX";

static int setup(void **state)
{
    return mkdtemp(state_dir) ? 0 : -1;
}

/* Removing the folder is the proof that nothing is left in it. */
static int teardown(void **state)
{
    return rmdir(state_dir);
}

/* One object, well formed, again and again. */
static void endless_objects(struct record_writer *w, unsigned long i, const char *how)
{
    static const char zeros[DESIRED_DIGEST_BYTES];
    _free_ char *name = xasprintf("n%lu", i);
    bool names = strcmp(how, "names") == 0;
    record_begin(w, RECORD_OBJECT);
    record_put_str(w, "v1");
    record_put_str(w, "ConfigMap");
    record_put_str(w, NULL);
    record_put_str(w, name);
    _free_ char *path = xasprintf("%s/%0*lu", name, names ? 60000 : 1, 0UL);
    record_put_str(w, path);
    record_put_u32(w, 1);
    record_put_u32(w, 1);
    record_put_bytes(w, zeros, DESIRED_DIGEST_BYTES);
    for (int k = 0; k < 2; k++)
        record_put_bytes(w, zeros, 2);
    record_finish(w);
}

static void endless_older(struct record_writer *w)
{
    record_begin(w, RECORD_OLDER);
    for (int i = 0; i < 5; i++)
        record_put_str(w, "v1");
    record_put_u64(w, 0);
    record_put_bytes(w, "{}", 2);
    record_finish(w);
}

static void endless_problems(struct record_writer *w, size_t len)
{
    _free_ char *message = xasprintf("%0*d", (int)len, 0);
    record_begin(w, RECORD_PROBLEM);
    record_put_u32(w, PROBLEM_ERROR);
    record_put_str(w, NULL);
    record_put_str(w, NULL);
    record_put_u32(w, 0);
    record_put_u32(w, 0);
    record_put_str(w, NULL);
    record_put_str(w, message);
    record_finish(w);
}

/* A child that never ends; it is killed, or its pipe is closed. */
static int endless_child(const char *how)
{
    struct record_writer w;
    record_writer_init(&w, STDOUT_FILENO);
    for (unsigned long i = 0; !w.failed; i++) {
        if (strcmp(how, "older") == 0)
            endless_older(&w);
        else if (strcmp(how, "problems") == 0)
            endless_problems(&w, 100);
        else if (strcmp(how, "messages") == 0)
            endless_problems(&w, 1 * MIB);
        else
            endless_objects(&w, i, how);
    }
    record_writer_free(&w);
    return 0;
}

static int garbage_child(void)
{
    uint32_t random = 1;
    for (;;) {
        uint8_t bytes[4096];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(random >> 24);
        }
        if (write(STDOUT_FILENO, bytes, sizeof(bytes)) < 0)
            return 0;
    }
}

/* The URL says how it goes on. */
static int child(void)
{
    char text[8192];
    ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    char *how = strstr(text, "test-child:");
    if (!how)
        return 2;
    how += strlen("test-child:");
    how[strcspn(how, "\"")] = '\0';
    return strcmp(how, "garbage") == 0 ? garbage_child() : endless_child(how + strlen("endless-"));
}

static void on_done(struct source_read *read, void *ctx)
{
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void expect_error(const struct source_config *config, enum err_kind kind, const char *want)
{
    _err_ struct err *err = NULL;
    struct source_read *read = source_read_start(ev_default_loop(0), config, on_done, NULL);
    ev_run(EV_DEFAULT, 0);
    assert_null(source_read_take(read, &err));
    source_read_free(read);
    if (err->kind != kind || !strstr(err_message(err), want))
        fail_msg("kind %d: %s", err->kind, err_message(err));
}

/*
 * A child that was taken over writes what it likes: it is refused while we hold little. What is
 * measured is our own peak, so nothing larger comes before.
 */
static void does_not_end(void **state)
{
    static const struct {
        const char *how, *message;
        enum err_kind kind;
        uint64_t objects;
    } cases[] = {
        {"garbage", "the reading child: a record", ERR_LIMIT, 0},
        {"endless-objects", "the reading child: more than 1000 objects", ERR_LIMIT, 1000},
        {"endless-names", "names and paths take more than 67108864 bytes: split the source",
         ERR_LIMIT, 0},
        {"endless-older", "the reading child: more than 524288 older versions", ERR_LIMIT, 0},
        {"endless-problems", "the reading child: not done within its deadline, killed", ERR_RETRY,
         0},
        {"endless-messages", "the reading child: a record that cannot be read", ERR_FATAL, 0},
    };
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool waits = cases[i].kind == ERR_RETRY;
        _free_ char *url = xasprintf("test-child:%s", cases[i].how);
        const struct source_config config = {.name = "s",
                                             .url = url,
                                             .state_dir = state_dir,
                                             .objects = cases[i].objects,
                                             .deadline = waits ? 1 : 120};
        expect_error(&config, cases[i].kind, cases[i].message);
    }
    getrusage(RUSAGE_SELF, &after);
#if !defined(__SANITIZE_ADDRESS__) /* which gives nothing back */
    if (!getenv("LD_PRELOAD"))     /* nor does valgrind */
        assert_true(after.ru_maxrss - before.ru_maxrss < 256 * 1024);
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return child();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_not_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
