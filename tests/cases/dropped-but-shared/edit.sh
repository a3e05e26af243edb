kubectl -n "$NAMESPACE" apply --server-side --field-manager=flux -f git
