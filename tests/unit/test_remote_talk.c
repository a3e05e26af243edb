/* Git's fetch protocol: pkt-lines in pieces of any size, lists of refs, requests, answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/version.h"
#include "sync/remote_pkt.h"
#include "sync/remote_talk.h"

#define A40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B40 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int each_pkt(void *ctx, const struct pkt *pkt, struct err **err)
{
    struct buf *b = ctx;
    if (pkt->kind == PKT_FLUSH)
        buf_add_str(b, "<flush>");
    else
        buf_addf(b, "[%.*s]", (int)pkt->len, pkt->data);
    return pkt->len == 4 && memcmp(pkt->data, "stop", 4) == 0;
}

/* What comes out of the bytes, in pieces of `piece`. */
static char *pkts(const char *data, size_t piece)
{
    struct buf b = BUF_INIT(4096);
    struct pkt_reader reader = PKT_READER_INIT;
    _err_ struct err *err = NULL;
    int rc = 0;
    for (size_t at = 0, len = strlen(data); at < len && rc == 0; at += piece)
        rc = pkt_feed(&reader, data + at, len - at < piece ? len - at : piece, each_pkt, &b, &err);
    if (rc < 0)
        buf_addf(&b, " %s", err_message(err));
    else if (rc > 0)
        buf_add_str(&b, " enough");
    else if (pkt_reader_partial(&reader))
        buf_add_str(&b, " partial");
    pkt_reader_free(&reader);
    return buf_take(&b);
}

static void lines(void **state)
{
    static const struct {
        const char *data, *want;
    } cases[] = {
        {"", ""},
        {"0000", "<flush>"},
        {"0005a0000", "[a]<flush>"},
        {"0004", "[]"},
        {"000Ahello\n0005b", "[hello\n][b]"},
        {"0008stop0005a", "[stop] enough"},
        {"000", " partial"},
        {"0009ab", " partial"},
        {"hello", " the server's answer is no Git protocol (\"hell\" where a length belongs)"},
        {"0003", " the server's answer is no Git protocol (\"0003\" where a length belongs)"},
        {"0001", " the server's answer is no Git protocol (\"0001\" where a length belongs)"},
        {"fff1", " the server's answer is no Git protocol (\"fff1\" where a length belongs)"},
        {"ffff", " the server's answer is no Git protocol (\"ffff\" where a length belongs)"},
        {"-001", " the server's answer is no Git protocol (\"-001\" where a length belongs)"},
        {"0005a\x1b[1m", "[a] the server's answer is no Git protocol (\".[1m\" where a length "
                         "belongs)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t piece = 1; piece < 12; piece++) {
            _free_ char *have = pkts(cases[i].data, piece);
            assert_string_equal(have, cases[i].want);
        }
    }
}

static void longest(void **state)
{
    struct buf b = BUF_INIT(PKT_BYTES + 16);
    buf_add_str(&b, "fff0");
    for (size_t i = 4; i < PKT_BYTES; i++)
        buf_add_char(&b, 'x');
    struct buf out = BUF_INIT(2UL * PKT_BYTES);
    struct pkt_reader reader = PKT_READER_INIT;
    assert_int_equal(pkt_feed(&reader, b.data, b.len, each_pkt, &out, NULL), 0);
    assert_int_equal(out.len, PKT_BYTES - 4 + 2);
    pkt_reader_free(&reader);
    buf_free(&b);
    buf_free(&out);
}

/* Adds a line, `len` bytes of it. */
static void add(struct buf *b, const char *data, size_t len)
{
    buf_addf(b, "%04zx", len + 4);
    buf_add(b, data, len);
}
#define ADD(b, text) add(b, text, sizeof(text) - 1)

/* Feeds all in pieces, and answers "name=first letter of the id ..." or the error. */
static char *list_of(const struct buf *data, bool service, size_t piece)
{
    struct remote_list list = {.reader = PKT_READER_INIT, .service = service};
    struct buf b = BUF_INIT(4096);
    _err_ struct err *err = NULL;
    int rc = 0;
    for (size_t at = 0; at < data->len && rc == 0; at += piece)
        rc = remote_list_feed(&list, data->data + at,
                              data->len - at < piece ? data->len - at : piece, &err);
    for (size_t i = 0; i < list.refs.count; i++)
        buf_addf(&b, "%s=%c ", list.refs.names[i], git_oid_tostr_s(&list.ids.items[i])[0]);
    buf_addf(&b, "%s", rc < 0 ? err_message(err) : list.done ? "done" : "open");
    if (rc == 0 && list.capabilities)
        assert_false(list.done);
    remote_list_free(&list);
    return buf_take(&b);
}

static void expect_list(const struct buf *data, bool service, const char *want)
{
    for (size_t piece = 1; piece < 90; piece += 7) {
        _free_ char *have = list_of(data, service, piece);
        assert_string_equal(have, want);
    }
}

static void lists(void **state)
{
    _buf_ struct buf b = BUF_INIT(4096);
    ADD(&b, A40 " HEAD\0multi_ack side-band-64k object-format=sha1\n");
    ADD(&b, A40 " refs/heads/main\n");
    ADD(&b, B40 " refs/tags/v1\n");
    ADD(&b, A40 " refs/tags/v1^{}\n");
    ADD(&b, "shallow " B40 "\n");
    expect_list(&b, false, "HEAD=a refs/heads/main=a refs/tags/v1=b open");
    pkt_add_flush(&b);
    ADD(&b, "nobody reads this");
    expect_list(&b, false, "HEAD=a refs/heads/main=a refs/tags/v1=b done");

    buf_clear(&b);
    ADD(&b, "# service=git-upload-pack\n");
    pkt_add_flush(&b);
    ADD(&b, "version 1\n");
    ADD(&b, "0000000000000000000000000000000000000000 capabilities^{}\0side-band-64k\n");
    pkt_add_flush(&b);
    expect_list(&b, true, "done");

    buf_clear(&b);
    ADD(&b, "ERR access\x1b denied\n");
    expect_list(&b, true, "the server says: \"access? denied\"");
}

static void bad_lists(void **state)
{
    static const char *const cases[] = {
        A40,          A40 " ",          A40 "\tHEAD",        "aaaa HEAD",
        A40 " a b\n", A40 " a\x1b[1m ", "g" A40 " refs/a\n", "",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _buf_ struct buf b = BUF_INIT(4096);
        add(&b, cases[i], strlen(cases[i]));
        _free_ char *have = list_of(&b, false, 50);
        if (strncmp(have, "the server's list of refs cannot be read: \"", 43) != 0)
            fail_msg("%s: %s", cases[i], have);
        assert_null(strchr(have, '\x1b'));
    }
    _buf_ struct buf b = BUF_INIT(4096);
    ADD(&b, A40 "aaaaaaaaaaaaaaaaaaaaaaaa HEAD\0object-format=sha256\n");
    _free_ char *have = list_of(&b, false, 50);
    assert_non_null(strstr(have, "its commits have SHA-256 ids"));
}

static void set_capabilities(struct remote_list *list, const char *text)
{
    free(list->capabilities);
    list->capabilities = xstrdup(text);
}

static void requests(void **state)
{
    struct remote_list list = {0};
    struct oids wants = {0}, haves = {0}, shallow = {0};
    git_oid a, b;
    git_oid_fromstr(&a, A40);
    git_oid_fromstr(&b, B40);
    oids_add(&wants, &a);
    oids_add(&haves, &b);
    oids_add(&shallow, &b);
    const struct remote_wants w = {
        .wants = &wants, .haves = &haves, .shallow = &shallow, .depth = 22};
    _buf_ struct buf out = BUF_INIT(0);
    _err_ struct err *err = NULL;

    set_capabilities(&list, " multi_ack thin-pack side-band ofs-delta shallow ");
    assert_int_equal(remote_request(&list, &w, &out, &err), -1);
    assert_non_null(strstr(err_message(err), "no side-band-64k"));

    set_capabilities(&list, " side-band-64k ofs-delta shallow deepen-since ");
    assert_int_equal(remote_request(&list, &w, &out, NULL), 0);
    _buf_ struct buf want = BUF_INIT(4096);
    pkt_addf(&want, "want " A40 " side-band-64k ofs-delta agent=holdfast/%s\n", holdfast_version());
    pkt_addf(&want, "shallow " B40 "\n");
    pkt_addf(&want, "deepen 22\n");
    pkt_add_flush(&want);
    pkt_addf(&want, "have " B40 "\n");
    pkt_addf(&want, "done\n");
    assert_string_equal(buf_str(&out), buf_str(&want));

    /* a server that knows nothing of depth gives all of history */
    buf_clear(&out);
    set_capabilities(&list, " side-band-64k ");
    assert_int_equal(remote_request(&list, &w, &out, NULL), 0);
    assert_null(strstr(buf_str(&out), "shallow"));
    assert_null(strstr(buf_str(&out), "deepen"));
    remote_list_free(&list);
    oids_free(&wants);
    oids_free(&haves);
    oids_free(&shallow);
}

static int on_pack(void *ctx, const char *data, size_t len, struct err **err)
{
    return buf_add((struct buf *)ctx, data, len);
}

/* "shallow/unshallow, the pack", then how it ended. */
static char *answer_of(const struct buf *data, uint64_t max, size_t piece)
{
    struct buf pack = BUF_INIT(4096), b = BUF_INIT(8192);
    struct remote_answer a = {.reader = PKT_READER_INIT, .max = max, .pack = on_pack, .ctx = &pack};
    _err_ struct err *err = NULL;
    int rc = 0;
    for (size_t at = 0; at < data->len && rc == 0; at += piece)
        rc = remote_answer_feed(&a, data->data + at,
                                data->len - at < piece ? data->len - at : piece, &err);
    buf_addf(&b, "%zu/%zu %s %s", a.shallow.count, a.unshallow.count, buf_str(&pack),
             rc < 0   ? err_message(err)
             : a.done ? "done"
                      : "open");
    remote_answer_free(&a);
    buf_free(&pack);
    return buf_take(&b);
}

static void expect_answer(const struct buf *data, const char *want)
{
    for (size_t piece = 1; piece < 60; piece += 5) {
        _free_ char *have = answer_of(data, 12, piece);
        assert_string_equal(have, want);
    }
}

static void answers(void **state)
{
    _buf_ struct buf b = BUF_INIT(4096);
    ADD(&b, "shallow " A40 "\n");
    ADD(&b, "unshallow " B40);
    pkt_add_flush(&b);
    ADD(&b, "ACK " A40 " common\n");
    ADD(&b, "NAK\n");
    ADD(&b, "\2Counting objects\r");
    ADD(&b, "\1PACK one ");
    expect_answer(&b, "1/1 PACK one  open");
    ADD(&b, "\1two");
    pkt_add_flush(&b);
    ADD(&b, "\3nobody reads this");
    expect_answer(&b, "1/1 PACK one two done");

    buf_clear(&b);
    ADD(&b, "NAK\n");
    ADD(&b, "\1PACK one ");
    ADD(&b, "\1four");
    expect_answer(&b, "0/0 PACK one  what is fetched takes more than limits.fetchBytes (12 bytes): "
                      "raise it");
}

static void bad_answers(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"\3disk \x1b[1mbroken\n", "the server says: \"disk ?[1mbroken\""},
        {"ERR upload-pack: not our ref " A40,
         "the server says: \"upload-pack: not our ref " A40 "\""},
        {"hello", "the server's answer is no Git protocol: \"hello\""},
        {"shallow aaaa", "the server's answer is no Git protocol: \"shallow aaaa\""},
        {"shallow", "the server's answer is no Git protocol: \"shallow\""},
        {"unshallow", "the server's answer is no Git protocol: \"unshallow\""},
        {"", "the server's answer is no Git protocol: \"\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _buf_ struct buf b = BUF_INIT(4096);
        add(&b, cases[i].line, strlen(cases[i].line));
        _free_ char *want = xasprintf("0/0  %s", cases[i].want);
        expect_answer(&b, want);
    }
}

static void what_is_said(void **state)
{
    char text[1000];
    memset(text, 'x', sizeof(text));
    _free_ char *cut = remote_said(text, sizeof(text));
    assert_int_equal(strlen(cut), 200);
    _free_ char *bytes = remote_said("a\tb\nc\x80\xff\x7f \r\n", 12);
    assert_string_equal(bytes, "a b c???");
    _free_ char *nul = remote_said("a\0b", 3);
    assert_string_equal(nul, "a");
}

int main(void)
{
    git_libgit2_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),       cmocka_unit_test(longest),      cmocka_unit_test(lists),
        cmocka_unit_test(bad_lists),   cmocka_unit_test(requests),     cmocka_unit_test(answers),
        cmocka_unit_test(bad_answers), cmocka_unit_test(what_is_said),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    git_libgit2_shutdown();
    return rc;
}
