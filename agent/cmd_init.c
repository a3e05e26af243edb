/* holdfast init: a configuration to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "config.h"
#include "core/alloc.h"
#include "core/limits.h"
#include "core/statedir.h"
#include "init_text.h"
#include "options.h"
#include "providers/kubernetes/kubeconfig.h"
#include "sync/origin.h"

#define FILE_NAME "holdfast.yaml"

/* The last part of a URL or path without ".git", in the letters of a name; owned. */
static char *source_name(const char *url)
{
    size_t end = strlen(url);
    while (end && url[end - 1] == '/')
        end--;
    if (end > 4 && !strncmp(url + end - 4, ".git", 4))
        end -= 4;
    size_t begin = end;
    while (begin && !strchr("/:", url[begin - 1]))
        begin--;
    char *name = xstrndup(url + begin, end - begin);
    for (char *c = name; *c; c++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c))
            *c = '-';
    }
    if (!*name) {
        free(name);
        return xstrdup("infra");
    }
    return name;
}

/* Exclusively: a file that is there stays as it is, also where somebody puts it there meanwhile. */
static int write_new(const char *file, const struct buf *text, struct err **err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_USAGE, "%s is there already: it is not overwritten", file);
    if (fd < 0)
        return err_errno(err, ERR_USAGE, errno, "cannot write %s", file);
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0) {
            int why = errno;
            close(fd);
            unlink(file);
            return err_errno(err, ERR_FATAL, why, "cannot write %s", file);
        }
        done += (size_t)n;
    }
    if (close(fd))
        return err_errno(err, ERR_FATAL, errno, "cannot write %s", file);
    return 0;
}

/* The context by name, so that another `kubectl config use-context` does not move the agent. */
static void find_cluster(const struct options *o, struct kubeconfig *kubeconfig,
                         struct init_found *found)
{
    struct err _err_ *err = NULL;
    const struct kubeconfig_options options = {.file = o->kubeconfig, .context = o->context};
    found->context = o->context;
    if (kubeconfig_load(&options, kubeconfig, &err))
        fprintf(stderr, "holdfast: no cluster is named in it: %s\n", err_message(err));
    else if (strcmp(kubeconfig->context, "in-cluster") != 0)
        found->context = kubeconfig->context;
}

static void find_source(const struct origin *origin, struct init_found *found)
{
    found->url = "https://git.example.com/team/infra.git";
    if (origin->url) {
        found->url = origin->url;
    } else if (origin->folder) {
        fprintf(stderr, "holdfast: the repository has no remote: its folder is the source\n");
        found->url = origin->folder;
    } else {
        fprintf(stderr,
                "holdfast: this folder lies in no Git repository: put the source's url into "
                "the file\n");
    }
    found->ref = origin->branch;
    found->path = origin->path && *origin->path ? origin->path : NULL;
}

static int write_config(const char *file, const struct init_found *found, struct err **err)
{
    struct buf _buf_ text = BUF_INIT(LIMIT_CONFIG_BYTES);
    struct config config;
    if (init_text(&text, found))
        return err_set(err, ERR_LIMIT, "the configuration would be larger than %lu bytes",
                       LIMIT_CONFIG_BYTES);
    if (config_parse(file, text.data, text.len, &config, err))
        return -1;
    config_free(&config);
    return write_new(file, &text, err);
}

int cmd_init(const struct options *o)
{
    const char *file = o->config ? o->config : FILE_NAME;
    struct init_found found = {0};
    struct origin origin;
    struct kubeconfig kubeconfig = {0};
    struct err _err_ *err = NULL;
    _free_ char *state_dir = statedir_default(NULL);
    /* what is relative in the file is so to the file, and not to us */
    _free_ char *kubeconfig_file = o->kubeconfig ? realpath(o->kubeconfig, NULL) : NULL;
    found.state_dir = state_dir;
    found.kubeconfig = kubeconfig_file;
    int status = EXIT_ERROR;
    if (!access(file, F_OK)) {
        fprintf(stderr, "holdfast: %s is there already: it is not overwritten\n", file);
        return EXIT_ERROR;
    }
    origin_read(".", &origin, NULL);
    find_source(&origin, &found);
    _free_ char *name = source_name(found.url);
    found.name = name;
    find_cluster(o, &kubeconfig, &found);
    if (write_config(file, &found, &err)) {
        fprintf(stderr, "holdfast: %s\n", err_message(err));
    } else {
        printf("%s: %s%s%s, cluster %s\n", file, found.url, found.ref ? " at " : "",
               found.ref ? found.ref : "", found.context ? found.context : "of the account");
        status = 0;
    }
    kubeconfig_free(&kubeconfig);
    origin_free(&origin);
    return status;
}
