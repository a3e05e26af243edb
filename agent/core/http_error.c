/* What libcurl's result of a transfer means: one line that a person can act on, and a kind. */
#include "core/http_internal.h"

#include <ctype.h>
#include <string.h>

#include "core/alloc.h"

/* libcurl's own text for the failure, as one clean line. */
static const char *detail(struct http_call *call)
{
    for (char *c = call->text; *c; c++) {
        if (iscntrl((unsigned char)*c))
            *c = ' ';
    }
    size_t len = strlen(call->text);
    while (len && call->text[len - 1] == ' ')
        call->text[--len] = '\0';
    return len ? call->text : curl_easy_strerror(call->result);
}

static const char *os_error(struct http_call *call)
{
    long code = 0;
    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &code);
    return code ? strerror((int)code) : detail(call);
}

static void judge_certificate(struct http_call *call)
{
    const struct http_target *t = call->target;
    const char *option = t->ca_option ? t->ca_option : "the certificate authority";
    /* CURLINFO_SSL_VERIFYRESULT does not tell the two apart: the name is checked before it is set
     */
    const char *why = detail(call);
    if (!strstr(why, "subject name"))
        err_set(&call->err, ERR_AUTH,
                "%s: the server's certificate is not trusted (%s): set %s to the CA that signed it",
                call->host, why, option);
    else
        err_set(&call->err, ERR_AUTH,
                "%s: the server's certificate is for another name (%s): see the server's URL "
                "and tls-server-name",
                call->host, why);
}

static void judge_timeout(struct http_call *call)
{
    curl_off_t bytes = 0;
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    if (strstr(call->text, "bytes/sec"))
        err_set(&call->err, ERR_RETRY,
                "%s: stalled: no data for %ld s, after %" CURL_FORMAT_CURL_OFF_T " bytes",
                call->host, call->stall_s, bytes);
    else if (!call->connected)
        err_set(&call->err, ERR_RETRY, "%s: cannot connect: timed out", call->host);
    else
        err_set(&call->err, ERR_RETRY, "%s: no whole answer within %g s", call->host,
                (double)call->timeout_ms / 1000.0);
}

/* TLS failed without a verdict on the server's certificate. */
static void judge_tls(struct http_call *call)
{
    const char *why = detail(call);
    if (strstr(why, "alert") && (strstr(why, "certificate") || strstr(why, "unknown ca")))
        err_set(&call->err, ERR_AUTH, "%s: the server refused our client certificate (%s)",
                call->host, why);
    else if (strstr(why, "wrong version number"))
        err_set(&call->err, ERR_FATAL, "%s: does not speak TLS on this port (%s)", call->host, why);
    else
        err_set(&call->err, ERR_RETRY, "%s: %s", call->host, why);
}

/* The proxy's part in the failure, if it was its. */
static bool judge_proxy(struct http_call *call)
{
    long code = 0;
    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &code);
    if (!call->proxy)
        return false;
    if (call->result == CURLE_COULDNT_CONNECT)
        err_set(&call->err, ERR_RETRY, "%s: cannot connect to the proxy %s: %s", call->host,
                call->proxy, os_error(call));
    else if (call->result == CURLE_COULDNT_RESOLVE_PROXY || call->result == CURLE_PROXY)
        err_set(&call->err, ERR_RETRY, "%s: the proxy %s: %s", call->host, call->proxy,
                detail(call));
    else if (code == 407)
        err_set(&call->err, ERR_AUTH,
                "%s: the proxy %s answered 407: it wants a user and a password: put the right "
                "ones into the proxy's URL (http://user:password@host:port)",
                call->host, call->proxy);
    else if (code >= 300)
        err_set(&call->err, code >= 500 ? ERR_RETRY : ERR_AUTH,
                "%s: the proxy %s answered %ld: it does not connect us to this server", call->host,
                call->proxy, code);
    return call->err != NULL;
}

void http_call_judge(struct http_call *call)
{
    if (call->err || call->result == CURLE_OK || judge_proxy(call))
        return;
    switch (call->result) {
    case CURLE_PEER_FAILED_VERIFICATION:
        judge_certificate(call);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        judge_timeout(call);
        return;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        judge_tls(call);
        return;
    case CURLE_COULDNT_CONNECT:
        err_set(&call->err, ERR_RETRY, "%s: cannot connect: %s", call->host, os_error(call));
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
        err_set(&call->err, ERR_RETRY,
                "%s: no address is known for this host: check its name, and this machine's name "
                "servers",
                call->host);
        return;
    case CURLE_SEND_FAIL_REWIND:
        err_set(&call->err, ERR_RETRY,
                "%s: the connection was closed after the request was sent: whether it was done is "
                "unknown",
                call->host);
        return;
    case CURLE_SSL_CERTPROBLEM:
        err_set(&call->err, ERR_AUTH, "%s: our client certificate or key cannot be used (%s)",
                call->host, detail(call));
        return;
    case CURLE_SSL_CACERT_BADFILE:
        err_set(&call->err, ERR_FATAL, "%s: the CA cannot be used (%s): see %s", call->host,
                detail(call),
                call->target->ca_option ? call->target->ca_option : "the certificate authority");
        return;
    case CURLE_UNSUPPORTED_PROTOCOL:
        /* libcurl 7.88 says "HTTP/0.9" where it put a request on an HTTP/2 connection that the
         * server was just closing (GOAWAY, which an API server sends after each 401) */
        err_set(&call->err, strstr(call->text, "HTTP/0.9") ? ERR_RETRY : ERR_FATAL, "%s: %s",
                call->host, detail(call));
        return;
    case CURLE_URL_MALFORMAT:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_OUT_OF_MEMORY:
        err_set(&call->err, ERR_FATAL, "%s: %s", call->host, detail(call));
        return;
    default: /* resets, cut answers, HTTP/2 stream errors */
        err_set(&call->err, ERR_RETRY, "%s: %s", call->host, detail(call));
        return;
    }
}
