kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"mode": "fast", "more": "x"}}'
kubectl -n "$NAMESPACE" delete configmap gone
