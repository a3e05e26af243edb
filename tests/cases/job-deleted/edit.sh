kubectl -n "$NAMESPACE" delete job once
