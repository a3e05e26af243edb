/* What a mirror knows: when a branch was rewritten, what is whole, which commits are shallow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/err.h"
#include "core/limits.h"
#include "sync/auth.h"
#include "sync/mirror.h"
#include "sync/remote_mirror.h"

static char *base;
static git_repository *repo;
static git_oid tree;
static git_time_t now = 1700000000;

static int setup(void **state)
{
    char name[] = "/tmp/holdfast-mirror-XXXXXX";
    git_treebuilder *builder = NULL;
    git_oid blob;
    git_libgit2_init();
    if (!mkdtemp(name))
        return -1;
    base = xstrdup(name);
    _free_ char *path = xasprintf("%s/repo", base);
    if (mirror_open(path, &repo, NULL) || git_blob_create_from_buffer(&blob, repo, "a", 1) < 0 ||
        git_treebuilder_new(&builder, repo, NULL) < 0 ||
        git_treebuilder_insert(NULL, builder, "a", &blob, GIT_FILEMODE_BLOB) < 0 ||
        git_treebuilder_write(&tree, builder) < 0)
        return -1;
    git_treebuilder_free(builder);
    return 0;
}

static int teardown(void **state)
{
    git_repository_free(repo);
    _free_ char *command = xasprintf("rm -rf '%s'", base);
    free(base);
    git_libgit2_shutdown();
    return system(command);
}

/* A commit whose parents are these (NULL-terminated), also where they are not here. */
static git_oid commit_of(const git_oid *tree_id, const git_oid *const *parents)
{
    _buf_ struct buf b = BUF_INIT(4096);
    git_oid id;
    git_odb *odb = NULL;
    buf_addf(&b, "tree %s\n", git_oid_tostr_s(tree_id));
    for (; *parents; parents++)
        buf_addf(&b, "parent %s\n", git_oid_tostr_s(*parents));
    now++;
    buf_addf(&b, "author T <t@holdfast.invalid> %lld +0000\n", (long long)now);
    buf_addf(&b, "committer T <t@holdfast.invalid> %lld +0000\n\nm\n", (long long)now);
    assert_int_equal(git_repository_odb(&odb, repo), 0);
    assert_int_equal(git_odb_write(&id, odb, b.data, b.len, GIT_OBJECT_COMMIT), 0);
    git_odb_free(odb);
    return id;
}
#define COMMIT(...) commit_of(&tree, (const git_oid *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void rewritten(void **state)
{
    git_oid absent, other;
    git_oid_fromstr(&absent, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    git_oid_fromstr(&other, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    git_oid cut = COMMIT(&absent); /* its parent was not fetched */
    git_oid one = COMMIT(&cut), two = COMMIT(&one), three = COMMIT(&two);
    git_oid amended = COMMIT(&one), side = COMMIT(&amended), merge = COMMIT(&two, &amended);
    git_oid far = COMMIT(&other), far_merge = COMMIT(&one, &far), root = COMMIT();
    const struct {
        const git_oid *old, *new;
        bool want;
    } cases[] = {
        {&two, &three, false},     /* a commit on top */
        {&one, &three, false},     /* two */
        {&two, &two, false},       /* nothing */
        {&two, &amended, true},    /* amended */
        {&three, &side, true},     /* several */
        {&three, &two, true},      /* taken back */
        {&three, &merge, true},    /* from a side that was merged before */
        {&two, &merge, false},     /* merged */
        {&amended, &merge, false}, /* merged, from the other side */
        {&two, &far, false},       /* nobody knows what comes before it */
        {&two, &far_merge, false}, /* nor here */
        {&two, &root, true},       /* another history, all of it here */
        {&root, &two, false},      /* its beginning is not here */
        {&absent, &two, false},    /* what was read last is gone */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (remote_mirror_rewritten(repo, cases[i].old, cases[i].new) != cases[i].want)
            fail_msg("case %zu", i);
    }
}

static void whole(void **state)
{
    git_oid absent, id, blob;
    git_treebuilder *builder = NULL;
    git_odb *odb = NULL;
    git_oid good = COMMIT();
    assert_true(remote_mirror_whole(repo, &good));
    git_oid_fromstr(&absent, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_false(remote_mirror_whole(repo, &absent));
    git_oid no_tree = commit_of(&absent, (const git_oid *const[]){NULL});
    assert_false(remote_mirror_whole(repo, &no_tree));
    /* a tree in a tree whose file is not here; a module's commit never is, and need not be */
    assert_int_equal(git_blob_create_from_buffer(&blob, repo, "b", 1), 0);
    assert_int_equal(git_repository_odb(&odb, repo), 0);
    char entry[] = "40000 sub\0xxxxxxxxxxxxxxxxxxxx";
    char file[] = "100644 f\0xxxxxxxxxxxxxxxxxxxx", module[] = "160000 m\0xxxxxxxxxxxxxxxxxxxx";
    memcpy(file + 9, absent.id, 20);
    memcpy(module + 9, absent.id, 20);
    git_oid inner, outer;
    assert_int_equal(git_odb_write(&inner, odb, file, 29, GIT_OBJECT_TREE), 0);
    memcpy(entry + 10, inner.id, 20);
    assert_int_equal(git_odb_write(&outer, odb, entry, 30, GIT_OBJECT_TREE), 0);
    git_oid no_file = commit_of(&outer, (const git_oid *const[]){NULL});
    assert_false(remote_mirror_whole(repo, &no_file));
    assert_int_equal(git_odb_write(&id, odb, module, 29, GIT_OBJECT_TREE), 0);
    git_oid with_module = commit_of(&id, (const git_oid *const[]){NULL});
    assert_true(remote_mirror_whole(repo, &with_module));
    git_treebuilder_free(builder);
    git_odb_free(odb);
}

static void kept(void **state)
{
    git_oid one = COMMIT(), two = COMMIT(&one), found;
    struct oids haves = {0};
    assert_false(remote_mirror_last(repo, "main", &found));
    assert_int_equal(remote_mirror_keep(repo, "main", &one, NULL), 0);
    assert_int_equal(remote_mirror_keep(repo, "main", &two, NULL), 0);
    assert_int_equal(remote_mirror_keep(repo, NULL, &one, NULL), 0);
    assert_int_equal(remote_mirror_keep(repo, "a..b/~?", &two, NULL), 0); /* no ref's name */
    assert_true(remote_mirror_last(repo, "main", &found) && git_oid_equal(&found, &two));
    assert_true(remote_mirror_last(repo, "HEAD", &found) && git_oid_equal(&found, &one));
    remote_mirror_haves(repo, &haves);
    assert_int_equal(haves.count, 2);
    oids_free(&haves);
}

static void shallow(void **state)
{
    git_oid a, b, c;
    git_oid_fromstr(&a, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    git_oid_fromstr(&b, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    git_oid_fromstr(&c, "cccccccccccccccccccccccccccccccccccccccc");
    struct oids none = {0}, first = {0}, second = {0}, gone = {0}, have = {0};
    assert_int_equal(remote_mirror_shallow(repo, &have, NULL), 0);
    assert_int_equal(have.count, 0);
    oids_add(&first, &a);
    oids_add(&first, &b);
    assert_int_equal(remote_mirror_set_shallow(repo, &none, &first, &none, NULL), 0);
    assert_int_equal(remote_mirror_shallow(repo, &have, NULL), 0);
    assert_int_equal(have.count, 2);
    oids_add(&second, &c);
    oids_add(&second, &b); /* again */
    oids_add(&gone, &a);
    assert_int_equal(remote_mirror_set_shallow(repo, &have, &second, &gone, NULL), 0);
    oids_free(&have);
    assert_int_equal(remote_mirror_shallow(repo, &have, NULL), 0);
    assert_int_equal(have.count, 2);
    assert_true(oids_have(&have, &b) && oids_have(&have, &c));
    oids_free(&have);
    _free_ char *path = xasprintf("%sshallow", git_repository_path(repo));
    FILE *f = fopen(path, "we");
    fputs("nonsense\n", f);
    fclose(f);
    _err_ struct err *err = NULL;
    assert_int_equal(remote_mirror_shallow(repo, &have, &err), -1);
    assert_int_equal(err->kind, ERR_FATAL);
    oids_free(&first);
    oids_free(&second);
    oids_free(&gone);
    oids_free(&have);
}

static void secrets(void **state)
{
    static const struct {
        const char *content, *line; /* NULL: refused, for `error` */
        const char *error;
    } cases[] = {
        {"token", "token", NULL},
        {"token\n", "token", NULL},
        {"token\r\n\n", "token", NULL},
        {" with spaces ", " with spaces ", NULL},
        {"", NULL, "is empty"},
        {"\n", NULL, "is empty"},
        {"a\nb\n", NULL, "has more than one line"},
    };
    _free_ char *path = xasprintf("%s/secret", base);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        FILE *f = fopen(path, "we");
        fputs(cases[i].content, f);
        fclose(f);
        _err_ struct err *err = NULL;
        char *line = auth_read_line(path, "passwordFile", &err);
        if (cases[i].line) {
            assert_non_null(line);
            assert_string_equal(line, cases[i].line);
        } else {
            assert_null(line);
            _free_ char *want = xasprintf("auth.passwordFile: %s %s", path, cases[i].error);
            assert_string_equal(err_message(err), want);
        }
        auth_forget(line);
    }
    FILE *f = fopen(path, "we");
    for (int i = 0; i < 70000; i++)
        fputc('x', f);
    fclose(f);
    _err_ struct err *err = NULL;
    assert_null(auth_read(path, "sshKeyFile", LIMIT_TOKEN_BYTES, &err));
    assert_non_null(strstr(err_message(err), "has more than 65536 bytes"));
    assert_null(auth_read(base, "sshKeyFile", LIMIT_TOKEN_BYTES, NULL)); /* a folder */
}

static bool worn_with(const char *script)
{
    _free_ char *command =
        xasprintf("cd '%s' && rm -rf sized && mkdir -p sized/objects/pack && cd sized/objects/pack "
                  "&& %s",
                  base, script);
    assert_int_equal(system(command), 0);
    _free_ char *folder = xasprintf("%s/sized", base);
    return mirror_is_worn(folder);
}

/* By their number, and by what they take beside the largest. */
static void worn(void **state)
{
    assert_false(worn_with("true"));
    assert_false(worn_with("truncate -s 2G a.pack"));
    assert_false(worn_with("truncate -s 500M a.pack && truncate -s 200M b.pack c.pack d.pack"));
    assert_true(
        worn_with("truncate -s 500M a.pack && truncate -s 200M b.pack c.pack d.pack e.pack"));
    assert_true(worn_with("truncate -s 10M $(seq 50)"));
    assert_false(worn_with("truncate -s 60M $(seq 8) && mkdir -p ../../refs/holdfast && touch "
                           "$(seq -f ../../refs/holdfast/%g 8)"));
    assert_false(worn_with("touch $(seq 90)"));
    assert_true(worn_with("touch $(seq 110)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewritten), cmocka_unit_test(whole),   cmocka_unit_test(kept),
        cmocka_unit_test(shallow),   cmocka_unit_test(secrets), cmocka_unit_test(worn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
