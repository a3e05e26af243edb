#include "sync/known_hosts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/alloc.h"
#include "core/hash.h"

#define SHA1_BYTES 20U
#define WORDS      4U

/* `*` and `?`, letters without case: hosts have none. */
static bool pattern_match(const char *p, size_t len, const char *host)
{
    size_t i = 0, star = len, back = 0, at = 0;
    while (host[at]) {
        if (i < len && p[i] == '*') {
            star = i++;
            back = at;
        } else if (i < len && (p[i] == '?' ||
                               tolower((unsigned char)p[i]) == tolower((unsigned char)host[at]))) {
            i++;
            at++;
        } else if (star < len) {
            i = star + 1;
            at = ++back;
        } else {
            return false;
        }
    }
    while (i < len && p[i] == '*')
        i++;
    return i == len;
}

/* "|1|salt|HMAC-SHA1 of the name", both in base64 */
static bool hashed_match(const char *word, size_t len, const char *host)
{
    const char *salt = word + 3, *bar = memchr(salt, '|', len - 3);
    if (!bar)
        return false;
    size_t salt_len = 0, want_len = 0;
    _free_ char *name = xstrdup(host);
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    _free_ char *key = hash_unbase64(salt, (size_t)(bar - salt), &salt_len);
    _free_ char *want = hash_unbase64(bar + 1, (size_t)(word + len - bar - 1), &want_len);
    unsigned char have[EVP_MAX_MD_SIZE];
    unsigned have_len = 0;
    return key && want && want_len == SHA1_BYTES &&
           HMAC(EVP_sha1(), key, (int)salt_len, (const unsigned char *)name, strlen(name), have,
                &have_len) &&
           have_len == want_len && CRYPTO_memcmp(have, want, want_len) == 0;
}

/* A list of patterns with commas; one with ! that matches takes the host out. */
static bool hosts_match(const char *word, size_t len, const char *host)
{
    if (len > 3 && strncmp(word, "|1|", 3) == 0)
        return hashed_match(word, len, host);
    bool match = false;
    for (size_t at = 0; at < len;) {
        const char *p = word + at;
        const char *comma = memchr(p, ',', len - at);
        size_t n = comma ? (size_t)(comma - p) : len - at;
        bool negated = n && *p == '!';
        if (pattern_match(p + negated, n - negated, host)) {
            if (negated)
                return false;
            match = true;
        }
        at += n + 1;
    }
    return match;
}

struct word {
    const char *text;
    size_t len;
};

static size_t split(const char *line, size_t len, struct word words[WORDS])
{
    size_t count = 0;
    for (size_t at = 0; at < len && count < WORDS;) {
        size_t skip = strspn(line + at, " \t\r");
        at += skip;
        size_t n = at < len ? strcspn(line + at, " \t\r\n") : 0;
        if (!n || at + n > len)
            break;
        words[count++] = (struct word){line + at, n};
        at += n;
    }
    return count;
}

static bool is(const struct word *word, const char *text)
{
    return word->len == strlen(text) && strncmp(word->text, text, word->len) == 0;
}

static void take_line(struct known_hosts *out, const char *line, size_t len, unsigned number,
                      const char *host)
{
    struct word words[WORDS];
    size_t count = split(line, len, words);
    if (!count || words[0].text[0] == '#')
        return;
    bool marker = words[0].text[0] == '@';
    bool revoked = is(&words[0], "@revoked"), authority = is(&words[0], "@cert-authority");
    const struct word *w = words + marker;
    if (count < 3U + marker || (marker && !revoked && !authority) ||
        !hosts_match(w[0].text, w[0].len, host))
        return;
    if (authority) {
        out->authority = true;
        return;
    }
    struct known_key key = {.line = number, .revoked = revoked};
    key.data = hash_unbase64(w[2].text, w[2].len, &key.len);
    if (!key.data)
        return;
    key.type = xstrndup(w[1].text, w[1].len);
    out->keys = xgrow(out->keys, &out->cap, out->count + 1, sizeof(*out->keys));
    out->keys[out->count++] = key;
}

void known_hosts_find(const char *text, const char *host, unsigned port, struct known_hosts *out)
{
    _free_ char *name = port == 22 ? xstrdup(host) : xasprintf("[%s]:%u", host, port);
    unsigned number = 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        take_line(out, text, len, ++number, name);
        text += len + (text[len] == '\n');
    }
}

enum known_answer known_hosts_ask(const struct known_hosts *known, const void *key, size_t len)
{
    enum known_answer answer = KNOWN_OTHER;
    for (size_t i = 0; i < known->count; i++) {
        const struct known_key *k = &known->keys[i];
        if (k->len != len || memcmp(k->data, key, len) != 0)
            continue;
        if (k->revoked)
            return KNOWN_REVOKED;
        answer = KNOWN_SAME;
    }
    return answer;
}

bool known_hosts_has(const struct known_hosts *known, const char *type)
{
    for (size_t i = 0; i < known->count; i++) {
        if (!known->keys[i].revoked && strcmp(known->keys[i].type, type) == 0)
            return true;
    }
    return false;
}

void known_hosts_free(struct known_hosts *known)
{
    for (size_t i = 0; i < known->count; i++) {
        free(known->keys[i].type);
        free(known->keys[i].data);
    }
    free(known->keys);
    *known = (struct known_hosts){0};
}
