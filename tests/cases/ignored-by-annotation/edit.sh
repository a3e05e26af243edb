kubectl -n "$NAMESPACE" patch configmap settings -p '{"data": {"mode": "fast", "level": "2"}}'
kubectl -n "$NAMESPACE" patch configmap other -p '{"data": {"mode": "fast"}}'
