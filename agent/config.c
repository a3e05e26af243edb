#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_read.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/nearest.h"
#include "diff/ignore_path.h"
#include "listen.h"
#include "sync/documents.h"
#include "sync/glob.h"
#include "sync/remote_url.h"
#include "sync/yaml.h"

#define API_VERSION "holdfast.dev/v1"

/* ---- rules for single values ---- */

static const char *check_filled(const char *s)
{
    return *s ? NULL : "it is empty";
}

static const char *check_name(const char *s)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return *s && s[strspn(s, letters)] == '\0' ? NULL : "a name has letters, digits, . _ - alone";
}

static const char *check_glob(const char *s)
{
    return glob_check(s, NULL) ? "not a glob over paths below the source's folder" : NULL;
}

static const char *check_listen(const char *s)
{
    const char *colon = strrchr(s, ':');
    char *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    bool good = port > 0 && port < 65536 && *end == '\0';
    return good ? listen_check(s) : "ADDRESS:PORT belongs here";
}

/* ---- the tables (SPEC 4) ---- */

/* Where a member lies; where a member of a struct inside lies, from that struct's beginning. */
#define AT(type, member) .offset = offsetof(struct type, member)
#define IN(type, group, member)                                                                    \
    .offset = offsetof(struct type, group.member) - offsetof(struct type, group)

static const char *const modes[] = {"report", "correct", "paused", NULL};
static const char *const clouds[] = {"public", "usgovernment", "china", NULL};

static const struct config_field ignore_fields[] = {
    {"group", CONFIG_STRING, AT(config_ignore, group)},
    {"kind", CONFIG_STRING, AT(config_ignore, kind)},
    {"namespace", CONFIG_STRING, AT(config_ignore, namespace)},
    {"name", CONFIG_STRING, AT(config_ignore, name)},
    {"fields", CONFIG_STRINGS, AT(config_ignore, fields), .required = true,
     .check = ignore_path_check},
    {0},
};

static const struct config_field auth_fields[] = {
    {"userFile", CONFIG_FILE, AT(source_auth, user_file)},
    {"passwordFile", CONFIG_FILE, AT(source_auth, password_file)},
    {"sshKeyFile", CONFIG_FILE, AT(source_auth, ssh_key_file)},
    {"passphraseFile", CONFIG_FILE, AT(source_auth, passphrase_file)},
    {"knownHostsFile", CONFIG_FILE, AT(source_auth, known_hosts_file)},
    {"caFile", CONFIG_FILE, AT(source_auth, ca_file)},
    {"proxy", CONFIG_STRING, AT(source_auth, proxy)},
    {0},
};

static const struct config_field render_fields[] = {
    {"command", CONFIG_STRINGS, AT(config_render, command), .required = true},
    {"timeout", CONFIG_DURATION, AT(config_render, timeout), "30s", .min = 1, .max = 3600},
    {"network", CONFIG_BOOL, AT(config_render, network), "false"},
    {0},
};

static const struct config_field guard_fields[] = {
    {"objects", CONFIG_NUMBER, IN(config_source, guard, objects), "10"},
    {"percent", CONFIG_NUMBER, IN(config_source, guard, percent), "20", .max = 100},
    {0},
};

static const struct config_field source_fields[] = {
    {"name", CONFIG_STRING, AT(config_source, name), .required = true, .check = check_name},
    {"url", CONFIG_STRING, AT(config_source, url), .required = true, .check = check_filled},
    {"ref", CONFIG_STRING, AT(config_source, ref), .check = check_filled},
    {"path", CONFIG_STRING, AT(config_source, path)},
    {"include", CONFIG_STRINGS, AT(config_source, include), .check = check_glob},
    {"exclude", CONFIG_STRINGS, AT(config_source, exclude), .check = check_glob},
    {"interval", CONFIG_DURATION, AT(config_source, interval), "1m", .min = 1},
    {"mode", CONFIG_CHOICE, AT(config_source, mode), "report", .choices = modes},
    {"prune", CONFIG_BOOL, AT(config_source, prune), "false"},
    {"guard", CONFIG_MAP, AT(config_source, guard), .fields = guard_fields},
    {"auth", CONFIG_MAP, AT(config_source, auth), .fields = auth_fields},
    {"render", CONFIG_MAP, AT(config_source, render), .fields = render_fields},
    {"ignore", CONFIG_LIST, AT(config_source, ignore), .fields = ignore_fields,
     .size = sizeof(struct config_ignore)},
    {0},
};

static const struct config_field kubernetes_fields[] = {
    {"kubeconfig", CONFIG_FILE, IN(config, kubernetes, kubeconfig)},
    {"context", CONFIG_STRING, IN(config, kubernetes, context)},
    {"defaultNamespace", CONFIG_STRING, IN(config, kubernetes, default_namespace),
     .check = check_name},
    {"fieldManager", CONFIG_STRING, IN(config, kubernetes, field_manager), "holdfast",
     .check = check_filled},
    {"hands", CONFIG_STRINGS, IN(config, kubernetes, hands), .check = check_filled},
    {"events", CONFIG_BOOL, IN(config, kubernetes, events), "false"},
    {0},
};

static const struct config_field azure_fields[] = {
    {"cloud", CONFIG_CHOICE, IN(config, azure, cloud), "public", .choices = clouds},
    {"subscription", CONFIG_STRING, IN(config, azure, subscription)},
    {"bulkRead", CONFIG_BOOL, IN(config, azure, bulk_read), "true"},
    {"activityLog", CONFIG_BOOL, IN(config, azure, activity_log), "false"},
    {0},
};

static const struct config_field http_fields[] = {
    {"listen", CONFIG_STRING, IN(config, http, listen), .check = check_listen},
    {"tokenFile", CONFIG_FILE, IN(config, http, token_file)},
    {0},
};

/* The defaults are limits.h's. */
static const struct config_field limits_fields[] = {
    {"fetchBytes", CONFIG_SIZE, IN(config, limits, fetch_bytes), "1GiB", .min = 1024},
    {"fileBytes", CONFIG_SIZE, IN(config, limits, file_bytes), "1MiB", .min = 1024,
     .max = LIMIT_FRAME_BYTES},
    {"objects", CONFIG_NUMBER, IN(config, limits, objects), "100000", .min = 1, .max = 10000000},
    {0},
};

/* Chooses the table, and is checked before it is read. */
struct head {
    const char *api_version, *kind;
};

struct config_document {
    struct head head;
    struct config config;
};

static const struct config_field config_fields[] = {
    {"apiVersion", CONFIG_STRING, AT(head, api_version)},
    {"kind", CONFIG_STRING, AT(head, kind)},
    {"stateDir", CONFIG_FILE, AT(config_document, config.state_dir)},
    {"sources", CONFIG_LIST, AT(config_document, config.sources), .fields = source_fields,
     .size = sizeof(struct config_source)},
    {"kubernetes", CONFIG_MAP, AT(config_document, config.kubernetes), .fields = kubernetes_fields},
    {"azure", CONFIG_MAP, AT(config_document, config.azure), .fields = azure_fields},
    {"http", CONFIG_MAP, AT(config_document, config.http), .fields = http_fields},
    {"limits", CONFIG_MAP, AT(config_document, config.limits), .fields = limits_fields},
    {0},
};

struct export_document {
    struct head head;
    struct config_export export;
};

static const struct config_field export_meta_fields[] = {
    {"name", CONFIG_STRING, AT(config_export, name), .required = true, .check = check_name},
    {"namespace", CONFIG_STRING, AT(config_export, namespace), .check = check_name},
    {0},
};

static const struct config_field export_object_fields[] = {
    {"apiVersion", CONFIG_STRING, AT(config_export, object.api_version), .required = true},
    {"kind", CONFIG_STRING, AT(config_export, object.kind), .required = true},
    {"namespace", CONFIG_STRING, AT(config_export, object.namespace)},
    {"name", CONFIG_STRING, AT(config_export, object.name), .required = true},
    {0},
};

static const struct config_field export_from_fields[] = {
    {"object", CONFIG_MAP, .fields = export_object_fields, .required = true},
    {"path", CONFIG_STRING, AT(config_export, path), .required = true, .check = check_filled},
    {0},
};

static const struct config_field export_secret_fields[] = {
    {"name", CONFIG_STRING, AT(config_export, secret.name), .required = true, .check = check_name},
    {"key", CONFIG_STRING, AT(config_export, secret.key), .required = true, .check = check_name},
    {0},
};

static const struct config_field export_config_map_fields[] = {
    {"name", CONFIG_STRING, AT(config_export, config_map.name), .required = true,
     .check = check_name},
    {"key", CONFIG_STRING, AT(config_export, config_map.key), .required = true,
     .check = check_name},
    {0},
};

static const struct config_field export_to_fields[] = {
    {"log", CONFIG_BOOL, AT(config_export, to_log)},
    {"secret", CONFIG_MAP, .fields = export_secret_fields},
    {"configMap", CONFIG_MAP, .fields = export_config_map_fields},
    {0},
};

static const struct config_field export_spec_fields[] = {
    {"from", CONFIG_MAP, .fields = export_from_fields, .required = true},
    {"default", CONFIG_STRING, AT(config_export, fallback)},
    {"to", CONFIG_MAP, .fields = export_to_fields, .required = true},
    {0},
};

static const struct config_field export_fields[] = {
    {"apiVersion", CONFIG_STRING, AT(head, api_version)},
    {"kind", CONFIG_STRING, AT(head, kind)},
    {"metadata", CONFIG_MAP, AT(export_document, export), .fields = export_meta_fields,
     .required = true},
    {"spec", CONFIG_MAP, AT(export_document, export), .fields = export_spec_fields,
     .required = true},
    {0},
};

/* ---- documents ---- */

/* A relative folder is meant from the configuration's own; a URL, also user@host:path, as it is. */
static const char *resolve_url(struct config_reader *r, const char *url)
{
    const char *slash = strrchr(r->file, '/');
    if (!url || url[0] == '/' || strchr(url, ':') || !slash)
        return url;
    return config_own(r->config, xasprintf("%.*s/%s", (int)(slash - r->file), r->file, url));
}

/* USER:PASSWORD@host without a scheme is no folder's name, and would be shown as one. */
static bool hides_password(const char *url)
{
    const char *colon = strchr(url, ':'), *at = strrchr(url, '@');
    return *url != '/' && *url != '.' && strncmp(url, "file://", 7) != 0 && colon && at &&
           colon < at;
}

static int check_url(const char *url, struct err **err)
{
    struct remote_url parsed = {0};
    if (!remote_url_is(url) && hides_password(url))
        return err_set(err, ERR_USAGE,
                       "a password may stand before the @, so it is not shown: begin with https:// "
                       "or ssh://, and give the sign-in by auth; a folder begins with / or ./");
    int rc = remote_url_is(url) ? remote_url_parse(url, &parsed, err) : 0;
    remote_url_free(&parsed);
    return rc;
}

int config_place(const char *name, struct config_source *out, struct err **err)
{
    if (check_url(name, err))
        return -1;
    if (!remote_url_is(name) && !strstr(name, "://") && access(name, F_OK) != 0)
        return err_set(err, ERR_USAGE,
                       "%s is neither a source in the configuration, nor a URL, nor a folder that "
                       "exists",
                       name);
    *out = (struct config_source){.name = name, .url = name};
    return 0;
}

static void check_sources(struct config_reader *r, const struct node *root)
{
    struct config *c = r->config;
    const struct node *list = node_get(root, "sources");
    const struct node *node = list && list->type == NODE_LIST ? list->first : NULL;
    for (size_t i = 0; i < c->sources.count && node; i++, node = node->next) {
        struct config_source *s = &c->sources.items[i];
        _err_ struct err *wrong = NULL;
        if (s->url && check_url(s->url, &wrong)) {
            const struct node *at = node_get(node, "url");
            config_fault(r, at->line, at->col, "sources[%zu].url: %s", i, err_message(wrong));
        }
        s->url = resolve_url(r, s->url);
        if (s->name && config_find(c, s->name) != s)
            config_fault(r, node->line, node->col, "two sources are called %s", s->name);
    }
}

static void read_config(struct config_reader *r, const struct node *root, bool *seen)
{
    if (*seen) {
        config_fault(r, root->line, root->col, "a second document of kind Config");
        return;
    }
    *seen = true;
    struct config_document doc = {.config = *r->config};
    struct config *into = r->config;
    /* what is read meanwhile is owned by *r->config; take the list of it back afterwards */
    config_read_map(r, root, config_fields, &doc);
    doc.config.owned = into->owned;
    doc.config.owned_count = into->owned_count;
    doc.config.owned_cap = into->owned_cap;
    doc.config.exports = into->exports;
    doc.config.export_count = into->export_count;
    *into = doc.config;
    check_sources(r, root);
}

static void read_export(struct config_reader *r, const struct node *root)
{
    struct export_document doc = {0};
    config_read_map(r, root, export_fields, &doc);
    int targets =
        doc.export.to_log + (doc.export.secret.name != NULL) + (doc.export.config_map.name != NULL);
    if (!r->faults && targets != 1)
        config_fault(r, root->line, root->col,
                     "spec.to: one of log: true, secret, configMap belongs here");
    struct config *c = r->config;
    c->exports = xrealloc(c->exports, (c->export_count + 1) * sizeof(*c->exports));
    c->exports[c->export_count++] = doc.export;
}

static void read_document(struct config_reader *r, const struct node *root, bool *seen)
{
    static const char *const kinds[] = {"Config", "Export", NULL};
    const char *version = node_str(node_get(root, "apiVersion"));
    const char *kind = node_str(node_get(root, "kind"));
    if (root->type != NODE_MAP || !version || !kind) {
        config_fault(r, root->line, root->col,
                     "a document begins with apiVersion: " API_VERSION
                     " and kind: Config or Export");
        return;
    }
    const struct node *at = node_get(root, "apiVersion");
    if (strcmp(version, API_VERSION) != 0) {
        config_fault(r, at->line, at->col, "apiVersion: this program knows " API_VERSION " alone");
        return;
    }
    at = node_get(root, "kind");
    if (strcmp(kind, "Config") == 0)
        read_config(r, root, seen);
    else if (strcmp(kind, "Export") == 0)
        read_export(r, root);
    else if (nearest_of(kind, kinds))
        config_fault(r, at->line, at->col, "kind: Config or Export belongs here (did you mean %s?)",
                     nearest_of(kind, kinds));
    else
        config_fault(r, at->line, at->col, "kind: Config or Export belongs here");
}

static void ignore_note(void *ctx _unused_, uint32_t line _unused_, uint32_t col _unused_,
                        const char *message _unused_)
{
}

/* One part of the file; JSON is read by the YAML parser, of which it is a part. */
static void read_part(struct config_reader *r, const struct part *part, struct arena *arena,
                      bool *seen)
{
    struct parse_error e = {0};
    struct parse_sink sink = {.note = ignore_note};
    struct yaml_document doc = {0};
    if (part->kind == PART_BAD || part->kind == PART_TORN) {
        config_fault(r, part->line, part->col, "%s", part->message ? part->message : "unreadable");
        return;
    }
    struct yaml_reader *reader = yaml_reader_new();
    int rc = documents_check(part, &e);
    if (rc == 0)
        rc = yaml_read(reader, arena, part->text, part->len, part->line, &sink, &doc, &e);
    if (rc)
        config_fault(r, e.line, e.col, "%s", e.message);
    else if (doc.more)
        config_fault(r, doc.end.line, doc.end.col, "%s", doc.end.message);
    else if (doc.root && doc.root->type != NODE_NULL)
        read_document(r, doc.root, seen);
    yaml_reader_free(reader);
}

static void read_parts(struct config_reader *r, const char *text, size_t len)
{
    struct documents d;
    struct part part;
    bool seen = false;
    documents_init(&d, text, len, false);
    while (documents_next(&d, &part)) {
        if (part.kind == PART_JSON) {
            documents_not_json(&d);
            continue;
        }
        struct arena *arena = arena_new();
        read_part(r, &part, arena, &seen);
        arena_free(arena);
    }
    if (!seen && !r->faults)
        config_fault(r, 0, 0, "no document of kind Config in it");
}

static void each_key(const struct config_field *fields, const char *above,
                     void (*found)(void *ctx, const char *key, const char *fallback), void *ctx)
{
    for (const struct config_field *f = fields; f->name; f++) {
        _free_ char *key = xasprintf("%s%s%s", above, *above ? "." : "", f->name);
        found(ctx, key, f->fallback);
        if (f->fields)
            each_key(f->fields, key, found, ctx);
    }
}

void config_each_key(void (*found)(void *ctx, const char *key, const char *fallback), void *ctx)
{
    each_key(config_fields, "", found, ctx);
}

void config_defaults(struct config *out)
{
    struct config_document doc = {0};
    config_fill(&doc.config, config_fields, &doc);
    *out = doc.config;
}

int config_parse(const char *file, const char *text, size_t len, struct config *out,
                 struct err **err)
{
    struct config_reader r = {.file = file, .config = out};
    struct parse_error e = {0};
    const char *clean = text;
    size_t clean_len = len;
    config_defaults(out);
    _free_ char *owned = documents_text(text, len, &clean, &clean_len, &e);
    if (!owned && e.message[0])
        config_fault(&r, e.line, e.col, "%s", e.message);
    else
        read_parts(&r, clean, clean_len);
    if (!r.faults)
        return 0;
    if (r.faults > 1) {
        char *first = steal(r.first->message);
        r.first->message =
            xasprintf("%s (and %zu more fault%s)", first, r.faults - 1, r.faults == 2 ? "" : "s");
        free(first);
    }
    config_free(out);
    return err_move(err, &r.first);
}

int config_load(const char *file, struct config *out, struct err **err)
{
    *out = (struct config){0};
    FILE *in = fopen(file, "re");
    if (!in)
        return err_errno(err, ERR_USAGE, errno, "%s", file);
    char *text = xmalloc(LIMIT_CONFIG_BYTES + 1);
    errno = 0;
    size_t len = fread(text, 1, LIMIT_CONFIG_BYTES + 1, in);
    int rc;
    if (ferror(in))
        rc = err_errno(err, ERR_USAGE, errno, "%s", file);
    else if (len > LIMIT_CONFIG_BYTES)
        rc = err_set(err, ERR_USAGE, "%s: larger than %lu bytes", file, LIMIT_CONFIG_BYTES);
    else
        rc = config_parse(file, text, len, out, err);
    fclose(in);
    free(text);
    return rc;
}

const struct config_source *config_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->sources.count; i++) {
        const char *s = config->sources.items[i].name;
        if (s && strcmp(s, name) == 0)
            return &config->sources.items[i];
    }
    return NULL;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->owned_count; i++)
        free(config->owned[i]);
    free(config->owned);
    free(config->exports);
    *config = (struct config){0};
}
