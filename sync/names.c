#include "sync/names.h"

#include <stdbool.h>
#include <string.h>

#include "core/limits.h"

#define LABEL_BYTES     63
#define SUBDOMAIN_BYTES 253

#define STRINGIFY_(x)   #x
#define STRINGIFY(x)    STRINGIFY_(x)
#define TOO_LONG                                                                                   \
    "has more than " STRINGIFY(LIMIT_NAME_BYTES) " bytes: no such name can be asked for"

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A DNS label of `len` bytes. */
static bool is_label(const char *s, size_t len)
{
    if (len == 0 || len > LABEL_BYTES || !is_lower(s[0]) || !is_lower(s[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_lower(s[i]) && s[i] != '-')
            return false;
    }
    return true;
}

/* Labels with dots between; each of them may be longer than one alone, as for the server. */
static bool is_subdomain(const char *s, size_t len)
{
    if (len == 0 || len > SUBDOMAIN_BYTES)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool edge = i == 0 || i + 1 == len || s[i - 1] == '.' || s[i + 1] == '.';
        if (s[i] == '.' ? edge : !is_lower(s[i]) && (edge || s[i] != '-'))
            return false;
    }
    return true;
}

const char *names_wrong_name(const char *name)
{
    if (strlen(name) > LIMIT_NAME_BYTES)
        return TOO_LONG;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "may not be \".\" or \"..\", which lead elsewhere in a URL: write a name";
    if (strpbrk(name, "/%"))
        return "may not hold \"/\" or \"%\", which lead elsewhere in a URL: write a name";
    return NULL;
}

const char *names_wrong_namespace(const char *namespace)
{
    if (is_label(namespace, strlen(namespace)))
        return NULL;
    return "is no name of a namespace (lower case letters, digits and \"-\", at most 63): correct "
           "it";
}

const char *names_wrong_api_version(const char *api_version)
{
    const char *slash = strchr(api_version, '/');
    const char *version = slash ? slash + 1 : api_version;
    if ((!slash || is_subdomain(api_version, (size_t)(slash - api_version))) &&
        is_label(version, strlen(version)))
        return NULL;
    return "is no VERSION or GROUP/VERSION (lower case letters, digits, \"-\" and \".\"): correct "
           "it";
}

const char *names_wrong_kind(const char *kind)
{
    return strlen(kind) > LIMIT_NAME_BYTES ? TOO_LONG : NULL; /* it stands in no URL */
}

static const struct node *wrong_version(const struct node *versions)
{
    const struct node *v = versions && versions->type == NODE_LIST ? versions->first : NULL;
    for (; v; v = v->next) {
        const struct node *name = node_get(v, "name");
        const char *text = node_str(name);
        if (text && !is_label(text, strlen(text)))
            return name;
    }
    return NULL;
}

const struct node *names_wrong_crd(const struct node *root, const char **path, const char **wrong)
{
    const struct node *spec = node_get(root, "spec");
    const struct node *group = node_get(spec, "group"), *names = node_get(spec, "names");
    const struct node *plural = node_get(names, "plural");
    const char *text = node_str(group);
    if (text && !is_subdomain(text, strlen(text))) {
        *path = "spec.group";
        *wrong = "is no DNS name (lower case letters, digits, \"-\" and \".\"): correct it";
        return group;
    }
    *wrong = "is no DNS label (lower case letters, digits and \"-\", at most 63): correct it";
    text = node_str(plural);
    *path = "spec.names.plural";
    if (text && !is_label(text, strlen(text)))
        return plural;
    *path = "spec.versions name";
    return wrong_version(node_get(spec, "versions"));
}
