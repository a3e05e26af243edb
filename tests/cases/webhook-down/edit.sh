kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"mode": "fast"}}'
