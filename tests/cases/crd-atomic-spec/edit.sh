kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"debug": "on"}}'
