#include "sync/facts.h"

static const struct action nothing = {.type = ACTION_NOTHING};
static const struct action conclude = {.type = ACTION_CONCLUDE};

static struct action ask(enum ask what)
{
    return (struct action){.type = ACTION_ASK, .ask = what};
}

/* The object is there and not literally what Git says. */
static struct action next_question(const struct facts *f)
{
    if (!f->literal && f->answers[ASK_APPLY] == ANSWER_NONE)
        return ask(ASK_APPLY);
    bool refused = f->answers[ASK_APPLY] == ANSWER_REFUSED && f->probeable;
    if (refused && f->answers[ASK_CREATE] == ANSWER_NONE)
        return ask(ASK_CREATE);
    if (refused && f->candidates && f->answers[ASK_CREATE] == ANSWER_OK &&
        f->answers[ASK_FOLD] == ANSWER_NONE)
        return ask(ASK_FOLD);
    /* without the right to ask, or without an answer, nothing proves an addition */
    bool can_ask =
        f->literal || f->answers[ASK_APPLY] == ANSWER_OK || f->answers[ASK_APPLY] == ANSWER_REFUSED;
    if (f->candidates && can_ask && f->answers[ASK_REMOVE] == ANSWER_NONE)
        return ask(ASK_REMOVE);
    return conclude;
}

struct action next_action(const struct facts *facts, const struct action_limits *limits)
{
    if (facts->concluded || facts->in_flight)
        return nothing;
    if (facts->stale)
        return facts->rereads < limits->rereads ? ask(ASK_READ) : conclude;
    switch (facts->observed) {
    case OBSERVED_NOT_YET:
        return nothing;
    case OBSERVED_ABSENT:
        return ask(ASK_READ);
    case OBSERVED_GONE:
        return facts->answers[ASK_APPLY] == ANSWER_NONE ? ask(ASK_APPLY) : conclude;
    case OBSERVED_PRESENT:
        return facts->terminating ? conclude : next_question(facts);
    default:
        return conclude;
    }
}
