for name in first middle last; do kubectl -n "$NAMESPACE" patch configmap $name --type=merge -p '{"data": {"mode": "fast"}}'; done
