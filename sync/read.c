#include "sync/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/text.h"
#include "sync/desired.h"
#include "sync/changes.h"
#include "sync/fetch.h"
#include "sync/folder.h"
#include "sync/mirror.h"
#include "sync/record.h"
#include "sync/remote.h"
#include "sync/remote_url.h"
#include "sync/source.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The path of a file:// URL, owned; NULL with *err where it names another machine. */
static char *url_path(const char *url, struct err **err)
{
    const char *p = url + strlen("file://");
    if (strncmp(p, "localhost/", 10) == 0)
        p += 9;
    if (*p != '/') {
        err_set(err, ERR_USAGE, "%s: a file URL has three slashes: file:///path/to/repository",
                url);
        return NULL;
    }
    struct buf b = BUF_INIT(strlen(p));
    for (; *p; p++) {
        int high = *p == '%' ? hex_digit(p[1]) : -1;
        int low = high >= 0 ? hex_digit(p[2]) : -1;
        if (low >= 0 && (high || low)) {
            buf_add_char(&b, (char)(high << 4 | low));
            p += 2;
        } else {
            buf_add_char(&b, *p);
        }
    }
    return buf_take(&b);
}

static int walk_commit(const struct source_config *config, struct git_source *git, const char *path,
                       const struct read_sink *sink, struct read_result *result, struct err **err)
{
    const struct read_known *known = config->known;
    memcpy(result->revision, git->revision, sizeof(result->revision));
    result->commit_time = git->commit_time;
    result->told = sink->told ? *sink->told : 0;
    result->unchanged =
        known && !strcmp(known->revision, git->revision) && known->told == result->told;
    if (!result->unchanged && known)
        result->changes = changes_read(config, git, path, sink, result);
    if (result->unchanged || result->changes) {
        git_source_close(git);
        return 0;
    }
    if (known)
        sink->whole(sink->now.ctx);
    struct tree tree = git_source_tree(git);
    int rc = walk_tree(&tree, path, config, &sink->now, &result->counts, err);
    if (rc)
        err_wrap(err, "%s at %.12s", config->url, git->revision);
    else if (sink->older.object)
        older_of_commit(config, git, path, NULL, &sink->older);
    git_source_close(git);
    return rc;
}

static int read_fetched(const struct source_config *config, const char *path,
                        const struct read_sink *sink, struct read_result *result, struct err **err)
{
    struct git_source git;
    if (git_fetch(config, path, &sink->now, &git, err))
        return -1;
    return walk_commit(config, &git, config->path, sink, result, err);
}

static int read_remote(const struct source_config *config, const struct read_sink *sink,
                       struct read_result *result, struct err **err)
{
    struct git_source git;
    if (git_start(err) || remote_fetch(config, &sink->now, &git, err))
        return -1;
    return walk_commit(config, &git, config->path, sink, result, err);
}

/* `path` below `root` with config->path behind it, relative to root; owned. NULL when it is
 * outside. */
static char *path_below(const char *root, const char *path, const char *more)
{
    size_t n = strlen(root);
    while (n && root[n - 1] == '/')
        n--;
    if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/'))
        return NULL;
    return xasprintf("%s/%s", path + n, more ? more : "");
}

/* A folder or a file: at a ref of the repository around it, or as it lies there. */
static int read_place(const struct source_config *config, const char *place, bool is_folder,
                      const struct read_sink *sink, struct read_result *result, struct err **err)
{
    _free_ char *folder = xstrdup(place);
    if (!is_folder)
        *strrchr(folder, '/') = '\0'; /* realpath gave it one */
    const char *inside = *folder ? folder : "/";
    _free_ char *root = NULL;
    if (git_workdir(inside, &root, err))
        return -1;
    _free_ char *path = root ? path_below(root, place, config->path) : NULL;
    if (config->ref && *config->ref) {
        struct git_source git;
        if (git_open_local(inside, config->ref, &sink->now, &git, err))
            return -1;
        if (path)
            return walk_commit(config, &git, path, sink, result, err);
        git_source_close(&git);
        return err_set(err, ERR_USAGE,
                       "%s lies in no working tree: name the repository itself as "
                       "the URL, and `path`",
                       config->url);
    }
    const char *top = path ? root : inside;
    _free_ char *plain = path ? NULL : path_below(inside, place, config->path);
    struct tree tree = folder_tree(top);
    if (walk_tree(&tree, path ? path : plain, config, &sink->now, &result->counts, err))
        return err_wrap(err, "%s", config->url);
    if (path && sink->older.object)
        older_of_workdir(config, root, path, &sink->older);
    return 0;
}

bool source_is_place(const char *url)
{
    return url && strncmp(url, "file://", 7) != 0 && !remote_url_is(url);
}

int read_source(const struct source_config *config, const struct read_sink *sink,
                struct read_result *result, struct err **err)
{
    *result = (struct read_result){0};
    const char *url = config->url;
    if (!url || !*url)
        return err_set(err, ERR_USAGE,
                       "a source needs a url: file:///path/to/repository, or a folder");
    bool file = strncmp(url, "file://", 7) == 0;
    if (!file && remote_url_is(url))
        return read_remote(config, sink, result, err);
    _free_ char *path = file ? url_path(url, err) : xstrdup(url);
    if (!path || git_start(err))
        return -1;
    _free_ char *real = realpath(path, NULL);
    struct stat st;
    if (!real || stat(real, &st))
        return err_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_RETRY, errno, "cannot read %s",
                         url);
    if (file || (S_ISDIR(st.st_mode) && git_is_bare(real)))
        return read_fetched(config, real, sink, result, err);
    return read_place(config, real, S_ISDIR(st.st_mode), sink, result, err);
}

/* The path of a folder as it is written, or NULL; without slashes at its end. Owned. */
static char *plain_path(const char *url)
{
    bool file = strncmp(url, "file://", 7) == 0;
    if (!file && remote_url_is(url))
        return NULL;
    char *path = file ? url_path(url, NULL) : xstrdup(url);
    for (size_t n = path ? strlen(path) : 0; n > 1 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    return path;
}

bool source_same_copy(const char *url, const char *other)
{
    if (same_text(url, other))
        return true;
    _free_ char *path = plain_path(url), *other_path = plain_path(other);
    return path && same_text(path, other_path);
}

/* The copy that a read of the URL makes, owned; NULL where it makes none. */
static char *copy_of(const char *url, const char *state_dir)
{
    if (strncmp(url, "file://", 7) != 0 && !source_is_place(url))
        return mirror_folder(state_dir, url);
    _free_ char *path = plain_path(url);
    _free_ char *real = path ? realpath(path, NULL) : NULL;
    return real ? mirror_folder(state_dir, real) : NULL;
}

void source_keep_only(const char *state_dir, const char *const *urls, size_t count)
{
    char **folders = xcalloc(count, sizeof(*folders));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        folders[n] = copy_of(urls[i], state_dir);
        n += folders[n] ? 1 : 0;
    }
    mirror_keep_only(state_dir, folders, n);
    for (size_t i = 0; i < n; i++)
        free(folders[i]);
    free(folders);
}

int source_read_here(const struct source_config *config, const struct manifest_sink *sink,
                     struct err **err)
{
    struct read_result result;
    const struct read_sink now = {.now = *sink};
    return read_source(config, &now, &result, err);
}

static const struct {
    const char *name;
    size_t offset;
} auth_keys[] = {
    {"userFile", offsetof(struct source_auth, user_file)},
    {"passwordFile", offsetof(struct source_auth, password_file)},
    {"sshKeyFile", offsetof(struct source_auth, ssh_key_file)},
    {"passphraseFile", offsetof(struct source_auth, passphrase_file)},
    {"knownHostsFile", offsetof(struct source_auth, known_hosts_file)},
    {"caFile", offsetof(struct source_auth, ca_file)},
    {"proxy", offsetof(struct source_auth, proxy)},
};

static const char **auth_key(const struct source_auth *auth, size_t i)
{
    return (const char **)((char *)auth + auth_keys[i].offset);
}

/* A text of the request; one that JSON cannot hold must not get lost on the way. */
static json_t *text(const char *value, bool *bad)
{
    if (!value)
        return json_null();
    json_t *t = json_string(value);
    *bad |= !t;
    return t ? t : json_null();
}

static json_t *texts(const char *const *list, bool *bad)
{
    json_t *array = json_array();
    for (; list && *list; list++)
        json_push(array, text(*list, bad));
    return array;
}

static json_t *known_json(const struct read_known *known)
{
    json_t *o = json_object(), *steps = json_array();
    char digest[2 * DESIRED_DIGEST_BYTES + 1];
    hash_hex(known->digest, DESIRED_DIGEST_BYTES, digest);
    json_put_str(o, "revision", known->revision);
    json_put_str(o, "digest", digest);
    json_put(o, "told", json_integer((json_int_t)known->told));
    json_put(o, "count", json_integer((json_int_t)known->count));
    json_put(o, "files", json_integer((json_int_t)known->walked.files));
    json_put(o, "objects", json_integer((json_int_t)known->walked.objects));
    json_put(o, "cut", json_boolean(known->cut));
    json_put(o, "restored", json_boolean(known->restored));
    for (size_t i = 0; i < known->step_count; i++) {
        json_t *step = json_object();
        json_put(step, "files", json_integer((json_int_t)known->steps[i].files));
        json_put(step, "bytes", json_integer((json_int_t)known->steps[i].bytes));
        json_put(step, "bodies", json_integer((json_int_t)known->steps[i].bodies));
        json_push(steps, step);
    }
    json_put(o, "steps", steps);
    return o;
}

char *read_request(const struct source_config *config, const struct read_known *known,
                   struct err **err)
{
    json_auto_t *o = json_object();
    bool bad = false;
    json_put(o, "url", text(config->url, &bad));
    json_put(o, "ref", text(config->ref, &bad));
    json_put(o, "path", text(config->path, &bad));
    json_put(o, "stateDir", text(config->state_dir, &bad));
    json_put(o, "include", texts(config->include, &bad));
    json_put(o, "exclude", texts(config->exclude, &bad));
    json_put(o, "fileBytes", json_integer((json_int_t)config->file_bytes));
    json_put(o, "objects", json_integer((json_int_t)config->objects));
    json_put(o, "fetchBytes", json_integer((json_int_t)config->fetch_bytes));
    if (known)
        json_put(o, "known", known_json(known));
    json_put(o, "deadline", json_real(config->deadline));
    for (size_t i = 0; i < ARRAY_LEN(auth_keys); i++)
        json_put(o, auth_keys[i].name, text(*auth_key(&config->auth, i), &bad));
    if (!bad)
        return json_text(o, 0);
    err_set(err, ERR_USAGE, "url, ref, path, include, exclude and stateDir must be UTF-8");
    return NULL;
}

static const char **texts_parse(const json_t *array)
{
    size_t count = json_array_size(array), n = 0;
    const char **list = xcalloc(count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text)
            list[n++] = xstrdup(text);
    }
    return list;
}

static uint64_t number(const json_t *o, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(o, name));
    return value > 0 ? (uint64_t)value : 0;
}

static const struct read_known *known_parse(const json_t *o)
{
    const char *revision = json_str_at(o, "revision", NULL);
    const char *digest = json_str_at(o, "digest", NULL);
    const json_t *steps = json_object_get(o, "steps");
    if (!revision || strlen(revision) != GIT_REVISION_DIGITS || !digest ||
        strlen(digest) != 2 * (size_t)DESIRED_DIGEST_BYTES)
        return NULL;
    struct read_known *known = xcalloc(1, sizeof(*known));
    memcpy(known->revision, revision, GIT_REVISION_DIGITS);
    for (size_t i = 0; i < DESIRED_DIGEST_BYTES; i++)
        known->digest[i] = (uint8_t)(hex_digit(digest[2 * i]) << 4 | hex_digit(digest[2 * i + 1]));
    known->told = number(o, "told");
    known->count = number(o, "count");
    known->walked.files = number(o, "files");
    known->walked.objects = number(o, "objects");
    known->cut = json_is_true(json_object_get(o, "cut"));
    known->restored = json_is_true(json_object_get(o, "restored"));
    for (size_t i = 0; i < json_array_size(steps) && i < LIMIT_OLDER_COMMITS; i++) {
        const json_t *step = json_array_get(steps, i);
        known->steps[known->step_count++] = (struct older_cost){
            number(step, "files"), number(step, "bytes"), number(step, "bodies")};
    }
    return known;
}

struct source_config *read_request_parse(const char *text, size_t len, struct err **err)
{
    json_auto_t *o = json_parse(text, len, "request", err);
    if (!o)
        return NULL;
    struct source_config *config = xcalloc(1, sizeof(*config));
    config->url = xstrdup_null(json_str_at(o, "url", NULL));
    config->ref = xstrdup_null(json_str_at(o, "ref", NULL));
    config->path = xstrdup_null(json_str_at(o, "path", NULL));
    config->state_dir = xstrdup_null(json_str_at(o, "stateDir", NULL));
    config->include = texts_parse(json_object_get(o, "include"));
    config->exclude = texts_parse(json_object_get(o, "exclude"));
    config->file_bytes = number(o, "fileBytes");
    config->objects = number(o, "objects");
    config->fetch_bytes = number(o, "fetchBytes");
    config->known = known_parse(json_object_get(o, "known"));
    config->deadline = json_number_value(json_object_get(o, "deadline"));
    for (size_t i = 0; i < ARRAY_LEN(auth_keys); i++)
        *auth_key(&config->auth, i) = xstrdup_null(json_str_at(o, auth_keys[i].name, NULL));
    return config;
}

static void texts_free(const char *const *list)
{
    for (size_t i = 0; list && list[i]; i++)
        free((char *)list[i]);
    free((void *)list);
}

void read_request_free(struct source_config *config)
{
    if (!config)
        return;
    free((char *)config->url);
    free((char *)config->ref);
    free((char *)config->path);
    free((char *)config->state_dir);
    texts_free(config->include);
    texts_free(config->exclude);
    free((void *)config->known);
    for (size_t i = 0; i < ARRAY_LEN(auth_keys); i++)
        free((char *)*auth_key(&config->auth, i));
    free(config);
}
