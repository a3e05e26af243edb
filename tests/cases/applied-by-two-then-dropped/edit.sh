kubectl -n "$NAMESPACE" apply --server-side -f git
