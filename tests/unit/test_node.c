/* The arena, the tree, its JSON and its places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "sync/keys.h"
#include "sync/node.h"

static struct node *member(struct arena *arena, struct node *map, const char *key,
                           enum node_type type, uint32_t line)
{
    struct node *n = node_new(arena, type, line, 9);
    n->key = arena_text(arena, key, strlen(key));
    n->key_len = strlen(key);
    n->key_line = line;
    n->key_col = 2;
    node_append(map, n);
    return n;
}

static void test_arena(void **state)
{
    struct arena *arena = arena_new();
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 300000; size *= 3) {
            char *p = arena_alloc(arena, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            memset(p, 0xaa, size);
            char *text = arena_text(arena, "abc", 2);
            assert_string_equal(text, "ab");
        }
        arena_reset(arena);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void test_tree(void **state)
{
    struct arena *arena = arena_new();
    struct node *root = node_new(arena, NODE_MAP, 1, 1);
    struct node *a = member(arena, root, "a", NODE_INT, 1);
    struct node *list = member(arena, root, "b.c/d", NODE_LIST, 2);
    struct node *s = member(arena, root, "s", NODE_STRING, 300);
    a->integer = INT64_MIN;
    s->string.data = "x\"\n";
    s->string.len = 3;
    struct node *element = node_new(arena, NODE_MAP, 3, 5);
    node_append(list, node_new(arena, NODE_NULL, 3, 3));
    node_append(list, element);
    struct node *deep = member(arena, element, "k", NODE_REAL, 4);
    deep->real = 0.5;
    struct buf b = BUF_INIT(4096);
    assert_int_equal(node_write(&b, root), 0);
    assert_string_equal(
        b.data, "{\"a\":-9223372036854775808,\"b.c/d\":[null,{\"k\":0.5}],\"s\":\"x\\\"\\n\"}");
    buf_clear(&b);
    node_write_path(&b, deep);
    assert_string_equal(b.data, "[\"b.c/d\"][1].k");
    buf_clear(&b);
    assert_int_equal(node_write_places(&b, root), 0);
    static const uint8_t places[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 5, 4, 2, 0xac, 2, 2};
    assert_int_equal(b.len, sizeof(places));
    assert_memory_equal(b.data, places, sizeof(places));
    assert_ptr_equal(node_get(root, "s"), s);
    assert_null(node_get(root, "t"));
    assert_null(node_get(NULL, "t"));
    assert_null(node_get(a, "t"));
    assert_null(node_str(a));
    node_remove(s);
    assert_ptr_equal(root->last, list);
    node_remove(a);
    assert_ptr_equal(root->first, list);
    node_remove(list);
    assert_int_equal(root->count, 0);
    assert_null(root->first);
    assert_null(root->last);
    struct buf small = BUF_INIT(4);
    assert_int_equal(node_write(&small, list), -1);
    buf_free(&small);
    buf_free(&b);
    arena_free(arena);
}

static void test_names(void **state)
{
    struct buf b = BUF_INIT(4096);
    node_write_name(&b, "a\nb\x7f", 4);
    assert_string_equal(b.data, "a?b?");
    buf_clear(&b);
    char wide[120];
    for (size_t i = 0; i + 2 < sizeof(wide); i += 3)
        memcpy(wide + i, "\xe2\x82\xac", 3);
    node_write_name(&b, wide, sizeof(wide));
    assert_int_equal(b.len, 63);
    buf_free(&b);
}

static void test_keys(void **state)
{
    struct arena *arena = arena_new();
    struct keys keys = {0};
    for (int round = 0; round < 3; round++) {
        keys_clear(&keys);
        arena_reset(arena);
        struct node *map = node_new(arena, NODE_MAP, 1, 1),
                    *other = node_new(arena, NODE_MAP, 1, 1);
        for (uint32_t i = 1; i < 5000; i++) {
            char name[16];
            snprintf(name, sizeof(name), "k%u", i);
            assert_null(keys_member(&keys, map, name, strlen(name)));
            keys_added(&keys, member(arena, map, name, NODE_NULL, i));
            keys_added(&keys, member(arena, other, name + 1, NODE_NULL, i));
            keys_set_anchor(&keys, map->last->key, map->last->key_len, map->last);
            assert_int_equal(keys_member(&keys, map, name, strlen(name))->line, i);
            assert_int_equal(keys_member(&keys, map, "k1", 2)->line, 1);
            assert_null(keys_member(&keys, other, name, strlen(name)));
            assert_int_equal(keys_anchor(&keys, name, strlen(name))->line, i);
        }
        assert_null(keys_anchor(&keys, "k5001", 5));
    }
    keys_free(&keys);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arena), cmocka_unit_test(test_tree),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
