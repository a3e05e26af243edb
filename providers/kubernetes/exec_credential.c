#include "providers/kubernetes/exec_credential.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/proxy.h"
#include "providers/kubernetes/tls_files.h"

static json_t *cluster_info(const struct kubeconfig *config)
{
    json_t *c = json_object();
    json_put_str(c, "server", config->server);
    if (config->tls_server_name)
        json_put_str(c, "tls-server-name", config->tls_server_name);
    if (config->insecure)
        json_put(c, "insecure-skip-tls-verify", json_true());
    if (config->ca_pem) {
        _free_ char *data = hash_base64(config->ca_pem, strlen(config->ca_pem));
        json_put_str(c, "certificate-authority-data", data);
    }
    _free_ char *proxy = config->proxy ? xstrdup(config->proxy) : proxy_from_env(config->server);
    if (proxy)
        json_put_str(c, "proxy-url", proxy);
    if (config->exec->cluster_config)
        json_put(c, "config", json_incref(config->exec->cluster_config));
    return c;
}

char *exec_credential_info(const struct kubeconfig *config)
{
    json_auto_t *info = json_object();
    json_t *spec = json_object();
    json_put_str(info, "kind", "ExecCredential");
    json_put_str(info, "apiVersion", config->exec->api_version);
    if (config->exec->cluster_info)
        json_put(spec, "cluster", cluster_info(config));
    json_put(spec, "interactive", json_false()); /* there is nobody to ask */
    json_put(info, "spec", spec);
    return json_text(info, 0);
}

static char *text_of(const json_t *status, const char *key)
{
    const char *s = json_str_at(status, key, NULL);
    return s && *s ? xstrdup(s) : NULL;
}

static int check_kind(const json_t *answer, const char *api_version, struct err **err)
{
    const char *kind = json_str_at(answer, "kind", NULL);
    const char *version = json_str_at(answer, "apiVersion", NULL);
    if (!kind || strcmp(kind, "ExecCredential") != 0 || !version)
        return err_set(err, ERR_AUTH, "its output is not an ExecCredential in JSON");
    if (!strcmp(version, api_version))
        return 0;
    if (strcmp(version, "client.authentication.k8s.io/v1") != 0 &&
        strcmp(version, "client.authentication.k8s.io/v1beta1") != 0)
        return err_set(err, ERR_AUTH, "its output has another apiVersion than %s", api_version);
    return err_set(err, ERR_AUTH,
                   "it answers %s, and the kubeconfig says %s: write %s into the user's exec",
                   version, api_version, version);
}

int exec_credential_parse(const char *text, size_t len, const char *api_version,
                          struct exec_credential *out, struct err **err)
{
    *out = (struct exec_credential){0};
    /* not json_parse(): its message would quote what stands near the fault */
    json_auto_t *answer = json_loadb(text, len, 0, NULL);
    if (check_kind(answer, api_version, err))
        return -1;
    const json_t *status = json_object_get(answer, "status");
    if (!json_is_object(status))
        return err_set(err, ERR_AUTH, "its ExecCredential has no status");
    out->token = text_of(status, "token");
    out->cert_pem = text_of(status, "clientCertificateData");
    out->key_pem = text_of(status, "clientKeyData");
    if (!out->token && !out->cert_pem && !out->key_pem)
        return err_set(err, ERR_AUTH, "its ExecCredential has neither a token nor a certificate");
    if (!out->cert_pem != !out->key_pem)
        return err_set(err, ERR_AUTH, "its ExecCredential has only one of certificate and key");
    for (const char *c = out->token; c && *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return err_set(err, ERR_AUTH, "its token has a control character in it");
    }
    const char *expires = json_str_at(status, "expirationTimestamp", NULL);
    if (expires && clock_parse(expires, &out->expires))
        return err_set(err, ERR_AUTH, "its expirationTimestamp is not a time as RFC 3339 has it");
    return out->cert_pem ? tls_pair_check(out->cert_pem, out->key_pem, NULL, err) : 0;
}

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void exec_credential_clear(struct exec_credential *c)
{
    wipe(c->token);
    free(c->cert_pem);
    wipe(c->key_pem);
    *c = (struct exec_credential){0};
}
