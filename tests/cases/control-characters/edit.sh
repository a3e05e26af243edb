kubectl -n "$NAMESPACE" patch configmap texts --type=merge -p '{"data": {"mode": "fast"}}' 
