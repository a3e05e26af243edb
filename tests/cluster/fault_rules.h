/*
 * What the fault proxy does to which request: rules, and a random schedule. Pure but for the
 * counts that it keeps; not locked, its owner does that.
 */
#ifndef HOLDFAST_TEST_FAULT_RULES_H
#define HOLDFAST_TEST_FAULT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum fault {
    FAULT_NONE,
    FAULT_STATUS,   /* an answer of the proxy's own with `status`; the server is not asked */
    FAULT_EXPIRED,  /* of a WATCH: an ERROR event with code 410, and the end */
    FAULT_END,      /* of a WATCH: a good end */
    FAULT_CUT,      /* the connection is reset in the middle of the body */
    FAULT_TLS_CUT,  /* the connection ends there without close_notify */
    FAULT_TRUNCATE, /* the body ends there, and the answer looks whole */
    FAULT_STALL,    /* no byte follows until the rule is gone */
    FAULT_SLOW,     /* few bytes at a time */
    FAULT_TYPE,     /* the right body, called text/html */
    FAULT_HTML,     /* status 200 and a page, as a portal in between says it */
    FAULT_JSON,     /* status 200 and a JSON object of another sort */
    FAULT_DELAY,    /* the server's answer is kept for a while */
    FAULTS
};

struct fault_request {
    char *verb;      /* list, watch, get, create, patch, update, delete, discovery */
    char *kind;      /* plural name; "" for discovery */
    char *namespace; /* or NULL */
    char *name;      /* or NULL */
    unsigned number; /* of all requests, from 1 */
};

struct fault_rule {
    unsigned id; /* from 1; never used again */
    enum fault fault;
    char *verbs, *kinds, *name; /* "list,watch"; NULL: each */
    unsigned from, to;          /* of the requests that match, 1 the first; to 0: all later ones */
    unsigned matched;           /* so many did */
    bool running;               /* WATCHes that go on are met, too */
    int status;
    double retry_after; /* seconds; negative: no such header */
    unsigned at;        /* where in the body (of a WATCH: in its next line), in hundredths */
    unsigned ms;        /* FAULT_DELAY; FAULT_SLOW: between bytes */
    unsigned bytes;     /* FAULT_SLOW: at a time */
};

struct fault_rules {
    struct fault_rule *items;
    size_t count, cap;
    unsigned last_id;
    /* The random schedule: so many of 100 requests meet a fault that seed and number choose. */
    unsigned percent;
    uint32_t seed;
};

/*
 * "429 verb=list kind=configmaps from=1 to=3 retry-after=1": a status or the name of a fault, then
 * settings. The rule goes behind the others; its number. -1 (ERR_USAGE) where it is not understood.
 */
int fault_rules_add(struct fault_rules *r, const char *text, struct err **err);

/* What happens to a request that comes now; counts it in all rules. The first rule wins; a copy. */
struct fault_rule fault_rules_decide(struct fault_rules *r, const struct fault_request *q);

/* What happens to a WATCH that goes on, by a rule newer than `after`; fault NONE: nothing. */
struct fault_rule fault_rules_running(const struct fault_rules *r, const struct fault_request *q,
                                      unsigned after);

/* Is the rule still there? The random schedule's (number 0) is while there is one. */
bool fault_rules_has(const struct fault_rules *r, unsigned id);

/* All rules and the random schedule end. */
void fault_rules_clear(struct fault_rules *r);

const char *fault_name(enum fault fault);

/* Takes a request line's method and target apart: verb, kind, namespace, name (owned). */
void fault_request_read(struct fault_request *q, const char *method, const char *target);
void fault_request_free(struct fault_request *q);

#endif
