/*
 * The desired set: what one source says at one revision. In memory an object is its identity, its
 * place and a digest; bodies and places lie in a spool file (0600, under stateDir, already
 * unlinked) until an object is judged.
 */
#ifndef HOLDFAST_SYNC_DESIRED_H
#define HOLDFAST_SYNC_DESIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/limits.h"
#include "diff/document.h"
#include "sync/digest.h"
#include "sync/manifest.h"
#include "sync/older_cost.h"
#include "sync/spool.h"
#include "sync/walk.h"

struct desired {
    const char *api_version; /* "apps/v1" */
    const char *group;       /* "apps", "" for the core group */
    const char *version;     /* "v1" */
    const char *kind;
    const char *namespace; /* NULL when the document names none */
    const char *name;
    const char *file; /* path inside the source */
    uint32_t line, col;
    uint8_t digest[DESIRED_DIGEST_BYTES]; /* of the canonical body */
    uint8_t mode;                         /* enum order_mode: the order in its annotations */
    bool doubled;                         /* the same identity stands twice: told, not compared */
    bool shared;                          /* another source declares it, too: told, not compared */
    bool undecided;  /* the other one may have let go of it meanwhile: not compared, not told yet */
    uint64_t offset; /* in the spool */
    uint32_t body_len, places_len;
};

/* What Git said of an object before (sync/older.h). */
struct older {
    const char *group, *kind, *name;
    const char *namespace; /* NULL when the document named none */
    const char *file;
    uint32_t step;       /* of the window: 0 is the newest commit */
    int64_t replaced_at; /* seconds: the commit that said otherwise; OLDER_NOT_COMMITTED */
    uint64_t offset;     /* in the spool; ascending from newer to older in one step */
    uint32_t body_len;
};

struct desired_set {
    struct desired *items; /* in the order of the files, then of their documents */
    size_t count, cap;
    struct older *older; /* once finished: those of one identity together, newest first */
    size_t older_count, older_cap;
    struct older_cost steps[LIMIT_OLDER_COMMITS + 1]; /* what the window of older versions took */
    size_t step_count;
    bool older_cut;           /* the window ended at a cap */
    struct problem *problems; /* their strings are the set's; LIMIT_ERRORS of each level are told */
    size_t problem_count, problem_cap;
    size_t kept[PROBLEM_LEVELS]; /* of them, by level */
    size_t errors; /* all of level PROBLEM_ERROR, told or not: not 0 means Git was not read whole */
    char *revision;      /* commit id, or NULL for a folder that is no Git working tree or for the
                            working tree itself */
    int64_t commit_time; /* seconds, 0 where unknown */
    /* Of all objects and problems of the read: two sets with one digest say the same. */
    uint8_t digest[DESIRED_DIGEST_BYTES];
    uint8_t older_digest[DESIRED_DIGEST_BYTES];
    uint8_t scope[DESIRED_DIGEST_BYTES]; /* of how it was read: path, globs, caps ... */
    size_t read_problems;                /* problems of the read itself: the first of `problems` */
    bool read_cut;                       /* it had more than are told */
    size_t source_problems;              /* the first of them: those of the source as a whole */
    struct walk_counts walked;
    bool complete;       /* the end record came: only then is the set what Git says */
    bool saved;          /* the file of sync/kept.h holds this very set */
    bool restored;       /* from such a file: this process has not read it yet */
    struct spool *spool; /* bodies, interned strings; shared with the sets that it came from */
};

/*
 * Building a set: new, add, add_older (newest first) and problem as they come, then finish. `add`
 * interns the strings of `object` (group and version are cut out of api_version) and appends
 * body_len and places_len bytes to the spool. ERR_FATAL where the disk fails.
 */
struct desired_set *desired_set_new(const char *state_dir, struct err **err);
/* An empty one of the same source that shares the spool of `base`. */
struct desired_set *desired_set_beside(const struct desired_set *base);
int desired_set_add(struct desired_set *set, const struct desired *object, const void *body,
                    const void *places, struct err **err);
int desired_set_add_older(struct desired_set *set, const char *api_version,
                          const struct older *older, const void *body, struct err **err);
void desired_set_problem(struct desired_set *set, const struct problem *problem);
/* The same, but the digest stays: it knows it, or it is none of the read. */
void desired_set_keep_problem(struct desired_set *set, const struct problem *problem);
/* Are there more than are told? */
bool desired_problems_cut(const struct desired_set *set);
int desired_set_finish(struct desired_set *set, struct err **err);

/* Is it all of a commit, so that another read can go on from it? */
bool desired_can_go_on(const struct desired_set *set);

/* What one object adds to the set's digest. */
void desired_digest(const struct desired *object, uint8_t out[DESIRED_DIGEST_BYTES]);

/* Reads object `index` back from the spool. Free with document_free. */
int desired_load(const struct desired_set *set, size_t index, struct document *out,
                 struct err **err);

/* The body of object `index` alone, as it stands in the spool; owned. NULL where it fails. */
char *desired_text(const struct desired_set *set, size_t index, size_t *len);

/*
 * The k-th older version of object `index`, 0 being the newest: *body is owned by the caller,
 * *replaced_at as in struct older. `default_namespace` stands in for none on both sides. 1, or 0
 * where Git's window holds no more, or -1 with *err.
 */
int desired_older(const struct desired_set *set, size_t index, const char *default_namespace,
                  size_t k, json_t **body, int64_t *replaced_at, struct err **err);

/*
 * Whether an error of the set may be why `file` (NULL: some file) declares less than it did: one of
 * the file, of its folder or of one above. Then Git cannot be said to hold no such object.
 */
bool desired_unread(const struct desired_set *set, const char *file);

/*
 * Marks objects whose group, kind, namespace (default_namespace where none is named) and name stand
 * more than once, and adds an error to each that names the other place. Calling it again tells
 * nothing twice.
 */
void desired_mark_doubled(struct desired_set *set, const char *default_namespace);

/* NULL-safe. */
void desired_set_free(struct desired_set *set);

#endif
