kubectl -n "$NAMESPACE" patch configmap part-03 -p '{"data": {"mode": "fast"}}'
kubectl -n "$NAMESPACE" delete configmap part-11
kubectl -n "$NAMESPACE" create configmap part-12 --from-literal=mode=safe
