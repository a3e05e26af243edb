kubectl -n "$NAMESPACE" patch widgets.v1.$CASE.example.com/one --type=merge -p '{"spec": {"colour": "blue"}}'
