/* When a source is read again. */
#ifndef HOLDFAST_PAUSE_H
#define HOLDFAST_PAUSE_H

#include "core/err.h"

/*
 * Seconds until the next read after so many in a row that failed (0: the last one did not), the
 * last as `kind` says. It is tried again within minutes, as a ref, a right or a file may be there
 * then. Where a cap was met, each try fetches all in vain: the pause grows up to an hour.
 */
double pause_s(double interval, unsigned failures, enum err_kind kind);

#endif
