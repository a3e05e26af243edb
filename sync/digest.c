#include "sync/digest.h"

#include <string.h>

#include "core/buf.h"
#include "core/hash.h"
#include "core/limits.h"

/* With its NUL; none is told apart from an empty one. */
static void put_str(struct buf *b, const char *text)
{
    buf_add_char(b, text ? '=' : '-');
    buf_add(b, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void put_u32(struct buf *b, uint32_t value)
{
    buf_add(b, &value, sizeof(value));
}

static void sum_up(const struct buf *b, uint8_t out[DESIRED_DIGEST_BYTES])
{
    uint8_t sum[HASH_SHA256_BYTES];
    hash_sha256(b->data, b->len, sum);
    memcpy(out, sum, DESIRED_DIGEST_BYTES);
}

void digest_of_object(const struct digest_object *object, uint8_t out[DESIRED_DIGEST_BYTES])
{
    _buf_ struct buf b = BUF_INIT(LIMIT_FRAME_BYTES);
    buf_add_char(&b, 'O');
    put_str(&b, object->api_version);
    put_str(&b, object->kind);
    put_str(&b, object->namespace);
    put_str(&b, object->name);
    put_str(&b, object->file);
    put_u32(&b, object->line);
    put_u32(&b, object->col);
    buf_add(&b, object->body, DESIRED_DIGEST_BYTES);
    sum_up(&b, out);
}

void digest_of_problem(const struct problem *problem, uint8_t out[DESIRED_DIGEST_BYTES])
{
    _buf_ struct buf b = BUF_INIT(LIMIT_FRAME_BYTES);
    buf_add_char(&b, 'P');
    put_u32(&b, problem->level);
    put_str(&b, problem->file);
    put_u32(&b, problem->line);
    put_u32(&b, problem->col);
    put_str(&b, problem->object);
    put_str(&b, problem->message);
    sum_up(&b, out);
}

void digest_add(uint8_t sum[DESIRED_DIGEST_BYTES], const uint8_t one[DESIRED_DIGEST_BYTES])
{
    unsigned carry = 0;
    for (size_t i = 0; i < DESIRED_DIGEST_BYTES; i++) {
        carry += (unsigned)sum[i] + one[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

void digest_remove(uint8_t sum[DESIRED_DIGEST_BYTES], const uint8_t one[DESIRED_DIGEST_BYTES])
{
    int borrow = 0;
    for (size_t i = 0; i < DESIRED_DIGEST_BYTES; i++) {
        int d = (int)sum[i] - one[i] - borrow;
        borrow = d < 0;
        sum[i] = (uint8_t)d;
    }
}
