kubectl -n "$NAMESPACE" delete configmap held --wait=false
