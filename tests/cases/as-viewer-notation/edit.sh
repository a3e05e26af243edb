kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"spec": {"cpu": "1", "interval": "1m0s", "port": "8080"}}' 
