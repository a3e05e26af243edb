/* A reading child that gets too little memory for what it reads. This program is the child, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ev.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "sync/source.h"

static char base[] = "/tmp/holdfast-memory-XXXXXX";
static char *state_dir;

/* Runs a shell script in the base folder. */
static void sh(const char *script)
{
    _free_ char *command = xasprintf("cd '%s' && set -eu\n%s", base, script);
    if (system(command))
        fail_msg("%s", script);
}

static int setup(void **state)
{
    if (!mkdtemp(base))
        return -1;
    state_dir = xasprintf("%s/state", base);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    sh("mkdir -m 700 state");
    return 0;
}

static int teardown(void **state)
{
    sh("rm -rf '../'$(basename $PWD)");
    free(state_dir);
    return 0;
}

static void on_done(struct source_read *read, void *ctx)
{
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* Neither the address sanitizer nor valgrind runs within such bounds. */
static bool bounded(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return false;
#else
    return !getenv("LD_PRELOAD");
#endif
}

static struct desired_set *read_it(const char *name, uint64_t memory, struct err **err)
{
    _free_ char *url = xasprintf("file://%s/%s", base, name);
    const struct source_config config = {
        .name = "s", .url = url, .state_dir = state_dir, .memory = memory};
    struct source_read *read = source_read_start(ev_default_loop(0), &config, on_done, NULL);
    ev_run(EV_DEFAULT, 0);
    struct desired_set *set = source_read_take(read, err);
    source_read_free(read);
    return set;
}

#define COMMIT "git -c user.name=t -c user.email=t commit -qm one\n"
#define TOP    "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: top}\\n'"

/* A file of some bytes that Git keeps as a change to one of 200 MiB. */
static void large_base(void **state)
{
    sh("git init -q -b main large; cat >pack.py <<'END'\n"
       "import hashlib, struct, zlib\n"
       "def head(kind, n):\n"
       "    out, b, n = [], kind << 4 | n & 15, n >> 4\n"
       "    while n: out.append(b | 128); b, n = n & 127, n >> 7\n"
       "    return bytes(out + [b])\n"
       "def size(n):\n"
       "    out = []\n"
       "    while n > 127: out.append(n & 127 | 128); n >>= 7\n"
       "    return bytes(out + [n])\n"
       "large = bytes(200 << 20)\n"
       "small = b'{apiVersion: v1, kind: ConfigMap, metadata: {name: small}}\\n'\n"
       "base = hashlib.sha1(b'blob %d\\0' % len(large) + large).digest()\n"
       "change = size(len(large)) + size(len(small)) + bytes([len(small)]) + small\n"
       "pack = b'PACK' + struct.pack('>II', 2, 2) + head(3, len(large)) + zlib.compress(large, 9)\n"
       "pack += head(7, len(change)) + base + zlib.compress(change)\n"
       "open('large.pack', 'wb').write(pack + hashlib.sha1(pack).digest())\n"
       "END\n"
       "python3 pack.py; cd large; git -c core.bigFileThreshold=4g index-pack --stdin "
       "<../large.pack >/dev/null\n" TOP " >top.yaml; git add .; id=$(printf "
       "'{apiVersion: v1, kind: ConfigMap, metadata: {name: small}}\\n' | git hash-object "
       "--stdin)\n"
       "git update-index --add --cacheinfo 100644,$id,small.yaml\n" COMMIT);
    struct desired_set *set;
    if (bounded()) {
        _err_ struct err *err = NULL;
        set = read_it("large", 96 * MIB, &err);
        if (!set)
            fail_msg("%s", err_message(err));
        assert_int_equal(set->count, 1);
        assert_string_equal(set->items[0].name, "top");
        assert_int_equal(set->problem_count, 1);
        assert_string_equal(set->problems[0].file, "small.yaml");
        assert_non_null(
            strstr(set->problems[0].message,
                   "the file cannot be read: it needs more than 96 MiB of memory: exclude"));
        desired_set_free(set);
    }
    set = read_it("large", 0, NULL);
    assert_non_null(set);
    assert_int_equal(set->count, 2);
    assert_int_equal(set->problem_count, 0);
    desired_set_free(set);
}

/* A file that grows when it is read. */
static void many_values(void **state)
{
    sh("git init -q -b main many; cd many; (" TOP "; echo data:; yes -- '- {}' | head -n 200000) "
       ">many.yaml; git add .; " COMMIT);
    if (bounded()) {
        _err_ struct err *err = NULL;
        assert_null(read_it("many", 16 * MIB, &err));
        assert_int_equal(err->kind, ERR_LIMIT);
        assert_string_equal(
            err_message(err),
            "source s: the reading child: it needs more than 16 MiB of memory: exclude what is "
            "that "
            "large or split the source, or give the container more (resources.limits.memory)");
    }
    struct desired_set *set = read_it("many", 0, NULL);
    assert_non_null(set);
    assert_int_equal(set->count, 1);
    desired_set_free(set);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return source_child_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_base),
        cmocka_unit_test(many_values),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
