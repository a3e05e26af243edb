kubectl -n "$NAMESPACE" apply --server-side --field-manager=holdfast -f git/good.json
