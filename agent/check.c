#include "check.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/limits.h"
#include "options.h"
#include "survey.h"

/*
 * As a dry run: it is answered all the same, and an admission policy that holds the account to dry
 * runs lets it through.
 */
#define REVIEW_PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?dryRun=All"

enum right { RIGHT_NOT_NEEDED, RIGHT_NO, RIGHT_YES, RIGHT_UNKNOWN };

struct check {
    struct survey survey;
    struct access *access;
    enum right (*rights)[ACCESS_VERBS]; /* of each rule */
    size_t waiting;
    struct err *err; /* the first review that could not be had */
};

struct question {
    struct check *check;
    size_t rule;
    unsigned verb;
};

static void on_review(void *ctx, const struct kube_answer *answer)
{
    struct question *q = ctx;
    struct check *c = q->check;
    enum right *right = &c->rights[q->rule][q->verb];
    struct err _err_ *err = NULL;
    const json_t *allowed = json_at(answer->object, "status", "allowed", NULL);
    *right = RIGHT_UNKNOWN;
    if (kube_answer_err(answer, "SelfSubjectAccessReview", &err)) {
        if (!c->err)
            c->err = steal(err);
    } else if (json_is_boolean(allowed)) {
        *right = json_is_true(allowed) ? RIGHT_YES : RIGHT_NO;
    }
    free(q);
    if (!--c->waiting)
        ev_break(c->survey.loop, EVBREAK_ALL);
}

static void ask(struct check *c, size_t rule, unsigned verb)
{
    const struct access_rule *r = &c->access->items[rule];
    json_auto_t *review = json_object();
    json_t *spec = json_object(), *attributes = json_object();
    json_put_str(review, "apiVersion", "authorization.k8s.io/v1");
    json_put_str(review, "kind", "SelfSubjectAccessReview");
    json_put(review, "spec", spec);
    json_put(spec, "resourceAttributes", attributes);
    if (r->namespace)
        json_put_str(attributes, "namespace", r->namespace);
    json_put_str(attributes, "group", r->group);
    json_put_str(attributes, "resource", r->plural);
    json_put_str(attributes, "verb", access_verb_name(verb));
    _free_ char *body = json_text(review, 0);
    struct question *q = xcalloc(1, sizeof(*q));
    *q = (struct question){c, rule, verb};
    c->waiting++;
    kube_send(c->survey.client, &(struct kube_request){
                                    .method = "POST",
                                    .path = REVIEW_PATH,
                                    .content_type = "application/json",
                                    .body = body,
                                    .body_len = strlen(body),
                                    .done = on_review,
                                    .ctx = q,
                                });
}

static void ask_all(struct check *c)
{
    c->rights = xcalloc(c->access->count + 1, sizeof(*c->rights));
    for (size_t i = 0; i < c->access->count; i++) {
        for (unsigned verb = 0; verb < ACCESS_VERBS; verb++) {
            if (c->access->items[i].verbs & 1U << verb)
                ask(c, i, verb);
        }
    }
    if (c->waiting)
        ev_run(c->survey.loop, 0);
}

static bool has(const struct check *c, size_t rule, unsigned verbs, enum right right)
{
    for (unsigned verb = 0; verb < ACCESS_VERBS; verb++) {
        if ((verbs & 1U << verb) && c->rights[rule][verb] == right)
            return true;
    }
    return false;
}

static char *kind_text(const struct access_rule *r)
{
    return xasprintf("%s%s%s", r->kind, *r->group ? "." : "", r->group);
}

static void print_table(const struct check *c)
{
    static const char *const words[] = {"-", "no", "yes", "?"};
    int kind_width = 4, scope_width = 9;
    for (size_t i = 0; i < c->access->count; i++) {
        const struct access_rule *r = &c->access->items[i];
        int kind = (int)(strlen(r->kind) + strlen(r->group)) + 1;
        int scope = r->namespace ? (int)strlen(r->namespace) : 0;
        kind_width = kind > kind_width ? kind : kind_width;
        scope_width = scope > scope_width ? scope : scope_width;
    }
    printf("%-*s  %-*s  get  list  watch  patch  create\n", kind_width, "KIND", scope_width,
           "NAMESPACE");
    for (size_t i = 0; i < c->access->count; i++) {
        const struct access_rule *r = &c->access->items[i];
        const enum right *right = c->rights[i];
        _free_ char *kind = kind_text(r);
        printf("%-*s  %-*s  %-3s  %-4s  %-5s  %-5s  %s\n", kind_width, kind, scope_width,
               r->namespace ? r->namespace : "(cluster)", words[right[0]], words[right[1]],
               words[right[2]], words[right[3]], words[right[4]]);
    }
}

static void print_sources(const struct check *c)
{
    for (size_t i = 0; i < c->survey.count; i++) {
        const struct survey_source *s = &c->survey.sources[i];
        if (!s->set)
            printf("source %s: could not be read\n", s->source->name);
        else
            printf("source %s: %zu object%s, %s\n", s->source->name, s->set->count,
                   s->set->count == 1 ? "" : "s",
                   s->set->revision ? s->set->revision : "as the folder lies");
    }
}

/* Sources of which something is not in the table. */
static size_t count_unread(const struct check *c)
{
    size_t unread = 0;
    for (size_t i = 0; i < c->survey.count; i++) {
        const struct desired_set *set = c->survey.sources[i].set;
        unread += !set || set->errors;
    }
    return unread;
}

/* What the table means, in a line; how many rules may not be read. */
static size_t print_summary(const struct check *c)
{
    size_t denied = 0, unjudged = 0, unread = count_unread(c);
    for (size_t i = 0; i < c->access->count; i++) {
        denied += has(c, i, ACCESS_READ, RIGHT_NO);
        unjudged += c->access->items[i].compared && !has(c, i, ACCESS_PATCH, RIGHT_YES);
    }
    if (denied)
        printf("%zu of %zu may not be read: what is declared there will be unknown\n", denied,
               c->access->count);
    else if (!unread)
        printf("all of it may be read\n");
    else if (c->access->count)
        printf("what is in this table may be read\n");
    if (unread)
        printf("%zu of %zu source%s could not be read whole: what else it takes is not known\n",
               unread, c->survey.count, c->survey.count == 1 ? "" : "s");
    if (unjudged)
        printf("%zu without dry runs: compared without the server's help (unjudged)\n", unjudged);
    return denied;
}

/* Without it nobody can ask for a read. */
static size_t check_token(const struct check *c)
{
    const char *file = c->survey.config.http.token_file;
    if (!file)
        return 0;
    _free_ char *token = xcalloc(1, LIMIT_TOKEN_BYTES + 1);
    _close_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, token, LIMIT_TOKEN_BYTES);
    if (n < 0)
        fprintf(stderr, "holdfast: http.tokenFile: %s: %s\n", file, strerror(errno));
    else if (!strcspn(token, "\r\n"))
        fprintf(stderr, "holdfast: http.tokenFile: %s is empty\n", file);
    else
        return 0;
    return 1;
}

static int run(struct check *c)
{
    size_t refused;
    size_t errors = survey_overlaps(&c->survey) + check_token(c);
    errors += survey_problems(&c->survey);
    c->access = survey_access(&c->survey, SURVEY_ASK, &refused);
    ask_all(c);
    print_sources(c);
    print_table(c);
    size_t denied = print_summary(c);
    if (c->err)
        fprintf(stderr, "holdfast: %s\n", err_message(c->err));
    return errors || refused || c->err ? EXIT_ERROR : denied ? EXIT_BLOCKED : 0;
}

int agent_check(const struct options *o)
{
    struct check c = {0};
    struct err _err_ *err = NULL;
    int status = EXIT_ERROR;
    if (survey_run(&c.survey, o, true, &err))
        fprintf(stderr, "holdfast: %s\n", err_message(err));
    else
        status = run(&c);
    access_free(c.access);
    free(c.rights);
    err_free(c.err);
    survey_free(&c.survey);
    return status;
}
