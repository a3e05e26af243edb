kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"status": {"phase": "broken"}}' 
