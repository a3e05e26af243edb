kubectl -n "$NAMESPACE" apply -f git
