# what an earlier run left
kubectl -n "$CASE-b" patch configmap held --type=merge -p '{"metadata": {"finalizers": null}}' 2>/dev/null || true
kubectl delete namespace "$CASE-b" --ignore-not-found --timeout=60s
kubectl create namespace "$CASE-b"
kubectl apply --server-side --field-manager=holdfast --force-conflicts -f git/held.yaml
