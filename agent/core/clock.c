#include "core/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define DAY_SECONDS 86400

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_rfc3339(int64_t ms, char out[CLOCK_TEXT_BYTES])
{
    static const int64_t first = -62167219200000, last = 253402300799999;
    ms = ms < first ? first : ms > last ? last : ms;
    int64_t seconds = ms / 1000, rest = ms % 1000;
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    struct tm tm = {0};
    time_t t = (time_t)seconds;
    gmtime_r(&t, &tm);
    snprintf(out, CLOCK_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
             (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
             (unsigned)tm.tm_sec % 100, (unsigned)rest % 1000);
}

/* Exactly `count` digits at *p as a number from `low` to `high`; *p moves past them. */
static bool digits(const char **p, int count, int low, int high, int *out)
{
    int n = 0;
    for (int i = 0; i < count; i++) {
        char c = (*p)[i];
        if (c < '0' || c > '9')
            return false;
        n = n * 10 + (c - '0');
    }
    *p += count;
    *out = n;
    return n >= low && n <= high;
}

static bool mark(const char **p, char a, char b)
{
    if (**p != a && **p != b)
        return false;
    (*p)++;
    return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant's days_from_civil). */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* "Z" or "+hh:mm", as seconds. */
static bool zone(const char **p, int *offset)
{
    *offset = 0;
    if (mark(p, 'Z', 'z'))
        return true;
    int sign = **p == '-' ? -1 : 1, hours, minutes;
    if (!mark(p, '+', '-') || !digits(p, 2, 0, 23, &hours) || !mark(p, ':', ':') ||
        !digits(p, 2, 0, 59, &minutes))
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool fraction(const char **p)
{
    if (!mark(p, '.', '.'))
        return true;
    int digit;
    if (!digits(p, 1, 0, 9, &digit))
        return false;
    while (**p >= '0' && **p <= '9')
        (*p)++;
    return true;
}

/* 2026-03-01, as days since 1970 */
static bool date(const char **p, int64_t *days)
{
    int year, month, day;
    if (!digits(p, 4, 0, 9999, &year) || !mark(p, '-', '-') || !digits(p, 2, 1, 12, &month) ||
        !mark(p, '-', '-') || !digits(p, 2, 1, month_days(year, month), &day))
        return false;
    *days = days_of(year, month, day);
    return true;
}

/* 12:00:00.5, as whole seconds */
static bool time_of_day(const char **p, int *seconds)
{
    int hour, minute, second;
    if (!digits(p, 2, 0, 23, &hour) || !mark(p, ':', ':') || !digits(p, 2, 0, 59, &minute) ||
        !mark(p, ':', ':') || !digits(p, 2, 0, 60, &second) || !fraction(p))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

int clock_parse(const char *text, int64_t *seconds)
{
    const char *p = text;
    int64_t days;
    int in_day, offset;
    if (!p || !date(&p, &days) || !mark(&p, 'T', 't') || !time_of_day(&p, &in_day) ||
        !zone(&p, &offset) || *p)
        return -1;
    *seconds = days * DAY_SECONDS + in_day - offset;
    return 0;
}

void clock_ago(int64_t then, int64_t now, char out[CLOCK_TEXT_BYTES])
{
    int64_t n = now - then;
    bool ahead = n < 0;
    if (ahead)
        n = -n;
    if (n < 1 || (ahead && n <= 5)) {
        snprintf(out, CLOCK_TEXT_BYTES, "just now");
        return;
    }
    int64_t count = n;
    char unit = 's';
    if (n >= 2 * DAY_SECONDS) {
        count = n / DAY_SECONDS;
        unit = 'd';
    } else if (n >= 3600) {
        count = n / 3600;
        unit = 'h';
    } else if (n >= 60) {
        count = n / 60;
        unit = 'm';
    }
    snprintf(out, CLOCK_TEXT_BYTES, ahead ? "in %lld%c" : "%lld%c ago", (long long)count, unit);
}
