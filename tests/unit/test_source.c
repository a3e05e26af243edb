/*
 * Reading a source, through the child: what a repository or a folder gives, what is refused, and
 * that a child which dies leaves the source unknown. This program is the child, too.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <ev.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "sync/source.h"

static char *base, *repo, *repo_url, *state_dir;

/* Runs a shell script in the base folder. */
static void sh(const char *script)
{
    _free_ char *command = xasprintf("cd '%s' && set -eu\n%s", base, script);
    if (system(command))
        fail_msg("%s", script);
}

/* What a script prints, without its last newline. */
static char *sh_text(const char *script)
{
    _free_ char *command = xasprintf("cd '%s' && %s", base, script);
    FILE *f = popen(command, "re");
    char text[4096];
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    assert_int_equal(pclose(f), 0);
    while (n && text[n - 1] == '\n')
        n--;
    return xstrndup(text, n);
}

static int setup(void **state)
{
    char name[] = "/tmp/holdfast-source-XXXXXX";
    if (!mkdtemp(name))
        return -1;
    base = xstrdup(name);
    repo = xasprintf("%s/repo", base);
    repo_url = xasprintf("file://%s", repo);
    state_dir = xasprintf("%s/state", base);
    umask(022); /* a person's: what is ours has to be closed all the same */
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("GIT_AUTHOR_DATE", "2024-01-02T03:04:05Z", 1);
    setenv("GIT_COMMITTER_DATE", "2024-01-02T03:04:05Z", 1);
    sh("mkdir -m 700 state; git init -q -b main repo; cd repo\n"
       "git config user.name t; git config user.email t@example.invalid\n"
       "cm() { printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: %s\\n' $1; }\n"
       "mkdir -p apps/a apps/b.d .hidden\n"
       "cm top >top.yaml; cm one >apps/a/one.yml; cm b >apps/b.d/b.yaml; cm no >.hidden/no.yaml\n"
       "cm dot >apps/.dot.yaml; cm other >apps/a.yaml; echo text >README.md\n"
       "echo '{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"j\","
       "\"namespace\":\"ns\"},\"spec\":{\"replicas\":3}}' >apps/j.json\n"
       "git add .; git commit -qm one; git tag light; git tag -am heavy heavy\n"
       "git checkout -q -b dev; cm dev >dev.yaml; git add .; git commit -qm dev\n"
       "git checkout -q main");
    return 0;
}

static int teardown(void **state)
{
    _free_ char *command = xasprintf("rm -rf '%s'", base);
    int rc = system(command);
    free(base);
    free(repo);
    free(repo_url);
    free(state_dir);
    return rc;
}

struct wait {
    int done;
};

static void on_done(struct source_read *read, void *ctx)
{
    struct wait *wait = ctx;
    wait->done++;
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static struct desired_set *read_it(struct source_config config, struct err **err)
{
    struct wait wait = {0};
    struct ev_loop *loop = ev_default_loop(0);
    config.name = config.name ? config.name : "s";
    config.state_dir = config.state_dir ? config.state_dir : state_dir;
    struct source_read *read = source_read_start(loop, &config, on_done, &wait);
    assert_int_equal(wait.done, 0);
    ev_run(loop, 0);
    assert_int_equal(wait.done, 1);
    struct desired_set *set = source_read_take(read, err);
    source_read_free(read);
    return set;
}

/* "name name ..." of the objects, in their order. */
static char *names(const struct desired_set *set)
{
    struct buf b = BUF_INIT(64 * KIB);
    for (size_t i = 0; i < set->count; i++)
        buf_addf(&b, "%s%s", i ? " " : "", set->items[i].name);
    return buf_take(&b);
}

static void expect_names(struct source_config config, const char *want)
{
    _err_ struct err *err = NULL;
    struct desired_set *set = read_it(config, &err);
    if (!set)
        fail_msg("%s", err_message(err));
    _free_ char *got = names(set);
    assert_string_equal(got, want);
    desired_set_free(set);
}

static void expect_error(struct source_config config, enum err_kind kind, const char *want)
{
    _err_ struct err *err = NULL;
    assert_null(read_it(config, &err));
    if (err->kind != kind || !strstr(err_message(err), want))
        fail_msg("kind %d: %s", err->kind, err_message(err));
}

static void from_git(void **state)
{
    _err_ struct err *err = NULL;
    _free_ char *head = sh_text("git -C repo rev-parse HEAD");
    struct desired_set *set = read_it((struct source_config){.url = repo_url}, &err);
    assert_non_null(set);
    assert_true(set->complete);
    assert_string_equal(set->revision, head);
    assert_int_equal(set->commit_time, 1704164645);
    _free_ char *got = names(set);
    assert_string_equal(got, "other one b j top"); /* bytes of the paths: "a.yaml" < "a/one.yml" */
    assert_int_equal(set->problem_count, 0);
    const struct desired *d = &set->items[3];
    assert_string_equal(d->group, "apps");
    assert_string_equal(d->version, "v1");
    assert_string_equal(d->namespace, "ns");
    assert_string_equal(d->file, "apps/j.json");
    struct document doc;
    assert_int_equal(desired_load(set, 2, &doc, &err), 0);
    assert_string_equal(json_string_value(json_object_get(doc.body, "kind")), "ConfigMap");
    assert_int_equal(doc.places[0], 1);
    document_free(&doc);
    desired_set_free(set);
    _free_ char *open = sh_text("find state -perm /077");
    assert_string_equal(open, "");
}

static void refs(void **state)
{
    _free_ char *id = sh_text("git -C repo rev-parse dev");
    _free_ char *upper = sh_text("git -C repo rev-parse --short=12 dev | tr a-f A-F");
    _free_ char *tree = sh_text("git -C repo rev-parse dev^{tree}");
    const char *dev[] = {"dev", "refs/heads/dev", id, upper};
    for (size_t i = 0; i < ARRAY_LEN(dev); i++)
        expect_names((struct source_config){.url = repo_url, .ref = dev[i], .path = "dev.yaml"},
                     "dev");
    static const char *const main_refs[] = {"main", "light", "heavy", "refs/tags/heavy", "HEAD"};
    for (size_t i = 0; i < ARRAY_LEN(main_refs); i++)
        expect_names((struct source_config){.url = repo_url, .ref = main_refs[i]},
                     "other one b j top");
    struct source_config config = {.url = repo_url, .ref = "mian"};
    expect_error(config, ERR_INVALID,
                 "has no ref \"mian\" (tried refs/heads/mian, refs/tags/mian); nearest of 4: main");
    config.ref = "0123456789012345678901234567890123456789";
    expect_error(config, ERR_INVALID, "(tried commit, in all branches and tags)");
    config.ref = "0123456";
    expect_error(config, ERR_INVALID, "the beginning of a commit id");
    config.ref = "refs/heads/none";
    expect_error(config, ERR_INVALID, "(tried refs/heads/none); nearest of 5: refs/heads/");
    config.ref = tree;
    expect_error(config, ERR_INVALID, "has no ref");
}

static void branch_and_tag(void **state)
{
    sh("cd repo; git branch both dev; git tag both main");
    struct desired_set *set =
        read_it((struct source_config){.url = repo_url, .ref = "both", .path = "dev.yaml"}, NULL);
    assert_non_null(set);
    assert_int_equal(set->count, 1);
    assert_int_equal(set->problem_count, 1);
    assert_int_equal(set->problems[0].level, PROBLEM_NOTE);
    assert_int_equal(set->errors, 0);
    desired_set_free(set);
    sh("cd repo; git branch -qD both; git tag -d both >../out");
}

static void fetches_once(void **state)
{
    sh("git clone -q --bare repo once.git; chmod -R a-w once.git");
    _free_ char *url = xasprintf("file://%s/once.git", base);
    _free_ char *before = sh_text("find once.git -printf '%p %T@ %m\\n' | sha256sum");
    expect_names((struct source_config){.url = url}, "other one b j top");
    _free_ char *first = sh_text("find state/git -name '*.pack' -printf '%p %T@\\n' | sort");
    expect_names((struct source_config){.url = url}, "other one b j top");
    _free_ char *second = sh_text("find state/git -name '*.pack' -printf '%p %T@\\n' | sort");
    assert_string_equal(first, second);
    _free_ char *after = sh_text("find once.git -printf '%p %T@ %m\\n' | sha256sum");
    assert_string_equal(before, after); /* the origin is only read */
    /* a bare repository by its path alone is one to fetch, too */
    _free_ char *plain = xasprintf("%s/once.git", base);
    expect_names((struct source_config){.url = plain, .ref = "dev", .path = "apps/a"}, "one");
    sh("chmod -R u+w once.git");
}

static void our_copy_is_broken(void **state)
{
    sh("rm -rf state/git");
    expect_names((struct source_config){.url = repo_url}, "other one b j top");
    sh("for f in state/git/*/objects/pack/*; do chmod 600 $f; echo x >$f; done");
    expect_names((struct source_config){.url = repo_url}, "other one b j top");
    sh("for f in state/git/*/HEAD; do rm $f; done");
    expect_names((struct source_config){.url = repo_url}, "other one b j top");
    sh("find state/git -name '*.pack' -exec chmod 644 {} +");
    expect_names((struct source_config){.url = repo_url}, "other one b j top");
    _free_ char *open = sh_text("find state -perm /077");
    assert_string_equal(open, "");
}

static void origin_is_damaged(void **state)
{
    sh("cp -r repo damaged; cd damaged; rm -rf ../state/git\n"
       "id=$(git rev-parse HEAD:top.yaml); rm -f .git/objects/${id%${id#??}}/${id#??}");
    _free_ char *url = xasprintf("file://%s/damaged", base);
    _err_ struct err *err = NULL;
    struct desired_set *set = read_it((struct source_config){.url = url}, &err);
    if (!set)
        fail_msg("%s", err_message(err));
    _free_ char *got = names(set);
    assert_string_equal(got, "other one b j");
    assert_int_equal(set->errors, 1);
    assert_string_equal(set->problems[0].file, "top.yaml");
    assert_non_null(strstr(set->problems[0].message, "repair it (git fsck)"));
    desired_set_free(set);
}

static void places(void **state)
{
    _free_ char *apps = xasprintf("%s/apps", repo);
    _free_ char *file = xasprintf("%s/apps/j.json", repo);
    sh("printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: new}\\n' >repo/apps/new.yaml");
    struct desired_set *set = read_it((struct source_config){.url = apps}, NULL);
    assert_non_null(set);
    _free_ char *got = names(set);
    assert_string_equal(got, "other one b j new"); /* the working tree */
    assert_null(set->revision);
    assert_string_equal(set->items[0].file, "apps/a.yaml"); /* as Git names it */
    desired_set_free(set);
    expect_names((struct source_config){.url = apps, .ref = "main"}, "other one b j");
    expect_names((struct source_config){.url = apps, .path = "a"}, "one");
    expect_names((struct source_config){.url = file}, "j");
    expect_names((struct source_config){.url = file, .ref = "dev"}, "j");
    sh("rm repo/apps/new.yaml; rm -rf plain; cp -r repo/apps plain");
    _free_ char *plain = xasprintf("%s/plain", base);
    expect_names((struct source_config){.url = plain}, "other one b j");
    expect_error((struct source_config){.url = plain, .ref = "main"}, ERR_NOT_FOUND,
                 "lies in no Git repository, so there is no ref \"main\"");
    /* what cannot be opened is no plain folder */
    sh("mkdir plain/.git; echo junk >plain/.git/HEAD");
    expect_error((struct source_config){.url = plain}, ERR_INVALID,
                 "lies in a Git repository that cannot be opened");
    sh("rm -rf plain/.git; git init -q --object-format=sha256 plain");
    _free_ char *below = xasprintf("%s/plain/a", base);
    expect_error((struct source_config){.url = below}, ERR_INVALID,
                 "lies in a Git repository that cannot be opened: unsupported extension");
    sh("rm -rf plain/.git");
}

static void globs(void **state)
{
    static const char *const yml[] = {"**/*.yml", "top.yaml", NULL};
    static const char *const not_a[] = {"apps/a/", "**/b.*/**", NULL};
    static const char *const bad[] = {"/apps", NULL};
    expect_names((struct source_config){.url = repo_url, .include = yml}, "one top");
    static const char *const folder[] = {"apps/a", NULL};
    expect_names((struct source_config){.url = repo_url, .exclude = folder}, "other b j top");
    expect_names((struct source_config){.url = repo_url, .exclude = not_a}, "other j top");
    expect_names((struct source_config){.url = repo_url, .include = yml, .exclude = not_a}, "top");
    expect_error((struct source_config){.url = repo_url, .exclude = bad}, ERR_USAGE,
                 "exclude: glob \"/apps\"");
}

static void missing(void **state)
{
    struct source_config config = {.url = repo_url, .path = "app"};
    expect_error(config, ERR_INVALID, "path \"app\" is not there: the root holds apps");
    sh("rm -rf other; cp -r repo other; echo hello >other/apps/README; git -C other add "
       "apps/README;"
       "git -C other commit -qm readme");
    _free_ char *other = xasprintf("file://%s/other", base);
    expect_error((struct source_config){.url = other, .path = "apps/README"}, ERR_INVALID,
                 "path \"apps/README\" is a file, and no manifest (*.yaml");
    config.path = "apps/aa/x";
    expect_error(config, ERR_INVALID, "path \"apps/aa\" is not there");
    config.path = "../x";
    expect_error(config, ERR_USAGE, "leads out of the source");
    config.path = "top.yaml/x";
    expect_error(config, ERR_INVALID, "path \"top.yaml\" is no folder");
    expect_error((struct source_config){.url = "/nonexistent"}, ERR_NOT_FOUND,
                 "source s: cannot read /nonexistent: No such file or directory");
    expect_error((struct source_config){.url = "file:///nonexistent"}, ERR_NOT_FOUND,
                 "cannot read");
    _free_ char *plain = xasprintf("file://%s/plain", base);
    expect_error((struct source_config){.url = plain}, ERR_NOT_FOUND,
                 "no Git repository can be read there");
    static const char *const far[] = {"ssh://git@h/r", "git@h:r.git"};
    for (size_t i = 0; i < ARRAY_LEN(far); i++)
        expect_error((struct source_config){.url = far[i]}, ERR_USAGE,
                     "auth.sshKeyFile is not set: ssh needs a private key");
    expect_error((struct source_config){.url = "https://u:p@h/r.git"}, ERR_USAGE,
                 "https://h/r.git: no user and no password belong in a url");
    sh("git init -q -b main fresh");
    _free_ char *fresh = xasprintf("file://%s/fresh", base);
    expect_error((struct source_config){.url = fresh}, ERR_INVALID, "has no commits yet");
    expect_error((struct source_config){.url = repo_url, .state_dir = "/nonexistent"}, ERR_FATAL,
                 "cannot make a spool file in /nonexistent");
    static const char *const latin1[] = {"caf\xe9/**", NULL};
    expect_error((struct source_config){.url = repo_url, .ref = "caf\xe9"}, ERR_USAGE,
                 "must be UTF-8");
    expect_error((struct source_config){.url = repo_url, .include = latin1}, ERR_USAGE,
                 "must be UTF-8");
}

/* One problem a line: "error file: message". */
static char *problems(const struct desired_set *set)
{
    struct buf b = BUF_INIT(64 * KIB);
    for (size_t i = 0; i < set->problem_count; i++)
        buf_addf(&b, "%s %s: %s\n", set->problems[i].level == PROBLEM_NOTE ? "note" : "error",
                 set->problems[i].file, set->problems[i].message);
    return buf_take(&b);
}

static void expect_problems(struct source_config config, const char *want_names,
                            const char *const *want)
{
    _err_ struct err *err = NULL;
    struct desired_set *set = read_it(config, &err);
    if (!set)
        fail_msg("%s", err_message(err));
    _free_ char *got = names(set);
    _free_ char *text = problems(set);
    assert_string_equal(got, want_names);
    size_t count = 0;
    for (; want[count]; count++) {
        if (!strstr(text, want[count]))
            fail_msg("no \"%s\" in\n%s", want[count], text);
    }
    if (count != set->problem_count)
        fail_msg("%zu problems, not %zu:\n%s", set->problem_count, count, text);
    desired_set_free(set);
}

static void refused(void **state)
{
    static const char *const git_problems[] = {
        "error chart/Chart.yaml: this folder is input for Helm",
        "error kust/Kustomization: this folder is input for kustomize",
        "error large.yaml: 2000 bytes are more than limits.fileBytes (1000)",
        "error lfs.yaml: the file is kept in Git LFS",
        "error link.yaml: a symbolic link is not followed",
        "note links: a symbolic link is not followed",
        "error mod: a submodule",
        "error new\\x0aline.yaml: the name holds control characters",
        NULL,
    };
    sh("git init -q -b main odd; cd odd; cp ../repo/top.yaml good.yaml\n"
       "git config user.name t; git config user.email t@example.invalid\n"
       "mkdir -p chart/templates kust/base; cp good.yaml chart/Chart.yaml\n"
       "cp good.yaml chart/templates/t.yaml; touch kust/Kustomization; cp good.yaml kust/base\n"
       "printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:0\\nsize 1\\n' >lfs.yaml\n"
       "head -c 2000 /dev/zero | tr '\\0' '#' >large.yaml; ln -s good.yaml link.yaml\n"
       "ln -s /etc links; ln -s good.yaml link.md; cp good.yaml \"$(printf 'new\\nline.yaml')\"\n"
       "git clone -q ../repo mod; git add . 2>../out; git commit -qm odd");
    _free_ char *url = xasprintf("file://%s/odd", base);
    _free_ char *folder = xasprintf("%s/odd", base);
    struct source_config config = {.url = url, .file_bytes = 1000};
    expect_problems(config, "top", git_problems);
    config.url = folder;
    expect_problems(config, "top", git_problems);
    static const char *const out[] = {"chart/**", "kust/**", "l*", "mod/**", "new*", NULL};
    static const char *const none[] = {NULL};
    config.exclude = out;
    expect_problems(config, "top", none);
    config.exclude = NULL;
    config.path = "links";
    expect_error(config, ERR_INVALID, "but a symbolic link, which is not followed");
    config.path = "kust";
    static const char *const kust[] = {"error kust/Kustomization", NULL};
    expect_problems(config, "", kust);
}

static void caps(void **state)
{
    static const char *const objects[] = {"the source has more than 2 objects", NULL};
    expect_problems((struct source_config){.url = repo_url, .objects = 2}, "other one", objects);
    sh("rm -rf state/git");
    expect_error((struct source_config){.url = repo_url, .fetch_bytes = 100}, ERR_LIMIT,
                 "more than limits.fetchBytes (100 bytes): raise it");
    sh("git init -q -b main deep; cd deep; p=.; for i in $(seq 70); do p=$p/d; done; mkdir -p $p\n"
       "cp ../repo/top.yaml $p; cp ../repo/top.yaml .; git add .\n"
       "git -c user.name=t -c user.email=t commit -qm deep");
    static const char *const deep[] = {"folders are more than 64 deep", NULL};
    _free_ char *url = xasprintf("file://%s/deep", base);
    _free_ char *folder = xasprintf("%s/deep", base);
    expect_problems((struct source_config){.url = url}, "top", deep);
    expect_problems((struct source_config){.url = folder}, "top", deep);
}

static void empty(void **state)
{
    static const char *const note[] = {"note d: no manifest is here", NULL};
    sh("git init -q -b main empty; cd empty; mkdir d; echo x >d/README\n"
       "git add .; git -c user.name=t -c user.email=t commit -qm empty");
    _free_ char *url = xasprintf("file://%s/empty", base);
    expect_problems((struct source_config){.url = url, .path = "d"}, "", note);
    /* one that is broken is one */
    static const char *const broken[] = {"error e/x.yaml", NULL};
    sh("cd empty; mkdir e; echo '{' >e/x.yaml; git add .\n"
       "git -c user.name=t -c user.email=t commit -qm broken");
    expect_problems((struct source_config){.url = url, .path = "e"}, "", broken);
}

/* This program as a child that ends badly: the URL says how. */
static int bad_child(const char *how)
{
    static const char frame[] = "\x04\0\0\0Exxxx";
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    else if (strcmp(how, "crash") == 0)
        signal(SIGABRT, SIG_DFL), raise(SIGABRT);
    else if (strcmp(how, "hang") == 0)
        pause();
    else if (strcmp(how, "frame") == 0)
        return write(STDOUT_FILENO, frame, sizeof(frame) - 1) < 0;
    else if (strcmp(how, "cut") == 0)
        return write(STDOUT_FILENO, frame, 7) < 0;
    else if (strcmp(how, "status") == 0)
        return fprintf(stderr, "it says why\n") < 0 ? 2 : 3;
    return 0; /* "nothing" */
}

static void dies(void **state)
{
    static const struct {
        const char *how, *message;
        enum err_kind kind;
    } cases[] = {
        {"kill", "the reading child: killed from outside (out of memory?)", ERR_RETRY},
        {"crash", "the reading child: crashed (Aborted)", ERR_FATAL},
        {"hang", "the reading child: not done within its deadline, killed", ERR_RETRY},
        {"frame", "the reading child: a record that cannot be read", ERR_FATAL},
        {"cut", "the reading child ended before the tree did", ERR_FATAL},
        {"status", "the reading child: ended with status 3: it says why", ERR_FATAL},
        {"nothing", "the reading child ended before the tree did", ERR_FATAL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _free_ char *url = xasprintf("test-child:%s", cases[i].how);
        expect_error((struct source_config){.url = url, .deadline = i == 2 ? 0.5 : 30},
                     cases[i].kind, cases[i].message);
    }
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void freed_early(void **state)
{
    struct wait wait = {0};
    struct ev_loop *loop = ev_default_loop(0);
    size_t before = open_files();
    struct source_config config = {.name = "s", .url = "test-child:hang", .state_dir = state_dir};
    struct source_read *read = source_read_start(loop, &config, on_done, &wait);
    source_read_free(read);
    config.state_dir = "/nonexistent";
    read = source_read_start(loop, &config, on_done, &wait);
    source_read_free(read);
    ev_run(loop, 0);
    assert_int_equal(wait.done, 0);
    assert_int_equal(open_files(), before);
    source_read_free(NULL);
}

struct here {
    size_t objects, problems;
};

static void here_object(void *ctx, const char *file, const struct manifest *manifest)
{
    ((struct here *)ctx)->objects++;
}

static void here_problem(void *ctx, const struct problem *problem)
{
    ((struct here *)ctx)->problems++;
}

static void in_place(void **state)
{
    struct here here = {0};
    const struct manifest_sink sink = {&here, here_object, here_problem};
    struct source_config config = {.url = repo};
    assert_int_equal(source_read_here(&config, &sink, NULL), 0);
    assert_int_equal(here.objects, 5);
    assert_int_equal(here.problems, 0);
    _err_ struct err *err = NULL;
    config.url = repo_url;
    assert_int_equal(source_read_here(&config, &sink, &err), -1);
    assert_non_null(strstr(err_message(err), "needs a stateDir"));
    config.state_dir = state_dir;
    assert_int_equal(source_read_here(&config, &sink, NULL), 0);
    assert_int_equal(here.objects, 10);
    assert_int_equal(umask(022), 022); /* as it was */
    _free_ char *open = sh_text("find state -perm /077");
    assert_string_equal(open, "");
}

/* The child looks at the request itself for the URLs that make it end badly. */
static int child(void)
{
    char text[8192];
    ssize_t n = pread(STDIN_FILENO, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    char *how = strstr(text, "test-child:");
    if (!how)
        return source_child_main();
    how += strlen("test-child:");
    how[strcspn(how, "\"")] = '\0';
    return bad_child(how);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "read") == 0)
        return child();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_git),
        cmocka_unit_test(refs),
        cmocka_unit_test(branch_and_tag),
        cmocka_unit_test(fetches_once),
        cmocka_unit_test(our_copy_is_broken),
        cmocka_unit_test(origin_is_damaged),
        cmocka_unit_test(places),
        cmocka_unit_test(globs),
        cmocka_unit_test(missing),
        cmocka_unit_test(refused),
        cmocka_unit_test(caps),
        cmocka_unit_test(empty),
        cmocka_unit_test(dies),
        cmocka_unit_test(freed_early),
        cmocka_unit_test(in_place),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
