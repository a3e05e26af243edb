#include "core/backoff.h"

#include <math.h>
#include <stdint.h>

#include "core/hash.h"

double random_unit(void)
{
    uint32_t r;
    hash_random(&r, sizeof(r));
    return r / 4294967296.0;
}

double backoff_s(unsigned failures, double first, double most)
{
    double pause = fmin(ldexp(first, failures < 64 ? (int)failures : 64), most);
    return pause * (0.5 + 0.5 * random_unit());
}
