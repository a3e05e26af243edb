kubectl -n "$NAMESPACE" create quota one --hard=persistentvolumeclaims=1
kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.used.persistentvolumeclaims}'=1 resourcequota/one --timeout=60s
