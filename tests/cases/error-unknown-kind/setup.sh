sed '/^---/,$d' git/good.yaml | kubectl apply -n "$NAMESPACE" --server-side --field-manager=holdfast --force-conflicts -f -
