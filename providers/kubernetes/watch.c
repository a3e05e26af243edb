#include "providers/kubernetes/watch.h"

#include <ev.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/limits.h"
#include "providers/kubernetes/discovery.h"
#include "providers/kubernetes/refusal.h"

#define LINE_BYTES     (LIMIT_ITEM_BYTES + 4 * KIB)
#define WATCH_FAILURES 4  /* so many in a row, and the LIST says what is wrong */
#define WATCH_BARREN   8  /* so do so many that began well and brought nothing */
#define WATCH_UNMADE   10 /* so many in a row that got no answer, while LISTs do */
#define WATCH_SILENT   2  /* so many that were cut for their silence: are bytes kept back? */
#define POLLS_A_WATCH  10 /* what may not be watched is tried again after so many LISTs */

struct kube_watch {
    struct kube_watch_config config;
    char *path, *name;
    enum watch_state state;
    int64_t since;
    struct kube_call *call;
    struct items_parser *parser;
    struct buf line;
    char *version; /* where the WATCH begins; NULL: LIST first */
    struct ev_timer timer;
    int64_t began, heard; /* of the WATCH, monotonic ms: its begin, its last byte */
    unsigned failures;    /* of WATCHes in a row that brought nothing */
    unsigned unmade;      /* the same, without an answer */
    unsigned expiries;    /* the same, of those whose version was too old */
    unsigned silences;    /* the same, of those that went on without a byte */
    bool spoke;           /* a WATCH brought a byte once: nothing keeps them back */
    bool probing;         /* this WATCH finds that out */
    size_t items;         /* that the last LIST brought */
    unsigned watch_denials;
    unsigned list_failures, list_denials; /* in a row */
    int64_t list_began;                   /* monotonic ms: the first of them */
    unsigned polls;
    bool expired; /* the WATCH said that its version is too old */
    bool unwatchable;
    bool listed;     /* once at least */
    bool unanswered; /* the last LIST failed otherwise than by a denial */
    char *message;
};

static void list_start(struct kube_watch *w, const char *page);
static void watch_start(struct kube_watch *w);

static void set_state(struct kube_watch *w, enum watch_state state)
{
    if (w->state != state)
        w->since = clock_now_ms();
    w->state = state;
}

static void set_message(struct kube_watch *w, const char *message)
{
    free(w->message);
    w->message = xstrdup_null(message);
}

static void arm(struct kube_watch *w, double seconds)
{
    ev_timer_stop(w->config.loop, &w->timer);
    ev_now_update(w->config.loop);
    ev_timer_set(&w->timer, seconds, 0.);
    ev_timer_start(w->config.loop, &w->timer);
}

static void pause_for(struct kube_watch *w, double seconds)
{
    set_state(w, w->unwatchable ? WATCH_POLLING : WATCH_PAUSING);
    arm(w, seconds);
}

static void forget_version(struct kube_watch *w)
{
    free(w->version);
    w->version = NULL;
}

static void set_version(struct kube_watch *w, const struct span *version)
{
    if (!version->len)
        return;
    free(w->version);
    w->version = xstrndup(version->data, version->len);
}

/* Whatever is done to the clock meanwhile. */
static double seconds_since(int64_t ms)
{
    return (double)(clock_monotonic_ms() - ms) / 1000.0;
}

/* What it brings at once is waited for less long. */
static double patience(const struct kube_watch *w)
{
    return w->probing ? LIMIT_STALL_MS / 1000.0 : LIMIT_WATCH_SILENCE_S;
}

static double silence(const struct kube_watch *w)
{
    return patience(w) * (1 + 0.33 * random_unit());
}

/* What is not watched is listed each minute. */
static void set_unwatchable(struct kube_watch *w, const char *why)
{
    w->polls = 0;
    if (w->unwatchable)
        return;
    w->unwatchable = true;
    _free_ char *text =
        xasprintf("WATCH of %s: %s: it is listed each minute instead", w->path, why);
    w->config.note(w->config.ctx, text);
}

/*
 * The connection may be dead: another one goes on where it was. A quiet kind may bring no byte for
 * hours, as its bookmarks are not sent before anything has changed; or something on the way keeps
 * them back until the answer ends. A WATCH from version 0 tells these apart: it brings each object
 * that is there at once.
 */
static void cut_silent(struct kube_watch *w)
{
    kube_cancel(steal(w->call));
    if (w->probing) {
        forget_version(w);
        set_unwatchable(w, "not a byte of it comes, as if something on the way kept them back");
    } else if (!w->spoke) {
        w->silences++;
    }
    pause_for(w, 2 * random_unit());
}

/* The probe's first bytes: no more of it is wanted. */
static void probe_answered(struct kube_watch *w)
{
    w->probing = w->unwatchable = false;
    kube_cancel(steal(w->call));
    pause_for(w, random_unit());
}

/* The pause is over, or nothing was heard for a while. */
static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    struct kube_watch *w = timer->data;
    if (w->state == WATCH_WATCHING) {
        double quiet = seconds_since(w->heard);
        if (quiet < patience(w)) {
            arm(w, silence(w) - quiet);
            return;
        }
        cut_silent(w);
    } else if (w->version && (!w->unwatchable || w->polls >= POLLS_A_WATCH)) {
        watch_start(w);
    } else {
        list_start(w, NULL);
    }
}

static void on_item(void *ctx, const struct item *item)
{
    struct kube_watch *w = ctx;
    w->items++;
    w->config.item(w->config.ctx, item, true);
}

static int on_list_bytes(void *ctx, const char *data, size_t len, struct err **err)
{
    struct kube_watch *w = ctx;
    return items_parser_feed(w->parser, data, len, err);
}

/* What may be told of it; the owner may free the watch in here. */
static void list_failed(struct kube_watch *w, enum watch_failure how, const char *why)
{
    static const double first[] = {[WATCH_DENIED] = 15, [WATCH_ABSENT] = 5, [WATCH_FAILED] = 0.5};
    static const double most[] = {[WATCH_DENIED] = 300, [WATCH_ABSENT] = 300, [WATCH_FAILED] = 30};
    forget_version(w);
    w->unmade = 0;
    set_message(w, why);
    w->unanswered = how != WATCH_DENIED;
    /* what failed at once is tried again; what hangs would hang each time */
    bool again = how == WATCH_FAILED && w->list_failures + 1 < w->config.tries &&
                 clock_monotonic_ms() - w->list_began < LIMIT_CONNECT_MS;
    if (w->config.follow || again)
        pause_for(w, backoff_s(w->list_failures++, first[how], most[how]));
    else
        set_state(w, WATCH_ENDED);
    if (again && !w->config.follow)
        return;
    w->config.failed(w->config.ctx, how, why);
}

static void list_refused(struct kube_watch *w, const struct kube_answer *a)
{
    struct refusal r = {0};
    refusal_read(&r, a, false);
    enum watch_failure how = r.kind == REFUSAL_FORBIDDEN ? WATCH_DENIED
                             : a->status == 404          ? WATCH_ABSENT
                                                         : WATCH_FAILED;
    _free_ char *why = xstrdup(r.message);
    refusal_free(&r);
    bool doubted = w->listed || (w->unanswered && w->config.follow);
    if (how == WATCH_DENIED && doubted && w->list_denials < LIMIT_DENIALS) {
        /* a server that has just begun knows no rights for a moment */
        pause_for(w, backoff_s(w->list_denials++, 1, 5));
        return;
    }
    list_failed(w, how, why);
}

static void list_whole(struct kube_watch *w, char *version)
{
    forget_version(w);
    w->version = version;
    w->list_failures = w->list_denials = 0;
    w->listed = true;
    w->unanswered = false;
    set_message(w, NULL);
    set_state(w, WATCH_ENDED);
    w->config.listed(w->config.ctx);
    if (!w->config.follow)
        return;
    w->polls = w->unwatchable ? w->polls + 1 : 0;
    if (w->unwatchable || !w->version)
        pause_for(w, LIMIT_WATCH_POLL_S * (0.8 + 0.4 * random_unit()));
    else
        watch_start(w);
}

static void on_list(void *ctx, const struct kube_answer *a)
{
    struct kube_watch *w = ctx;
    struct err _err_ *err = NULL;
    _free_ char *page = NULL;
    char *version = NULL;
    w->call = NULL;
    bool whole =
        a->status == 200 && !a->err && items_parser_end(w->parser, &page, &version, &err) == 0;
    items_parser_free(steal(w->parser));
    if (a->status == 410 && w->config.follow && w->list_failures < WATCH_FAILURES) {
        /* a page of a LIST that is too old */
        pause_for(w, backoff_s(w->list_failures++, 1, 5));
    } else if (a->status != 200 || a->err) {
        list_refused(w, a);
    } else if (!whole) {
        list_failed(w, WATCH_FAILED, err_message(err));
    } else if (page && *page) {
        free(version);
        list_start(w, page);
    } else {
        list_whole(w, version);
    }
}

static void begin_url(const struct kube_watch *w, struct buf *url)
{
    buf_addf(url, "%s?", w->path);
    if (!w->name)
        return;
    buf_add_str(url, "fieldSelector=metadata.name%3D");
    kube_add_escaped(url, w->name);
    buf_add_char(url, '&');
}

static void list_start(struct kube_watch *w, const char *page)
{
    set_state(w, WATCH_LISTING);
    if (!page && !w->list_failures)
        w->list_began = clock_monotonic_ms();
    if (!page) {
        w->items = 0;
        w->config.listing(w->config.ctx);
    }
    w->parser = items_parser_new(on_item, w);
    struct buf _buf_ url = BUF_INIT(LIMIT_HEADER_BYTES);
    begin_url(w, &url);
    if (w->config.paged)
        buf_add_str(&url, "limit=500&");
    if (page) {
        buf_add_str(&url, "continue=");
        kube_add_escaped(&url, page);
        buf_add_char(&url, '&');
    }
    url.data[--url.len] = '\0'; /* the last `?` or `&` */
    w->call = kube_send_call(w->config.client, &(struct kube_request){
                                                   .method = "GET",
                                                   .path = buf_str(&url),
                                                   .list = true,
                                                   .sink = on_list_bytes,
                                                   .done = on_list,
                                                   .ctx = w,
                                               });
}

/* The WATCH brings something: whatever was wrong with it is over. */
static void proven(struct kube_watch *w)
{
    w->failures = w->unmade = w->expiries = w->watch_denials = 0;
    w->unwatchable = false;
    w->polls = 0;
}

static void take_event(struct kube_watch *w, const char *line, size_t len)
{
    struct watch_event e;
    if (watch_event_scan(line, len, &e)) {
        w->expired = true; /* whatever it was, a LIST tells what is so */
        return;
    }
    switch (e.type) {
    case WATCH_EVENT_ERROR:
        w->expired = true;
        return;
    case WATCH_EVENT_BOOKMARK:
        break;
    case WATCH_EVENT_DELETED:
        w->config.deleted(w->config.ctx, &e.item);
        break;
    default:
        w->config.item(w->config.ctx, &e.item, false);
        break;
    }
    set_version(w, &e.item.resource_version);
    proven(w);
}

/* Events are lines: JSON has no raw newline inside. */
static int on_watch_bytes(void *ctx, const char *data, size_t len, struct err **err)
{
    struct kube_watch *w = ctx;
    w->heard = clock_monotonic_ms();
    w->spoke = true;
    if (w->probing) {
        probe_answered(w);
        return 0;
    }
    while (len) {
        const char *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) : len;
        if (end && !w->line.len) {
            take_event(w, data, n);
        } else if (buf_add(&w->line, data, n)) {
            w->expired = true;
            return err_set(err, ERR_LIMIT, "an event of over %lu bytes", LINE_BYTES);
        } else if (end) {
            take_event(w, w->line.data, w->line.len);
            buf_free(&w->line); /* watches are many, and a line seldom comes in pieces */
        }
        data += n + (end != NULL);
        len -= n + (end != NULL);
    }
    return 0;
}

/* A 403 is believed when it comes again: a server that has just begun knows no rights for a moment.
 */
static void watch_denied(struct kube_watch *w, const struct kube_answer *a)
{
    _free_ char *why = xasprintf("HTTP %ld", a->status);
    w->polls = 0;
    if (w->unwatchable || a->status != 403 || w->watch_denials++ >= LIMIT_DENIALS)
        set_unwatchable(w, why);
}

/* It could not be had. Where it never can, or that may be, the LIST says what is so. */
static void watch_failed(struct kube_watch *w, const struct kube_answer *a)
{
    bool denied = a->status == 403 || a->status == 405;
    bool untrusted = a->err && a->err->kind == ERR_AUTH;
    double wait = backoff_s(w->failures++, 0.25, 30);
    if (denied)
        watch_denied(w, a);
    w->unmade = a->status || untrusted ? 0 : w->unmade + 1;
    if (w->unmade >= WATCH_UNMADE)
        set_unwatchable(w, err_message(a->err));
    if (denied || a->status == 404 || untrusted || w->failures >= WATCH_FAILURES)
        forget_version(w);
    if (a->retry_after >= 0)
        wait = fmax(wait, fmin(a->retry_after, LIMIT_RETRY_AFTER_S));
    pause_for(w, wait);
}

/* The watch is over, in one way or another: when does what begin? */
static void on_watch(void *ctx, const struct kube_answer *a)
{
    struct kube_watch *w = ctx;
    w->call = NULL;
    bool good = a->status == 200;
    bool lived = seconds_since(w->began) > LIMIT_WATCH_CUT_S;
    buf_free(&w->line);
    if (good && lived)
        proven(w);
    if (w->expired || a->status == 410) {
        forget_version(w);
        pause_for(w, backoff_s(w->expiries++, a->status == 410 ? 0.2 : 1, 30));
    } else if (good && lived) {
        pause_for(w, 0.2 * random_unit());
    } else if (good) {
        /* it worked and was cut: at once, but not in a hot loop */
        if (++w->failures % WATCH_BARREN == 0)
            forget_version(w);
        pause_for(w, backoff_s(w->failures - 1, 0.1, LIMIT_WATCH_CUT_S));
    } else {
        watch_failed(w, a);
    }
}

static void watch_start(struct kube_watch *w)
{
    set_state(w, WATCH_WATCHING);
    w->expired = false;
    w->probing = !w->spoke && w->items && w->silences >= WATCH_SILENT;
    buf_free(&w->line);
    w->line = BUF_INIT(LINE_BYTES);
    w->began = w->heard = clock_monotonic_ms();
    struct buf _buf_ url = BUF_INIT(LIMIT_HEADER_BYTES);
    begin_url(w, &url);
    /* ended by the server after five to ten minutes, each at another time (as client-go asks) */
    buf_addf(&url, "watch=true&allowWatchBookmarks=true&resourceVersion=%s&timeoutSeconds=%d",
             w->probing ? "0" : w->version, 300 + (int)(300 * random_unit()));
    w->call = kube_send_call(w->config.client, &(struct kube_request){
                                                   .method = "GET",
                                                   .path = buf_str(&url),
                                                   .watch = true,
                                                   .sink = on_watch_bytes,
                                                   .done = on_watch,
                                                   .ctx = w,
                                               });
    arm(w, silence(w));
}

struct kube_watch *kube_watch_new(const struct kube_watch_config *config)
{
    struct kube_watch *w = xcalloc(1, sizeof(*w));
    w->config = *config;
    w->path = xstrdup(config->path);
    w->name = xstrdup_null(config->name);
    w->config.path = w->config.name = NULL;
    w->state = WATCH_ENDED;
    ev_timer_init(&w->timer, on_timer, 0., 0.);
    w->timer.data = w;
    list_start(w, NULL);
    return w;
}

const char *kube_watch_state_name(const struct kube_watch *w)
{
    static const char *const names[] = {"listing", "watching", "pausing", "polling", "ended"};
    return names[w->state];
}

int64_t kube_watch_since(const struct kube_watch *w)
{
    return w->since;
}

const char *kube_watch_message(const struct kube_watch *w)
{
    return w->message;
}

void kube_watch_free(struct kube_watch *w)
{
    if (!w)
        return;
    kube_cancel(w->call);
    ev_timer_stop(w->config.loop, &w->timer);
    items_parser_free(w->parser);
    buf_free(&w->line);
    free(w->version);
    free(w->message);
    free(w->path);
    free(w->name);
    free(w);
}
