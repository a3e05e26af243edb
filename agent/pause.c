#include "pause.h"

#include <math.h>
#include <stdbool.h>

#include "core/backoff.h"

#define AT_INTERVAL 3 /* failures after which the next read comes as if there had been none */
#define PASSING_S   300.0
#define LASTING_S   3600.0

double pause_s(double interval, unsigned failures, enum err_kind kind)
{
    double usual = interval * (0.9 + 0.2 * random_unit());
    if (failures <= AT_INTERVAL)
        return usual;
    double most = kind == ERR_LIMIT ? LASTING_S : PASSING_S;
    double pause = backoff_s(failures - AT_INTERVAL, interval, most);
    return fmax(usual, pause);
}
