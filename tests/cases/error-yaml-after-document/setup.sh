sed '/^---/,$d' git/mixed.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f -
kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f git/other.yaml
