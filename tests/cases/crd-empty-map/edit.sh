kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=json -p '[{"op": "remove", "path": "/spec/feature"}]' 
