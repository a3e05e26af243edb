/* The version that this program was built as. */
#ifndef HOLDFAST_CORE_VERSION_H
#define HOLDFAST_CORE_VERSION_H

/* As `git describe` said at build time, or "unknown". Static. */
const char *holdfast_version(void);

#endif
