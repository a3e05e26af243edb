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
#include <string.h>

#include "core/err.h"
#include "diff/document.h"
#include "diff/compare.h"
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
    OBSERVED_UNLISTED, /* nor its collection, whose observation goes on and brings it back */
    OBSERVED_REFUSED,  /* it cannot be asked for: the identity itself is wrong */
};

/* Its collection is asked for again, and tells; nobody reads it by itself. */
static inline bool observed_by_collection(enum observed observed)
{
    return observed == OBSERVED_DENIED || observed == OBSERVED_UNLISTED;
}

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

#define UNIT_DIGEST_BYTES 16

/* Is it there? Zeros stand for none. */
static inline bool unit_digest_set(const uint8_t digest[UNIT_DIGEST_BYTES])
{
    static const uint8_t none[UNIT_DIGEST_BYTES];
    return memcmp(digest, none, sizeof(none)) != 0;
}

/*
 * One object under comparison. Its strings are borrowed from the desired set that the pass took
 * last. What is marked as the core's is for sync/ alone; `own` and what is marked so is the
 * provider's.
 */
struct unit {
    const char *api_version, *group, *version, *kind, *name;
    const char *declared_namespace; /* as Git says, or NULL */
    const char *namespace;          /* the effective one; NULL for a cluster-scoped object */
    const char *file;
    uint32_t line;
    size_t index;                      /* in the desired set */
    uint8_t digest[UNIT_DIGEST_BYTES]; /* of what Git says */
    struct facts facts;

    /* The provider's. */
    const void *type;                 /* what kind of object it is */
    size_t ignored;                   /* differences that a rule covers */
    bool noted;                       /* a note about it was told */
    uint8_t granted;                  /* bits of enum ask: questions that were answered ... */
    uint8_t denied;                   /* ... those we may not ask ... */
    uint8_t doubted;                  /* ... and one of which that is not believed yet */
    uint32_t doubted_s;               /* monotonic seconds: since when */
    void *own;                        /* what is kept while it is judged */
    uint8_t state[UNIT_DIGEST_BYTES]; /* of the live object as it was seen last; zeros: never */
    uint8_t projection[UNIT_DIGEST_BYTES]; /* of what the last verdict stands on; zeros: none */
    uint32_t listed;                       /* the LIST that brought it last */
    uint32_t going_s; /* monotonic seconds: since when its kind is being deleted; 0: it is not */

    /* Milliseconds since 1970 when a watch saw its last change; 0: it came otherwise. */
    int64_t seen_ms;

    /* The core's. */
    bool paused; /* known to the provider, as others may need it, and not compared */
    bool gone;   /* no longer desired: freed once its last answer is there */
    bool queued, active, waiting;
    bool reported;                   /* its last verdict was not "in sync" */
    bool settled;                    /* judged since the desired set said so */
    bool due;                        /* its daily judgement is under way */
    bool resolved;                   /* its namespace is the effective one */
    uint8_t delay;                   /* enum delay of sync/later.h: in which queue it waits */
    uint8_t tries;                   /* judgements in a row that came to nothing */
    uint32_t file_places;            /* length of its places: other lines, other length */
    uint32_t turn_bytes;             /* what it takes while it is active */
    int64_t moved_first, moved_last; /* monotonic ms: the changes that it settles after */
    int64_t due_at;   /* monotonic ms when it was marked to be judged; 0: it is not */
    int64_t retry_at; /* monotonic ms */
};

/* The service does not let us ask this of the unit. */
static inline bool unit_denied(const struct unit *unit, enum ask what)
{
    return unit->denied >> what & 1;
}

struct host {
    void *ctx;
    /* The body of the unit; free with document_free. */
    int (*load)(void *ctx, const struct unit *unit, struct document *out, struct err **err);
    /* The body alone, as JSON; owned. NULL where it cannot be read. */
    char *(*text)(void *ctx, const struct unit *unit, size_t *len);
    void (*dirty)(void *ctx, struct unit *unit);
    /* A watch saw it change: dirty once it has settled. NULL where nothing is watched. */
    void (*moved)(void *ctx, struct unit *unit);
    /*
     * Is the live object of this state known to be what Git says? Asked before anything of it is
     * parsed. NULL: nothing is ever known.
     */
    bool (*known)(void *ctx, struct unit *unit);
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
    /*
     * The judgement of the unit does not tell what is at this path, though it may differ:
     * "ignored", or whose it is. NULL: not wanted.
     */
    void (*passed_over)(void *ctx, const struct unit *unit, const struct path *path,
                        const char *why);
    /* It was seen in another state, and its verdict is the one that it was. NULL: not wanted. */
    void (*stands)(void *ctx, const struct unit *unit);
};

struct provider {
    const struct provider_ops *ops;
};

struct provider_ops {
    const char *name;
    /*
     * Resolves the units: sets namespace (where it is another one than before, the unit is another
     * object, and begins anew), and observed UNSERVED or REFUSED where that is known
     * already. Units that are wrong (unknown kind) are told through host->error and marked
     * concluded. Called again with each new desired set; units that stay keep what they have.
     */
    void (*begin)(struct provider *p, struct unit *const *units, size_t count);
    /*
     * Observes all units that begin() got; each becomes dirty when its `observed` is known. A
     * provider that watches goes on: changes mark units through host->moved.
     */
    void (*observe)(struct provider *p);
    /* Asks one question; answers[what] is set when it comes. ASK_READ sets `observed` anew. */
    void (*ask)(struct provider *p, struct unit *unit, enum ask what);
    /* All facts are there: reports what differs and frees what was kept. */
    void (*conclude)(struct provider *p, struct unit *unit);
    /*
     * Is the last verdict still true, though nothing was seen to change? Answered by one question;
     * where it may be another one, the unit is made dirty with `observed` ABSENT.
     */
    void (*refresh)(struct provider *p, struct unit *unit);
    /* The unit goes away: nothing of it is under way. */
    void (*forget)(struct provider *p, struct unit *unit);
    /* Nothing goes on: what is under way is cancelled. */
    void (*stop)(struct provider *p);
    void (*free)(struct provider *p);
};

#endif
