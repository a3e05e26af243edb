kubectl -n "$NAMESPACE" create -f git
