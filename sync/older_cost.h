/* What one step of the window of older versions took of its caps (core/limits.h). */
#ifndef HOLDFAST_SYNC_OLDER_COST_H
#define HOLDFAST_SYNC_OLDER_COST_H

#include <stdint.h>

struct older_cost {
    uint64_t files, bytes; /* of LIMIT_OLDER_FILES and LIMIT_OLDER_BYTES */
    uint64_t bodies;       /* of LIMIT_OLDER_BODIES; the sink's to count */
};

#endif
