kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '
{"spec": {"hosts": ["a.example", "b.example", "c.example"], "selector": {"tier": "front"}}}' 
