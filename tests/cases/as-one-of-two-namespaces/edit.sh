kubectl -n "$NAMESPACE" patch configmap a --type=merge -p '{"data": {"mode": "fast"}}'
kubectl -n $CASE-two delete configmap gone
