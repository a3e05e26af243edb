#include "core/version.h"

/* Given by the Makefile to this file alone, so that a commit does not compile everything again. */
#ifndef HOLDFAST_VERSION
#define HOLDFAST_VERSION "unknown"
#endif

const char *holdfast_version(void)
{
    return HOLDFAST_VERSION;
}
