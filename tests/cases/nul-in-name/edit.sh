kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"mode": "fast", "\u0000x": "y", "more": {"\u0000": 1}}}'
