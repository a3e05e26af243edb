/* Records through a pipe: whole, in pieces of any size, too large, and not as they must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/record.h"

/* What a writer wrote. */
static char *written(int fd, size_t *len)
{
    *len = (size_t)lseek(fd, 0, SEEK_END);
    char *data = xmalloc(*len);
    assert_int_equal(pread(fd, data, *len, 0), (ssize_t)*len);
    return data;
}

static void write_some(struct record_writer *w, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        record_begin(w, RECORD_OBJECT);
        record_put_str(w, "text");
        record_put_str(w, NULL);
        record_put_str(w, "");
        record_put_u32(w, (uint32_t)i);
        record_put_u64(w, UINT64_MAX - i);
        record_put_bytes(w, "a\0b", 3);
        assert_int_equal(record_finish(w), 0);
    }
}

static int check_one(void *ctx, struct record *r, struct err **err)
{
    uint32_t *count = ctx;
    size_t len;
    assert_int_equal(r->type, RECORD_OBJECT);
    assert_string_equal(record_str(r, true), "text");
    assert_null(record_str(r, false));
    assert_string_equal(record_str(r, true), "");
    assert_int_equal(record_u32(r), *count);
    assert_true(record_u64(r) == UINT64_MAX - *count);
    const void *bytes = record_bytes(r, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "a\0b", 3);
    assert_true(record_good(r));
    ++*count;
    return 0;
}

static void pieces(void **state)
{
    _close_ int fd = memfd_create("records", MFD_CLOEXEC);
    struct record_writer w;
    record_writer_init(&w, fd);
    write_some(&w, 200);
    assert_int_equal(record_flush(&w, NULL), 0);
    record_writer_free(&w);
    size_t len;
    _free_ char *data = written(fd, &len);
    static const size_t steps[] = {1, 2, 3, 5, 7, 61, 4096, 1 << 20};
    for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
        struct record_reader reader = RECORD_READER_INIT;
        uint32_t count = 0;
        for (size_t at = 0; at < len; at += steps[s]) {
            size_t n = len - at < steps[s] ? len - at : steps[s];
            assert_int_equal(record_feed(&reader, data + at, n, check_one, &count, NULL), 0);
        }
        assert_int_equal(count, 200);
        assert_false(record_reader_partial(&reader));
        record_reader_free(&reader);
    }
}

static int refuse(void *ctx, struct record *r, struct err **err)
{
    return err_set(err, ERR_INVALID, "refused");
}

static void stops(void **state)
{
    static const uint8_t frame[] = {0, 0, 0, 0, 'E', 0};
    struct record_reader reader = RECORD_READER_INIT;
    _err_ struct err *err = NULL;
    assert_int_equal(record_feed(&reader, frame, sizeof(frame), refuse, NULL, &err), -1);
    assert_string_equal(err_message(err), "refused");
    record_reader_free(&reader);
}

static void over_the_cap(void **state)
{
    static const uint8_t frame[] = {1, 0, 0, 1, 'O'}; /* 16 MiB and one */
    for (size_t cut = 1; cut <= sizeof(frame); cut++) {
        struct record_reader reader = RECORD_READER_INIT;
        _err_ struct err *err = NULL;
        int rc = record_feed(&reader, frame, cut, refuse, NULL, &err);
        if (rc == 0)
            rc = record_feed(&reader, frame + cut, sizeof(frame) - cut, refuse, NULL, &err);
        assert_int_equal(rc, -1);
        assert_int_equal(err->kind, ERR_LIMIT);
        record_reader_free(&reader);
    }
}

static void one_too_large(void **state)
{
    _close_ int fd = memfd_create("records", MFD_CLOEXEC);
    _free_ char *large = xcalloc(1, LIMIT_FRAME_BYTES + 1);
    struct record_writer w;
    record_writer_init(&w, fd);
    record_begin(&w, RECORD_OBJECT);
    record_put_bytes(&w, large, LIMIT_FRAME_BYTES);
    assert_int_equal(record_finish(&w), -1);
    record_begin(&w, RECORD_OBJECT);
    record_put_bytes(&w, large, LIMIT_FRAME_BYTES + 1);
    assert_int_equal(record_finish(&w), -1);
    write_some(&w, 1); /* the next one is not harmed */
    assert_int_equal(record_flush(&w, NULL), 0);
    record_writer_free(&w);
    size_t len;
    _free_ char *data = written(fd, &len);
    struct record_reader reader = RECORD_READER_INIT;
    uint32_t count = 0;
    assert_int_equal(record_feed(&reader, data, len, check_one, &count, NULL), 0);
    assert_int_equal(count, 1);
    record_reader_free(&reader);
}

static void bad_fields(void **state)
{
    static const struct {
        const char *data;
        size_t len;
    } texts[] = {
        {"", 0},                 /* no length */
        {"\x05\0\0\0ab", 6},     /* shorter than it says */
        {"\x02\0\0\0ab", 6},     /* no NUL at the end */
        {"\x03\0\0\0a\0\0", 7},  /* a NUL inside */
        {"\0\0\0\0", 4},         /* no bytes at all */
        {"\xff\xff\xff\xff", 4}, /* absent, and it must be there */
        {"\xfe\xff\xff\xff"
         "abc",
         7}, /* a length that would wrap */
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct record r = {.data = (const uint8_t *)texts[i].data, .len = texts[i].len};
        assert_null(record_str(&r, true));
        assert_false(record_good(&r));
        size_t len;
        assert_non_null(record_bytes(&r, &len));
        assert_int_equal(len, 0);
        assert_int_equal(record_u64(&r), 0);
    }
    struct record rest = {.data = (const uint8_t *)"abcde", .len = 5};
    record_u32(&rest);
    assert_false(record_good(&rest)); /* a byte is left */
}

static void broken_pipe(void **state)
{
    _close_ int fd = memfd_create("records", MFD_CLOEXEC);
    _err_ struct err *err = NULL;
    struct record_writer w;
    record_writer_init(&w, -1);
    write_some(&w, 1);
    assert_int_equal(record_flush(&w, &err), -1);
    assert_string_equal(err_message(err), "cannot write records: Bad file descriptor");
    record_writer_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),       cmocka_unit_test(stops),
        cmocka_unit_test(over_the_cap), cmocka_unit_test(one_too_large),
        cmocka_unit_test(bad_fields),   cmocka_unit_test(broken_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
