/*
 * Any bytes as what a Git server says, as known_hosts, and as a URL. The first byte says which; a
 * list of refs and an answer come to the same whole and in pieces, and what is said of them has no
 * control characters.
 */
#include "fuzz.h"

#include <git2.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/limits.h"
#include "sync/known_hosts.h"
#include "sync/remote_talk.h"
#include "sync/remote_url.h"

enum { LIST, LIST_SERVICE, ANSWER, HOSTS, URL, KINDS };

static void check_message(const struct err *err)
{
    for (const char *p = err_message(err); *p; p++)
        check((unsigned char)*p >= ' ' && *p != 0x7f);
}

static int on_pack(void *ctx, const char *data, size_t len, struct err **err)
{
    return buf_add((struct buf *)ctx, data, len);
}

/* What came out, as a text; `piece` 0: at random lengths. */
static char *talk(int kind, const char *data, size_t size, bool whole)
{
    struct buf out = BUF_INIT(4 * MIB), pack = BUF_INIT(MIB);
    struct remote_list list = {.reader = PKT_READER_INIT, .service = kind == LIST_SERVICE};
    struct remote_answer answer = {
        .reader = PKT_READER_INIT, .max = 1000, .pack = on_pack, .ctx = &pack};
    _err_ struct err *err = NULL;
    uint32_t random = (uint32_t)size;
    int rc = 0;
    for (size_t at = 0, n; at < size && rc == 0; at += n) {
        n = whole ? size : piece_len(&random, size - at);
        _free_ char *copy = exact_copy(data + at, n);
        rc = kind == ANSWER ? remote_answer_feed(&answer, copy, n, &err)
                            : remote_list_feed(&list, copy, n, &err);
    }
    check((rc < 0) == (err != NULL));
    if (err)
        check_message(err);
    check(list.refs.count == list.ids.count && pack.len <= 1000 && !pack.full);
    for (size_t i = 0; i < list.refs.count; i++)
        buf_addf(&out, "%s %s\n", list.refs.names[i], git_oid_tostr_s(&list.ids.items[i]));
    buf_addf(&out, "%d %d %zu %zu %s ", rc, kind == ANSWER ? answer.done : list.done,
             answer.shallow.count, answer.unshallow.count, err ? err_message(err) : "");
    buf_add(&out, pack.data, pack.len);
    remote_list_free(&list);
    remote_answer_free(&answer);
    buf_free(&pack);
    return buf_take(&out);
}

static void hosts(const char *text)
{
    struct known_hosts known = {0};
    known_hosts_find(text, "git.example", 22, &known);
    for (size_t i = 0; i < known.count; i++)
        check(known_hosts_ask(&known, known.keys[i].data, known.keys[i].len) != KNOWN_OTHER);
    check(known_hosts_ask(&known, "no key", 6) == KNOWN_OTHER || strstr(text, "bm8ga2V5"));
    known_hosts_free(&known);
}

static void url(const char *text)
{
    struct remote_url u;
    _err_ struct err *err = NULL;
    if (remote_url_is(text) && remote_url_parse(text, &u, &err) == 0) {
        check(*u.host && *u.host != '-' && u.port && u.port < 65536 && *u.path && *u.path != '-');
        check(u.scheme == REMOTE_SSH || !u.user);
        remote_url_free(&u);
    } else if (err) {
        check(err->kind == ERR_USAGE);
        check_message(err);
        remote_url_free(&u);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        git_libgit2_init(); /* its errors need it */
    started = true;
    if (!size)
        return 0;
    int kind = data[0] % KINDS;
    _free_ char *text = xstrndup((const char *)data + 1, size - 1); /* ends at a NUL */
    if (kind == HOSTS) {
        hosts(text);
    } else if (kind == URL) {
        url(text);
    } else {
        _free_ char *whole = talk(kind, (const char *)data + 1, size - 1, true);
        _free_ char *pieces = talk(kind, (const char *)data + 1, size - 1, false);
        check(strcmp(whole, pieces) == 0);
    }
    return 0;
}
