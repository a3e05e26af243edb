/*
 * Any bytes as holdfast.yaml: it is taken whole and sound, or refused with one line that names the
 * file.
 */
#include "fuzz.h"

#include "config.h"
#include "core/limits.h"

#define FILE_NAME "folder/holdfast.yaml"

static void check_source(const struct config *c, const struct config_source *s)
{
    check(s->name && s->url && *s->name && *s->url && s->interval >= 1);
    check(config_find(c, s->name) == s);
    check(s->mode >= CONFIG_REPORT && s->mode <= CONFIG_PAUSED);
    for (size_t k = 0; s->include && s->include[k]; k++)
        check(*s->include[k]);
    for (size_t k = 0; k < s->ignore.count; k++)
        check(s->ignore.items[k].fields != NULL);
}

static void check_config(const struct config *c)
{
    check(c->kubernetes.field_manager && *c->kubernetes.field_manager);
    check(c->limits.file_bytes > 0 && c->limits.objects > 0 && c->limits.fetch_bytes > 0);
    for (size_t i = 0; i < c->sources.count; i++)
        check_source(c, &c->sources.items[i]);
    for (size_t i = 0; i < c->export_count; i++)
        check(c->exports[i].name && c->exports[i].path && c->exports[i].object.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct err *err = NULL;
    if (size > LIMIT_CONFIG_BYTES)
        return 0;
    if (config_parse(FILE_NAME, (const char *)data, size, &config, &err) == 0) {
        check(!err);
        check_config(&config);
        config_free(&config);
    } else {
        check(err && !strchr(err->message, '\n'));
        check(strncmp(err->message, FILE_NAME ":", sizeof(FILE_NAME)) == 0);
    }
    err_free(err);
    return 0;
}
