/* What an answer that is no use means: who said it, to whom, and what to do. */
#include "providers/kubernetes/client.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

static enum err_kind kind_of(long status)
{
    switch (status) {
    case 401:
    case 403:
        return ERR_AUTH;
    case 404:
    case 410:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 429:
        return ERR_RETRY;
    default:
        return status >= 500 ? ERR_RETRY : ERR_INVALID;
    }
}

/* "kubeconfig context c, user u" */
static char *who(const struct kube_answer *answer)
{
    const char *user = answer->user;
    return xasprintf("kubeconfig context %s%s%s", answer->context ? answer->context : "",
                     user ? ", user " : "", user ? user : "");
}

static const char *server_of(const struct kube_answer *answer)
{
    return answer->server ? answer->server : "the API server";
}

char *kube_answer_sign_in(const struct kube_answer *answer)
{
    _free_ char *by = who(answer);
    return xasprintf("HTTP 401: %s does not accept the sign-in (%s): %s", server_of(answer), by,
                     answer->advice ? answer->advice : "is it still valid?");
}

int kube_answer_err(const struct kube_answer *answer, const char *what, struct err **err)
{
    if (answer->err)
        return err_set(err, answer->err->kind, "%s: %s", what, err_message(answer->err));
    long s = answer->status;
    if (s >= 200 && s < 300)
        return 0;
    if (s == 401) {
        _free_ char *why = kube_answer_sign_in(answer);
        return err_set(err, ERR_AUTH, "%s: %s", what, why);
    }
    _free_ char *by = who(answer);
    const char *server = server_of(answer);
    if (!answer->object)
        return err_set(err, kind_of(s),
                       "%s: HTTP %ld from %s (%s), and the answer is not the Kubernetes API's: see "
                       "the server's URL and proxy",
                       what, s, server, by);
    /* only the texts of refusals that name no values; one line of them */
    bool plain = (s == 403 || s == 404) && strcmp(answer->message, answer->reason) != 0;
    int len = plain ? (int)strcspn(answer->message, "\r\n") : 0;
    return err_set(err, kind_of(s), "%s: HTTP %ld%s%s%s%.*s, from %s (%s)", what, s,
                   *answer->reason ? " " : "", answer->reason, len ? ": " : "", len,
                   answer->message, server, by);
}
