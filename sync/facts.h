/* What to do next with an object, decided from its facts alone (DESIGN 1): a pure function. */
#ifndef HOLDFAST_SYNC_FACTS_H
#define HOLDFAST_SYNC_FACTS_H

#include "providers/provider.h"

enum action_type {
    ACTION_NOTHING, /* an answer is awaited, or all is done */
    ACTION_ASK,
    ACTION_CONCLUDE,
};

struct action {
    enum action_type type;
    enum ask ask;
};

struct action_limits {
    unsigned rereads; /* how often answers on another state are tried again */
};

struct action next_action(const struct facts *facts, const struct action_limits *limits);

#endif
