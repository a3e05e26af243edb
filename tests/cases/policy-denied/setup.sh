kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
kubectl apply -f policy.yaml
# policies take a moment to be in force
until ! kubectl -n "$NAMESPACE" create configmap probe --from-literal=mode=fast --dry-run=server >/dev/null 2>&1; do sleep 0.2; done
