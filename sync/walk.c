#include "sync/walk_internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "sync/glob.h"
#include "sync/nearest.h"
#include "sync/source.h"

/* The path of a configuration, and a name in it: libgit2 reads none of more than 64 KiB. */
#define PATH_BYTES (LIMIT_CONFIG_BYTES + 128 * KIB)
#define TOLD_BYTES (LIMIT_PROBLEM_BYTES / 4 - 4) /* escaped they are four times as long */

static void tell_problem(struct walk *w, const struct problem *problem)
{
    w->told_error |= problem->level == PROBLEM_ERROR;
    w->sink->problem(w->sink->ctx, problem);
}

static void tell_at(struct walk *w, enum problem_level level, const char *at, const char *file,
                    const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

static void tell_at(struct walk *w, enum problem_level level, const char *at, const char *file,
                    const char *fmt, va_list ap)
{
    _free_ char *message = xvasprintf(fmt, ap);
    tell_problem(w, &(struct problem){.level = level, .at = at, .file = file, .message = message});
}

#define MANIFESTS "*.yaml, *.yml and *.json"

static void tell(struct walk *w, enum problem_level level, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(struct walk *w, enum problem_level level, const char *file, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell_at(w, level, file, file, fmt, ap);
    va_end(ap);
}

/* Of a folder where the walk is: its place is where its files would be. */
static void tell_folder(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell_folder(struct walk *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _free_ char *at = xasprintf("%s/", buf_str(&w->path));
    tell_at(w, PROBLEM_ERROR, at, buf_str(&w->path), fmt, ap);
    va_end(ap);
}

struct tree_entry *tree_list_add(struct tree_list *list, const char *name, enum tree_type type)
{
    list->items = xgrow(list->items, &list->cap, list->count + 1, sizeof(*list->items));
    struct tree_entry *entry = &list->items[list->count++];
    *entry = (struct tree_entry){.name = xstrdup(name), .type = type};
    return entry;
}

void tree_list_free(struct tree_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct tree_list){0};
}

int tree_too_large(uint64_t size, uint64_t max, struct err **err)
{
    return err_set(err, ERR_LIMIT,
                   "%llu bytes are more than limits.fileBytes (%llu): split the file, exclude it "
                   "or raise the limit",
                   (unsigned long long)size, (unsigned long long)max);
}

/* As if a folder's name ended with "/": that gives the byte order of the full paths. */
int walk_entry_order(const void *a, const void *b)
{
    const struct tree_entry *x = a, *y = b;
    size_t nx = strlen(x->name), ny = strlen(y->name);
    size_t n = nx < ny ? nx : ny;
    int c = memcmp(x->name, y->name, n);
    if (c)
        return c;
    unsigned char cx = (unsigned char)x->name[n], cy = (unsigned char)y->name[n];
    if (!cx && x->type == TREE_FOLDER)
        cx = '/';
    if (!cy && y->type == TREE_FOLDER)
        cy = '/';
    return (cx > cy) - (cx < cy);
}

/* The path below the source's `path`, or the path itself where it does not lie there. */
static const char *path_below(const struct walk *w, const char *path)
{
    return strlen(path) > w->below ? path + w->below : path;
}

static bool any_matches(const struct walk *w, const char *const *globs, const char *path)
{
    for (; globs && *globs; globs++) {
        if (glob_match(*globs, path) || glob_match(*globs, path_below(w, path)))
            return true;
    }
    return false;
}

static bool excluded(const struct walk *w, const char *path)
{
    const char *const *globs = w->config->exclude;
    for (; globs && *globs; globs++) {
        if (glob_excludes(*globs, path) || glob_excludes(*globs, path_below(w, path)))
            return true;
    }
    return false;
}

static bool taken(const struct walk *w, const char *path)
{
    const struct source_config *c = w->config;
    bool all = !c->include || !c->include[0];
    return (all || any_matches(w, c->include, path)) && !excluded(w, path);
}

bool walk_manifest_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") || !strcmp(dot, ".json"));
}

/* Whether files below this path could be taken: what is excluded whole causes no error. */
static bool folder_taken(const struct walk *w, const char *path)
{
    _free_ char *below = xasprintf("%s/x.yaml", path);
    return !excluded(w, path) && !excluded(w, below);
}

/* A name that cannot stand in a log line: control characters, or no UTF-8. */
bool walk_odd_name(const char *name)
{
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return true;
    }
    json_t *text = json_string(name);
    json_decref(text);
    return !text;
}

bool walk_name_is_read(const struct walk *w, const char *name)
{
    return !walk_odd_name(name) && w->path.len <= LIMIT_PATH_BYTES;
}

size_t walk_told(const char *path)
{
    size_t len = strlen(path), cut = TOLD_BYTES;
    if (len <= TOLD_BYTES)
        return len;
    while (cut > TOLD_BYTES - 3 && ((unsigned char)path[cut] & 0xc0) == 0x80)
        cut--;
    return cut;
}

static char *escaped(const char *path)
{
    struct buf b = BUF_INIT(4 * strlen(path));
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        if (*p < 0x20 || *p >= 0x7f)
            buf_addf(&b, "\\x%02x", *p);
        else
            buf_add_char(&b, (char)*p);
    }
    return buf_take(&b);
}

bool walk_render_marker(const char *name)
{
    static const char *const names[] = {"Chart.yaml", "Kustomization", "kustomization.yaml",
                                        "kustomization.yml"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(name, names[i]))
            return true;
    }
    return false;
}

/* The file that says a folder is input for a renderer, or NULL. */
static const struct tree_entry *render_marker(const struct tree_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type != TREE_FOLDER && walk_render_marker(list->items[i].name))
            return &list->items[i];
    }
    return NULL;
}

size_t walk_push(struct walk *w, const char *name)
{
    size_t len = w->path.len;
    if (len)
        buf_add_char(&w->path, '/');
    buf_add_str(&w->path, name); /* fits: nobody goes below what is not read */
    return len;
}

void walk_pop(struct walk *w, size_t len)
{
    w->path.len = len;
    if (w->path.data)
        w->path.data[len] = '\0';
}

const struct tree_entry *walk_renderer(struct walk *w, const struct tree_list *list)
{
    const struct tree_entry *marker = render_marker(list);
    if (!marker)
        return NULL;
    size_t len = walk_push(w, marker->name);
    /* a `Kustomization` without suffix is taken when it would be with one: globs say *.yaml */
    bool as_is = taken(w, buf_str(&w->path));
    if (!as_is && marker->name[0] == 'K') {
        _free_ char *with = xasprintf("%s.yaml", buf_str(&w->path));
        as_is = taken(w, with) && !any_matches(w, w->config->exclude, buf_str(&w->path));
    }
    walk_pop(w, len);
    return as_is ? marker : NULL;
}

static void tell_renderer(struct walk *w, const struct tree_entry *marker)
{
    bool chart = marker->name[0] == 'C';
    size_t len = walk_push(w, marker->name);
    tell(w, PROBLEM_ERROR, buf_str(&w->path),
         "this folder is input for %s and is not read as manifests: put what `%s` prints into Git, "
         "or exclude the folder (`render` is for a later version)",
         chart ? "Helm" : "kustomize", chart ? "helm template NAME ." : "kustomize build .");
    walk_pop(w, len);
}

static bool lfs_pointer(const struct buf *text)
{
    static const char head[] = "version https://git-lfs.github.com/spec/";
    return text->len < 1024 && text->len > sizeof(head) &&
           memcmp(text->data, head, sizeof(head) - 1) == 0;
}

static void stop(struct walk *w, const char *what, uint64_t max, const char *remedy)
{
    if (!w->stopped)
        tell(w, PROBLEM_ERROR, buf_str(&w->path),
             "the source has more than %llu %s: from here on nothing is read; %s",
             (unsigned long long)max, what, remedy);
    w->stopped = true;
}

static void count_object(void *ctx, const char *file, const struct manifest *manifest)
{
    struct walk *w = ctx;
    uint64_t max = w->config->objects ? w->config->objects : LIMIT_OBJECTS;
    if (w->counts.objects >= max)
        stop(w, "objects", max, "split it into several sources or raise limits.objects");
    if (w->stopped)
        return;
    w->counts.objects++;
    w->sink->object(w->sink->ctx, file, manifest);
}

static void pass_problem(void *ctx, const struct problem *problem)
{
    tell_problem(ctx, problem);
}

static void read_file(struct walk *w, void *folder, const struct tree_entry *entry)
{
    _err_ struct err *err = NULL;
    uint64_t max = w->config->file_bytes ? w->config->file_bytes : LIMIT_FILE_BYTES;
    const char *file = buf_str(&w->path);
    buf_clear(&w->text);
    w->text.max = max;
    if (w->tree->load(w->tree->ctx, folder, entry, max, &w->text, &err)) {
        w->counts.unsteady |= err && err->kind != ERR_LIMIT;
        tell(w, PROBLEM_ERROR, file, "%s", err_message(err));
    } else if (lfs_pointer(&w->text)) {
        tell(w, PROBLEM_ERROR, file,
             "the file is kept in Git LFS, here is only its pointer: keep manifests in Git itself, "
             "or exclude the file");
    } else {
        manifest_read(file, buf_str(&w->text), w->text.len, &w->counted);
    }
}

static void refuse(struct walk *w, const struct tree_entry *entry)
{
    const char *path = buf_str(&w->path);
    bool named = walk_manifest_name(entry->name);
    switch (entry->type) {
    case TREE_LINK:
        /* a manifest that is silently left out could be pruned: so an error, not a note */
        if (named && taken(w, path))
            tell(w, PROBLEM_ERROR, path,
                 "a symbolic link is not followed and its manifests are not read: put the file "
                 "itself here, or exclude the link");
        else if (!strchr(entry->name, '.') && folder_taken(w, path))
            tell(w, PROBLEM_NOTE, path, "a symbolic link is not followed");
        break;
    case TREE_MODULE:
        if (folder_taken(w, path))
            tell(w, PROBLEM_ERROR, path,
                 "a submodule (another repository) is not read: make it a source of its own, or "
                 "exclude it");
        break;
    default:
        if (named && taken(w, path))
            tell(w, PROBLEM_ERROR, path, "is neither a file nor a folder: remove it or exclude it");
    }
}

static void walk_folder(struct walk *w, void *folder, unsigned depth);

static void walk_below(struct walk *w, void *parent, const struct tree_entry *entry, unsigned depth)
{
    const char *path = buf_str(&w->path);
    if (depth >= LIMIT_TREE_DEPTH) {
        if (folder_taken(w, path))
            tell_folder(
                w,
                "folders are more than %d deep: what is below is not read; flatten or exclude it",
                LIMIT_TREE_DEPTH);
        return;
    }
    _err_ struct err *err = NULL;
    void *folder = w->tree->open(w->tree->ctx, parent, entry, &err);
    if (!folder) {
        w->counts.unsteady = true;
        tell_folder(w, "%s", err_message(err));
        return;
    }
    walk_folder(w, folder, depth + 1);
    w->tree->close(folder);
}

/* What has a name that is not read. True: told, or nobody wants it. */
static bool refuse_name(struct walk *w, const struct tree_entry *entry)
{
    bool folder = entry->type == TREE_FOLDER;
    const char *path = buf_str(&w->path);
    if (walk_name_is_read(w, entry->name))
        return false;
    if (folder ? !folder_taken(w, path) : !(walk_manifest_name(entry->name) && taken(w, path)))
        return true;
    size_t told = walk_told(path);
    _free_ char *begin = xasprintf("%.*s%s", (int)told, path, path[told] ? "..." : "");
    _free_ char *shown = walk_odd_name(entry->name) ? escaped(begin) : xstrdup(begin);
    _free_ char *at = xasprintf("%s%s", path, folder ? "/" : "");
    at[walk_told(at)] = '\0';
    _free_ char *message =
        walk_odd_name(entry->name)
            ? xstrdup(
                  "the name holds control characters or is not UTF-8: rename it, it is not read")
            : xasprintf("the path has more than %d bytes: it is not read; shorten or exclude it",
                        LIMIT_PATH_BYTES);
    tell_problem(
        w, &(struct problem){.level = PROBLEM_ERROR, .at = at, .file = shown, .message = message});
    return true;
}

void walk_entry(struct walk *w, void *folder, const struct tree_entry *entry, unsigned depth)
{
    if (++w->counts.files > LIMIT_TREE_FILES) {
        stop(w, "files", LIMIT_TREE_FILES, "set `path` to the folder with the manifests");
        return;
    }
    if (entry->name[0] == '.')
        return;
    size_t len = walk_push(w, entry->name);
    const char *path = buf_str(&w->path);
    if (refuse_name(w, entry)) {
        walk_pop(w, len);
        return;
    }
    if (entry->type == TREE_FOLDER) {
        walk_below(w, folder, entry, depth);
    } else if (entry->type != TREE_FILE) {
        refuse(w, entry);
    } else if (walk_manifest_name(entry->name) && taken(w, path)) {
        read_file(w, folder, entry);
    }
    walk_pop(w, len);
}

int walk_list(const struct walk *w, void *folder, struct tree_list *list, struct err **err)
{
    int rc = w->tree->list(w->tree->ctx, folder, list, err);
    for (size_t i = 1; i < list->count; i++) {
        if (walk_entry_order(&list->items[i - 1], &list->items[i]) <= 0)
            continue; /* as Git has it, nearly always */
        qsort(list->items, list->count, sizeof(*list->items), walk_entry_order);
        break;
    }
    return rc;
}

void walk_listed(struct walk *w, void *folder, const struct tree_list *list, unsigned depth)
{
    const struct tree_entry *marker = walk_renderer(w, list);
    if (marker) {
        tell_renderer(w, marker);
        return;
    }
    for (size_t i = 0; i < list->count && !w->stopped; i++)
        walk_entry(w, folder, &list->items[i], depth);
}

static void walk_folder(struct walk *w, void *folder, unsigned depth)
{
    _err_ struct err *err = NULL;
    struct tree_list list = {0};
    if (walk_list(w, folder, &list, &err)) {
        w->counts.unsteady = true;
        tell(w, PROBLEM_ERROR, w->path.len ? buf_str(&w->path) : PROBLEM_SOURCE, "%s",
             err_message(err));
    }
    walk_listed(w, folder, &list, depth);
    tree_list_free(&list);
}

static int no_such_path(const struct walk *w, const char *name, const struct tree_list *list,
                        struct err **err)
{
    _buf_ struct buf near = BUF_INIT(4 * KIB);
    _free_ const char **names = xcalloc(list->count, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].name[0] != '.' && !walk_odd_name(list->items[i].name))
            names[count++] = list->items[i].name;
    }
    nearest_list(&near, name, names, count, 5);
    return err_set(err, ERR_INVALID, "path \"%s\" is not there: %s holds %s", buf_str(&w->path),
                   w->path.len > strlen(name) ? "its folder" : "the root", buf_str(&near));
}

/* Finds `name` in the folder. */
static int find(const struct walk *w, void *folder, const char *name, struct tree_entry *found,
                struct err **err)
{
    struct tree_list list = {0};
    int rc = w->tree->list(w->tree->ctx, folder, &list, err);
    found->name = NULL;
    for (size_t i = 0; rc == 0 && i < list.count && !found->name; i++) {
        if (strcmp(list.items[i].name, name) == 0) {
            *found = list.items[i];
            list.items[i].name = NULL;
        }
    }
    if (rc == 0 && !found->name)
        rc = no_such_path(w, name, &list, err);
    tree_list_free(&list);
    return rc;
}

/* The file that ends the path. A URL may be a file of any name. */
static int enter_file(struct walk *w, void *folder, const struct tree_entry *entry,
                      struct err **err)
{
    bool named = w->config->path && *w->config->path;
    if (named && !walk_manifest_name(entry->name))
        return err_set(err, ERR_INVALID, "path \"%s\" is a file, and no manifest (" MANIFESTS ")",
                       buf_str(&w->path));
    read_file(w, folder, entry);
    return 0;
}

/*
 * Goes from *folder into `name`, or reads it where it is the file that ends the path. *folder is
 * closed; it is NULL afterwards when there is nothing more to walk.
 */
static int enter(struct walk *w, void **folder, const char *name, bool last, struct err **err)
{
    struct tree_entry entry = {0};
    void *next = NULL;
    walk_push(w, name);
    int rc = find(w, *folder, name, &entry, err);
    if (rc == 0 && entry.type == TREE_FILE && last) {
        rc = enter_file(w, *folder, &entry, err);
    } else if (rc == 0 && entry.type != TREE_FOLDER) {
        rc = err_set(err, ERR_INVALID, "path \"%s\" is no folder%s", buf_str(&w->path),
                     entry.type == TREE_LINK     ? " but a symbolic link, which is not followed"
                     : entry.type == TREE_MODULE ? " but a submodule: make it a source of its own"
                                                 : "");
    } else if (rc == 0) {
        next = w->tree->open(w->tree->ctx, *folder, &entry, err);
        rc = next ? 0 : -1;
    }
    w->tree->close(*folder);
    *folder = next;
    free(entry.name);
    return rc;
}

int walk_locate(struct walk *w, const char *path, void **found, struct err **err)
{
    *found = NULL;
    void *folder = w->tree->open(w->tree->ctx, NULL, NULL, err);
    if (!folder)
        return -1;
    _free_ char *copy = xstrdup(path ? path : "");
    char *rest = copy;
    int rc = 0;
    while (rc == 0 && folder) {
        rest += strspn(rest, "/");
        if (!*rest)
            break;
        char *name = rest;
        rest += strcspn(rest, "/");
        if (*rest)
            *rest++ = '\0';
        bool last = !rest[strspn(rest, "/")];
        if (strcmp(name, "..") == 0)
            rc = err_set(err, ERR_USAGE, "path \"%s\" leads out of the source: no \"..\"", path);
        else if (strcmp(name, ".") != 0)
            rc = enter(w, &folder, name, last, err);
    }
    if (rc && folder)
        w->tree->close(steal(folder));
    w->below = w->path.len ? w->path.len + 1 : 0;
    *found = folder;
    return rc;
}

static int check_globs(const char *const *globs, const char *what, struct err **err)
{
    for (; globs && *globs; globs++) {
        if (glob_check(*globs, err))
            return err_wrap(err, "%s", what);
    }
    return 0;
}

int walk_check(const struct source_config *config, struct err **err)
{
    if (check_globs(config->include, "include", err))
        return -1;
    return check_globs(config->exclude, "exclude", err);
}

void walk_init(struct walk *w, const struct tree *tree, const struct source_config *config,
               const struct manifest_sink *sink)
{
    *w = (struct walk){
        .tree = tree,
        .config = config,
        .sink = sink,
        .path = BUF_INIT(PATH_BYTES),
        .text = BUF_INIT(LIMIT_FILE_BYTES),
    };
    w->counted = (struct manifest_sink){w, count_object, pass_problem};
}

void walk_free(struct walk *w)
{
    buf_free(&w->path);
    buf_free(&w->text);
}

int walk_tree(const struct tree *tree, const char *path, const struct source_config *config,
              const struct manifest_sink *sink, struct walk_counts *counts, struct err **err)
{
    struct walk w;
    void *folder;
    if (walk_check(config, err))
        return -1;
    walk_init(&w, tree, config, sink);
    int rc = walk_locate(&w, path, &folder, err);
    if (rc == 0 && folder) {
        walk_folder(&w, folder, 0);
        tree->close(folder);
    }
    if (rc == 0 && !w.counts.objects && !w.told_error)
        tell(&w, PROBLEM_NOTE, w.path.len ? buf_str(&w.path) : PROBLEM_SOURCE,
             "no manifest is here: " MANIFESTS " are read, as include and exclude say");
    w.counts.unsteady |= w.stopped;
    if (counts)
        *counts = w.counts;
    walk_free(&w);
    return rc;
}
