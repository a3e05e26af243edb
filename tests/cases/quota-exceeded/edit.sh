kubectl -n "$NAMESPACE" wait --for=jsonpath='{.status.hard.persistentvolumeclaims}'=0 resourcequota/none --timeout=60s
