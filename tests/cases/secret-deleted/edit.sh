kubectl -n "$NAMESPACE" delete secret login
