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
#include "sync/desired.h"
#include "sync/fetch.h"
#include "sync/folder.h"
#include "sync/record.h"
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

/* "https://...", "ssh://...", or "user@host:path". */
static bool is_network(const char *url)
{
    const char *scheme = strstr(url, "://"), *colon = strchr(url, ':');
    const char *slash = strchr(url, '/'), *at = strchr(url, '@');
    if (scheme)
        return scheme == url + strspn(url, "abcdefghijklmnopqrstuvwxyz+");
    return at && colon && at < colon && (!slash || colon < slash);
}

static int walk_commit(const struct source_config *config, struct git_source *git, const char *path,
                       const struct read_sink *sink, struct read_result *result, struct err **err)
{
    const struct read_known *known = config->known;
    memcpy(result->revision, git->revision, sizeof(result->revision));
    result->commit_time = git->commit_time;
    if (known && !strcmp(known->revision, git->revision) && known->told == *sink->told) {
        result->unchanged = true;
        git_source_close(git);
        return 0;
    }
    struct tree tree = git_source_tree(git);
    int rc = walk_tree(&tree, path, config, &sink->now, &result->counts, err);
    if (rc)
        err_wrap(err, "%s at %.12s", config->url, git->revision);
    else if (sink->older.object)
        older_of_commit(config, git, path, &sink->older);
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
    _free_ char *root = git_workdir(inside);
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

int read_source(const struct source_config *config, const struct read_sink *sink,
                struct read_result *result, struct err **err)
{
    *result = (struct read_result){0};
    const char *url = config->url;
    if (!url || !*url)
        return err_set(err, ERR_USAGE,
                       "a source needs a url: file:///path/to/repository, or a folder");
    bool file = strncmp(url, "file://", 7) == 0;
    if (!file && is_network(url))
        return err_set(err, ERR_USAGE,
                       "%s: this version reads file:// and folders only; https and ssh come in "
                       "the next one. Until then clone it and name the folder",
                       url);
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

int source_read_here(const struct source_config *config, const struct manifest_sink *sink,
                     struct err **err)
{
    struct read_result result;
    const struct read_sink now = {.now = *sink};
    return read_source(config, &now, &result, err);
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
    if (known) {
        json_put_str(o, "known", known->revision);
        json_put(o, "knownTold", json_integer((json_int_t)known->told));
    }
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
    const char *revision = json_str_at(o, "known", NULL);
    if (!revision || strlen(revision) != GIT_REVISION_DIGITS)
        return NULL;
    struct read_known *known = xcalloc(1, sizeof(*known));
    memcpy(known->revision, revision, GIT_REVISION_DIGITS);
    known->told = number(o, "knownTold");
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
    config->known = known_parse(o);
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
    free(config);
}

/* The child: what is read becomes records. */
struct child {
    struct record_writer writer;
    struct buf body, places;
    uint64_t count, older_bytes;
    uint64_t told; /* problems of the source as a whole */
    uint8_t digest[DESIRED_DIGEST_BYTES];
};

static void child_problem(void *ctx, const struct problem *problem)
{
    struct child *c = ctx;
    struct record_writer *w = &c->writer;
    record_begin(w, RECORD_PROBLEM);
    record_put_u32(w, problem->level);
    record_put_str(w, problem->file);
    record_put_u32(w, problem->line);
    record_put_u32(w, problem->col);
    record_put_str(w, problem->object);
    record_put_str(w, problem->message);
    record_finish(w);
    uint8_t sum[DESIRED_DIGEST_BYTES];
    digest_of_problem(problem, sum);
    digest_add(c->digest, sum);
    c->told += problem->file && !strcmp(problem->file, PROBLEM_SOURCE);
}

static void child_object(void *ctx, const char *file, const struct manifest *manifest)
{
    struct child *c = ctx;
    struct record_writer *w = &c->writer;
    uint8_t sum[HASH_SHA256_BYTES];
    buf_clear(&c->body);
    buf_clear(&c->places);
    int rc = node_write(&c->body, manifest->root) | node_write_places(&c->places, manifest->root);
    hash_sha256(c->body.data, c->body.len, sum);
    record_begin(w, RECORD_OBJECT);
    record_put_str(w, manifest->api_version);
    record_put_str(w, manifest->kind);
    record_put_str(w, manifest->namespace);
    record_put_str(w, manifest->name);
    record_put_str(w, file);
    record_put_u32(w, manifest->line);
    record_put_u32(w, manifest->col);
    record_put_bytes(w, sum, DESIRED_DIGEST_BYTES);
    record_put_bytes(w, c->body.data, c->body.len);
    record_put_bytes(w, c->places.data, c->places.len);
    w->too_large |= rc != 0;
    if (record_finish(w)) {
        child_problem(c, &(struct problem){.level = PROBLEM_ERROR,
                                           .file = file,
                                           .line = manifest->line,
                                           .col = manifest->col,
                                           .message = "the manifest is too large once its aliases "
                                                      "are copied in: split it"});
        return;
    }
    uint8_t one[DESIRED_DIGEST_BYTES];
    digest_of_object(&(struct digest_object){.api_version = manifest->api_version,
                                             .kind = manifest->kind,
                                             .namespace = manifest->namespace,
                                             .name = manifest->name,
                                             .file = file,
                                             .line = manifest->line,
                                             .col = manifest->col,
                                             .body = sum},
                     one);
    digest_add(c->digest, one);
    c->count++;
}

static void child_older(void *ctx, const struct manifest *manifest, int64_t replaced_at)
{
    struct child *c = ctx;
    struct record_writer *w = &c->writer;
    buf_clear(&c->body);
    int rc = node_write(&c->body, manifest->root);
    c->older_bytes += c->body.len;
    if (c->older_bytes > LIMIT_OLDER_BODIES)
        return; /* and none after it: a gap would hide what was said between */
    record_begin(w, RECORD_OLDER);
    record_put_str(w, manifest->api_version);
    record_put_str(w, manifest->kind);
    record_put_str(w, manifest->namespace);
    record_put_str(w, manifest->name);
    record_put_u64(w, (uint64_t)replaced_at);
    record_put_bytes(w, c->body.data, c->body.len);
    w->too_large |= rc != 0;
    if (record_finish(w))
        c->older_bytes = LIMIT_OLDER_BODIES;
}

static int read_stdin(struct buf *b, struct err **err)
{
    char data[16 * KIB];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, ERR_FATAL, errno, "cannot read the request");
        if (n == 0)
            return 0;
        if (buf_add(b, data, (size_t)n))
            return err_set(err, ERR_LIMIT, "the request has more than %lu bytes",
                           LIMIT_CONFIG_BYTES);
    }
}

static int child_read(struct child *c, struct read_result *result, struct err **err)
{
    _buf_ struct buf request = BUF_INIT(LIMIT_CONFIG_BYTES);
    if (read_stdin(&request, err))
        return -1;
    struct source_config *config = read_request_parse(buf_str(&request), request.len, err);
    if (!config)
        return -1;
    const struct read_sink sink = {
        .now = {.ctx = c, .object = child_object, .problem = child_problem},
        .older = {.ctx = c, .object = child_older},
        .told = &c->told,
    };
    int rc = read_source(config, &sink, result, err);
    read_request_free(config);
    return rc;
}

int source_child_main(void)
{
    _err_ struct err *err = NULL, *write_err = NULL;
    struct read_result result;
    struct child c = {.body = BUF_INIT(LIMIT_FRAME_BYTES), .places = BUF_INIT(LIMIT_FRAME_BYTES)};
    record_writer_init(&c.writer, STDOUT_FILENO);
    struct record_writer *w = &c.writer;
    if (child_read(&c, &result, &err)) {
        record_begin(w, RECORD_FAILED);
        record_put_u32(w, err->kind);
        record_put_str(w, err->message);
    } else if (result.unchanged) {
        record_begin(w, RECORD_UNCHANGED);
        record_put_str(w, result.revision);
    } else {
        record_begin(w, RECORD_END);
        record_put_str(w, result.revision[0] ? result.revision : NULL);
        record_put_u64(w, (uint64_t)result.commit_time);
        record_put_u64(w, c.count);
        record_put_u64(w, result.counts.files);
        record_put_u32(w, !result.counts.unsteady);
        record_put_bytes(w, c.digest, sizeof(c.digest));
    }
    record_finish(w);
    int rc = record_flush(w, &write_err);
    if (rc)
        fprintf(stderr, "%s\n", err_message(write_err));
    record_writer_free(w);
    buf_free(&c.body);
    buf_free(&c.places);
    return rc ? 1 : 0;
}
