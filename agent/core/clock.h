/*
 * Time as the reports write it: RFC 3339, UTC. Milliseconds since 1970 wherever a name says `ms`,
 * else seconds. Only here is the machine's clock read.
 */
#ifndef HOLDFAST_CORE_CLOCK_H
#define HOLDFAST_CORE_CLOCK_H

#include <stdint.h>

/* The time of day, and a clock that is never set (to measure with). */
int64_t clock_now_ms(void);
int64_t clock_monotonic_ms(void);

#define CLOCK_TEXT_BYTES 32

/* "2026-03-01T12:03:00.250Z". Times outside the years 0 to 9999 are cut to them. */
void clock_rfc3339(int64_t ms, char out[CLOCK_TEXT_BYTES]);

/*
 * Seconds of an RFC 3339 text (fractions dropped, offsets applied, a leap second is the next
 * second). 0, or -1 when the text is none; *seconds is then untouched.
 */
int clock_parse(const char *text, int64_t *seconds);

/*
 * The distance from `then` to `now`, both seconds, as a person says it: "just now", "40s ago",
 * "2m ago", "3h ago", "5d ago", "in 2m" for a time to come (clocks of two machines differ: up to 5
 * seconds ahead is "just now").
 */
void clock_ago(int64_t then, int64_t now, char out[CLOCK_TEXT_BYTES]);

#endif
