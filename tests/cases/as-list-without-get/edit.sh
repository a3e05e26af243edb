kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"mode": "fast"}}'
kubectl -n "$NAMESPACE" delete configmap gone
