/* holdfast rbac [--report] SOURCE: the rights that a source's kinds need, as RBAC objects. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/limits.h"
#include "options.h"
#include "survey.h"
#include "terminal.h"

#define NAME "holdfast"

/* NAMESPACE/NAME, both names that Kubernetes takes. */
static int read_account(const char *text, char **namespace, char **name)
{
    const char *slash = strchr(text, '/');
    if (slash) {
        *namespace = xstrndup(text, (size_t)(slash - text));
        *name = xstrdup(slash + 1);
        if (access_is_label(*namespace) && access_is_name(*name))
            return 0;
    }
    fprintf(stderr, "holdfast: --account %s: NAMESPACE/NAME of a service account belongs here\n",
            text);
    return -1;
}

static void heading(struct buf *b, const struct options *o, const struct access *a)
{
    buf_addf(b,
             "# Made by `holdfast rbac%s`: what holdfast needs to %s, and no other right.\n"
             "# Make it anew when the source brings other kinds or namespaces.\n",
             o->report ? " --report" : "",
             o->report ? "compare this source by dry runs" : "read what this source declares");
    if (o->report)
        buf_add_str(b, "# patch and create are for dry runs; the admission policy of "
                       "deploy/kubernetes holds the account to them.\n");
    if (!a->count)
        buf_add_str(b, "# The source declares no object, so no right is needed.\n");
}

static int print(const struct options *o, const struct survey *s, const char *account_namespace,
                 const char *account)
{
    size_t refused;
    struct access *a = survey_access(s, o->report ? SURVEY_REPORT : SURVEY_LOOK, &refused);
    struct buf _buf_ b = BUF_INIT(LIMIT_JSON_BYTES);
    heading(&b, o, a);
    int full = refused ? 0 : access_write(&b, a, account, account_namespace, account);
    access_free(a);
    if (refused)
        return EXIT_ERROR;
    if (full) {
        fprintf(stderr, "holdfast: the roles are larger than %lu bytes\n", LIMIT_JSON_BYTES);
        return EXIT_ERROR;
    }
    return fwrite(b.data, 1, b.len, stdout) == b.len ? 0 : EXIT_ERROR;
}

int cmd_rbac(const struct options *o)
{
    _free_ char *account_namespace = NULL;
    _free_ char *account = NULL;
    if (read_account(o->account ? o->account : NAME "/" NAME, &account_namespace, &account))
        return EXIT_ERROR;
    struct survey s;
    struct err _err_ *err = NULL;
    int status = EXIT_ERROR;
    if (survey_run(&s, o, false, &err)) {
        terminal_error("%s", err_message(err));
    } else {
        if (!s.discovery)
            fprintf(stderr,
                    "holdfast: without a cluster (%s): plural names are those of "
                    "Kubernetes' own kinds and of the source's CRDs\n",
                    s.no_cluster);
        if (o->report && (strcmp(account_namespace, NAME) != 0 || strcmp(account, NAME) != 0))
            fprintf(stderr,
                    "holdfast: the admission policy of deploy/kubernetes holds the account " NAME
                    "/" NAME " to dry runs: put system:serviceaccount:%s:%s into its "
                    "matchConditions\n",
                    account_namespace, account);
        if (!survey_problems(&s))
            status = print(o, &s, account_namespace, account);
    }
    survey_free(&s);
    return status;
}
