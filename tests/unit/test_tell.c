/* What is told of a source once: notes that nothing takes back, and errors of a set that goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/limits.h"
#include "tell.h"

static void count(void *ctx, enum event_level level, const char *event, const json_t *members)
{
    ++*(size_t *)ctx;
}

static void say(struct tell *t, enum event_level level, size_t number)
{
    json_auto_t *members = json_object();
    _free_ char *message = xasprintf("number %zu", number);
    json_put_str(members, "message", message);
    tell_problem(t, level, members);
}

/* They may be any number over months: the latest are known, the number of those kept is bounded. */
static void many_notes(void **state)
{
    size_t told = 0;
    const size_t many = 5UL * LIMIT_ERRORS;
    struct tell_counts counts;
    struct tell *t = tell_new(count, &told);
    for (size_t i = 0; i < many; i++)
        say(t, EVENT_INFO, i);
    assert_int_equal(told, many);
    say(t, EVENT_INFO, many - 1);
    assert_int_equal(told, many); /* is known */
    tell_count(t, &counts);
    assert_int_equal(counts.notes, 4 * LIMIT_ERRORS);
    say(t, EVENT_INFO, 0);
    assert_int_equal(told, many + 1); /* made room */
    tell_free(t);
}

static void of_a_set(void **state)
{
    size_t told = 0;
    struct tell_counts counts;
    struct tell *t = tell_new(count, &told);
    for (int turn = 0; turn < 2; turn++) {
        tell_taking(t);
        say(t, EVENT_ERROR, 1);
        say(t, EVENT_ERROR, 1);
        tell_taken(t);
    }
    assert_int_equal(told, 1);
    tell_taking(t);
    tell_taken(t);
    tell_count(t, &counts);
    assert_int_equal(counts.errors, 0);
    tell_taking(t);
    say(t, EVENT_ERROR, 1); /* it is so again */
    tell_taken(t);
    assert_int_equal(told, 3);
    tell_free(t);
}

/* A note of an object goes with it, and comes again with it. */
static void of_an_object(void **state)
{
    size_t told = 0;
    struct tell_counts counts;
    struct tell *t = tell_new(count, &told);
    json_auto_t *a = json_pack("{s:s,s:s}", "object", "Deployment ml/a", "message", "scaled");
    json_auto_t *b = json_pack("{s:s,s:s}", "object", "Node b", "message", "scaled");
    tell_problem(t, EVENT_INFO, a);
    tell_problem(t, EVENT_INFO, b);
    tell_unsaid(t, &(struct unit){.kind = "Deployment", .namespace = "ml", .name = "b"});
    tell_unsaid(t, &(struct unit){.kind = "Deployment", .namespace = "ml", .name = "a"});
    tell_count(t, &counts);
    assert_int_equal(counts.notes, 1);
    tell_problem(t, EVENT_INFO, a);
    tell_problem(t, EVENT_INFO, b); /* is known */
    assert_int_equal(told, 3);
    tell_free(t);
}

/* A commit that moves the line of what was noted while it was judged makes it no second note. */
static void line_moved(void **state)
{
    size_t told = 0;
    struct tell_counts counts;
    struct tell *t = tell_new(count, &told);
    for (int line = 1; line < 4; line++) {
        json_auto_t *members = json_pack("{s:s,s:i}", "message", "held by an HPA", "line", line);
        tell_problem(t, EVENT_INFO, members);
    }
    tell_count(t, &counts);
    assert_int_equal(told, 1);
    assert_int_equal(counts.notes, 1);
    tell_free(t);
}

static void keep(void *ctx, enum event_level level, const char *event, const json_t *members)
{
    json_t *copy = json_copy((json_t *)members);
    json_object_set_new(copy, "event", json_string(event));
    json_object_del(copy, "opened");
    json_array_append_new(ctx, copy);
}

/* The last event, without its moment. */
static void check_last(const json_t *told, size_t count, const char *last)
{
    assert_int_equal(json_array_size(told), count);
    _free_ char *text = json_text(json_array_get(told, count - 1), JSON_WRITE_SORTED);
    assert_string_equal(text, last);
}

/* An error is told again while it lasts, and when it is over; one whose line moved is not over. */
static void error_lasts(void **state)
{
    json_auto_t *told = json_array();
    json_auto_t *a = json_pack("{s:s,s:i,s:s}", "file", "a.yaml", "line", 3, "message", "bad");
    json_auto_t *moved = json_pack("{s:s,s:i,s:s}", "file", "a.yaml", "line", 4, "message", "bad");
    struct tell *t = tell_new(keep, told);
    tell_taking(t);
    tell_problem(t, EVENT_ERROR, a);
    say(t, EVENT_INFO, 1);
    tell_taken(t);
    tell_remind(t, clock_monotonic_ms() + 1000, 5000);
    assert_int_equal(json_array_size(told), 2);
    tell_remind(t, clock_monotonic_ms() + 6000, 5000);
    check_last(told, 3,
               "{\"event\":\"error\",\"file\":\"a.yaml\",\"line\":3,\"message\":\"bad\","
               "\"reminder\":true}");
    json_auto_t *errors = tell_errors(t, 5);
    assert_int_equal(json_array_size(errors), 1);
    assert_string_equal(json_str_at(json_array_get(errors, 0), "message", NULL), "bad");
    assert_non_null(json_str_at(json_array_get(errors, 0), "time", NULL));
    tell_taking(t);
    tell_problem(t, EVENT_ERROR, moved);
    tell_taken(t);
    assert_int_equal(json_array_size(told), 4);
    tell_taking(t);
    tell_taken(t);
    check_last(told, 5,
               "{\"event\":\"note\",\"file\":\"a.yaml\",\"line\":4,\"message\":\"over: bad\"}");
    tell_taking(t);
    tell_problem(t, EVENT_ERROR, a);
    tell_taken(t);
    tell_clear_all(t, "not followed");
    check_last(told, 7,
               "{\"event\":\"note\",\"file\":\"a.yaml\",\"line\":3,\"message\":\"over (not "
               "followed): bad\"}");
    tell_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_notes), cmocka_unit_test(of_a_set),    cmocka_unit_test(of_an_object),
        cmocka_unit_test(line_moved), cmocka_unit_test(error_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
