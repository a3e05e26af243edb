kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/good.yaml
