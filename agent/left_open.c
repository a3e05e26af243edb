#include "left_open.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/text.h"
#include "log.h"

#define FILE_NAME "open"
#define FILE_NEW  "open.new"

static const char *source_of(const json_t *event)
{
    return json_str_at(event, "source", NULL);
}

static void clear(const struct follow *f, const char *source, json_t *event, const char *reason)
{
    const char *revision = f && f->set ? f->set->revision : NULL;
    json_put_str(event, "state", "cleared");
    json_put_str(event, "cleared", reason);
    json_object_del(event, "source");
    log_event(EVENT_INFO, "drift", source, revision, event);
}

static bool is_followed(const struct agent *a, const char *source)
{
    for (size_t i = 0; i < a->count; i++) {
        if (same_text(a->follows[i].config->name, source))
            return true;
    }
    return false;
}

void left_open_read(struct agent *a)
{
    _buf_ struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    char data[16 * KIB];
    ssize_t n = 0;
    _close_ int fd =
        openat(a->state->fd, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    while (fd >= 0 && (n = read(fd, data, sizeof(data))) > 0 && !buf_add(&text, data, (size_t)n))
        ;
    json_auto_t *all =
        text.len && !text.full ? json_parse(buf_str(&text), text.len, FILE_NAME, NULL) : NULL;
    a->left_open = json_array();
    a->open_changed = true;
    size_t i;
    json_t *event;
    json_array_foreach(all, i, event)
    {
        const char *source = source_of(event);
        if (!source || !json_str_at(event, "id", NULL) ||
            !json_is_object(json_object_get(event, "object")))
            continue;
        json_auto_t *copy = json_copy(event);
        _free_ char *name = xstrdup(source);
        if (is_followed(a, source))
            json_array_append(a->left_open, event);
        else
            clear(NULL, name, copy, "not followed");
    }
}

static json_t *ids_of(const json_t *open)
{
    json_t *ids = json_object(), *event;
    size_t i;
    json_array_foreach((json_t *)open, i, event)
    {
        json_put(ids, json_str_at(event, "id", NULL), json_true());
    }
    return ids;
}

static json_t *objects_of(const json_t *open)
{
    json_t *objects = json_object(), *event;
    size_t i;
    json_array_foreach((json_t *)open, i, event)
    {
        _free_ char *text = json_text(json_object_get(event, "object"), JSON_WRITE_SORTED);
        bool unknown = same_text(json_str_at(event, "verdict", NULL), "unknown") ||
                       json_is_true(json_object_get(objects, text));
        json_put(objects, text, json_boolean(unknown));
    }
    return objects;
}

/* Why a line of the object is not open any more. `open`: others are; true where it is unknown. */
static const char *why_over(const struct follow *f, const json_t *object, const json_t *open)
{
    const struct unit *unit = follow_unit(f, object);
    if (!unit || !unit->type)
        return "not compared";
    if (open)
        return json_is_true(open) ? "unknown" : "not so any more";
    /* something of it may be passed over */
    bool in_sync = !unit->ignored && !unit->noted && !unit->denied &&
                   unit->facts.answers[ASK_REMOVE] != ANSWER_REFUSED &&
                   unit->facts.observed == OBSERVED_PRESENT;
    return in_sync ? "in sync" : "not so any more";
}

void left_open_judged(struct follow *f, const char *(*why)(void *ctx, const json_t *object))
{
    json_t *left = f->agent->left_open, *event;
    if (!json_array_size(left))
        return;
    json_auto_t *open = tell_open(f->tell), *ids = ids_of(open), *objects = objects_of(open);
    json_t *others = json_array();
    size_t i;
    json_array_foreach(left, i, event)
    {
        if (!same_text(source_of(event), f->config->name)) {
            json_array_append(others, event);
            continue;
        }
        json_t *object = json_object_get(event, "object");
        _free_ char *text = json_text(object, JSON_WRITE_SORTED);
        const char *reason = why(f, object);
        if (json_object_get(ids, json_str_at(event, "id", NULL)))
            continue;
        if (!reason)
            reason = why_over(f, object, json_object_get(objects, text));
        clear(f, f->config->name, event, reason);
    }
    json_decref(left);
    f->agent->left_open = others;
    f->agent->open_changed = true;
}

/* What is open of one source, as it is kept. */
static void add_open(const struct follow *f, json_t *all)
{
    json_auto_t *open = tell_open(f->tell);
    size_t i;
    json_t *event;
    json_array_foreach(open, i, event)
    {
        json_t *one = tell_place(event);
        json_put_str(one, "source", f->config->name);
        json_put_str(one, "opened", json_str_at(event, "time", NULL));
        json_push(all, one);
    }
}

void left_open_write(struct agent *a)
{
    if (!a->open_changed)
        return;
    json_auto_t *all = json_array();
    for (size_t i = 0; i < a->count; i++)
        add_open(&a->follows[i], all);
    json_array_extend(all, a->left_open); /* of what is not judged yet */
    _free_ char *text = json_text(all, JSON_WRITE_SORTED);
    if (!text)
        return;
    unlinkat(a->state->fd, FILE_NEW, 0);
    int fd =
        openat(a->state->fd, FILE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t len = strlen(text), done = 0;
    while (fd >= 0 && done < len) {
        ssize_t n = write(fd, text + done, len - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    if (done < len || renameat(a->state->fd, FILE_NEW, a->state->fd, FILE_NAME)) {
        unlinkat(a->state->fd, FILE_NEW, 0);
        return; /* the disk is full: once more at the next time */
    }
    a->open_changed = false;
}
