#include "sync/records.h"

#include <string.h>

#include "core/alloc.h"
#include "core/limits.h"
#include "core/text.h"

#define OLDER_MAX (LIMIT_OLDER_BODIES / 32) /* no body is shorter */

int records_bad(struct err **err)
{
    return err_set(err, ERR_FATAL, "a record that cannot be read");
}

void records_put_object(struct record_writer *writer, const struct desired *object,
                        const void *body, const void *places)
{
    record_begin(writer, RECORD_OBJECT);
    record_put_str(writer, object->api_version);
    record_put_str(writer, object->kind);
    record_put_str(writer, object->namespace);
    record_put_str(writer, object->name);
    record_put_str(writer, object->file);
    record_put_u32(writer, object->line);
    record_put_u32(writer, object->col);
    record_put_bytes(writer, object->digest, sizeof(object->digest));
    record_put_bytes(writer, body, object->body_len);
    record_put_bytes(writer, places, object->places_len);
}

int records_take_object(struct desired_set *set, struct record *record, uint64_t objects_max,
                        struct err **err)
{
    struct desired d = {0};
    size_t digest_len, body_len, places_len;
    d.api_version = record_str(record, true);
    d.kind = record_str(record, true);
    d.namespace = record_str(record, false);
    d.name = record_str(record, true);
    d.file = record_str(record, true);
    d.line = record_u32(record);
    d.col = record_u32(record);
    const void *digest = record_bytes(record, &digest_len);
    const void *body = record_bytes(record, &body_len);
    const void *places = record_bytes(record, &places_len);
    if (!record_good(record) || digest_len != sizeof(d.digest))
        return records_bad(err);
    if (set->count >= objects_max)
        return err_set(err, ERR_LIMIT, "more than %llu objects", (unsigned long long)objects_max);
    memcpy(d.digest, digest, sizeof(d.digest));
    d.body_len = (uint32_t)body_len;
    d.places_len = (uint32_t)places_len;
    return desired_set_add(set, &d, body, places, err);
}

void records_put_older(struct record_writer *writer, const char *api_version,
                       const struct older *older, const void *body)
{
    record_begin(writer, RECORD_OLDER);
    record_put_str(writer, api_version);
    record_put_str(writer, older->kind);
    record_put_str(writer, older->namespace);
    record_put_str(writer, older->name);
    record_put_str(writer, older->file);
    record_put_u64(writer, (uint64_t)older->replaced_at);
    record_put_bytes(writer, body, older->body_len);
}

int records_take_older(struct desired_set *set, struct record *record, struct err **err)
{
    struct older o = {0};
    size_t body_len;
    const char *api_version = record_str(record, true);
    o.kind = record_str(record, true);
    o.namespace = record_str(record, false);
    o.name = record_str(record, true);
    o.file = record_str(record, true);
    o.replaced_at = (int64_t)record_u64(record);
    const void *body = record_bytes(record, &body_len);
    if (!record_good(record))
        return records_bad(err);
    o.body_len = (uint32_t)body_len;
    if (set->older_count >= OLDER_MAX)
        return err_set(err, ERR_LIMIT, "more than %lu older versions", OLDER_MAX);
    return desired_set_add_older(set, api_version, &o, body, err);
}

void records_put_step(struct record_writer *writer, const struct older_cost *cost, bool cut,
                      size_t broken_count)
{
    record_begin(writer, RECORD_STEP);
    record_put_u64(writer, cost->files);
    record_put_u64(writer, cost->bytes);
    record_put_u64(writer, cost->bodies);
    record_put_u32(writer, cut);
    record_put_u32(writer, (uint32_t)broken_count);
}

int records_take_step(struct desired_set *set, struct record *record, size_t *broken_count,
                      struct err **err)
{
    if (set->step_count == ARRAY_LEN(set->steps))
        return records_bad(err);
    struct older_cost *step = &set->steps[set->step_count++];
    step->files = record_u64(record);
    step->bytes = record_u64(record);
    step->bodies = record_u64(record);
    set->older_cut = record_u32(record) == 1;
    *broken_count = record_u32(record);
    return record->bad ? records_bad(err) : 0;
}

void records_put_problem(struct record_writer *writer, const struct problem *problem)
{
    record_begin(writer, RECORD_PROBLEM);
    record_put_u32(writer, problem->level);
    record_put_str(writer, same_text(problem->at, problem->file) ? NULL : problem->at);
    record_put_str(writer, problem->file);
    record_put_u32(writer, problem->line);
    record_put_u32(writer, problem->col);
    record_put_str(writer, problem->object);
    record_put_str(writer, problem->message);
    record_finish(writer);
}

static bool too_long(const char *text)
{
    return text && strlen(text) > LIMIT_PROBLEM_BYTES;
}

int records_take_problem(struct desired_set *set, struct record *record, struct err **err)
{
    struct problem p = {0};
    p.level = record_u32(record) == PROBLEM_NOTE ? PROBLEM_NOTE : PROBLEM_ERROR;
    p.at = record_str(record, false);
    p.file = record_str(record, false);
    p.line = record_u32(record);
    p.col = record_u32(record);
    p.object = record_str(record, false);
    p.message = record_str(record, true);
    if (!record_good(record) || too_long(p.file) || too_long(p.object) || too_long(p.message) ||
        too_long(p.at))
        return records_bad(err);
    desired_set_problem(set, &p);
    return 0;
}
