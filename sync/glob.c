#include "sync/glob.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

enum token_type { TOKEN_CHAR, TOKEN_ONE, TOKEN_SET, TOKEN_STAR, TOKEN_ALL, TOKEN_FOLDERS };

struct token {
    enum token_type type;
    char c;
    const char *set; /* after "[" */
    size_t set_len;  /* up to "]" */
};

/* The end of a set that begins after "[", or NULL. "]" directly at the beginning is a member. */
static const char *set_end(const char *p)
{
    if (*p == '!' || *p == '^')
        p++;
    if (*p == ']')
        p++;
    for (; *p && *p != ']'; p++) {
        if (*p == '\\' && p[1])
            p++;
    }
    return *p ? p : NULL;
}

static bool set_has(const char *set, size_t len, char c)
{
    size_t i = 0;
    bool negate = len && (set[0] == '!' || set[0] == '^');
    if (negate)
        i++;
    bool found = false;
    while (i < len) {
        if (set[i] == '\\' && i + 1 < len)
            i++;
        unsigned char low = (unsigned char)set[i++], high = low;
        if (i + 1 < len && set[i] == '-') {
            high = (unsigned char)set[i + 1];
            i += 2;
        }
        if ((unsigned char)c >= low && (unsigned char)c <= high)
            found = true;
    }
    return found != negate && c != '/';
}

/* One token at *p; `fresh`: a path component begins here. */
static struct token next_token(const char **p, bool fresh)
{
    const char *s = *p;
    if (s[0] == '*') {
        size_t n = strspn(s, "*");
        *p = s + n;
        if (!fresh || n != 2)
            return (struct token){.type = TOKEN_STAR};
        if (s[2] == '/') {
            *p = s + 3;
            return (struct token){.type = TOKEN_FOLDERS};
        }
        return (struct token){.type = s[2] ? TOKEN_STAR : TOKEN_ALL};
    }
    *p = s + 1;
    if (s[0] == '?')
        return (struct token){.type = TOKEN_ONE};
    const char *end = s[0] == '[' ? set_end(s + 1) : NULL;
    if (end) {
        *p = end + 1;
        return (struct token){.type = TOKEN_SET, .set = s + 1, .set_len = (size_t)(end - s - 1)};
    }
    if (s[0] == '\\' && s[1]) {
        *p = s + 2;
        return (struct token){.type = TOKEN_CHAR, .c = s[1]};
    }
    return (struct token){.type = TOKEN_CHAR, .c = s[0]};
}

static size_t tokens(const char *glob, struct token *out, size_t max)
{
    size_t n = 0;
    bool fresh = true;
    while (*glob && n < max) {
        out[n] = next_token(&glob, fresh);
        fresh = out[n].type == TOKEN_FOLDERS || (out[n].type == TOKEN_CHAR && out[n].c == '/');
        n++;
    }
    if (n && n < max && out[n - 1].type == TOKEN_CHAR && out[n - 1].c == '/')
        out[n++] = (struct token){.type = TOKEN_ALL};
    return n;
}

/*
 * The states of the automaton: 2 * i stands before token i, 2 * i + 1 in the middle of a folder's
 * name inside a TOKEN_FOLDERS. Tokens that take nothing are passed on entering.
 */
static void enter(const struct token *t, size_t n, uint8_t *states, size_t i)
{
    for (;; i++) {
        states[2 * i] = 1;
        if (i == n || (t[i].type != TOKEN_STAR && t[i].type != TOKEN_FOLDERS))
            return;
    }
}

static void step(const struct token *t, size_t n, const uint8_t *from, uint8_t *to, char c)
{
    for (size_t i = 0; i < n; i++) {
        if (from[2 * i + 1] || (from[2 * i] && t[i].type == TOKEN_FOLDERS)) {
            if (c == '/' && from[2 * i + 1])
                enter(t, n, to, i);
            else if (c != '/')
                to[2 * i + 1] = 1;
        }
        if (!from[2 * i])
            continue;
        switch (t[i].type) {
        case TOKEN_CHAR:
            if (c == t[i].c)
                enter(t, n, to, i + 1);
            break;
        case TOKEN_ONE:
            if (c != '/')
                enter(t, n, to, i + 1);
            break;
        case TOKEN_SET:
            if (set_has(t[i].set, t[i].set_len, c))
                enter(t, n, to, i + 1);
            break;
        case TOKEN_STAR:
            if (c != '/')
                enter(t, n, to, i);
            break;
        case TOKEN_ALL: /* the last token: at least one character, then anything */
            to[2 * i] = 1;
            to[2 * n] = 1;
            break;
        case TOKEN_FOLDERS:
            break;
        }
    }
}

bool glob_match(const char *glob, const char *path)
{
    if (strlen(glob) > GLOB_MAX)
        return false;
    struct token t[GLOB_MAX + 1];
    size_t n = tokens(glob, t, GLOB_MAX + 1);
    uint8_t states[2][2 * (GLOB_MAX + 2)];
    size_t used = 2 * (n + 1);
    memset(states[0], 0, used);
    int now = 0;
    enter(t, n, states[now], 0);
    for (; *path; path++) {
        memset(states[!now], 0, used);
        step(t, n, states[now], states[!now], *path);
        now = !now;
    }
    return states[now][2 * n];
}

bool glob_excludes(const char *glob, const char *path)
{
    const char *slash = strrchr(glob, '/');
    if (glob_match(glob, path))
        return true;
    if (strpbrk(slash ? slash : glob, "*?[") || strlen(path) > PATH_MAX)
        return false;
    char folder[PATH_MAX + 1];
    for (const char *end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
        memcpy(folder, path, (size_t)(end - path));
        folder[end - path] = '\0';
        if (glob_match(glob, folder))
            return true;
    }
    return false;
}

int glob_check(const char *glob, struct err **err)
{
    if (!*glob)
        return err_set(err, ERR_USAGE, "an empty glob matches nothing: leave it out");
    if (strlen(glob) > GLOB_MAX)
        return err_set(err, ERR_USAGE, "a glob of more than %d bytes", GLOB_MAX);
    if (glob[0] == '/' || strncmp(glob, "./", 2) == 0)
        return err_set(err, ERR_USAGE,
                       "glob \"%s\": paths are relative to the source's root: leave out the "
                       "leading \"%s\"",
                       glob, glob[0] == '/' ? "/" : "./");
    if (strncmp(glob, "../", 3) == 0 || strstr(glob, "/../"))
        return err_set(err, ERR_USAGE, "glob \"%s\": \"..\" leads out of the source", glob);
    for (const char *p = glob; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (*p == '[') {
            p = set_end(p + 1);
            if (!p)
                return err_set(err, ERR_USAGE, "glob \"%s\": \"[\" without \"]\"", glob);
        }
    }
    return 0;
}
