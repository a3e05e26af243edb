/* What a source's configuration says of ignoring and of its mode, as the core takes it. */
#ifndef HOLDFAST_IGNORING_H
#define HOLDFAST_IGNORING_H

#include "config.h"
#include "diff/ignore.h"
#include "sync/orders.h"

/* The source's rules, compiled; in force from now on. Free with ignore_free. */
struct ignore *source_rules(const struct config_source *source);

enum order_mode source_mode(const struct config_source *source);

#endif
