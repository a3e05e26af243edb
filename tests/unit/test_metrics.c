/* The registry and the Prometheus text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/metrics.h"

static char *written(void)
{
    struct buf b = BUF_INIT(LIMIT_JSON_BYTES);
    metrics_write(&b);
    return buf_take(&b);
}

static void assert_line(const char *text, const char *line)
{
    _free_ char *whole = xasprintf("\n%s\n", line);
    if (!strstr(text, whole))
        fail_msg("no line %s in\n%s", line, text);
}

static void counters(void **state _unused_)
{
    metrics_reset();
    metrics_request("LIST", 200, 0.2);
    metrics_request("list", 200, 0.3);
    metrics_request("PATCH", 422, 0.004);
    metrics_request("get", 0, 10);
    metrics_request("WATCH", 200, -1);
    metrics_request("POST", 201, 0.1);
    metrics_error("git");
    metrics_drift("opened");
    metrics_drift("opened");
    _free_ char *text = written();
    assert_line(text, "holdfast_kubernetes_requests_total{verb=\"list\",code=\"200\"} 2");
    assert_line(text, "holdfast_kubernetes_requests_total{verb=\"patch\",code=\"422\"} 1");
    assert_line(text, "holdfast_kubernetes_requests_total{verb=\"get\",code=\"none\"} 1");
    assert_line(text, "holdfast_kubernetes_requests_total{verb=\"watch\",code=\"200\"} 1");
    assert_line(text, "holdfast_kubernetes_requests_total{verb=\"create\",code=\"201\"} 1");
    assert_line(text, "holdfast_errors_total{class=\"git\"} 1");
    assert_line(text, "holdfast_drift_lines_total{state=\"opened\"} 2");
    assert_line(text, "holdfast_kubernetes_request_duration_seconds_sum{verb=\"list\"} 0.5");
    assert_null(strstr(text, "duration_seconds_count{verb=\"watch\"}"));
    metrics_reset();
    _free_ char *again = written();
    assert_null(strstr(again, "verb=\"list\""));
}

/* A bucket counts what is at or below its bound; the last is the count. */
static void histograms(void **state _unused_)
{
    metrics_reset();
    metrics_judge(0.001);
    metrics_judge(0.0011);
    metrics_judge(31);
    _free_ char *text = written();
    assert_line(text, "# TYPE holdfast_judge_duration_seconds histogram");
    assert_line(text, "holdfast_judge_duration_seconds_bucket{le=\"0.001\"} 1");
    assert_line(text, "holdfast_judge_duration_seconds_bucket{le=\"0.0025\"} 2");
    assert_line(text, "holdfast_judge_duration_seconds_bucket{le=\"30\"} 2");
    assert_line(text, "holdfast_judge_duration_seconds_bucket{le=\"+Inf\"} 3");
    assert_line(text, "holdfast_judge_duration_seconds_count 3");
    assert_line(text, "holdfast_watch_latency_seconds_count 0");
}

/* Verbs come from us, but a mistake must not fill the memory. */
static void bounded(void **state _unused_)
{
    metrics_reset();
    for (int i = 0; i < 5000; i++) {
        _free_ char *verb = xasprintf("verb%d", i);
        metrics_request(verb, 200, 0.1);
        metrics_error(verb);
    }
    _free_ char *text = written();
    assert_true(strlen(text) < 256 * KIB);
    assert_line(text, "holdfast_errors_total{class=\"(other)\"} 4960");
    assert_non_null(strstr(text, "duration_seconds_count{verb=\"(other)\"} 4989"));
    metrics_reset();
}

static void process(void **state _unused_)
{
    _free_ char *text = written();
    const char *names[] = {"\nprocess_resident_memory_bytes ", "\nprocess_open_fds ",
                           "\nprocess_start_time_seconds "};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *at = strstr(text, names[i]);
        assert_non_null(at);
        assert_true(strtod(at + strlen(names[i]), NULL) > 2);
    }
    double start = strtod(strstr(text, names[2]) + strlen(names[2]), NULL);
    assert_true(start <= (double)time(NULL) + 1 && start > (double)time(NULL) - 3600);
    assert_non_null(strstr(text, "\nholdfast_build_info{version=\""));
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total "));
}

static void escaped(void **state _unused_)
{
    struct buf _buf_ b = BUF_INIT(KIB);
    metrics_family(&b, "x", "gauge", "An x.");
    metrics_sample(&b, "x", 1.5, "a", "q\"b\\n\nz", "b", NULL, NULL);
    metrics_sample(&b, "x", -3, NULL);
    assert_string_equal(buf_str(&b), "# HELP x An x.\n# TYPE x gauge\n"
                                     "x{a=\"q\\\"b\\\\n\\nz\",b=\"\"} 1.5\nx -3\n");
}

static void tallies(void **state _unused_)
{
    struct metrics_tally t = {.labels = {"ns", "kind"}, .max = 2};
    metrics_tally_add(&t, 1, (const char *[]){"ml", "Pod"});
    metrics_tally_add(&t, 2, (const char *[]){NULL, "Node"});
    metrics_tally_add(&t, 3, (const char *[]){"ml", "Pod"});
    metrics_tally_add(&t, 1, (const char *[]){"a", "Job"});
    metrics_tally_add(&t, 1, (const char *[]){"b", "Job"});
    struct buf _buf_ b = BUF_INIT(KIB);
    metrics_tally_write(&t, "open", &b);
    assert_string_equal(buf_str(&b), "open{ns=\"ml\",kind=\"Pod\"} 4\n"
                                     "open{ns=\"\",kind=\"Node\"} 2\n"
                                     "open{ns=\"(other)\",kind=\"(other)\"} 2\n");
    metrics_tally_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters), cmocka_unit_test(histograms), cmocka_unit_test(bounded),
        cmocka_unit_test(process),  cmocka_unit_test(escaped),    cmocka_unit_test(tallies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
