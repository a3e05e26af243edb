#include "providers/kubernetes/own_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "core/alloc.h"

#define NAME_BYTES 253

/*
 * A form is matched byte by byte, but for
 *   %o  the name of the object that the answer is about
 *   %r  the resource: a Secret is what this is for, or its namespace
 *   %n  a name as Kubernetes gives it to objects, and %e the same or nothing
 *   %u  a user
 *   %q  amounts of a quota: "count/secrets=1,secrets=1"
 *   %v  a verb
 */
static const char *const forms[] = {
    "%r \"%o\" is forbidden: User \"%u\" cannot %v resource \"%r\" in API group \"%e\" in the "
    "namespace \"%n\"",
    "%r \"%o\" is forbidden: User \"%u\" cannot %v resource \"%r\" in API group \"%e\" at the "
    "cluster scope",
    "%r is forbidden: User \"%u\" cannot %v resource \"%r\" in API group \"%e\" in the namespace "
    "\"%n\"",
    "%r is forbidden: User \"%u\" cannot %v resource \"%r\" in API group \"%e\" at the cluster "
    "scope",
    "%r \"%o\" is forbidden: exceeded quota: %n, requested: %q, used: %q, limited: %q",
    "%r \"%o\" is forbidden: unable to create new content in namespace %n because it is being "
    "terminated",
    "%r \"%o\" not found",
    "%r \"%o\" already exists",
    "Operation cannot be fulfilled on %r \"%o\": the object has been modified; please apply your "
    "changes to the latest version and try again",
    "Internal error occurred: failed calling webhook \"%n\"",
    "Forbidden: field is immutable when `immutable` is set",
};

static size_t span_name(const char *s)
{
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.");
}

/* As names of accounts are written: certificates, service accounts, addresses. */
static size_t span_user(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || (s[n] && strchr("-._:@/", s[n])))
        n++;
    return n;
}

/* The longest of the words that the text begins with. */
static size_t span_word(const char *s, const char *const *words)
{
    for (; *words; words++) {
        if (!strncmp(s, *words, strlen(*words)))
            return strlen(*words);
    }
    return 0;
}

/* What a quota counts of Secrets, and how many, and that again after a comma. */
static size_t span_amounts(const char *s)
{
    static const char *const counted[] = {"count/secrets=", "secrets=", NULL};
    const char *p = s;
    for (;;) {
        size_t key = span_word(p, counted);
        size_t digits = strspn(p + key, "0123456789");
        if (!key || !digits || digits > 9)
            return 0;
        p += key + digits;
        if (p[0] == 'k')
            p++;
        if (p[0] != ',' || p[1] == ' ')
            return (size_t)(p - s);
        p++;
    }
}

/* How much of the text is what stands for `what`; false: none of it. */
static bool take(char what, const char *s, const char *name, size_t *len)
{
    static const char *const resources[] = {"secrets", "namespaces", NULL};
    switch (what) {
    case 'r':
        *len = span_word(s, resources);
        break;
    case 'o':
        *len = name ? strlen(name) : 0;
        return *len && *len == span_name(s) && !strncmp(s, name, *len);
    case 'e':
        *len = span_name(s);
        return *len <= NAME_BYTES;
    case 'u':
        *len = span_user(s);
        break;
    case 'q':
        *len = span_amounts(s);
        return *len > 0;
    case 'v':
        *len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
        break;
    default:
        *len = span_name(s);
    }
    return *len && *len <= NAME_BYTES;
}

/* How many bytes of the message are of the form; 0: it is not. */
static size_t matched(const char *form, const char *message, const char *name)
{
    const char *s = message;
    for (; *form; form++) {
        size_t len = 1;
        if (*form == '%') {
            if (!take(*++form, s, name, &len))
                return 0;
        } else if (*s != *form) {
            return 0;
        }
        s += len;
    }
    return (size_t)(s - message);
}

char *own_text(const char *message, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        size_t len = matched(forms[i], message, name);
        /* what follows is another's: an authorizer's, a webhook's */
        if (len && (!message[len] || strchr(":\r\n", message[len])))
            return xstrndup(message, len);
    }
    return NULL;
}
