kubectl delete -f hook.yaml
until kubectl -n "$NAMESPACE" create configmap probe --dry-run=server; do sleep 0.1; done
