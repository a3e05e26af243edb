kubectl -n "$NAMESPACE" delete role gone
kubectl -n "$NAMESPACE" label role harmless team=ml
