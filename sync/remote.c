#include "sync/read.h"
#include "sync/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/limits.h"
#include "sync/mirror.h"
#include "sync/remote_link.h"
#include "sync/remote_mirror.h"
#include "sync/remote_talk.h"
#include "sync/source.h"

/* The commit, those in which older versions are looked for, and the one that the last is compared
 * with. */
#define DEPTH       (LIMIT_OLDER_COMMITS + 2)
#define DEPTH_ALL   0x7fffffffU /* git's own "no limit", which also deepens what is shallow */
#define MAIN_OF_ALL ":all"      /* no ref has such a name */
#define HERE_MAX    1000U       /* told to the server, of what is here */
#define SPARE_MS    1000        /* for telling before the parent kills */
#define STALL_PART  4           /* of the deadline */

struct remote_fetch {
    const struct source_config *config;
    const char *where;
    char *folder;
    struct remote_url url;
    struct remote_target target;
    struct remote_link *link;
    struct remote_list list;
    struct ref_choice choice;
    git_oid id;           /* what the ref names: a commit or a tag */
    struct oids here;     /* of what was wanted, with all that comes before */
    bool was_here;        /* the mirror was not made just now */
    bool mirror_in_doubt; /* what failed may be its fault */
    uint64_t received;    /* bytes of a pack */
    bool rewritten;
    git_oid before; /* when it was rewritten: what it was */
};

int64_t remote_left_ms(const struct remote_target *target)
{
    int64_t left = target->until_ms - clock_monotonic_ms();
    return left > 0 ? left : 1;
}

int remote_err_stalled(const struct remote_target *target, struct err **err)
{
    return err_set(err, ERR_RETRY,
                   "%s: the server took the connection and then sent nothing for %lld s: see its "
                   "own log",
                   target->where, (long long)(target->stall_ms / 1000));
}

int remote_err_deadline(const struct remote_target *target, struct err **err)
{
    return err_set(err, ERR_RETRY,
                   "%s: not fetched within %lld s: is the line to the server that slow, or the "
                   "repository that large?",
                   target->where, (long long)target->seconds);
}

static void set_limits(struct remote_fetch *f)
{
    double deadline = f->config->deadline > 0 ? f->config->deadline : LIMIT_READ_SECONDS;
    int64_t all = (int64_t)(deadline * 1000);
    int64_t spare = all > 2 * SPARE_MS ? SPARE_MS : all / 2;
    int64_t stall = all / STALL_PART;
    f->target.until_ms = clock_monotonic_ms() + all - spare;
    f->target.seconds = all / 1000;
    f->target.stall_ms = stall < 1000 ? 1000 : stall > LIMIT_STALL_MS ? LIMIT_STALL_MS : stall;
}

/* ---- what is wanted ---- */

static int list_refs(struct remote_fetch *f, struct err **err)
{
    f->list =
        (struct remote_list){.reader = PKT_READER_INIT, .service = f->url.scheme != REMOTE_SSH};
    if (f->link->list(f->link, remote_list_feed, &f->list, err))
        return -1;
    if (!f->list.done)
        return err_set(err, ERR_RETRY, "%s: the connection ended in the middle of the list of refs",
                       f->where);
    return refs_choose(&f->list.refs, f->config->ref, f->where, &f->choice, err);
}

/* All branches and tags: where a commit is wanted that the server does not give by its id. */
static void want_all(const struct remote_fetch *f, struct oids *wants)
{
    const struct refs *refs = &f->list.refs;
    for (size_t i = 0; i < refs->count; i++) {
        bool plain = strncmp(refs->names[i], "refs/heads/", 11) == 0 ||
                     strncmp(refs->names[i], "refs/tags/", 10) == 0;
        if (plain)
            oids_add(wants, &f->list.ids.items[i]);
    }
}

/*
 * What an earlier fetch has brought is not wanted again, where all that comes before it is here,
 * too.
 */
static void leave_out(struct remote_fetch *f, git_repository *repo, struct oids *wants)
{
    struct oids shallow = {0}, all = *wants;
    git_odb *odb = NULL;
    if (remote_mirror_shallow(repo, &shallow, NULL) == 0 && !shallow.count &&
        git_repository_odb(&odb, repo) == 0) {
        *wants = (struct oids){0};
        for (size_t i = 0; i < all.count; i++) {
            bool here = git_odb_exists_ext(odb, &all.items[i], GIT_ODB_LOOKUP_NO_REFRESH);
            oids_add(here ? &f->here : wants, &all.items[i]);
        }
        oids_free(&all);
    }
    git_odb_free(odb);
    oids_free(&shallow);
}

/* The id is in f->id, or only known once all is here: then *all. */
static void choose_wants(struct remote_fetch *f, struct oids *wants, bool *all)
{
    const char *ref = f->config->ref;
    bool known = f->choice.kind == REF_NAMED;
    if (known)
        git_oid_cpy(&f->id, &f->list.ids.items[f->choice.index]);
    else if (f->choice.kind == REF_COMMIT && git_oid_fromstr(&f->id, ref) == 0)
        known = oids_have(&f->list.ids, &f->id) ||
                remote_list_can(&f->list, "allow-reachable-sha1-in-want");
    *all = !known;
    if (known)
        oids_add(wants, &f->id);
    else
        want_all(f, wants);
}

/* ---- the pack ---- */

struct indexing {
    struct remote_fetch *fetch;
    git_indexer *indexer;
    git_indexer_progress progress;
};

static int damaged(struct remote_fetch *f, struct err **err)
{
    const git_error *e = git_error_last();
    if (e && e->klass == GIT_ERROR_OS)
        return git_err(err, ERR_FATAL, "cannot write below %s", f->folder);
    if (git_out_of_memory())
        return git_err(err, ERR_LIMIT, "the pack that the server sent cannot be unpacked");
    f->mirror_in_doubt = true;
    return git_err(err, ERR_RETRY,
                   "the pack that the server sent is damaged or not whole (git fsck there tells "
                   "more)");
}

static int on_pack(void *ctx, const char *data, size_t len, struct err **err)
{
    struct indexing *x = ctx;
    if (git_indexer_append(x->indexer, data, len, &x->progress) < 0)
        return damaged(x->fetch, err);
    return 0;
}

static int receive(struct remote_fetch *f, struct indexing *x, struct remote_answer *a,
                   const struct buf *request, struct err **err)
{
    if (f->link->ask(f->link, request, remote_answer_feed, a, err))
        return -1;
    if (!a->done)
        return err_set(err, ERR_RETRY, "%s: the connection ended in the middle of what was fetched",
                       f->where);
    return 0;
}

/* What is wanted, and not here, into the mirror. */
static int fetch_pack(struct remote_fetch *f, git_repository *repo, const struct oids *wants,
                      unsigned depth, struct err **err)
{
    struct oids haves = {0}, shallow = {0};
    struct indexing x = {.fetch = f};
    _buf_ struct buf request = BUF_INIT(0);
    uint64_t max = f->config->fetch_bytes;
    struct remote_answer a = {.reader = PKT_READER_INIT,
                              .max = max ? max : LIMIT_FETCH_BYTES,
                              .pack = on_pack,
                              .ctx = &x};
    git_odb *odb = NULL;
    _free_ char *packs = xasprintf("%s/objects/pack", f->folder);
    int rc = remote_mirror_shallow(repo, &shallow, err);
    f->mirror_in_doubt = rc != 0;
    remote_mirror_haves(repo, &haves);
    for (size_t i = 0; i < f->here.count && i < HERE_MAX; i++)
        oids_add(&haves, &f->here.items[i]);
    const struct remote_wants w = {
        .wants = wants, .haves = &haves, .shallow = &shallow, .depth = depth};
    if (rc == 0 && remote_request(&f->list, &w, &request, err))
        rc = err_wrap(err, "%s", f->where);
    if (rc == 0 && (git_repository_odb(&odb, repo) < 0 ||
                    git_indexer_new(&x.indexer, packs, 0400, odb, NULL) < 0))
        rc = git_err(err, ERR_FATAL, "cannot write below %s", packs);
    if (rc == 0)
        rc = receive(f, &x, &a, &request, err);
    f->received = a.bytes;
    if (rc == 0)
        rc = remote_mirror_set_shallow(repo, &shallow, &a.shallow, &a.unshallow, err);
    if (rc == 0 && git_indexer_commit(x.indexer, &x.progress) < 0) {
        rc = damaged(f, err);
        err_wrap(err, "%s", f->where);
    }
    if (rc == 0 && git_odb_refresh(odb) < 0)
        rc = git_err(err, ERR_FATAL, "cannot read %s", packs);
    git_indexer_free(x.indexer);
    git_odb_free(odb);
    remote_answer_free(&a);
    oids_free(&haves);
    oids_free(&shallow);
    return rc;
}

/* ---- one try ---- */

/* A commit id, or its beginning, that an earlier fetch has brought. */
static bool find_here(struct remote_fetch *f, git_repository *repo)
{
    return f->choice.kind != REF_NAMED &&
           git_find(repo, &f->list.refs, &f->choice, f->config->ref, f->where, &f->id, NULL) == 0;
}

/* All was fetched: what is here of the main branch is told to the server the next time. */
static int keep_main(const struct remote_fetch *f, git_repository *repo, const struct oids *wants,
                     struct err **err)
{
    const struct refs *refs = &f->list.refs;
    for (size_t i = 0; i < refs->count; i++) {
        const git_oid *id = &f->list.ids.items[i];
        if (strcmp(refs->names[i], "HEAD") == 0 && oids_have(wants, id))
            return remote_mirror_keep(repo, MAIN_OF_ALL, id, err);
    }
    return 0;
}

/* What is wanted into the mirror (nothing: only looked for), where f->id then is, whole. */
static int fetch_missing(struct remote_fetch *f, git_repository *repo, const struct oids *wants,
                         bool all, struct err **err)
{
    if (wants->count && (fetch_pack(f, repo, wants, all ? DEPTH_ALL : DEPTH, err) ||
                         (all && keep_main(f, repo, wants, err))))
        return -1;
    if (all && git_find(repo, &f->list.refs, &f->choice, f->config->ref, f->where, &f->id, err))
        return -1;
    git_error_clear();
    if (remote_mirror_whole(repo, &f->id))
        return 0;
    if (git_out_of_memory())
        return git_err(err, ERR_LIMIT, "%s: commit %.12s", f->where, git_oid_tostr_s(&f->id));
    f->mirror_in_doubt = true;
    return err_set(err, ERR_RETRY,
                   "%s: the server did not send all of commit %.12s: its repository is damaged "
                   "(git fsck there tells more)",
                   f->where, git_oid_tostr_s(&f->id));
}

static int bring(struct remote_fetch *f, git_repository *repo, struct err **err)
{
    struct oids wants = {0};
    git_oid last;
    bool all = false, kept = remote_mirror_last(repo, f->config->ref, &last);
    if (find_here(f, repo))
        oids_add(&wants, &f->id);
    else
        choose_wants(f, &wants, &all);
    if (all)
        leave_out(f, repo, &wants);
    bool same = kept && !all && git_oid_equal(&last, &f->id);
    /* what was whole for a process before may have lost a pack since, if the machine lost its power
     */
    bool sure = same && f->config->known && !f->config->known->restored;
    int rc = 0;
    if (!sure && (all || !remote_mirror_whole(repo, &f->id)))
        rc = fetch_missing(f, repo, &wants, all, err);
    oids_free(&wants);
    oids_free(&f->here);
    if (rc || same)
        return rc;
    if (kept && f->choice.kind == REF_NAMED) {
        f->rewritten = remote_mirror_rewritten(repo, &last, &f->id);
        git_oid_cpy(&f->before, &last);
    }
    return remote_mirror_keep(repo, f->config->ref, &f->id, err);
}

static int with_mirror(struct remote_fetch *f, struct git_source *out, struct err **err)
{
    git_repository *repo = NULL;
    f->was_here = access(f->folder, F_OK) == 0;
    if (f->was_here && mirror_is_worn(f->folder)) {
        mirror_remove(f->folder);
        f->was_here = false;
    }
    mirror_sweep(f->folder);
    f->mirror_in_doubt = true;
    if (mirror_open(f->folder, &repo, err))
        return -1;
    f->mirror_in_doubt = false;
    int rc = bring(f, repo, err);
    if (rc == 0) {
        rc = git_source_open(repo, &f->id, f->config->ref, out, err);
        f->mirror_in_doubt = rc != 0 && !git_out_of_memory();
        if (rc)
            err_wrap(err, "%s", f->where);
    }
    if (rc)
        git_repository_free(repo);
    else
        out->mirror = xstrdup(f->folder);
    return rc;
}

/* The disk is full, and more so of our mirror than of what comes: made anew it takes less. */
static bool fills_disk(const struct remote_fetch *f, const struct err *err)
{
    return strstr(err_message(err), strerror(ENOSPC)) && mirror_bytes(f->folder) > f->received;
}

static void end_try(struct remote_fetch *f)
{
    if (f->link)
        f->link->close(f->link);
    f->link = NULL;
    remote_list_free(&f->list);
}

static int fetch_once(struct remote_fetch *f, struct git_source *out, struct err **err)
{
    bool ssh = f->url.scheme == REMOTE_SSH;
    f->mirror_in_doubt = false;
    f->link = ssh ? remote_ssh_open(&f->target, err) : remote_http_open(&f->target, err);
    if (!f->link || list_refs(f, err))
        return -1;
    _close_ int lock = mirror_lock(f->folder, err);
    if (lock < 0)
        return -1;
    int rc = with_mirror(f, out, err);
    _err_ struct err *open = NULL;
    if (mirror_close(f->folder, &open) && rc == 0) {
        git_source_close(out);
        return err_move(err, &open);
    }
    f->mirror_in_doubt |= rc && f->was_here && fills_disk(f, *err);
    if (rc && f->mirror_in_doubt && f->was_here)
        mirror_remove(f->folder);
    if (rc == 0) {
        out->lock = lock;
        lock = -1;
    }
    return rc;
}

static void tell(const struct remote_fetch *f, const struct manifest_sink *sink)
{
    if (f->choice.doubled)
        git_tell_doubled(sink, f->config->ref);
    if (!f->rewritten)
        return;
    char old[GIT_OID_HEXSZ + 1], new[GIT_OID_HEXSZ + 1];
    git_oid_tostr(old, sizeof(old), &f->before);
    git_oid_tostr(new, sizeof(new), &f->id);
    _free_ char *message =
        xasprintf("%s was rewritten (force-pushed): commit %.12s, read last, does not come before "
                  "%.12s, read now",
                  f->config->ref ? f->config->ref : "HEAD", old, new);
    sink->problem(sink->ctx,
                  &(struct problem){.level = PROBLEM_NOTE, .file = ".", .message = message});
}

int remote_fetch(const struct source_config *config, const struct manifest_sink *sink,
                 struct git_source *out, struct err **err)
{
    struct remote_fetch f = {.config = config, .where = config->url};
    f.target = (struct remote_target){.url = &f.url, .auth = &config->auth, .where = config->url};
    if (remote_url_parse(config->url, &f.url, err)) {
        remote_url_free(&f.url);
        return -1;
    }
    int rc = -1;
    mode_t mask = umask(077);
    set_limits(&f);
    if (!config->state_dir) {
        err_set(err, ERR_USAGE, "%s is fetched, which needs a stateDir", config->url);
    } else {
        _err_ struct err *first = NULL;
        f.folder = mirror_folder(config->state_dir, config->url);
        rc = fetch_once(&f, out, &first);
        end_try(&f);
        /* our mirror is only a cache: when it may be what is broken, it is made anew, once */
        if (rc && f.was_here && f.mirror_in_doubt) {
            err_free(steal(first));
            rc = fetch_once(&f, out, &first);
            end_try(&f);
        }
        if (rc)
            err_move(err, &first);
        else
            tell(&f, sink);
    }
    umask(mask);
    free(f.folder);
    remote_url_free(&f.url);
    return rc;
}
