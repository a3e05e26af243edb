kubectl apply --server-side --field-manager=holdfast --force-conflicts -f crd.yaml
kubectl wait --for=condition=Established crd/widgets.$CASE.example.com --timeout=60s
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/good.yaml
