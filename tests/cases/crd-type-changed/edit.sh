kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/by-hand --type=merge -p '{"spec": {"config": {"a": 1}}}'
