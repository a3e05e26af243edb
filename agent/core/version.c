#include "core/version.h"

#ifndef HOLDFAST_VERSION
#define HOLDFAST_VERSION "unknown"
#endif

const char *holdfast_version(void)
{
    return HOLDFAST_VERSION;
}
