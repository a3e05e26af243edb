kubectl -n "$NAMESPACE" patch services.$CASE.example.com web --type=merge -p '{"spec": {"traffic": 50}}'
