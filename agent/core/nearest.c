#include "core/nearest.h"

#include <ctype.h>
#include <string.h>

/* Longer words are compared by nobody's eye; the cap keeps the rows on the stack. */
#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

/* Both lengths are at most WORD_MAX. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                row[j] = least(row[j], two[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

void nearest_try(struct nearest *n, const char *candidate)
{
    if (!candidate)
        return;
    size_t na = strlen(n->word), nb = strlen(candidate);
    if (na > WORD_MAX || nb > WORD_MAX)
        return;
    size_t d = distance(n->word, na, candidate, nb);
    /* a third of the longer word wrong is still a slip; more is another word */
    size_t longer = na > nb ? na : nb;
    size_t allowed = longer < 3 ? 0 : (longer + 2) / 3;
    if (d > allowed || (n->best && d >= n->distance))
        return;
    n->best = candidate;
    n->distance = d;
}

const char *nearest_of(const char *word, const char *const *candidates)
{
    struct nearest n = NEAREST_INIT(word);
    for (; *candidates; candidates++)
        nearest_try(&n, *candidates);
    return n.best;
}
