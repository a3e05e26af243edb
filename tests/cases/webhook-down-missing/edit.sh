kubectl -n "$NAMESPACE" delete configmap settings
kubectl apply -f hook.yaml
while kubectl -n "$NAMESPACE" create configmap probe --dry-run=server; do sleep 0.1; done
