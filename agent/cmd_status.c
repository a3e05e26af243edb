/* holdfast status: how things stand, as a running agent tells it. */
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "config.h"
#include "core/alloc.h"
#include "core/http.h"
#include "core/json.h"
#include "core/limits.h"
#include "listen.h"
#include "options.h"
#include "status.h"
#include "terminal.h"

struct run {
    struct ev_loop *loop;
    const char *url;
    json_t *status;
    struct err *err;
};

/* The URL of the document; owned. NULL with *err. */
static char *status_url(const struct options *o, struct err **err)
{
    static const char path[] = "/status";
    _free_ char *base = NULL;
    if (o->url) {
        base = strstr(o->url, "://") ? xstrdup(o->url) : xasprintf("http://%s", o->url);
    } else if (o->config) {
        struct config config;
        if (config_load(o->config, &config, err))
            return NULL;
        if (config.http.listen)
            base = listen_url(config.http.listen, err);
        else
            err_set(err, ERR_USAGE, "%s: no http.listen in it: its agent cannot be asked",
                    o->config);
        config_free(&config);
        if (!base)
            return NULL;
    } else {
        err_set(err, ERR_USAGE,
                "which agent? Give --url http://ADDRESS:PORT, or --config FILE with http.listen");
        return NULL;
    }
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        base[--len] = '\0';
    bool whole = len >= sizeof(path) - 1 && !strcmp(base + len - (sizeof(path) - 1), path);
    return xasprintf("%s%s", base, whole ? "" : path);
}

static void on_done(void *ctx, const struct http_answer *answer)
{
    struct run *r = ctx;
    ev_break(r->loop, EVBREAK_ALL);
    if (answer->err) {
        err_set(&r->err, answer->err->kind, "%s: no agent answers: %s", r->url,
                err_message(answer->err));
        return;
    }
    if (answer->status != 200) {
        err_set(&r->err, ERR_INVALID, "%s: HTTP %ld: is it holdfast's address?", r->url,
                answer->status);
        return;
    }
    r->status = json_parse(answer->body, answer->body_len, r->url, &r->err);
    if (r->status && !json_is_array(json_object_get(r->status, "sources")))
        err_set(&r->err, ERR_INVALID, "%s: the answer is not an agent's: is it holdfast's address?",
                r->url);
}

static void ask(struct run *r)
{
    r->loop = ev_default_loop(EVFLAG_AUTO);
    struct http *http = http_new(r->loop);
    struct http_target *target = http_target_new(http, &(struct http_target_config){0});
    http_send(http, target,
              &(struct http_request){.method = "GET",
                                     .url = r->url,
                                     .timeout_ms = LIMIT_CONNECT_MS,
                                     .done = on_done,
                                     .ctx = r});
    http_target_free(target);
    ev_run(r->loop, 0);
    http_free(http);
    ev_loop_destroy(r->loop);
}

static int print(const struct options *o, const json_t *status)
{
    if (o->output == OUTPUT_TEXT)
        return status_print(stdout, status, terminal_color(stdout), terminal_width(stdout));
    _free_ char *text = json_text(status, 0);
    return puts(text) < 0 || fflush(stdout) ? -1 : 0;
}

int cmd_status(const struct options *o)
{
    struct run r = {0};
    _free_ char *url = status_url(o, &r.err);
    r.url = url;
    if (url)
        ask(&r);
    int status = EXIT_ERROR;
    if (r.err)
        fprintf(stderr, "holdfast: %s\n", err_message(r.err));
    else if (print(o, r.status) == 0)
        status = status_exit(r.status);
    json_decref(r.status);
    err_free(r.err);
    return status;
}
