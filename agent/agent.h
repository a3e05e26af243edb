/*
 * The resident process: one loop, one client, one follow for each source. What each file does:
 * agent.c starts, ends, reloads and discovers; follow.c reads Git and compares; agent_status.c
 * tells how it stands.
 */
#ifndef HOLDFAST_AGENT_H
#define HOLDFAST_AGENT_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "core/err.h"
#include "core/http.h"
#include "core/statedir.h"
#include "endpoints.h"
#include "options.h"
#include "providers/kubernetes/kubernetes.h"
#include "sync/memo.h"
#include "sync/pass.h"
#include "sync/source.h"
#include "tell.h"

struct agent;
struct publish;

/* One source: read again and again, compared all the while. */
struct follow {
    struct agent *agent;
    const struct config_source *config;
    struct ignore *ignore;
    struct tell *tell;
    struct source_read *read; /* under way, or NULL */
    bool again;               /* another read was asked for meanwhile */
    bool anew;  /* what was read is of another default namespace: all of it is read again */
    bool waits; /* for another source that reads the same copy */
    struct desired_set *set;  /* what was read last; NULL: nothing yet */
    struct desired_set *kept; /* before the first read: what the last process had read, or NULL */
    int64_t kept_read_at;     /* and when: as read_at */
    int64_t saved_at;         /* monotonic ms: when the set was last looked at to be kept */
    struct pass *pass;        /* NULL until the cluster has told what it serves */
    struct provider *provider;
    struct ev_timer next;
    int64_t read_at;    /* ms since 1970 of the last read that succeeded; 0: none */
    int64_t started_at; /* monotonic ms: the last read's begin, the last summary */
    int64_t summary_at;
    size_t summary_errors; /* how many the last summary told */
    int64_t asked_at;      /* monotonic ms: the begin of the last read that succeeded; 0: none */
    bool undecided;        /* what of its set is another source's, until that one is read, too */
    uint8_t scalers[DESIRED_DIGEST_BYTES]; /* of what its set declares of them */
    bool wanted;                           /* another source waits for what it says now */
    uint64_t requests;                     /* sent before the set was taken */
    char *error;                           /* why the last read failed, or NULL */
    int64_t error_at;                      /* monotonic ms when it was told */
    unsigned failures; /* reads in a row that failed, since somebody asked for one */
    enum err_kind failed_as;
    bool taken;       /* pass has the set */
    bool summary_due; /* the set is new: a summary tells when it is judged */
    bool judged;      /* all of a set, at least once */
    bool restarted;   /* a new configuration: what is open may belong to nobody any more */
    uint8_t fingerprint[MEMO_KEY_BYTES]; /* of what a verdict stands on beside the object */
};

struct agent {
    const struct options *options;
    struct config config;
    struct ev_loop *loop;
    struct http *http;
    struct statedir *state;
    struct memo *memo;
    json_t *left_open; /* what the process before had open, of sources not judged yet */
    bool open_changed; /* since left_open.c wrote the file */
    struct kubeconfig kubeconfig;
    struct kube_client *client;
    struct discovery *discovery;
    bool discovering;
    struct discovery_ask *ask; /* under way, or NULL */
    bool discover_again;       /* asked for while one was under way */
    unsigned discovery_failures;
    unsigned unready;            /* times in a row that the server said it was not ready */
    unsigned unknown_rounds;     /* discoveries in a row after which a kind is still unknown */
    unsigned discoveries, ticks; /* lately: the more, the longer the pause before the next */
    char *discovery_error;
    int64_t discovery_error_at;
    struct ev_timer discover, tick;
    struct ev_signal hup;
    struct ev_async term;
    struct follow *follows;
    size_t count;
    struct endpoints *endpoints;
    struct publish *publish;
    char *state_dir; /* as the configuration had it at the start; NULL: the default */
    bool swept;      /* the memo, of what these sources do not declare */
    int64_t started_ms;
};

/* Runs until SIGTERM or SIGINT. The exit status. */
int agent_run(const struct options *o);

/* The namespace of objects that name none. Borrowed. */
const char *agent_namespace(const struct agent *a);

/* Ask soon what the cluster serves; several calls are one. */
void agent_rediscover(struct agent *a);

/* All of a source was judged. Once all are: what the memo knows of other objects is forgotten. */
void agent_judged(struct agent *a);

/* ---- follow.c ---- */

/* Begins with what `before` (NULL: nothing) had open and had read; takes that over. */
void follow_init(struct follow *f, struct agent *a, const struct config_source *config,
                 struct follow *before);
/* The cluster told what it serves; the first time this begins the comparison. */
void follow_discovered(struct follow *f);
/* Reads now, or as soon as the read under way has ended. */
void follow_sync(struct follow *f);
/* Every ten seconds. */
void follow_tick(struct follow *f, int64_t now_ms);
/* Objects of a kind that is not served, or not now. */
size_t follow_unserved(const struct follow *f);
/* The unit that an event's member `object` is about, or NULL. */
struct unit *follow_unit(const struct follow *f, const json_t *object);
/* Keeps what was read for the next start. */
void follow_keep(struct follow *f);
/* The scope of what is read (sync/kept.h); -1 where it cannot be read at all. */
int follow_scope(const struct follow *f, uint8_t scope[DESIRED_DIGEST_BYTES]);
/* Ends all that is under way; what is open stays. */
void follow_stop(struct follow *f);
void follow_free(struct follow *f);

/* ---- shared.c ---- */

/*
 * Marks in f's set what another source declares, too, and `tell`s it; true when that changes what
 * the set says. Where that one is to be read first, it is `wanted`.
 */
bool follow_mark_shared(struct follow *f, bool tell);
/* For kube_provider_config: the scalers that the sources beside f declare. `ctx` is f. */
void follow_scalers_beside(void *ctx, kube_scaler_declared *each, void *to);
/* Does f's set declare other scalers than when this was asked last? */
bool follow_scalers_changed(struct follow *f);
/* Each source was read once, or could not be. */
bool follows_read(const struct agent *a);

/* ---- agent_status.c ---- */

/*
 * The endpoints as the configuration has them, or none; those that stand as it says are kept. -1
 * with *err where the address cannot be had: those from before then stay.
 */
int agent_listen(struct agent *a, const struct config *config, struct err **err);

/* The counts of a source as a summary's members. New reference. */
json_t *follow_summary(const struct follow *f);

#endif
