kubectl -n "$NAMESPACE" set env deployment/web A=2 B=2
