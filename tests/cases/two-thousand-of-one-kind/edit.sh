kubectl -n "$NAMESPACE" patch configmap part-03-14 -p '{"data": {"mode": "fast"}}'
kubectl -n "$NAMESPACE" label configmap part-15-92 reviewed=yes
kubectl -n "$NAMESPACE" delete configmap part-19-99
