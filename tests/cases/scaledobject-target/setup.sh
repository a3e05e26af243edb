kubectl apply --server-side -f crd.yaml
kubectl wait --for=condition=Established crd/scaledobjects.keda.sh --timeout=60s
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
