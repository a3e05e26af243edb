#include "here.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "core/alloc.h"
#include "diff/text.h"
#include "sync/git.h"
#include "sync/source.h"

struct here {
    const struct manifest_sink *sink;
    char *base; /* what files are relative to, with "/" at its end */
};

/* Where the reader's paths begin: the working tree's root, else the folder itself. Owned. */
static char *base_of(const char *path)
{
    _free_ char *real = realpath(path, NULL);
    struct stat st;
    if (!real || stat(real, &st))
        return xstrdup("");
    char *slash = strrchr(real, '/');
    if (!S_ISDIR(st.st_mode))
        slash[slash == real] = '\0';
    _free_ char *root = NULL;
    git_workdir(real, &root, NULL); /* the read itself tells what is wrong */
    const char *top = root ? root : real;
    size_t n = strlen(top);
    while (n > 1 && top[n - 1] == '/')
        n--;
    return xasprintf("%.*s%s", (int)n, top, n > 1 ? "/" : "");
}

static char *shown(const struct here *here, const char *file)
{
    _free_ char *cwd = getcwd(NULL, 0);
    _free_ char *path = xasprintf("%s%s", here->base, file);
    size_t n = cwd ? strlen(cwd) : 0;
    bool below = n > 1 && strncmp(path, cwd, n) == 0 && path[n] == '/';
    return text_safe_dup(below ? path + n + 1 : path);
}

static void on_object(void *ctx, const char *file, const struct manifest *manifest)
{
    const struct here *here = ctx;
    _free_ char *name = shown(here, file);
    here->sink->object(here->sink->ctx, name, manifest);
}

static void on_problem(void *ctx, const struct problem *problem)
{
    const struct here *here = ctx;
    struct problem copy = *problem;
    _free_ char *name = problem->file ? shown(here, problem->file) : NULL;
    copy.file = name;
    here->sink->problem(here->sink->ctx, &copy);
}

int here_read(const char *path, const struct manifest_sink *sink, struct err **err)
{
    struct config defaults;
    config_defaults(&defaults);
    struct source_config config = {
        .name = path,
        .url = path,
        .file_bytes = (uint64_t)defaults.limits.file_bytes,
        .objects = (uint64_t)defaults.limits.objects,
        .fetch_bytes = (uint64_t)defaults.limits.fetch_bytes,
    };
    config_free(&defaults);
    if (git_start(err))
        return -1;
    struct here here = {.sink = sink, .base = base_of(path)};
    struct manifest_sink inner = {.ctx = &here, .object = on_object, .problem = on_problem};
    int rc = source_read_here(&config, &inner, err);
    free(here.base);
    return rc;
}
