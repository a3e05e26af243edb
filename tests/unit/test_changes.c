/*
 * Reading what changed: with a base that fits, a read gives the same set as one without. This
 * program is the child, too.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ev.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/limits.h"
#include "sync/kept.h"
#include "sync/source.h"

static char *top, *repo, *repo_url, *state_dir;

/* Runs a shell script in the repository. */
static void sh(const char *script)
{
    _free_ char *command = xasprintf("cd '%s' && set -eu\n%s", repo, script);
    if (system(command))
        fail_msg("%s", script);
}

static int setup(void **state)
{
    char name[] = "/tmp/holdfast-changes-XXXXXX";
    if (!mkdtemp(name))
        return -1;
    top = xstrdup(name);
    repo = xasprintf("%s/repo", top);
    repo_url = xasprintf("file://%s", repo);
    state_dir = xasprintf("%s/state", top);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    if (mkdir(repo, 0700) || mkdir(state_dir, 0700))
        return -1;
    sh("git init -q -b main .; git config user.name t; git config user.email t@example.invalid\n"
       "mkdir apps\n"
       "for i in a b; do\n"
       "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: %s\\n' $i >apps/$i.yaml\n"
       "done\n"
       "git add .; git commit -qm one");
    return 0;
}

static int teardown(void **state)
{
    _free_ char *command = xasprintf("rm -rf '%s'", top);
    int rc = system(command);
    free(top);
    free(repo);
    free(repo_url);
    free(state_dir);
    return rc;
}

static void on_done(struct source_read *read, void *ctx)
{
    ++*(int *)ctx;
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

/* NULL where the base is what Git says. */
static struct desired_set *read_it(struct source_config config, const struct desired_set *base)
{
    _err_ struct err *err = NULL;
    int done = 0;
    config.name = "s";
    config.state_dir = state_dir;
    config.base = base;
    struct source_read *read = source_read_start(ev_default_loop(0), &config, on_done, &done);
    ev_run(EV_DEFAULT, 0);
    assert_int_equal(done, 1);
    struct desired_set *set = NULL;
    if (!source_read_unchanged(read)) {
        set = source_read_take(read, &err);
        if (!set)
            fail_msg("%s", err_message(err));
    }
    source_read_free(read);
    return set;
}

static void expect_unchanged(struct source_config config, const struct desired_set *base)
{
    struct desired_set *set = read_it(config, base);
    assert_null(set);
}

/* Read anew, though the commit is the same. */
static void expect_changed(struct source_config config, const struct desired_set *base)
{
    struct desired_set *set = read_it(config, base);
    assert_non_null(set);
    desired_set_free(set);
}

static void same_commit(void **state)
{
    struct source_config config = {.url = repo_url};
    struct desired_set *set = read_it(config, NULL);
    assert_int_equal(set->count, 2);
    expect_unchanged(config, set);
    expect_unchanged(config, set);
    sh("git commit -q --allow-empty -m two");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    assert_string_not_equal(set->revision, two->revision);
    assert_memory_equal(set->digest, two->digest, sizeof(set->digest));
    expect_unchanged(config, two);
    desired_set_free(set);
    /* the same commit, read otherwise */
    static const char *const only_a[] = {"**/a.yaml", NULL};
    config.include = only_a;
    expect_changed(config, two);
    config.include = NULL;
    config.exclude = only_a;
    expect_changed(config, two);
    config.exclude = NULL;
    config.path = "apps";
    expect_changed(config, two);
    config.path = NULL;
    config.objects = 10;
    expect_changed(config, two);
    config.objects = 0;
    expect_unchanged(config, two);
    desired_set_free(two);
}

/* A tag that has the branch's name is told, though the commit stands still. */
static void another_note(void **state)
{
    struct source_config config = {.url = repo_url, .ref = "main"};
    struct desired_set *set = read_it(config, NULL);
    assert_int_equal(set->problem_count, 0);
    sh("git tag main");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    assert_int_equal(two->problem_count, 1);
    expect_unchanged(config, two);
    sh("git tag -d main >../out");
    expect_changed(config, two);
    desired_set_free(set);
    desired_set_free(two);
}

static void on_disk(void **state)
{
    struct source_config config = {.url = repo};
    struct desired_set *set = read_it(config, NULL);
    assert_null(set->revision);
    expect_unchanged(config, set);
    sh("echo '  labels: {a: b}' >>apps/a.yaml");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    expect_unchanged(config, two);
    sh("git checkout -q apps/a.yaml");
    expect_changed(config, two);
    expect_unchanged(config, set);
    sh("echo 'kind: [' >>apps/a.yaml"); /* a problem more */
    expect_changed(config, set);
    sh("git checkout -q apps/a.yaml");
    config.path = "apps";
    expect_changed(config, set);
    desired_set_free(set);
    desired_set_free(two);
}

/* What a repository cannot give now it may give later, at the same commit. */
static void repaired(void **state)
{
    sh("id=$(git rev-parse HEAD:apps/b.yaml); f=.git/objects/${id%${id#??}}/${id#??}\n"
       "mv $f ../kept; echo $f >../where; rm -rf ../state/git");
    struct source_config config = {.url = repo_url};
    struct desired_set *set = read_it(config, NULL);
    assert_int_equal(set->errors, 1);
    assert_int_equal(set->count, 1);
    sh("mv ../kept $(cat ../where)");
    struct desired_set *two = read_it(config, set);
    assert_non_null(two);
    assert_int_equal(two->errors, 0);
    assert_int_equal(two->count, 2);
    desired_set_free(set);
    desired_set_free(two);
}

/* Names that are not told whole: what is told of them goes and comes all the same. */
static void long_names(void **state)
{
    static const char *const edits[] = {
        "git update-index --add --cacheinfo 100644,$id,$long.yaml",
        "git update-index --add --cacheinfo 100644,$id,$long/x.yaml",
        "git update-index --add --cacheinfo 100644,$other,$long.yaml",
        "git rm -q --cached $long.yaml",
        "git rm -rq --cached $long",
    };
    static const size_t problems[] = {1, 2, 2, 1, 0};
    struct source_config config = {.url = repo_url};
    struct desired_set *set = read_it(config, NULL);
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        _free_ char *script =
            xasprintf("long=$(printf %%017000d 0); id=$(git rev-parse HEAD:apps/a.yaml)\n"
                      "other=$(git rev-parse HEAD:apps/b.yaml); %s; git commit -qm %zu 2>/dev/null",
                      edits[i], i);
        sh(script);
        struct desired_set *two = read_it(config, set), *whole = read_it(config, NULL);
        assert_non_null(two);
        assert_int_equal(two->count, 2);
        assert_int_equal(two->problem_count, problems[i]);
        assert_memory_equal(two->digest, whole->digest, sizeof(two->digest));
        desired_set_free(set);
        desired_set_free(whole);
        set = two;
    }
    desired_set_free(set);
}

/* One file of what is kept; others are removed first. */
static char *kept_file(const struct statedir *dir, struct desired_set *set)
{
    char hex[2 * KEPT_SCOPE_BYTES + 1];
    hash_hex(set->scope, KEPT_SCOPE_BYTES, hex);
    set->saved = false;
    kept_write(dir, KEPT_DIFF, set, 7);
    return xasprintf("%s/diff-%s", state_dir, hex);
}

static size_t kept_count(void)
{
    size_t count = 0;
    DIR *all = opendir(state_dir);
    const struct dirent *entry;
    while ((entry = readdir(all)))
        count += strncmp(entry->d_name, "diff-", 5) == 0;
    closedir(all);
    return count;
}

/* A byte that is another, or a shorter file: dropped, said, and gone. */
static void damaged(void **state)
{
    struct source_config config = {.url = repo_url};
    struct desired_set *set = read_it(config, NULL);
    struct statedir *dir = statedir_open(state_dir, NULL);
    _free_ char *file = kept_file(dir, set);
    struct stat st;
    int64_t read_at;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    for (off_t at = 0; at <= st.st_size; at += at < 200 ? 1 : 7) {
        char byte = 'x';
        free(kept_file(dir, set));
        int fd = open(file, O_RDWR | O_CLOEXEC);
        if (at == st.st_size) {
            assert_int_equal(ftruncate(fd, at - 1), 0);
        } else {
            assert_int_equal(pread(fd, &byte, 1, at), 1);
            byte ^= 0x10;
            assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        close(fd);
        _free_ char *note = NULL;
        assert_null(kept_read(dir, KEPT_DIFF, set->scope, &read_at, &note));
        assert_non_null(strstr(note, "is damaged: all is read anew"));
        assert_int_equal(access(file, F_OK), -1);
    }
    free(kept_file(dir, set));
    uint8_t other[1][KEPT_SCOPE_BYTES] = {{1}};
    _free_ char *note = NULL;
    assert_null(kept_read(dir, KEPT_DIFF, other[0], &read_at, &note));
    assert_null(note);
    for (uint8_t i = 1; i < 5; i++) { /* written later than it, but said earlier */
        set->scope[0]++;
        free(kept_file(dir, set));
    }
    set->scope[0] -= 4;
    kept_write(dir, KEPT_DIFF, set, 8000); /* is kept, but for the time */
    desired_set_free(kept_read(dir, KEPT_DIFF, set->scope, &read_at, &note));
    assert_int_equal(read_at, 8000);
    assert_int_equal(kept_count(), 5);
    kept_newest(dir, 2);
    assert_int_equal(kept_count(), 2);
    assert_int_equal(access(file, F_OK), 0);
    kept_only(dir, other, 1); /* the agent's */
    assert_int_equal(kept_count(), 2);
    set->saved = false;
    kept_write(dir, KEPT_AGENT, set, 7);
    desired_set_free(kept_read(dir, KEPT_AGENT, set->scope, &read_at, &note));
    assert_int_equal(read_at, 7);
    kept_only(dir, &set->scope, 1);
    desired_set_free(kept_read(dir, KEPT_AGENT, set->scope, &read_at, &note));
    assert_int_equal(read_at, 7);
    kept_only(dir, other, 1);
    assert_null(kept_read(dir, KEPT_AGENT, set->scope, &read_at, &note));
    assert_int_equal(unlink(file), 0);
    kept_write(dir, KEPT_DIFF, set, 9); /* though it was kept */
    assert_int_equal(access(file, F_OK), 0);
    statedir_free(dir);
    desired_set_free(set);
}

/*
 * The random part: a repository whose files come, go, move and break. HOLDFAST_SEED and
 * HOLDFAST_ROUNDS choose another run.
 */

static unsigned long long dice; /* splitmix64: the same everywhere */

static unsigned roll(unsigned sides)
{
    unsigned long long z = (dice += 0x9e3779b97f4a7c15ULL);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return (unsigned)((z ^ z >> 31) % sides);
}

static const char *const folders[] = {"", "a", "a-b", "a/c", "a.yaml", "z", "z/.d", "z/y/x"};
static const char *const files[] = {"m.yaml", "n.yml",      "o.json",        "a.yaml",
                                    "m",      ".dot.yaml",  "odd\none.yaml", "README.md",
                                    "z",      "Chart.yaml", "m-.yaml",       "kustomization.yaml"};

static char *some_path(void)
{
    const char *folder = folders[roll(ARRAY_LEN(folders))];
    /* what makes a folder a renderer's comes seldom */
    const char *file = files[roll(roll(4) ? 8 : ARRAY_LEN(files))];
    return xasprintf("%s%s%s", folder, *folder ? "/" : "", file);
}

static void some_document(struct buf *b)
{
    unsigned n = roll(12);
    if (roll(3) == 0)
        buf_addf(b, "# %u\n", roll(5)); /* moves the lines */
    buf_addf(b, "apiVersion: %s\nkind: %s\nmetadata:\n  name: n%u\n", roll(3) ? "v1" : "apps/v1",
             roll(3) ? "ConfigMap" : "Secret", n);
    if (roll(2))
        buf_addf(b, "  namespace: s%u\n", roll(2));
    buf_addf(b, "data:\n  v: \"%u\"\n", roll(6));
    switch (roll(12)) {
    case 0:
        buf_add_str(b, "  none: null\n"); /* a note */
        break;
    case 1:
        buf_add_str(b, "  v: again\n"); /* an error */
        break;
    case 2:
        buf_add_str(b, "list: [null]\n"); /* another */
    }
}

static void some_content(const char *path)
{
    _free_ char *full = xasprintf("%s/%s", repo, path);
    _free_ char *make = xasprintf("d=\"$(dirname '%s')\"; [ -e '%s' ] && rm -rf '%s'\n"
                                  "mkdir -p \"$d\" 2>../out || exit 0",
                                  full, full, full);
    sh(make);
    _buf_ struct buf b = BUF_INIT(64 * KIB);
    for (unsigned n = roll(4); n; n--) {
        some_document(&b);
        if (n > 1)
            buf_add_str(&b, "---\n");
    }
    if (roll(15) == 0)
        buf_add_str(&b, "\n\tbroken: [\n");
    FILE *f = fopen(full, "we"); /* none, where a file lies in its folder's place */
    if (f) {
        fwrite(buf_str(&b), 1, b.len, f);
        fclose(f);
    }
}

static void some_edit(void)
{
    _free_ char *path = some_path(), *other = some_path(), *script = NULL;
    switch (roll(10)) {
    case 0:
        script = xasprintf("rm -rf '%s'", path);
        break;
    case 1:
        script = xasprintf("[ ! -e '%s' ] || [ -e '%s' ] || mv '%s' '%s' 2>../out || :", path,
                           other, path, other);
        break;
    case 2: /* a folder moves, or goes */
        script = xasprintf("[ ! -d a ] || [ -e b ] || mv a b; [ ! -d b ] || [ -e a ] || %s",
                           roll(3) ? "mv b a" : "rm -rf b");
        break;
    case 3:
        script = xasprintf("[ -e '%s' ] || ln -s m.yaml '%s' 2>../out || :", path, path);
        break;
    default:
        some_content(path);
        return;
    }
    sh(script);
}

/* All that a set says, as a text. */
static int line_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dump_older(const struct desired_set *set, struct buf *out)
{
    char **lines = xcalloc(set->older_count + 1, sizeof(*lines));
    for (size_t i = 0, nth = 0; i < set->older_count; i++) {
        const struct older *o = &set->older[i];
        const struct older *last = i ? o - 1 : NULL;
        bool same =
            last && o->name == last->name && o->kind == last->kind && o->group == last->group;
        nth = same ? nth + 1 : 0;
        _free_ char *body = xcalloc(1, (size_t)o->body_len + 1);
        assert_int_equal(spool_read(set->spool, body, o->body_len, o->offset, NULL), 0);
        lines[i] = xasprintf("older %s/%s/%s #%zu %s %s %u %lld %s\n", o->group, o->kind, o->name,
                             nth, o->namespace ? o->namespace : "-", o->file, o->step,
                             (long long)o->replaced_at, body);
    }
    qsort(lines, set->older_count, sizeof(*lines), line_order);
    for (size_t i = 0; i < set->older_count; i++) {
        buf_add_str(out, lines[i]);
        free(lines[i]);
    }
    free(lines);
    for (size_t i = 0; i < set->step_count; i++)
        buf_addf(out, "step %llu %llu %llu\n", (unsigned long long)set->steps[i].files,
                 (unsigned long long)set->steps[i].bytes, (unsigned long long)set->steps[i].bodies);
    buf_addf(out, "cut %d\n", set->older_cut);
}

static char *dump(const struct desired_set *set)
{
    struct buf b = BUF_INIT(64 * MIB);
    char hex[2 * DESIRED_DIGEST_BYTES + 1];
    buf_addf(&b, "%s %lld errors %zu told %zu files %llu objects %llu unsteady %d\n", set->revision,
             (long long)set->commit_time, set->errors, set->source_problems,
             (unsigned long long)set->walked.files, (unsigned long long)set->walked.objects,
             set->walked.unsteady);
    hash_hex(set->digest, DESIRED_DIGEST_BYTES, hex);
    buf_addf(&b, "%s\n", hex);
    for (size_t i = 0; i < set->count; i++) {
        const struct desired *d = &set->items[i];
        size_t len = (size_t)d->body_len + d->places_len;
        _free_ char *text = xcalloc(1, len + 1);
        assert_int_equal(spool_read(set->spool, text, len, d->offset, NULL), 0);
        hash_hex(d->digest, DESIRED_DIGEST_BYTES, hex);
        buf_addf(&b, "%s %s %s %s %s %s %s:%u:%u %s %d ", d->api_version, d->group, d->version,
                 d->kind, d->namespace ? d->namespace : "-", d->name, d->file, d->line, d->col, hex,
                 d->doubled);
        for (size_t k = 0; k < len; k++)
            buf_addf(&b, k < d->body_len ? "%c" : "\\%02x", (unsigned char)text[k]);
        buf_add_char(&b, '\n');
    }
    for (size_t i = 0; i < set->problem_count; i++) {
        const struct problem *p = &set->problems[i];
        buf_addf(&b, "%d %s %s:%u:%u %s: %s%s\n", p->level, p->at, p->file, p->line, p->col,
                 p->object ? p->object : "-", p->message,
                 i < set->read_problems ? "" : " (not of the read)");
    }
    dump_older(set, &b);
    return buf_take(&b);
}

static void fail_where(const char *want, const char *got, const char *round)
{
    size_t at = 0;
    while (want[at] && want[at] == got[at])
        at++;
    size_t from = at;
    while (from && want[from - 1] != '\n')
        from--;
    fail_msg("%s: not as a whole read gives it\nwhole:   %.400s\nchanges: %.400s", round,
             want + from, got + from);
}

/* Some commits; or back to an earlier one, or a merge. */
static void some_history(unsigned round)
{
    static unsigned second;
    if (round > 5 && roll(12) == 0)
        sh("git reset -q --hard HEAD~3");
    if (round > 5 && roll(10) == 0)
        sh("rm -rf ../state/git");
    if (roll(12) == 0)
        sh("git tag -d main >../out 2>&1 || git tag main");
    for (unsigned n = roll(8) ? 1 + roll(3) : 22; n; n--) {
        for (unsigned k = roll(4); k; k--)
            some_edit();
        second++;
        _free_ char *script =
            xasprintf("git add -A . 2>../out; GIT_AUTHOR_DATE='@%u +0000' GIT_COMMITTER_DATE='@%u "
                      "+0000' git commit -q --allow-empty -m %u",
                      1700000000 + second, 1700000000 + second, second);
        sh(script);
    }
}

/* The set as the next start has it; frees this one. */
static struct desired_set *restarted(struct desired_set *set)
{
    struct statedir *dir = statedir_open(state_dir, NULL);
    _free_ char *note = NULL;
    uint8_t scope[KEPT_SCOPE_BYTES];
    int64_t read_at;
    kept_write(dir, KEPT_DIFF, set, 7);
    memcpy(scope, set->scope, sizeof(scope));
    const bool kept = desired_can_go_on(set);
    struct desired_set *again = kept_read(dir, KEPT_DIFF, scope, &read_at, &note);
    statedir_free(dir);
    assert_null(note);
    if (!kept) {
        assert_null(again);
        return set;
    }
    assert_non_null(again);
    assert_int_equal(read_at, 7);
    assert_memory_equal(set->older_digest, again->older_digest, sizeof(set->older_digest));
    desired_set_free(set);
    desired_mark_doubled(again, "s1");
    return again;
}

static void as_a_whole_read(void **state)
{
    static const char *const globs[] = {"**/m.yaml", "a/c/**", NULL};
    const char *seed = getenv("HOLDFAST_SEED"), *rounds = getenv("HOLDFAST_ROUNDS");
    unsigned long long first = seed ? strtoull(seed, NULL, 10) : 20261129;
    unsigned last = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 16;
    dice = first;
    sh("git tag -d main >../out 2>&1 || :; git checkout -q -f main");
    struct desired_set *kept = NULL;
    struct source_config config = {.url = repo_url, .ref = "main"};
    size_t merged = 0;
    for (unsigned round = 0; round < last; round++) {
        some_history(round);
        if (roll(10) == 0)
            config.exclude = config.exclude ? NULL : globs;
        _free_ char *where = xasprintf("seed %llu, round %u", first, round);
        struct desired_set *whole = read_it(config, NULL);
        struct desired_set *set = read_it(config, kept);
        desired_mark_doubled(whole, "s1");
        if (set) {
            merged += kept && set->spool == kept->spool;
            desired_mark_doubled(set, "s1");
            desired_set_free(kept);
            kept = set;
        }
        _free_ char *want = dump(whole), *got = dump(kept);
        if (strcmp(want, got) != 0)
            fail_where(want, got, where);
        desired_set_free(whole);
        if (roll(2)) {
            kept = restarted(kept);
            _free_ char *again = dump(kept);
            if (strcmp(want, again) != 0)
                fail_where(want, again, where);
        }
    }
    desired_set_free(kept);
    print_message("%zu of %u rounds read only what changed\n", merged, last);
    assert_true(merged > last / 3);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return source_child_main();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_commit),     cmocka_unit_test(another_note),
        cmocka_unit_test(on_disk),         cmocka_unit_test(long_names),
        cmocka_unit_test(repaired),        cmocka_unit_test(damaged),
        cmocka_unit_test(as_a_whole_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
