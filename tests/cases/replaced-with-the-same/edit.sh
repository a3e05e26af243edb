kubectl -n "$NAMESPACE" replace -f git
