/* The program's own version, for the command line and the user agent. */
#ifndef HOLDFAST_CORE_VERSION_H
#define HOLDFAST_CORE_VERSION_H

/* "0.1.0" or what git describe said when it was built; a constant. (Defined in agent/version.c.) */
const char *holdfast_version(void);

#endif
