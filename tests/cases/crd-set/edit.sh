kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"tags": ["zone/a", "gpu", "new one"]}}' 
