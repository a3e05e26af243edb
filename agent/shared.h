/* What is said of an object that two sources declare, and what makes two of them one. All owned. */
#ifndef HOLDFAST_SHARED_H
#define HOLDFAST_SHARED_H

#include "sync/desired.h"

char *shared_identity(const struct desired *d, const char *default_namespace);

/* As errors name it: "Deployment ml/x". */
char *shared_object(const struct desired *d);

/* Why it is not compared: `source` declares it, too. */
char *shared_message(const char *source, const struct desired *other);

#endif
