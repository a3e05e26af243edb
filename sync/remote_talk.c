#include "sync/remote_talk.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/version.h"

#define SAID_BYTES    200U
#define REQUEST_BYTES (4 * MIB)
#define SHALLOWS_MAX  100000U

void oids_add(struct oids *oids, const git_oid *id)
{
    oids->items = xgrow(oids->items, &oids->cap, oids->count + 1, sizeof(*oids->items));
    git_oid_cpy(&oids->items[oids->count++], id);
}

bool oids_have(const struct oids *oids, const git_oid *id)
{
    for (size_t i = 0; i < oids->count; i++) {
        if (git_oid_equal(&oids->items[i], id))
            return true;
    }
    return false;
}

void oids_free(struct oids *oids)
{
    free(oids->items);
    *oids = (struct oids){0};
}

char *remote_said(const char *text, size_t len)
{
    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    size_t n = len < SAID_BYTES ? len : SAID_BYTES;
    char *said = xstrndup(text, n); /* ends at a NUL */
    for (char *p = said; *p; p++) {
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
        else if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
            *p = '?';
    }
    return said;
}

/* "ERR ..." */
static int server_error(const char *text, size_t len, struct err **err)
{
    _free_ char *said = remote_said(text, len);
    return err_set(err, ERR_RETRY, "the server says: \"%s\"", said);
}

static bool begins(const struct pkt *pkt, const char *prefix)
{
    return pkt->len >= strlen(prefix) && memcmp(pkt->data, prefix, strlen(prefix)) == 0;
}

/* 40 digits and then `end`. */
static bool take_id(const char *text, size_t len, git_oid *id)
{
    return len >= GIT_OID_HEXSZ && git_oid_fromstrn(id, text, GIT_OID_HEXSZ) == 0;
}

bool remote_list_can(const struct remote_list *list, const char *capability)
{
    _free_ char *word = xasprintf(" %s ", capability);
    return list->capabilities && strstr(list->capabilities, word);
}

static int bad_ref(const struct pkt *pkt, struct err **err)
{
    _free_ char *said = remote_said(pkt->data, pkt->len);
    return err_set(err, ERR_RETRY, "the server's list of refs cannot be read: \"%s\"", said);
}

/* Behind the first ref's name and its NUL. */
static int take_capabilities(struct remote_list *list, const struct pkt *pkt, struct err **err)
{
    size_t skip = strnlen(pkt->data, pkt->len) + 1;
    size_t len = skip < pkt->len ? pkt->len - skip : 0;
    while (len && pkt->data[skip + len - 1] == '\n')
        len--;
    list->capabilities = xasprintf(" %.*s ", (int)len, len ? pkt->data + skip : "");
    if (strstr(list->capabilities, " object-format=sha256 "))
        return err_set(err, ERR_INVALID,
                       "its commits have SHA-256 ids, which the libgit2 of this program does not "
                       "read: use a repository with SHA-1 ids (git init --object-format=sha1)");
    return 0;
}

/* "<id> <name>", and more behind a NUL. The name is owned; NULL when it cannot be read. */
static char *parse_ref(const struct pkt *pkt, git_oid *id)
{
    size_t len = strnlen(pkt->data, pkt->len);
    while (len && pkt->data[len - 1] == '\n')
        len--;
    if (len < GIT_OID_HEXSZ + 2 || pkt->data[GIT_OID_HEXSZ] != ' ' || !take_id(pkt->data, len, id))
        return NULL;
    for (size_t i = GIT_OID_HEXSZ + 1; i < len; i++) {
        if ((unsigned char)pkt->data[i] <= ' ' || pkt->data[i] == 0x7f)
            return NULL;
    }
    return xstrndup(pkt->data + GIT_OID_HEXSZ + 1, len - GIT_OID_HEXSZ - 1);
}

static int take_ref(struct remote_list *list, const struct pkt *pkt, struct err **err)
{
    git_oid id;
    if (!list->capabilities && take_capabilities(list, pkt, err))
        return -1;
    _free_ char *name = parse_ref(pkt, &id);
    if (!name)
        return bad_ref(pkt, err);
    size_t n = strlen(name);
    if (strcmp(name, "capabilities^{}") == 0 || (n > 3 && strcmp(name + n - 3, "^{}") == 0))
        return 0; /* no ref; or what a tag is a tag of */
    if (list->refs.count >= LIMIT_REFS)
        return err_set(err, ERR_LIMIT,
                       "the server lists more than %d refs: delete some, or mirror the branch into "
                       "a repository of its own",
                       LIMIT_REFS);
    refs_add(&list->refs, name);
    oids_add(&list->ids, &id);
    return 0;
}

static int list_each(void *ctx, const struct pkt *pkt, struct err **err)
{
    struct remote_list *list = ctx;
    if (list->service) {
        /* "# service=git-upload-pack", then a flush */
        list->service = pkt->kind != PKT_FLUSH;
        if (pkt->kind == PKT_FLUSH || begins(pkt, "# service=git-upload-pack"))
            return 0;
        list->service = false;
    }
    if (pkt->kind == PKT_FLUSH) {
        list->done = true;
        return 1;
    }
    if (begins(pkt, "ERR "))
        return server_error(pkt->data + 4, pkt->len - 4, err);
    if (begins(pkt, "shallow ") || begins(pkt, "version 1"))
        return 0;
    return take_ref(list, pkt, err);
}

int remote_list_feed(void *ctx, const char *data, size_t len, struct err **err)
{
    struct remote_list *list = ctx;
    list->bytes += len;
    if (list->done)
        return 1;
    if (list->bytes > LIMIT_REFS_BYTES)
        return err_set(err, ERR_LIMIT,
                       "the server's list of refs has more than %lu bytes: delete some, or mirror "
                       "the branch into a repository of its own",
                       LIMIT_REFS_BYTES);
    return pkt_feed(&list->reader, data, len, list_each, list, err);
}

void remote_list_free(struct remote_list *list)
{
    pkt_reader_free(&list->reader);
    refs_free(&list->refs);
    oids_free(&list->ids);
    free(list->capabilities);
    *list = (struct remote_list){0};
}

static void add_ids(struct buf *out, const char *word, const struct oids *ids)
{
    for (size_t i = 0; ids && i < ids->count; i++)
        pkt_addf(out, "%s %s\n", word, git_oid_tostr_s(&ids->items[i]));
}

int remote_request(const struct remote_list *list, const struct remote_wants *w, struct buf *out,
                   struct err **err)
{
    /* multi_ack: one server (Azure DevOps) answers nothing to a client without it */
    static const char *const optional[] = {"multi_ack_detailed", "ofs-delta", "thin-pack",
                                           "no-progress"};
    _buf_ struct buf with = BUF_INIT(4 * KIB);
    if (!remote_list_can(list, "side-band-64k"))
        return err_set(err, ERR_INVALID,
                       "the server speaks a Git protocol of before 2006 (no side-band-64k): use "
                       "git's own http-backend or ssh");
    buf_add_str(&with, " side-band-64k");
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        if (remote_list_can(list, optional[i]))
            buf_addf(&with, " %s", optional[i]);
    }
    buf_addf(&with, " agent=holdfast/%s", holdfast_version());
    out->max = REQUEST_BYTES;
    for (size_t i = 0; i < w->wants->count; i++)
        pkt_addf(out, "want %s%s\n", git_oid_tostr_s(&w->wants->items[i]),
                 i == 0 ? buf_str(&with) : "");
    if (remote_list_can(list, "shallow")) {
        add_ids(out, "shallow", w->shallow);
        if (w->depth)
            pkt_addf(out, "deepen %u\n", w->depth);
    }
    pkt_add_flush(out);
    add_ids(out, "have", w->haves);
    pkt_addf(out, "done\n");
    if (out->full)
        return err_set(err, ERR_LIMIT, "the request has more than %lu bytes", REQUEST_BYTES);
    return 0;
}

static int take_line(struct remote_answer *a, const struct pkt *pkt, struct err **err)
{
    git_oid id;
    if (begins(pkt, "ERR "))
        return server_error(pkt->data + 4, pkt->len - 4, err);
    if (begins(pkt, "ACK ") || begins(pkt, "NAK"))
        return 0;
    bool shallow = begins(pkt, "shallow "), unshallow = begins(pkt, "unshallow ");
    size_t skip = shallow ? 8 : 10;
    struct oids *into = shallow ? &a->shallow : &a->unshallow;
    if ((shallow || unshallow) && pkt->len > skip &&
        take_id(pkt->data + skip, pkt->len - skip, &id) && into->count < SHALLOWS_MAX) {
        oids_add(into, &id);
        return 0;
    }
    _free_ char *said = remote_said(pkt->data, pkt->len);
    return err_set(err, ERR_RETRY, "the server's answer is no Git protocol: \"%s\"", said);
}

static int answer_each(void *ctx, const struct pkt *pkt, struct err **err)
{
    struct remote_answer *a = ctx;
    if (pkt->kind == PKT_FLUSH) {
        a->done = a->begun; /* a flush ends the list of shallow commits too */
        return a->done;
    }
    char band = pkt->len ? pkt->data[0] : 0;
    if (band == 3)
        return server_error(pkt->data + 1, pkt->len - 1, err);
    if (band == 2)
        return 0; /* how far it is */
    if (band != 1)
        return take_line(a, pkt, err);
    a->begun = true;
    a->bytes += pkt->len - 1;
    if (a->bytes > a->max)
        return err_set(err, ERR_LIMIT,
                       "what is fetched takes more than limits.fetchBytes (%llu bytes): raise it",
                       (unsigned long long)a->max);
    return a->pack(a->ctx, pkt->data + 1, pkt->len - 1, err);
}

int remote_answer_feed(void *ctx, const char *data, size_t len, struct err **err)
{
    struct remote_answer *a = ctx;
    return a->done ? 1 : pkt_feed(&a->reader, data, len, answer_each, a, err);
}

void remote_answer_free(struct remote_answer *a)
{
    pkt_reader_free(&a->reader);
    oids_free(&a->shallow);
    oids_free(&a->unshallow);
}
