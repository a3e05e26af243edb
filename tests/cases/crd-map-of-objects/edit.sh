kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"pools": {
"gpu.example/a100": {"size": 2, "kind": "big"}, "a b": null, "new/pool": {"size": 3}, "0": {"size": 8}}}}'
