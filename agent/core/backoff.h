/* How long to wait after failures, so that many who failed at once do not come back at once. */
#ifndef HOLDFAST_CORE_BACKOFF_H
#define HOLDFAST_CORE_BACKOFF_H

/* From 0 to below 1, of the system's own randomness. */
double random_unit(void);

/*
 * Seconds to wait after `failures` that went before this one (0: none): `first`, doubled with each
 * of them up to `most`, and of that a random part between the half and the whole.
 */
double backoff_s(unsigned failures, double first, double most);

#endif
