kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"where": {"zone": "b"}, "tags": ["one", "two", "three"], "limits": {"cpu": 2}}}'
