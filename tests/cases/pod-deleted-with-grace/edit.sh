kubectl -n "$NAMESPACE" delete pod model --wait=false
