kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast -f git
kubectl apply -f hook.yaml
# webhooks take a moment to be in force
until ! kubectl -n "$NAMESPACE" create configmap probe --dry-run=server >/dev/null 2>&1; do sleep 0.2; done
