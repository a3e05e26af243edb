/*
 * What the core asks of a provider (Kubernetes, Azure), and what a provider gets from the core. The
 * core decides what to do next from facts alone (sync/facts.h); a provider does one thing at a time
 * for an object, writes down what came of it in the facts, and calls host->dirty. It never starts a
 * next step on its own.
 */
#ifndef HOLDFAST_PROVIDERS_PROVIDER_H
#define HOLDFAST_PROVIDERS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "diff/compare.h"
#include "diff/document.h"
#include "diff/drift.h"

/* Where the live object stands. */
enum observed {
    OBSERVED_NOT_YET,
    OBSERVED_ABSENT, /* not in a LIST: to be confirmed by a read of the object itself */
    OBSERVED_GONE,   /* confirmed: it is not there */
    OBSERVED_PRESENT,
    OBSERVED_UNSERVED, /* its kind is not there yet, and comes with the source */
    OBSERVED_DENIED,   /* we may not read it */
    OBSERVED_FAILED,   /* it could not be read */
    OBSERVED_REFUSED,  /* it cannot be asked for: the identity itself is wrong */
};

/* Questions to the service that change nothing. */
enum ask {
    ASK_READ,   /* the object as it is now */
    ASK_APPLY,  /* what would it be after our apply? */
    ASK_CREATE, /* is the body valid by itself? */
    ASK_FOLD,   /* would it be taken without the hands' leftovers? */
    ASK_REMOVE, /* which of the hands' additions are mere defaults? */
    ASK_COUNT,
};

enum answer {
    ANSWER_NONE,
    ANSWER_OK,
    ANSWER_REFUSED, /* the service says no: what was asked cannot be */
    ANSWER_DENIED,  /* we have no right to ask */
    ANSWER_FAILED,  /* no usable answer, retries included */
};

/* All that next_action() looks at. */
struct facts {
    enum observed observed;
    bool literal;     /* every declared value stands there literally, nothing else is ours */
    bool terminating; /* deletion is under way */
    bool candidates;  /* hands own something that Git does not declare */
    bool probeable;   /* a refusal may be looked into by ASK_CREATE */
    bool stale;       /* an answer was computed on another state: read again */
    bool in_flight;
    bool concluded;
    uint8_t rereads; /* how often it was read again because of `stale` */
    enum answer answers[ASK_COUNT];
};

/* One object under comparison. Identity is borrowed from the desired set; `own` is the provider's.
 */
struct unit {
    const char *api_version, *group, *version, *kind, *name;
    const char *namespace; /* the effective one; NULL for a cluster-scoped object */
    const char *file;
    uint32_t line;
    size_t index; /* in the desired set */
    struct facts facts;
    const void *type; /* the provider's: what kind of object it is */
    size_t ignored;   /* the provider's: differences that a rule covers */
    bool noted;       /* the provider's: a note about it was told */
    void *own;        /* the provider's: what is kept while it is judged */
};

struct host {
    void *ctx;
    /* The body of the unit; free with document_free. */
    int (*load)(void *ctx, const struct unit *unit, struct document *out, struct err **err);
    /* The body alone, as JSON; owned. NULL where it cannot be read. */
    char *(*text)(void *ctx, const struct unit *unit, size_t *len);
    void (*dirty)(void *ctx, struct unit *unit);
    /* Takes over nothing: the drift is rendered during the call. */
    void (*report)(void *ctx, const struct unit *unit, const struct drift *drift);
    /* A note or an error about the unit (NULL: about the whole). */
    void (*note)(void *ctx, const struct unit *unit, const char *message);
    void (*error)(void *ctx, const struct unit *unit, uint32_t line, const char *message);
    /*
     * What Git said of the unit before: its k-th older version, 0 the newest, and when (seconds) a
     * commit replaced it; INT64_MAX: nothing is committed yet. *body is the caller's. False where
     * no more is known. NULL: nothing ever is.
     */
    bool (*older)(void *ctx, const struct unit *unit, size_t k, json_t **body,
                  int64_t *replaced_at);
    /*
     * Does a rule of the source cover the difference? `declared` and `live` are the bodies that its
     * path stands in. NULL: there are no rules.
     */
    bool (*ignored)(void *ctx, const struct unit *unit, const struct difference *difference,
                    const json_t *declared, const json_t *live);
};

struct provider {
    const struct provider_ops *ops;
};

struct provider_ops {
    const char *name;
    /*
     * Resolves the units of a pass: sets namespace, observed UNSERVED or REFUSED where that is
     * known already. Units that are wrong (unknown kind) are told through host->error and marked
     * concluded.
     */
    void (*begin)(struct provider *p, struct unit *units, size_t count);
    /* Observes all units not concluded; each becomes dirty when its `observed` is known. */
    void (*observe)(struct provider *p);
    /* Asks one question; answers[what] is set when it comes. ASK_READ sets `observed` anew. */
    void (*ask)(struct provider *p, struct unit *unit, enum ask what);
    /* All facts are there: reports what differs and frees what was kept. */
    void (*conclude)(struct provider *p, struct unit *unit);
    void (*free)(struct provider *p);
};

#endif
