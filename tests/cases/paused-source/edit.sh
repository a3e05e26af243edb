kubectl -n "$NAMESPACE" patch configmap settings --type=merge -p '{"data": {"mode": "fast"}}'
