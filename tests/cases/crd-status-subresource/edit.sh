kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --subresource=status --type=merge -p '{"status": {"phase": "broken"}}' 
