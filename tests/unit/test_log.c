/* The agent's log on a standard output that fails for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "log.h"

/* Writes one line to that file, with standard output put back behind it. */
static void write_to(const char *file)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), fd = open(file, O_WRONLY | O_CLOEXEC);
    assert_true(kept >= 0 && fd >= 0);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    close(fd);
    log_note(EVENT_INFO, NULL, NULL, "a line");
    assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
    close(kept);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(full_for_a_while)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
