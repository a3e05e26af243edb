kubectl -n "$NAMESPACE" set serviceaccount deployment web admin
kubectl -n "$NAMESPACE" set serviceaccount deployment open admin
