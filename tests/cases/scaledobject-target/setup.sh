kubectl apply --server-side -f crd.yaml
until kubectl wait --for=condition=Established crd/scaledobjects.keda.sh --timeout=60s; do sleep 0.1; done
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git
