kubectl -n "$NAMESPACE" patch configmap texts --type=merge -p '{"data": {"name": "cafe\u0301"}}' 
