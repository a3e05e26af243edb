/* The agent's log on a standard output that fails for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "log.h"

/* Writes one line to that file, with standard output put back behind it. */
static void write_line(const char *file, const char *source, const char *message)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), fd = open(file, O_WRONLY | O_CLOEXEC | O_APPEND);
    assert_true(kept >= 0 && fd >= 0);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    close(fd);
    log_note(EVENT_INFO, source, NULL, message);
    assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
    close(kept);
}

static void write_to(const char *file)
{
    write_line(file, NULL, "a line");
}

/* A full disk is told as long as it lasts; the exit status tells of it for good. */
static void full_for_a_while(void **state)
{
    static const enum output forms[] = {OUTPUT_JSON, OUTPUT_TEXT};
    assert_false(log_failing() || log_failed());
    for (size_t i = 0; i < 2; i++) {
        log_start(forms[i]);
        write_to("/dev/full");
        assert_true(log_failing() && log_failed());
        write_to("/dev/null");
        assert_false(log_failing());
        assert_true(log_failed());
    }
}

/* For a person, of several sources. */
static void whose_line(void **state)
{
    static const char *const lines[] = {"note: one\n", "ml: note: two\n",
                                        "note: source ml: three\n", "note: four\n"};
    char file[] = "/tmp/holdfast-log-XXXXXX", line[128];
    close(mkstemp(file));
    log_start(OUTPUT_TEXT);
    log_sources(1);
    write_line(file, "ml", "one");
    log_sources(2);
    write_line(file, "ml", "two");
    write_line(file, "ml", "source ml: three");
    write_line(file, NULL, "four");
    FILE *in = fopen(file, "re");
    assert_non_null(in);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        assert_non_null(fgets(line, sizeof(line), in));
        assert_string_equal(line + strlen("2026-03-01T12:03:00Z  "), lines[i]);
    }
    fclose(in);
    unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(full_for_a_while),
                                       cmocka_unit_test(whose_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
