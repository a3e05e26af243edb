kubectl delete pv "$CASE-pv" --ignore-not-found --timeout=60s
kubectl apply --server-side --field-manager=holdfast --force-conflicts -f git/volume.yaml
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/claim.yaml
