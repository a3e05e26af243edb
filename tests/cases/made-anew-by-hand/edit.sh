kubectl -n "$NAMESPACE" delete configmap settings
kubectl -n "$NAMESPACE" create configmap settings --from-literal=mode=fast --from-literal=more=1
