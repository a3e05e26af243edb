/* holdfast render PATH: the manifests as holdfast understands them. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/event.h"
#include "core/json.h"
#include "core/limits.h"
#include "diff/show.h"
#include "here.h"
#include "options.h"
#include "terminal.h"

#define HIDDEN "<hidden>"

struct run {
    enum output output;
    size_t objects;
    bool failed;
};

/* JSON over several lines, which is YAML as well. */
static void pretty(struct buf *b, const json_t *value, int indent)
{
    bool list = json_is_array(value);
    size_t count = list ? json_array_size(value) : json_object_size(value), n = 0;
    if (!count) {
        json_write(b, value, 0);
        return;
    }
    buf_add_char(b, list ? '[' : '{');
    for (size_t i = 0; list && i < count; i++) {
        buf_addf(b, "%s\n%*s", i ? "," : "", indent + 2, "");
        pretty(b, json_array_get(value, i), indent + 2);
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        buf_addf(b, "%s\n%*s", n++ ? "," : "", indent + 2, "");
        json_write_string(b, key, strlen(key));
        buf_add_str(b, ": ");
        pretty(b, member, indent + 2);
    }
    buf_addf(b, "\n%*s%c", indent, "", list ? ']' : '}');
}

static void hide_values(json_t *body, const struct manifest *m)
{
    static const char *const members[] = {"data", "stringData"};
    if (strcmp(m->kind, "Secret") != 0 || strchr(m->api_version, '/'))
        return;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_t *map = json_object_get(body, members[i]);
        const char *key;
        json_t *value;
        json_object_foreach(map, key, value)
        {
            json_put_str(map, key, HIDDEN); /* an existing key: safe while going through */
        }
        if (map && !json_is_object(map))
            json_put_str(body, members[i], HIDDEN);
    }
}

static void on_object(void *ctx, const char *file, const struct manifest *m)
{
    struct run *run = ctx;
    _buf_ struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    _err_ struct err *err = NULL;
    json_auto_t *body =
        node_write(&text, m->root) ? NULL : json_parse(text.data, text.len, file, &err);
    if (!body) {
        if (!err)
            err_set(&err, ERR_LIMIT, "more than %lu bytes once its aliases are copied in: split it",
                    LIMIT_JSON_BYTES);
        terminal_error("%s:%u: %s %s%s%s: %s", file, m->line, m->kind,
                       m->namespace ? m->namespace : "", m->namespace ? "/" : "", m->name,
                       err_message(err));
        run->failed = true;
        return;
    }
    hide_values(body, m);
    buf_clear(&text);
    if (run->output == OUTPUT_JSON) {
        json_auto_t *line = json_object();
        json_put_str(line, "file", file);
        json_put(line, "line", json_integer(m->line));
        json_put(line, "manifest", json_incref(body));
        json_write(&text, line, 0);
    } else {
        buf_addf(&text, "%s# %s:%u\n", run->objects ? "---\n" : "", file, m->line);
        pretty(&text, body, 0);
    }
    buf_add_char(&text, '\n');
    run->objects++;
    if (fwrite(text.data, 1, text.len, stdout) != text.len)
        run->failed = true;
}

static void on_problem(void *ctx, const struct problem *p)
{
    struct run *run = ctx;
    bool error = p->level == PROBLEM_ERROR;
    json_auto_t *event = event_problem(error ? EVENT_ERROR : EVENT_INFO, NULL, NULL, p->file,
                                       p->line, p->col, p->object, p->message);
    _free_ char *text = show_problem(event);
    fprintf(stderr, "%s\n", text);
    run->failed |= error;
}

int cmd_render(const struct options *o)
{
    struct run run = {.output = o->output};
    struct manifest_sink sink = {.ctx = &run, .object = on_object, .problem = on_problem};
    _err_ struct err *err = NULL;
    if (here_read(o->args[0], &sink, &err)) {
        terminal_error("%s", err_message(err));
        return EXIT_ERROR;
    }
    return run.failed ? EXIT_ERROR : 0;
}
